import path from 'node:path';
import { Args } from '@oclif/core';
import { runDemo } from '../app/demo.js';
import { untilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { fetchSummary, forTerminal, storyLine } from '../cli/fetch-output.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { plainStores } from '../cli/routing-flags.js';
import { DEFAULTS, FIELDS, NO_TOPOLOGY, resolveHealth, resolveRouting } from '../config/index.js';

export default class Demo extends BaseCommand {
  static override summary = 'start the network, fetch one title through it, print the messages, stop';
  static override description = 'Takes free ports where the usual ones are in use, so that it runs beside a network that is up. Needs nothing but loopback and leaves nothing behind. With --verbose every party tells its own part too.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> hiscinema.com/File4 --verbose'];
  static override args = { target: Args.string({ default: 'hiscinema.com/File1', description: 'the title to fetch' }) };
  static override flags = {
    stores: fieldFlag(FIELDS.stores, { defaultText: String(DEFAULTS.stores) }),
    dir: fieldFlag(FIELDS.dir, { defaultText: 'the five clips that come with cdn' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Demo);
    const network = {
      plan: {
        stores: plainStores(readOptional('stores', FIELDS.stores, flags.stores) ?? DEFAULTS.stores),
        routing: resolveRouting({}, NO_TOPOLOGY),
        health: resolveHealth({}, NO_TOPOLOGY),
        files: [],
      },
      status: undefined,
      dir: readOptional('dir', FIELDS.dir, flags.dir) ?? DEFAULTS.dir,
      mode: 'relay',
      freePorts: true,
      oneAddress: false,
    } as const;
    const env = await this.createEnv(flags, flags.verbose ? 8 : 0);
    const { signal, release } = untilSignal(() => env.restoreTerminal());
    try {
      const report = await runDemo(
        { network, target: args.target, timeoutMs: DEFAULTS.timeoutMs, transcripts: flags.verbose },
        (event) => {
          if (event.kind === 'message') this.log(forTerminal(storyLine(event.message)));
        },
        signal,
        env,
      );
      this.log(forTerminal(fetchSummary({ ...report, file: path.basename(report.file ?? args.target) })));
      this.log('All is stopped again, and the file is gone. To keep a network running: cdn up');
    } finally {
      release();
    }
  }
}
