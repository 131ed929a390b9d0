// A content store: the objects of one folder over HTTP.

import type { Clock } from '../base/clock.js';
import type { HttpHandler } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import { createChain } from './chain.js';
import { createDigests } from './digests.js';
import { createDiskSource } from './disk-source.js';
import { createHealth, type Gauges } from './health.js';
import { createIdentity } from './identity.js';
import { createObjects } from './objects.js';
import { createTitles } from './titles.js';
import { createAccessLog } from './transcript.js';

export interface StoreOptions {
  /** The folder whose files are the objects. */
  readonly dir: string;
  /** Which store this is, for people and in the Server field: "store-1". */
  readonly id: string;
  /** For each answer; without it, as fast as it goes. */
  readonly rateBytesPerSecond?: number;
  /** Transfers at a time: reported, so that routing keeps more away, and more are answered 503. */
  readonly capacity?: number;
}

export interface Store {
  readonly handler: HttpHandler;
  /** Reads the folder and begins to compute digests. @throws CdnError FOLDER_UNREADABLE */
  start(): Promise<void>;
  /** To be called when no answer is under way any more. */
  stop(): Promise<void>;
}

export function createStore(options: StoreOptions, env: { clock: Clock; log: Log }): Store {
  const { dir, id, rateBytesPerSecond, capacity } = options;
  const source = createDiskSource(dir, env.clock);
  const titles = createTitles(dir, env.clock);
  const digests = createDigests(source, env);
  const gauges: Gauges = { transfers: 0, refused: 0, startedMs: undefined };
  return {
    handler: createChain({
      accessLog: createAccessLog(env),
      identity: createIdentity(id),
      health: createHealth({ id, capacity }, titles, gauges, env.clock),
      objects: createObjects({ source, titles, digests, gauges, rateBytesPerSecond, capacity: capacity ?? Infinity }, env),
    }),
    start: async () => {
      const catalog = await titles.current();
      gauges.startedMs = env.clock.monotonic();
      for (const title of catalog.titles) digests.schedule([title.file]);
    },
    stop: () => digests.stop(),
  };
}
