import { Args, Flags } from '@oclif/core';
import { CdnError } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { runFetch } from '../app/fetch.js';
import { untilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { createExplaining, EXPLAIN_FLAGS, readExplain, withExplain } from '../cli/explain-output.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { createTeller, stdoutSink, storyLine } from '../cli/fetch-output.js';
import { DEFAULTS, FIELDS } from '../config/index.js';
import type { FetchReport } from '../fetch/index.js';

export default class Fetch extends BaseCommand {
  static override summary = 'fetch a title, or any URL, and tell how it came';
  static override description =
    'Finds the portal and the store through DNS, brings the object, checks its SHA-256 against what the store promises, and only then gives the file its name. Exit status: 0 done, 2 usage, 3 no such title, name or object, 4 a party is down, 5 other bytes than promised.';
  static override examples = [
    { description: 'a title, into video1.mp4 in this folder', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File1' },
    { description: 'the ten messages that it takes', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File1 --explain --force' },
    { description: 'the same as a diagram for a README', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File1 --force --explain=mermaid' },
    { description: 'straight into a player', command: '<%= config.bin %> <%= command.id %> hiscinema.com/File2 -o - | ffplay -' },
    { description: 'any URL', command: '<%= config.bin %> <%= command.id %> http://127.0.0.1:40721/video3.mp4 -o third.mp4' },
  ];
  static override enableJsonFlag = true;
  static override args = {
    target: Args.string({ required: true, description: 'hiscinema.com/File1, or an http or https URL' }),
  };
  static override flags = {
    output: Flags.string({ char: 'o', summary: 'file or folder to write to; - is the standard output', helpValue: 'FILE' }),
    dns: fieldFlag(FIELDS.dns, { defaultText: '127.0.0.1:40722' }),
    ...EXPLAIN_FLAGS,
    type: fieldFlag(FIELDS.type, { defaultText: 'A' }),
    force: Flags.boolean({ summary: 'replace a file that is there already' }),
  };

  async run(): Promise<FetchReport> {
    const { args, flags } = await this.parse(Fetch, withExplain(this.argv));
    const dns = readOptional('dns', FIELDS.dns, flags.dns);
    const type = readOptional('type', FIELDS.type, flags.type) ?? 'A';
    const toStdout = flags.output === '-';
    const output = toStdout ? stdoutSink() : flags.output === undefined ? ({ kind: 'default' } as const) : ({ kind: 'file', path: flags.output } as const);
    if (toStdout && this.jsonEnabled()) throw new CdnError('USAGE', '--json and -o - both want the standard output', { suggestions: [`cdn fetch ${shellWord(args.target)} --json -o FILE`] });
    const explain = await readExplain(flags, { taken: toStdout ? '-o -' : this.jsonEnabled() ? '--json' : undefined, force: flags.force, command: `cdn fetch ${shellWord(args.target)}` });
    const env = await this.createEnv(flags);
    const tell = createTeller({ logJson: flags['log-format'] === 'json', toStderr: toStdout || (explain !== undefined && !explain.live && explain.file === undefined), log: env.log, print: (line) => this.log(line) });
    const explaining = createExplaining(explain, args.target, { ...tell, note: (line) => env.log.info(line) });
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    try {
      const report = await runFetch(
        { dns: dns ?? DEFAULTS.localDns, systemResolver: dns === undefined, timeoutMs: DEFAULTS.timeoutMs },
        { target: args.target, type, output, force: flags.force, watched: explain !== undefined },
        (event) => {
          explaining.hear(event);
          if (event.kind === 'message' && explain === undefined) env.log.debug(storyLine(event.message), { ...event.message });
        },
        signal,
        env,
      );
      await explaining.end({ report });
      if (!flags.quiet) tell.result(report);
      return report;
    } catch (error) {
      await explaining.end({ error });
      throw error;
    } finally {
      release();
    }
  }
}
