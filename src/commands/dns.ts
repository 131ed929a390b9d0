import { openCatalog } from '../app/catalog.js';
import { createDnsService } from '../app/dns.js';
import { createDnsWorkers } from '../app/dns-workers.js';
import { mapStores } from '../app/routing.js';
import { runUntilSignal } from '../app/service.js';
import { requestStatus } from '../app/status.js';
import { CdnError } from '../base/errors.js';
import { BaseCommand } from '../cli/base-command.js';
import { fieldFlag, fieldListFlag, readList, readOptional } from '../cli/flags.js';
import { ROUTING_FLAGS, STATUS_FLAGS, edgesOf, readRouting, readStatusListen, readStatusRequest } from '../cli/routing-flags.js';
import { statusLines } from '../cli/status-output.js';
import { DEFAULTS, FIELDS } from '../config/index.js';

const LISTEN = FIELDS.listen(DEFAULTS.localDns);

export default class Dns extends BaseCommand {
  static override summary = 'run the local DNS, and the authorities of hiscinema.com and hercdn.com';
  static override description =
    'Three name servers, each on a UDP and TCP socket of its own: the local DNS on the port given (40722), the authority of hiscinema.com on the next (40723), that of hercdn.com, which routes each request to a store, on the one after (40724). Zones of --zone files get the port after those.';
  static override examples = [
    { description: 'all three, on ports 40722 to 40724', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'ask them', command: 'dig @127.0.0.1 -p 40722 file1.hiscinema.com' },
    { description: 'two stores to route between', command: '<%= config.bin %> <%= command.id %> --store 127.0.0.1:40721 --store 127.0.0.2:40721' },
    { description: 'how the stores of a running one are; ends with 4 when none takes clients', command: '<%= config.bin %> <%= command.id %> --status' },
    { description: 'only the authorities, on another machine', command: '<%= config.bin %> <%= command.id %> --role authoritative --listen 192.0.2.53:40723 --portal 192.0.2.80:80 --store 192.0.2.81:80' },
    { description: 'only the local DNS, asking them', command: '<%= config.bin %> <%= command.id %> --role local --authority hiscinema.com=192.0.2.53:40723 --authority hercdn.com=192.0.2.53:40724' },
  ];
  static override flags = {
    listen: fieldFlag(LISTEN, { defaultText: '127.0.0.1:40722; 127.0.0.1:40723 for --role authoritative' }),
    dir: fieldFlag(FIELDS.dir, { defaultText: 'the five clips that come with cdn' }),
    role: fieldFlag(FIELDS.role, { defaultText: 'all' }),
    portal: fieldFlag(FIELDS.portal, { defaultText: '127.0.0.1:40720' }),
    store: fieldListFlag(FIELDS.store, { defaultText: '127.0.0.1:40721' }),
    authority: fieldListFlag(FIELDS.authority),
    forward: fieldListFlag(FIELDS.forward),
    'ecs-zone': fieldListFlag(FIELDS.ecsZone, { defaultText: 'hercdn.com' }),
    'cache-size': fieldFlag(FIELDS.cacheSize, { defaultText: '64MB' }),
    zone: fieldListFlag(FIELDS.zone),
    transfer: fieldListFlag(FIELDS.transfer, { defaultText: 'nobody' }),
    workers: fieldFlag(FIELDS.workers, { defaultText: '1' }),
    nsid: fieldFlag(FIELDS.nsid),
    'rate-limit': fieldFlag(FIELDS.rateLimit, { defaultText: '200' }),
    ...ROUTING_FLAGS,
    ...STATUS_FLAGS,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Dns);
    const env = await this.createEnv(flags);
    const request = readStatusRequest(flags);
    if (request) {
      const status = await requestStatus(request, env);
      for (const line of flags.json ? [JSON.stringify(status, undefined, 2)] : statusLines(status, env.clock.now())) this.log(line);
      return flags.status && status.status !== 'ok' ? this.endWith(new CdnError('STORE_UNREACHABLE', status.status)) : undefined;
    }
    const named = readList('store', FIELDS.store, flags.store)?.map((endpoint, index) => ({ id: `store-${index + 1}`, endpoint }));
    const role = readOptional('role', FIELDS.role, flags.role) ?? 'all';
    const cacheBytes = readOptional('cache-size', FIELDS.cacheSize, flags['cache-size']);
    const ecsZones = readList('ecs-zone', FIELDS.ecsZone, flags['ecs-zone']);
    const options = {
      role,
      forward: readList('forward', FIELDS.forward, flags.forward) ?? [],
      ...(cacheBytes !== undefined && { cacheBytes }),
      ...(ecsZones && { ecsZones }),
      listen: readOptional('listen', LISTEN, flags.listen) ?? (role === 'authoritative' ? DEFAULTS.publisherAuthority : DEFAULTS.localDns),
      portal: readOptional('portal', FIELDS.portal, flags.portal) ?? DEFAULTS.portal,
      plan: mapStores(await readRouting(flags), (stores) => named ?? edgesOf(stores) ?? [{ id: 'store-1', endpoint: DEFAULTS.store }]),
      status: readStatusListen(flags),
      authorities: readList('authority', FIELDS.authority, flags.authority) ?? [],
      zoneFiles: readList('zone', FIELDS.zone, flags.zone) ?? [],
      transferTo: readList('transfer', FIELDS.transfer, flags.transfer) ?? [],
      identity: { nsid: readOptional('nsid', FIELDS.nsid, flags.nsid), version: `cdn ${this.config.version}` },
      rateLimit: readOptional('rate-limit', FIELDS.rateLimit, flags['rate-limit']),
      catalog: await openCatalog(readOptional('dir', FIELDS.dir, flags.dir) ?? DEFAULTS.dir, env),
    };
    const workers = readOptional('workers', FIELDS.workers, flags.workers) ?? 1;
    await runUntilSignal(workers === 1 ? createDnsService(options, env) : createDnsWorkers(options, workers, env), { graceMs: DEFAULTS.graceMs }, env);
  }
}
