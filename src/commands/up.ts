import { mapStores } from '../app/routing.js';
import { createNetwork } from '../app/up.js';
import { runUntilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { ADMIN_FLAGS, readAdmin } from '../cli/admin-flags.js';
import { EDGE_FLAGS, readEdge } from '../cli/edge-flags.js';
import { fieldFlag, readOptional, readSwitch, switchFlag } from '../cli/flags.js';
import { ROUTING_FLAGS, plainStores, readRouting, readStatusListen } from '../cli/routing-flags.js';
import { CdnError } from '../base/errors.js';
import { DEFAULTS, FIELDS } from '../config/index.js';

/** Wide enough for "store-64". */
const LABEL_WIDTH = 8;

export default class Up extends BaseCommand {
  static override summary = 'run the whole network: portal, DNS and stores, in one terminal';
  static override description =
    'Each store gets a loopback address of its own (127.0.0.1, 127.0.0.2 …) and the common port 40721. Where those addresses cannot be bound, stores share 127.0.0.1 on ports 40721, 40725, 40726 … and the port travels in DNS (SRV). With --origin the stores are edges: they fill from a shield on port 40728, and that from the origin, whose videos --dir has to have, too; with --admin, cdn purge, cdn warm and cdn why are about all of them at once. The first CTRL+C lets transfers end, the second stops at once.';
  static override examples = [
    { description: 'the network of the demo; then, in another terminal: cdn fetch hiscinema.com/File1 --explain', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'four stores and your own films', command: '<%= config.bin %> <%= command.id %> --stores 4 --dir ~/films' },
    { description: 'stores that keep what they pull from a store elsewhere; cdn fetch --explain tells hit from miss', command: '<%= config.bin %> <%= command.id %> --origin http://192.0.2.10:40721' },
    { description: 'in a test: free ports, and a line of JSON that says which', command: '<%= config.bin %> <%= command.id %> --free-ports --log-format json' },
  ];
  static override flags = {
    stores: fieldFlag(FIELDS.stores, { defaultText: String(DEFAULTS.stores) }),
    dir: fieldFlag(FIELDS.dir, { defaultText: 'the five clips that come with cdn' }),
    mode: fieldFlag(FIELDS.mode, { defaultText: 'relay' }),
    rate: fieldFlag(FIELDS.rate, { defaultText: 'as fast as it goes' }),
    ...EDGE_FLAGS,
    ...ADMIN_FLAGS,
    ...ROUTING_FLAGS,
    'free-ports': switchFlag(FIELDS.freePorts),
    'one-address': switchFlag(FIELDS.oneAddress),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Up);
    const count = readOptional('stores', FIELDS.stores, flags.stores);
    const rateBytesPerSecond = readOptional('rate', FIELDS.rate, flags.rate);
    const plan = mapStores(await readRouting(flags), (stores) => {
      const planned = count === undefined ? stores ?? plainStores(DEFAULTS.stores) : plainStores(count);
      return rateBytesPerSecond === undefined ? planned : planned.map((store) => ({ ...store, rateBytesPerSecond }));
    });
    const [edge, admin] = [readEdge(flags, 'up'), await readAdmin(flags)];
    if (edge === undefined && admin !== undefined) throw new CdnError('USAGE', '--admin: only stores with an origin keep what can be purged', { details: { flag: 'admin' }, suggestions: ['cdn up --origin http://127.0.0.1:40721 --admin 40727'] });
    const options = {
      plan,
      status: readStatusListen(flags),
      dir: readOptional('dir', FIELDS.dir, flags.dir) ?? DEFAULTS.dir,
      mode: readOptional('mode', FIELDS.mode, flags.mode) ?? 'relay',
      edge: edge && { ...edge, admin: admin && 'elsewhere' as const },
      admin,
      freePorts: readSwitch('free-ports', FIELDS.freePorts, flags['free-ports']),
      oneAddress: readSwitch('one-address', FIELDS.oneAddress, flags['one-address']),
    };
    const env = await this.createEnv(flags, LABEL_WIDTH);
    await runUntilSignal(createNetwork(options, env), { graceMs: DEFAULTS.graceMs }, env);
  }
}
