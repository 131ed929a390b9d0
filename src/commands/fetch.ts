import { Args, Flags } from '@oclif/core';
import { runFetches, type FetchOutcome } from '../app/fetch.js';
import { untilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { createFetchOutput, outcomesAsJson } from '../cli/fetch-events.js';
import { normaliseArguments, readServiceOptions, readTransferRequest, TRANSFER_FLAGS } from '../cli/fetch-flags.js';
import { commandOf, oneOutputOnly, pairOutputs, readTargets, selectTargets } from '../cli/fetch-targets.js';
import { EXPLAIN_FLAGS, readExplain, withExplain } from '../cli/explain-output.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { FETCH_FIELDS, FIELDS } from '../config/index.js';

export default class Fetch extends BaseCommand {
  static override summary = 'fetch titles, or any URLs, and tell how they came';
  static override description =
    'Finds the portal and the store through DNS, brings the object, checks its SHA-256 against what the store promises, and only then gives the file its name. What was interrupted goes on with the next run; a store that fails is left for another. Exit status: 0 done, 2 usage, 3 no such title, name or object, 4 a party is down, 5 other bytes than promised, 6 cannot be written, 130 interrupted; of several targets, that of the first that failed.';
  static override examples = [
    { description: 'a title, into video1.mp4 in this folder', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File1' },
    { description: 'the ten messages that it takes', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File1 --explain --force' },
    { description: 'the same as a diagram for a README', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File1 --force --explain=mermaid' },
    { description: 'straight into a player', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File2 -o - | ffplay -' },
    { description: 'any URL', command: '<%= config.bin %> <%= command.id %> http://127.0.0.1:40721/video3.mp4 -o third.mp4' },
    { description: 'over four connections, spread over the stores', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File4 --parallel 4' },
  ];
  static override enableJsonFlag = true;
  static override args = {
    target: Args.string({ multiple: true, description: 'hiscinema.com/File1, or an http or https URL; several are fetched at the same time' }),
  };
  static override flags = {
    output: Flags.string({ char: 'o', summary: 'file or folder to write to, - is the standard output; for each target in turn, or a folder for all', helpValue: 'FILE', multiple: true, multipleNonGreedy: true }),
    dns: fieldFlag(FIELDS.dns, { defaultText: '127.0.0.1:40722' }),
    ...EXPLAIN_FLAGS,
    type: fieldFlag(FIELDS.type, { defaultText: 'A' }),
    force: Flags.boolean({ summary: 'replace a file that is there already' }),
    ...TRANSFER_FLAGS,
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Fetch, withExplain(normaliseArguments(this.argv)));
    this.silent = flags.silent;
    const outputs = flags.output ?? [];
    this.toStandardOutput = outputs.includes('-');
    const targets = selectTargets([...(args.target ?? []), ...readTargets(readOptional('input-file', FETCH_FIELDS.inputFile, flags['input-file']))], outputs);
    if (this.jsonEnabled()) oneOutputOnly(outputs, '--json', targets);
    if (flags['json-lines']) oneOutputOnly(outputs, '--json=lines', targets);
    const type = readOptional('type', FIELDS.type, flags.type) ?? 'A';
    const [options, transfer] = [readServiceOptions(flags), readTransferRequest(flags)];
    const taken = outputs.includes('-') ? '-o -' : this.jsonEnabled() ? '--json' : undefined;
    const explain = await readExplain(flags, { taken, force: flags.force, command: commandOf(targets) });
    const requests = pairOutputs(targets, outputs).map((pair) => ({ ...pair, ...transfer, type, force: flags.force, watched: explain !== undefined }));
    const env = await this.createEnv(flags['json-lines'] ? { ...flags, quiet: true } : flags);
    const output = createFetchOutput(targets, explain, {
      lines: flags['json-lines'], logJson: flags['log-format'] === 'json', toStderr: taken === '-o -', quiet: flags.quiet, silent: flags.silent,
      writeOut: flags['write-out'], log: env.log, print: (line) => this.log(line), write: (text) => this.write(text),
    });
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    try {
      const inTurn = taken === '-o -' ? { ...options, atATime: 1 } : options;
      return this.conclude(await runFetches(inTurn, requests, output.event, output.outcome, signal, env), targets);
    } finally {
      release();
    }
  }

  /** One report, or one for each; the first failure is the command's. */
  private conclude(outcomes: readonly FetchOutcome[], targets: readonly string[]): unknown {
    const failed = outcomes.find((outcome) => 'error' in outcome);
    const [only] = outcomes;
    if (targets.length === 1 && only !== undefined && 'report' in only) return only.report;
    if (failed !== undefined && targets.length === 1) throw failed.error;
    // Each failure was told when it came.
    if (failed !== undefined) this.endWith(failed.error);
    return { results: outcomesAsJson(outcomes, targets) };
  }
}
