// A Log that reads like the transcript of NETWORK: sentences, each labelled with its party where
// several share a terminal.

import { Chalk, type ChalkInstance } from 'chalk';
import { printable } from '../base/printable.js';
import { createLog, type Log, type LogLevel } from '../observe/log.js';
import type { Terminal } from './terminal.js';

export interface TranscriptOptions {
  /** The least level that is written. */
  readonly level: LogLevel;
  /** Width of the party column; 0: no labels. */
  readonly labelWidth: number;
  readonly color: boolean;
}

const PARTY_COLORS: readonly (readonly [RegExp, (chalk: ChalkInstance) => ChalkInstance])[] = [
  [/^web/, (chalk) => chalk.cyan],
  [/^dns/, (chalk) => chalk.magenta],
  [/^store/, (chalk) => chalk.green],
];

function paintLabel(chalk: ChalkInstance, party: string, width: number): string {
  const paint = PARTY_COLORS.find(([pattern]) => pattern.test(party))?.[1](chalk) ?? chalk.bold;
  return `${paint(party.padEnd(width))} ${chalk.dim('|')} `;
}

/** Columns of a label: the party, a blank, the bar, a blank. */
export function labelColumns(labelWidth: number): number {
  return labelWidth === 0 ? 0 : labelWidth + 3;
}

/** "web     | " before each line of a party's; nothing when there are no labels. */
export function createLabeller(options: Pick<TranscriptOptions, 'labelWidth' | 'color'>): (party: string | undefined) => string {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  return (party) => (options.labelWidth === 0 ? '' : paintLabel(chalk, party ?? 'cdn', options.labelWidth));
}

/** Writes sentences. A sentence of several lines is labelled on each; trailing blanks go. */
export function createTranscriptLog(terminal: Terminal, options: TranscriptOptions): Log {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  const label = createLabeller(options);
  const paint: Readonly<Record<LogLevel, (text: string) => string>> = {
    debug: (text) => chalk.dim(text),
    info: (text) => text,
    warn: (text) => chalk.yellow(text),
    error: (text) => chalk.red(text),
  };
  return createLog(({ level, party, message, facts }) => {
    const { traceId } = facts;
    const trace = options.level === 'debug' && typeof traceId === 'string' ? ` [trace ${traceId}]` : '';
    const lines = message.split('\n').map((line, index) => (index === 0 ? `${line}${trace}` : line)).map((line) => `${label(party)}${paint[level](printable(line))}`.trimEnd());
    terminal.writeLine(lines.join('\n'));
  }, undefined, options.level);
}
