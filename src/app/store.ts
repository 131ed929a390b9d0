// A content store: the room `store/` behind an HTTP server.

import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import type { Endpoint } from '../net/address.js';
import { formatEndpoint } from '../net/address.js';
import { createHttpServer } from '../net/http/server.js';
import { createEdge, createStore, type EdgeOptions, type Store } from '../store/index.js';
import type { Env } from './env.js';
import type { Service } from './service.js';

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

export interface EdgeObjects extends Pick<EdgeOptions, 'origins' | 'cache' | 'sliceOctets'> {
  readonly kind: 'edge';
}

export interface StoreService extends Service {
  readonly id: string;
  /** The real port once started. */
  readonly endpoint: Endpoint;
}

/** What a request may carry to an origin. */
const MAX_CONTENT_OCTETS = 1_000_000_000;

function createRoom({ objects, id, rateBytesPerSecond, capacity, serveHosts = [] }: StoreServiceOptions, env: Pick<Env, 'clock' | 'random' | 'log'>): Store {
  const hosts = [...ZONES.flatMap((zone) => [zone, `*.${zone}`]), ...serveHosts];
  if (objects.kind === 'edge') {
    const { origins, cache, sliceOctets } = objects;
    return createEdge({ origins, cache, sliceOctets, hosts, id, rateBytesPerSecond, capacity }, env);
  }
  const { dir, maxAgeSeconds, memoryOctets = 0 } = objects;
  return createStore({
    dir, id, memoryOctets, hosts,
    ...(rateBytesPerSecond === undefined ? {} : { rateBytesPerSecond }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  }, env);
}

export function createStoreService(options: StoreServiceOptions, env: Pick<Env, 'clock' | 'random' | 'log' | 'tracing'>): StoreService {
  const { objects, maxConnections } = options;
  const store = createRoom(options, env);
  const handler = env.tracing?.http(`cdn store ${options.id}`, store.handler) ?? store.handler;
  const server = createHttpServer({
    endpoint: options.listen,
    role: options.id,
    ...(objects.kind === 'edge' ? { maxContentOctets: MAX_CONTENT_OCTETS } : {}),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  }, handler, env);
  return {
    id: options.id,
    get endpoint() {
      return server.endpoint;
    },
    async start() {
      await store.start();
      try {
        await server.start();
      } catch (error) {
        await store.stop();
        throw error;
      }
      const from = objects.kind === 'edge' ? { origins: objects.origins.map((url) => url.origin) } : { dir: objects.dir };
      const edge = objects.kind === 'edge' ? `, an edge of ${objects.origins.map((url) => url.origin).join(', ')}` : '';
      env.log.info(` * Running on http://${formatEndpoint(server.endpoint)}/${edge} (Press CTRL+C to quit)`, { ...server.endpoint, ...from });
    },
    async stop(graceMs) {
      await server.stop(graceMs);
      await store.stop();
    },
  };
}
