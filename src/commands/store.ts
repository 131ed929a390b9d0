import { createStoreService } from '../app/store.js';
import { runUntilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { DEFAULTS, FIELDS } from '../config/index.js';

const LISTEN = FIELDS.listen(DEFAULTS.store);

export default class Store extends BaseCommand {
  static override summary = 'run a content store of herCDN';
  static override description =
    'Serves a folder over HTTP: whole files, one range or several, conditional requests, and a SHA-256 digest of each (Repr-Digest). Each object answers by the name of its file; /video1, /video2 … stand for the videos in name order.';
  static override examples = [
    { description: 'the store of the demo, on 127.0.0.1:40721', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'your own films, slowly enough to watch them arrive', command: '<%= config.bin %> <%= command.id %> --dir ~/films --rate 8Mbit/s' },
    { description: 'a second store, on an address of its own', command: '<%= config.bin %> <%= command.id %> --listen 127.0.0.2:40721 --id store-2' },
  ];
  static override flags = {
    listen: fieldFlag(LISTEN, { defaultText: '127.0.0.1:40721' }),
    dir: fieldFlag(FIELDS.dir, { defaultText: 'the five clips that come with cdn' }),
    rate: fieldFlag(FIELDS.rate, { defaultText: 'as fast as it goes' }),
    capacity: fieldFlag(FIELDS.capacity, { defaultText: 'no limit' }),
    memory: fieldFlag(FIELDS.memory, { defaultText: '256MB' }),
    id: fieldFlag(FIELDS.id, { defaultText: 'store-1' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Store);
    const options = {
      listen: readOptional('listen', LISTEN, flags.listen) ?? DEFAULTS.store,
      dir: readOptional('dir', FIELDS.dir, flags.dir) ?? DEFAULTS.dir,
      id: readOptional('id', FIELDS.id, flags.id) ?? 'store-1',
      capacity: readOptional('capacity', FIELDS.capacity, flags.capacity),
      rateBytesPerSecond: readOptional('rate', FIELDS.rate, flags.rate),
      memoryOctets: readOptional('memory', FIELDS.memory, flags.memory) ?? DEFAULTS.memoryOctets,
    };
    const env = await this.createEnv(flags);
    await runUntilSignal(createStoreService(options, env), { graceMs: DEFAULTS.graceMs }, env);
  }
}
