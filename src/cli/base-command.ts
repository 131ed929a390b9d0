// What every command shares: the flags for logs, the terminal, and one way to end with an error.

import { Command, Flags, type Interfaces } from '@oclif/core';
import { systemClock } from '../base/clock.js';
import { systemRandom } from '../base/random.js';
import { ERRORS } from '../base/errors.js';
import { printable, shellWord } from '../base/printable.js';
import { closest } from '../base/similar.js';
import { createEnv, type Env } from '../app/env.js';
import type { Tracing } from '../app/tracing.js';
import { FIELDS, type Field } from '../config/index.js';
import { describeFailure } from './errors.js';
import { fieldFlag, readOptional } from './flags.js';
import { createBarProgress, createLineProgress } from './progress.js';
import { createTerminal, type Terminal } from './terminal.js';
import { createLabeller, createTranscriptLog, labelColumns } from './transcript.js';
import type { Log, LogLevel } from '../observe/log.js';
import { silentProgress } from '../observe/progress.js';

export const LOG_FLAGS = {
  'log-format': fieldFlag(FIELDS.logFormat, { defaultText: 'text' }),
  quiet: Flags.boolean({ summary: 'only warnings and errors', exclusive: ['verbose'] }),
  verbose: Flags.boolean({ summary: 'more than the transcript: every request, with its details' }),
};

export interface LogFlags {
  readonly 'log-format'?: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

function levelOf(flags: LogFlags): LogLevel {
  if (flags.quiet) return 'warn';
  return flags.verbose ? 'debug' : 'info';
}

/** NO_COLOR (any value but the empty one) and TERM=dumb switch colours off; FORCE_COLOR on. */
function wantsColor(terminal: Terminal): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return terminal.interactive && TERM !== 'dumb';
}

export abstract class BaseCommand extends Command {
  static override baseFlags = LOG_FLAGS;

  readonly #terminal = createTerminal(process.stderr, systemClock);
  /** Nothing is printed, failures neither. */
  protected silent = false;
  /** The file itself goes to the standard output: where that is a screen, rows would be drawn among it. */
  protected toStandardOutput = false;

  /** `labelWidth`: of the column that names the party, 0 for a command that is one party. */
  protected async createEnv(flags: LogFlags, labelWidth = 0): Promise<Env> {
    const terminal = this.#terminal;
    const bare = this.toStandardOutput && process.stdout.isTTY;
    const level = this.silent ? 'error' : levelOf(flags);
    if (readOptional('log-format', FIELDS.logFormat, flags['log-format']) === 'json') {
      // pino costs a tenth of the start-up; only those who ask for JSON pay it.
      const { createJsonLog } = await import('./json-log.js');
      const log = createJsonLog(terminal, level);
      return createEnv({ log, tracing: await this.createTracing(log), restoreTerminal: () => undefined, progressOf: (party) => (flags.quiet || this.silent || bare ? silentProgress : createLineProgress(party === undefined ? log : log.as(party), systemClock)) });
    }
    const options = { level, labelWidth, color: wantsColor(terminal) };
    const log = createTranscriptLog(terminal, options);
    const label = createLabeller(options);
    return createEnv({
      log,
      tracing: await this.createTracing(log),
      restoreTerminal: () => terminal.restore(),
      progressOf: (party) => {
        if (flags.quiet || this.silent || bare) return silentProgress;
        if (terminal.interactive) return createBarProgress(terminal, { label: label(party), labelColumns: labelColumns(labelWidth), ranges: flags.verbose }, systemClock);
        return createLineProgress(party === undefined ? log : log.as(party), systemClock);
      },
    });
  }

  /** Costs nothing, not even being loaded, unless the variable says where spans go. */
  private async createTracing(log: Log): Promise<Tracing | undefined> {
    // OpenTelemetry: a variable that is empty counts as one that is not set.
    const text = (field: Field<unknown>): string | undefined => (process.env[field.env] === '' ? undefined : process.env[field.env]);
    const endpoint = readOptional('otlp-endpoint', FIELDS.otlpEndpoint, text(FIELDS.otlpEndpoint));
    if (endpoint === undefined) return undefined;
    const fields = readOptional('otlp-headers', FIELDS.otlpHeaders, text(FIELDS.otlpHeaders)) ?? {};
    const { createTracing } = await import('../app/tracing.js');
    return createTracing({ endpoint, fields, version: this.config.version }, { clock: systemClock, random: systemRandom, log });
  }

  /** Every failure ends here: a sentence, what to type next, and the exit status of the table. */
  protected override catch(error: Interfaces.CommandError): Promise<never> {
    this.#terminal.restore();
    const failure = describeFailure(error, this.id ?? '');
    if (this.silent) return this.exit(failure.exit);
    if (this.jsonEnabled()) this.logJson(failure.json);
    else {
      // The likely flag before the long list of all.
      const [said = '', ...rest] = failure.lines;
      for (const line of [said, ...this.didYouMean(error), ...rest]) this.logToStderr(line);
    }
    return this.exit(failure.exit);
  }

  override log(message = '', ...values: readonly unknown[]): void {
    this.#terminal.beside(process.stdout, () => super.log(message, ...values));
  }

  /** Text as it is, without an end of line. */
  protected write(text: string): void {
    this.#terminal.beside(process.stdout, () => process.stdout.write(text));
  }

  /** The exit status of an error that was told already. */
  protected endWith(error: unknown): void {
    process.exitCode = describeFailure(error, this.id ?? '').exit;
  }

  private didYouMean(error: Interfaces.CommandError): readonly string[] {
    const typed = /Nonexistent flags?: (--[\w-]+)/.exec(error.message)?.[1];
    if (typed === undefined) return [];
    const elsewhere = this.config.commands.filter(({ flags }) => typed.slice(2) in flags).map(({ id }) => `cdn ${id}`);
    if (elsewhere.length > 0) return [`  ${typed} is a flag of: ${elsewhere.join(', ')}`];
    const known = Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags, help: true }).map((name) => `--${name}`);
    const flag = closest(typed, known);
    return flag === undefined ? [] : [`  did you mean: ${flag}`];
  }
}

/** What other programs have as a command of its own. */
const ELSEWHERE: Readonly<Record<string, string>> = { get: 'fetch', run: 'up', serve: 'up', start: 'up', status: 'dns --status' };

/**
 * Words that are no command: exit 2, and what to type instead. `id` is what oclif made of all of them,
 * "up:now", since its commands may have several words; ours have one.
 */
export function unknownCommandLines(id: string, known: readonly string[]): { exit: number; lines: readonly string[] } {
  const exit = ERRORS.USAGE.exit;
  const [first = '', ...rest] = id.split(':');
  if (known.includes(first)) {
    const word = rest.join(':');
    const folder = /[/\\.~]/.test(word) ? `cdn ${first} --dir ${word.startsWith('~/') ? `~/${shellWord(word.slice(2))}` : shellWord(word)}` : `cdn ${first} --help`;
    return { exit, lines: [`error: cdn ${first} takes no argument ${JSON.stringify(printable(word))}`, `  try: ${folder}`] };
  }
  const meant = ELSEWHERE[first];
  const near = meant ?? closest(first, known);
  return { exit, lines: [`error: there is no command ${JSON.stringify(printable(first))}`, near === undefined ? '  try: cdn --help' : `  did you mean: cdn ${near}`] };
}
