// A content store: the room `store/` behind an HTTP server.

import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import type { Endpoint } from '../net/address.js';
import { formatEndpoint } from '../net/address.js';
import { createHttpServer, type HttpServer } from '../net/http/server.js';
import type { Metric } from '../observe/exposition.js';
import type { Log } from '../observe/log.js';
import { createAdmin, createEdge, createStore, type AdminControls, type Edge, type EdgeOptions, type SigningKeys, type Store } from '../store/index.js';
import type { Env } from './env.js';
import { createAccessLogFile, type AccessLogOptions } from './access-log.js';
import type { Service } from './service.js';
import { createLiveSigningKeys } from './signing-keys.js';

/** A content name leads to a store by a name of the CDN's zone; a client may ask by either. */
const ZONES = [CDN_ZONE, PUBLISHER_ZONE];

export interface StoreServiceOptions {
  readonly listen: Endpoint;
  readonly id: string;
  /** Where its objects come from: a folder, or an origin whose edge it is. */
  readonly objects: FolderObjects | EdgeObjects;
  /** Bytes a second for each response; undefined: as fast as it goes. */
  readonly rateBytesPerSecond: number | undefined;
  /** Transfers at a time; undefined: no limit. */
  readonly capacity?: number | undefined;
  /** Hosts it answers for besides its own addresses and the names of the two zones. */
  readonly serveHosts?: readonly string[];
  /** A file of keys: only URLs that are signed with one of them are served. */
  readonly signedUrls?: string | undefined;
  /** A line for each answer of the store, not of its admin listener. */
  readonly accessLog?: AccessLogOptions | undefined;
  readonly maxConnections?: number | undefined;
}

export interface FolderObjects {
  readonly kind: 'folder';
  readonly dir: string;
  /** How long caches may keep an object without asking; undefined: the usual time. */
  readonly maxAgeSeconds?: number | undefined;
  /** Memory for files that are asked for again and again; undefined: none. */
  readonly memoryOctets?: number | undefined;
}

/** Where the administrator comes in. */
export interface AdminListen {
  readonly listen: Endpoint;
  /** undefined: whoever is on this machine may come in. */
  readonly token: string | undefined;
}

export interface EdgeObjects extends Pick<EdgeOptions, 'origins' | 'cache' | 'sliceOctets'> {
  readonly kind: 'edge';
  /** 'elsewhere': by a listener that isn't this store's, through its controls. */
  readonly admin?: AdminListen | 'elsewhere' | undefined;
}

export interface StoreService extends Service {
  readonly id: string;
  /** The real port once started. */
  readonly endpoint: Endpoint;
  /** Of the administrator's listener, if there is one. */
  readonly admin: Endpoint | undefined;
  /** Of an edge that is administered. */
  readonly controls: AdminControls | undefined;
}

/** What a request may carry to an origin. */
const MAX_CONTENT_OCTETS = 1_000_000_000;
/** Administrators and those who watch are few. */
const ADMIN_CONNECTIONS = 64;

function createRoom({ objects, id, rateBytesPerSecond, capacity, serveHosts = [] }: StoreServiceOptions, signingKeys: SigningKeys | undefined, env: Pick<Env, 'clock' | 'random' | 'log' | 'tracing'>): Store & Partial<Pick<Edge, 'controls'>> {
  const hosts = [...ZONES.flatMap((zone) => [zone, `*.${zone}`]), ...serveHosts];
  if (objects.kind === 'edge') {
    const { origins, cache, sliceOctets, admin } = objects;
    return createEdge({ origins, cache, sliceOctets, hosts, id, rateBytesPerSecond, capacity, administered: admin !== undefined, signingKeys }, { ...env, traced: env.tracing?.origin });
  }
  const { dir, maxAgeSeconds, memoryOctets = 0 } = objects;
  return createStore({
    dir, id, memoryOctets, hosts, signingKeys,
    ...(rateBytesPerSecond === undefined ? {} : { rateBytesPerSecond }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  }, env);
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

export function createStoreService(options: StoreServiceOptions, env: Pick<Env, 'clock' | 'random' | 'log' | 'tracing'>): StoreService {
  const { objects, maxConnections } = options;
  const keys = options.signedUrls === undefined ? undefined : createLiveSigningKeys(options.signedUrls, env);
  const accessLog = options.accessLog && createAccessLogFile(options.accessLog, env);
  const store = createRoom(options, keys?.current, env);
  const handler = env.tracing?.http(`cdn store ${options.id}`, store.handler) ?? store.handler;
  const server = createHttpServer({
    endpoint: options.listen,
    role: options.id,
    accessLog: accessLog?.log,
    ...(objects.kind === 'edge' ? { maxContentOctets: MAX_CONTENT_OCTETS } : {}),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  }, handler, env);
  const controls = store.controls && withMetrics(store.controls, accessLog?.metrics ?? (() => []));
  const door = objects.kind === 'edge' && objects.admin !== 'elsewhere' ? objects.admin : undefined;
  const admin = door && controls && createAdminServer(door, controls, options.id, env);
  return {
    id: options.id,
    controls,
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
      env.log.info(` * Running on http://${formatEndpoint(server.endpoint)}/${edge} (Press CTRL+C to quit)`, { ...server.endpoint, ...from });
      if (admin && door) tellAdministered(admin.endpoint, door, env.log);
    },
    async stop(graceMs) {
      await Promise.all([server.stop(graceMs), admin?.stop(graceMs)]);
      await accessLog?.stop();
      await store.stop();
      await keys?.stop(0);
    },
    ...(keys === undefined ? {} : { reload: () => keys.reload() }),
    ...(accessLog === undefined ? {} : { reopen: () => accessLog.reopen() }),
  };
}
