// A content store: the objects of one folder over HTTP.

import type { Clock } from '../base/clock.js';
import type { HttpHandler } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import { createChain } from './chain.js';
import { createDigests } from './digests.js';
import { createDiskSource } from './disk-source.js';
import { createHosts } from './hosts.js';
import { createHotFiles } from './hot-files.js';
import { createHotObjects } from './hot-objects.js';
import { createHealth, type Elsewhere, type Gauges } from './health.js';
import { createIdentity } from './identity.js';
import { createObjects } from './objects.js';
import { createSignedUrls, type SigningKeys } from './signed-urls.js';
import { createTitles } from './titles.js';
import { createAnswerLog, createTransferLog, MOST_TOLD_A_SECOND } from './transcript.js';
import { createTransferPlaces, type TransferPlaces } from './transfer-places.js';

export interface StoreOptions {
  /** The folder whose files are the objects. */
  readonly dir: string;
  /** Which store this is, for people and in the Server field: "store-1". */
  readonly id: string;
  /** For each answer; without it, as fast as it goes. */
  readonly rateBytesPerSecond?: number;
  /** Transfers at a time: reported, so that routing keeps more away, and more are answered 503. */
  readonly capacity?: number;
  /** For files that are asked for again and again; 0, or with a rate: none are kept. */
  readonly memoryOctets?: number;
  /** How long caches may use an object without asking again; a minute unless told. */
  readonly maxAgeSeconds?: number;
  /** Hosts it answers for besides its own addresses; without it, any. */
  readonly hosts?: readonly string[];
  /** Only what one of these has signed is served; without it, whatever is asked for. */
  readonly signingKeys?: SigningKeys | undefined;
  /** undefined: this process is the whole store. */
  readonly share?: StoreShare | undefined;
}

/** What one of several processes that answer as one store has to do with the others. */
export interface StoreShare {
  /** From 0, and how many they are. */
  readonly index: number;
  readonly workers: number;
  /** For how long the store has been up already. */
  readonly upMs: number;
  elsewhere(): Elsewhere;
  /** Whether there is room in all of them for one more transfer, which then is taken; undefined: there always is. */
  readonly takePlace: (() => Promise<boolean>) | undefined;
  leavePlace(): void;
  computed(etag: string, sha256: Uint8Array): void;
}

/** A film rarely changes, and where it does its entity tag tells: a minute late at most. */
const MAX_AGE_SECONDS = 60;
/** RFC 5861 §4: while this store can't be reached, a cache is better than nothing, for a day. */
const STALE_IF_ERROR_SECONDS = 86_400;

export interface Store {
  readonly handler: HttpHandler;
  /** Reads the folder and begins to compute digests. @throws CdnError FOLDER_UNREADABLE */
  start(): Promise<void>;
  /** To be called when no answer is under way any more. */
  stop(): Promise<void>;
}

export interface FolderStore extends Store {
  /** Of this process. */
  load(): Elsewhere;
  /** What another process has computed. */
  learnDigest(etag: string, sha256: Uint8Array): void;
}

export function createStore(options: StoreOptions, env: { clock: Clock; log: Log }): FolderStore {
  const { dir, id, rateBytesPerSecond, capacity, share, memoryOctets = 0, maxAgeSeconds = MAX_AGE_SECONDS } = options;
  const cacheControl = `max-age=${maxAgeSeconds}, stale-if-error=${STALE_IF_ERROR_SECONDS}`;
  const source = createDiskSource(dir, env.clock);
  const titles = createTitles(dir, env.clock);
  const digests = createDigests(source, env, share?.computed);
  const tellTransfer = createTransferLog(env, Math.ceil(MOST_TOLD_A_SECOND / (share?.workers ?? 1)));
  const files = createHotFiles(source, rateBytesPerSecond === undefined ? memoryOctets : 0, env);
  const gauges: Gauges = { transfers: 0, refused: 0, startedMs: undefined };
  const places: TransferPlaces = createTransferPlaces(gauges, capacity ?? Infinity, share);
  return {
    handler: createChain({
      answerLog: createAnswerLog(env),
      identity: createIdentity(id),
      health: createHealth({ store: { id, capacity }, gauges, elsewhere: share?.elsewhere, trouble: 'folder unreadable', look: async () => ({ titles: (await titles.current()).titles.length }) }, env.clock),
      hosts: createHosts(options.hosts),
      signedUrls: createSignedUrls(options.signingKeys, env.clock),
      hot: createHotObjects({ cacheControl, files, digests, places, tellTransfer }, env.clock),
      objects: createObjects({ cacheControl, source, titles, digests, gauges, places, tellTransfer, rateBytesPerSecond }, env),
    }),
    start: async () => {
      const catalog = await titles.current();
      gauges.startedMs = env.clock.monotonic() - (share?.upMs ?? 0);
      // Each of several computes its part, and learns the rest from the others.
      const isMine = (at: number): boolean => share === undefined || at % share.workers === share.index;
      for (const [at, title] of catalog.titles.entries()) if (isMine(at)) digests.schedule([title.file]);
    },
    load: () => ({ transfers: gauges.transfers, refused: gauges.refused }),
    learnDigest: digests.learn,
    stop: async () => {
      await Promise.all([digests.stop(), files.stop()]);
    },
  };
}
