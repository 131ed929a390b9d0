// What an edge keeps: objects under keys, each a head and slices of its octets. It knows no HTTP: what
// may be kept, and for how long it is fresh, is decided by whoever asks (pull-through).

import type { Eventual } from '../net/handler.js';

/** One stored response and its variant, as text; two responses that may answer different requests never share one. */
export type CacheKey = string;

/** Everything about a stored object but its octets. */
export interface ObjectMeta {
  /** Never the same for two objects: a slice belongs to one version, and versions are never mixed. */
  readonly version: string;
  /** The complete length, in octets. */
  readonly length: number;
  readonly sliceOctets: number;
  /** The caller's own: status, fields, times … Survives a restart as JSON does. */
  readonly head: unknown;
  /** For purging by tag. */
  readonly tags: readonly string[];
}

/** Why something is no longer here, for people: "evicted by S3-FIFO to make room in memory". */
export interface Removal {
  readonly why: string;
  readonly atMs: number;
}

export interface TierUsage {
  readonly octets: number;
  readonly maxOctets: number;
  readonly objects: number;
  readonly slices: number;
  /** Slices that had to make room since the start. */
  readonly evictions: number;
}

/**
 * Nothing is visible before it is complete: a slice is whole, and right by its checksum, or not here.
 * No method throws for what a disk does: what cannot be kept is let go, and told in the log once.
 */
export interface CacheStore {
  /** Finds again what was kept before; resolves when all of it is known. @throws CdnError CACHE_FOLDER when the folder is not one to work in: another process has it, its format is unknown … */
  start(): Promise<void>;
  /** Resolves when what was to be kept is safe on disk. */
  stop(): Promise<void>;
  find(key: CacheKey): ObjectMeta | undefined;
  /** The same for who only looks: no use is counted, and nothing is kept of it that wasn't. */
  peek(key: CacheKey): ObjectMeta | undefined;
  /** In place of whatever was there; another version's slices go at once. */
  put(key: CacheKey, meta: ObjectMeta): void;
  /** One slice of this very version, as long as it must be, or undefined; at once when it is in memory. Counts as a use. */
  read(key: CacheKey, version: string, slice: number): Eventual<Uint8Array | undefined>;
  /** Where a slice is, without counting as a use. */
  where(key: CacheKey, version: string, slice: number): 'memory' | 'disk' | undefined;
  /**
   * Ignored when the object is no longer of this version, when the slice is here already, and when it is not as
   * long as it must be. The octets must not change afterwards. Counts as the use that it was fetched for.
   */
  write(key: CacheKey, version: string, slice: number, octets: Uint8Array): void;
  /** Counts as a use as well, and is a wish that the slice stay: it goes to disk, if there is one. Resolves when that has taken it, or won't. */
  settle(key: CacheKey, version: string, slice: number): Promise<void>;
  /** Every slice at once, and for good: a process that is killed next doesn't find it again. False when there was nothing. */
  delete(key: CacheKey, why: string): boolean;
  keys(): Iterable<CacheKey>;
  /** Of an object that went away lately. */
  removal(key: CacheKey): Removal | undefined;
  usage(): { readonly memory: TierUsage; readonly disk: TierUsage | undefined };
}
