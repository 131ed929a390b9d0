import { createStoreService } from '../app/store.js';
import { createStoreWorkers } from '../app/store-workers.js';
import { runUntilSignal } from '../app/service.js';
import { BaseCommand } from '../cli/base-command.js';
import { ACCESS_LOG_FLAGS, readAccessLog } from '../cli/access-log-flags.js';
import { ADMIN_FLAGS, readAdmin } from '../cli/admin-flags.js';
import { EDGE_FLAGS, readEdge } from '../cli/edge-flags.js';
import { fieldFlag, fieldListFlag, readList, readOptional } from '../cli/flags.js';
import { CdnError } from '../base/errors.js';
import { DEFAULTS, EDGE_FIELDS, FIELDS, SIGN_FIELDS } from '../config/index.js';

const LISTEN = FIELDS.listen(DEFAULTS.store);

export default class Store extends BaseCommand {
  static override summary = 'run a content store of herCDN';
  static override description =
    'Serves a folder over HTTP: whole files, one range or several, conditional requests, and a SHA-256 digest of each (Repr-Digest). Each object answers by the name of its file; /video1, /video2 … stand for the videos in name order. With --origin it is an edge instead: it pulls objects through from another store, or any HTTP server, and keeps them by the rules of HTTP caching (RFC 9111); Cache-Status in each answer tells what it did.';
  static override examples = [
    { description: 'the store of the demo, on 127.0.0.1:40721', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'your own films, slowly enough to watch them arrive', command: '<%= config.bin %> <%= command.id %> --dir ~/films --rate 8Mbit/s' },
    { description: 'an edge of that store, with a second origin in reserve', command: '<%= config.bin %> <%= command.id %> --origin http://127.0.0.1:40721 --origin http://127.0.0.2:40721 --listen 127.0.0.3:40721 --id edge-1' },
    { description: 'an edge that cdn purge, cdn why and Prometheus can ask', command: '<%= config.bin %> <%= command.id %> --origin http://127.0.0.1:40721 --listen 127.0.0.3:40721 --admin 127.0.0.1:40727' },
    { description: 'a line for each answer, for goaccess and its like', command: '<%= config.bin %> <%= command.id %> --access-log access.log' },
    { description: 'as many processes as there are cores', command: '<%= config.bin %> <%= command.id %> --workers auto' },
    { description: 'a second store, on an address of its own', command: '<%= config.bin %> <%= command.id %> --listen 127.0.0.2:40721 --id store-2' },
  ];
  static override flags = {
    listen: fieldFlag(LISTEN, { defaultText: '127.0.0.1:40721' }),
    dir: fieldFlag(FIELDS.dir, { defaultText: 'the five clips that come with cdn' }),
    'max-age': fieldFlag(EDGE_FIELDS.maxAge, { defaultText: '60s' }),
    ...EDGE_FLAGS,
    ...ADMIN_FLAGS,
    ...ACCESS_LOG_FLAGS,
    rate: fieldFlag(FIELDS.rate, { defaultText: 'as fast as it goes' }),
    capacity: fieldFlag(FIELDS.capacity, { defaultText: 'no limit' }),
    memory: fieldFlag(FIELDS.memory, { defaultText: '256MB' }),
    'serve-host': fieldListFlag(FIELDS.serveHost),
    'signed-urls': fieldFlag(SIGN_FIELDS.signedUrls),
    'max-connections': fieldFlag(FIELDS.maxConnections, { defaultText: '16384' }),
    workers: fieldFlag(FIELDS.workers, { defaultText: '1' }),
    id: fieldFlag(FIELDS.id, { defaultText: 'store-1' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Store);
    const dir = readOptional('dir', FIELDS.dir, flags.dir);
    const maxAgeMs = readOptional('max-age', EDGE_FIELDS.maxAge, flags['max-age']);
    const memoryOctets = readOptional('memory', FIELDS.memory, flags.memory) ?? DEFAULTS.memoryOctets;
    const edge = readEdge(flags, 'store');
    if (edge !== undefined && dir !== undefined) throw new CdnError('USAGE', '--origin: an edge has its objects from its origin, and no folder; leave --dir out', { details: { dir } });
    const admin = await readAdmin(flags);
    if (edge === undefined && admin !== undefined) throw new CdnError('USAGE', '--admin: only a store with an origin keeps what can be purged', { details: { flag: 'admin' }, suggestions: ['cdn store --origin http://127.0.0.1:40721 --listen 127.0.0.3:40721 --admin 127.0.0.1:40727'] });
    const options = {
      listen: readOptional('listen', LISTEN, flags.listen) ?? DEFAULTS.store,
      objects: edge ? { ...edge, admin } : ({ kind: 'folder', dir: dir ?? DEFAULTS.dir, memoryOctets, maxAgeSeconds: maxAgeMs === undefined ? undefined : Math.floor(maxAgeMs / 1000) } as const),
      id: readOptional('id', FIELDS.id, flags.id) ?? 'store-1',
      capacity: readOptional('capacity', FIELDS.capacity, flags.capacity),
      rateBytesPerSecond: readOptional('rate', FIELDS.rate, flags.rate),
      serveHosts: readList('serve-host', FIELDS.serveHost, flags['serve-host']) ?? [],
      signedUrls: readOptional('signed-urls', SIGN_FIELDS.signedUrls, flags['signed-urls']),
      accessLog: readAccessLog(flags),
      maxConnections: readOptional('max-connections', FIELDS.maxConnections, flags['max-connections']),
    };
    const env = await this.createEnv(flags);
    const workers = readOptional('workers', FIELDS.workers, flags.workers) ?? 1;
    await runUntilSignal(workers === 1 ? createStoreService(options, env) : createStoreWorkers(options, workers, env), { graceMs: DEFAULTS.graceMs }, env);
  }
}
