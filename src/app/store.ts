// A content store: the room `store/` behind an HTTP server.

import type { Endpoint } from '../net/address.js';
import { formatEndpoint } from '../net/address.js';
import { createHttpServer } from '../net/http/server.js';
import { createStore } from '../store/index.js';
import type { Env } from './env.js';
import type { Service } from './service.js';

export interface StoreServiceOptions {
  readonly listen: Endpoint;
  readonly dir: string;
  readonly id: string;
  /** Bytes a second for each response; undefined: as fast as it goes. */
  readonly rateBytesPerSecond: number | undefined;
  /** Transfers at a time; undefined: no limit. */
  readonly capacity?: number | undefined;
  /** Memory for files that are asked for again and again; undefined: none. */
  readonly memoryOctets?: number;
}

export interface StoreService extends Service {
  readonly id: string;
  /** The real port once started. */
  readonly endpoint: Endpoint;
}

export function createStoreService(options: StoreServiceOptions, env: Pick<Env, 'clock' | 'log'>): StoreService {
  const { dir, id, rateBytesPerSecond: rate, capacity, memoryOctets = 0 } = options;
  const store = createStore({ dir, id, memoryOctets, ...(rate === undefined ? {} : { rateBytesPerSecond: rate }), ...(capacity === undefined ? {} : { capacity }) }, env);
  const server = createHttpServer({ endpoint: options.listen, role: options.id }, store.handler, env);
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
      env.log.info(` * Running on http://${formatEndpoint(server.endpoint)}/ (Press CTRL+C to quit)`, { ...server.endpoint, dir: options.dir });
    },
    async stop(graceMs) {
      await server.stop(graceMs);
      await store.stop();
    },
  };
}
