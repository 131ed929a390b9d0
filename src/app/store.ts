// A content store: the room `store/` behind an HTTP server.

import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import type { Endpoint } from '../net/address.js';
import { formatEndpoint } from '../net/address.js';
import { createHttpServer, type HttpServer } from '../net/http/server.js';
import type { Metric } from '../observe/exposition.js';
import type { Log } from '../observe/log.js';
import { createAdmin, createEdge, createStore, type AdminControls, type Edge, type FolderStore, type Store } from '../store/index.js';
import type { Env } from './env.js';
import type { Service } from './service.js';
import { DEFAULT_MAX_CONNECTIONS, type AdminListen, type StoreServiceOptions } from './store-options.js';
import { createOwnStoreSources, type StoreSources } from './store-sources.js';

/** A content name leads to a store by a name of the CDN's zone; a client may ask by either. */
const ZONES = [CDN_ZONE, PUBLISHER_ZONE];

export interface StoreService extends Service {
  readonly id: string;
  /** The real port once started. */
  readonly endpoint: Endpoint;
  /** Of the administrator's listener, if there is one. */
  readonly admin: Endpoint | undefined;
  /** Of an edge that is administered. */
  readonly controls: AdminControls | undefined;
  /** Where it serves a folder. */
  readonly folder: Pick<FolderStore, 'load' | 'learnDigest'> | undefined;
}

/** What a request may carry to an origin. */
const MAX_CONTENT_OCTETS = 1_000_000_000;
/** Administrators and those who watch are few. */
const ADMIN_CONNECTIONS = 64;

function createRoom({ objects, id, rateBytesPerSecond, capacity, serveHosts = [] }: StoreServiceOptions, { keys, share }: StoreSources, env: Pick<Env, 'clock' | 'random' | 'log' | 'tracing'>): Store & Partial<Pick<Edge, 'controls'>> & { readonly folder?: FolderStore } {
  const signingKeys = keys?.current;
  const hosts = [...ZONES.flatMap((zone) => [zone, `*.${zone}`]), ...serveHosts];
  if (objects.kind === 'edge') {
    const { origins, cache, sliceOctets, admin } = objects;
    return createEdge({ origins, cache, sliceOctets, hosts, id, rateBytesPerSecond, capacity, administered: admin !== undefined, signingKeys }, { ...env, traced: env.tracing?.origin });
  }
  const { dir, maxAgeSeconds, memoryOctets = 0 } = objects;
  const folder = createStore({
    dir, id, memoryOctets, hosts, signingKeys, share,
    ...(rateBytesPerSecond === undefined ? {} : { rateBytesPerSecond }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  }, env);
  return { ...folder, folder };
}

const withMetrics = (controls: AdminControls, more: () => readonly Metric[]): AdminControls => ({ ...controls, metrics: () => [...controls.metrics(), ...more()] });

/** The administrator's door to whatever has these controls. */
export function createAdminServer({ listen, token }: AdminListen, controls: AdminControls, whose: string, env: Pick<Env, 'clock' | 'log'>): HttpServer {
  const { handler, maxContentOctets } = createAdmin({ token, ...controls });
  return createHttpServer({ endpoint: listen, role: `the admin listener of ${whose}`, maxContentOctets, maxConnections: ADMIN_CONNECTIONS }, handler, env);
}

export function tellAdministered(at: Endpoint, { token }: AdminListen, log: Log): void {
  log.info(` * Administered on http://${formatEndpoint(at)}/${token === undefined ? ', by whoever is on this machine: there is no token' : ', with the token'}`, { admin: at });
}

/** `sources`: where what it needs comes from, where it doesn't see to that itself. */
export function createStoreService(options: StoreServiceOptions, env: Pick<Env, 'clock' | 'random' | 'log' | 'tracing'>, sources: StoreSources = createOwnStoreSources(options, env)): StoreService {
  const { objects, maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  const { keys, accessLog } = sources;
  const store = createRoom(options, sources, env);
  const handler = env.tracing?.http(`cdn store ${options.id}`, store.handler) ?? store.handler;
  const server = createHttpServer({
    endpoint: options.listen,
    role: options.id,
    accessLog: accessLog?.log,
    ...(objects.kind === 'edge' ? { maxContentOctets: MAX_CONTENT_OCTETS } : {}),
    maxConnections,
    shared: sources.share !== undefined,
  }, handler, env);
  const controls = store.controls && withMetrics(store.controls, accessLog?.metrics ?? (() => []));
  const door = objects.kind === 'edge' && objects.admin !== 'elsewhere' ? objects.admin : undefined;
  const admin = door && controls && createAdminServer(door, controls, options.id, env);
  return {
    id: options.id,
    controls,
    folder: store.folder,
    get admin() {
      return admin?.endpoint;
    },
    get endpoint() {
      return server.endpoint;
    },
    async start() {
      await store.start();
      try {
        await keys?.start();
        await accessLog?.start();
        await server.start();
        await admin?.start();
      } catch (error) {
        await server.stop(0);
        await accessLog?.stop();
        await keys?.stop(0);
        await store.stop();
        throw error;
      }
      const from = objects.kind === 'edge' ? { origins: objects.origins.map((url) => url.origin) } : { dir: objects.dir };
      const edge = objects.kind === 'edge' ? `, an edge of ${objects.origins.map((url) => url.origin).join(', ')}` : '';
      sources.announce(` * Running on http://${formatEndpoint(server.endpoint)}/${edge} (Press CTRL+C to quit)`, { ...server.endpoint, ...from });
      if (admin && door) tellAdministered(admin.endpoint, door, env.log);
    },
    async stop(graceMs) {
      await Promise.all([server.stop(graceMs), admin?.stop(graceMs)]);
      await accessLog?.stop();
      await store.stop();
      await keys?.stop(0);
    },
    ...(keys?.reload === undefined ? {} : { reload: keys.reload }),
    ...(accessLog?.reopen === undefined ? {} : { reopen: accessLog.reopen }),
  };
}
