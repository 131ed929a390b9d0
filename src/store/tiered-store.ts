// What an edge keeps, in memory within bounds. An object is here as long as one of its slices is; one
// without a body as long as its metadata is.

import type { Clock } from '../base/clock.js';
import type { CacheKey, CacheStore, ObjectMeta } from './cache-store.js';
import { createS3Fifo, type EvictionPolicy } from './eviction/index.js';
import { NO_SLICE, createSlice, sliceLength, type KeptObject, type KeptSlice } from './kept.js';
import { createMemoryStore } from './memory-store.js';
import { createRemovals } from './removals.js';

export interface CacheStoreOptions {
  readonly memoryOctets: number;
  /** S3-FIFO unless said: it wins `npm run bench:cache`. */
  readonly policy?: () => EvictionPolicy;
}

/**
 * What the metadata of one object take besides their text, and how many times their text's length they
 * take as objects. Measured by test/unit/store/memory-cost.test.ts.
 */
const OBJECT_OCTETS = 500;
const TEXT_FACTOR = 3;
/** Metadata that take more of the memory than this part are not kept. */
const LARGEST_META_PART = 8;
/** This part of the memory remembers who took away what is gone. */
const REMOVALS_PART = 32;
const NOTHING = new Uint8Array(0);

function metaOctets(key: CacheKey, meta: ObjectMeta): number {
  return OBJECT_OCTETS + key.length + TEXT_FACTOR * (JSON.stringify([meta.head, meta.tags]).length + meta.version.length);
}

function isSameVersion(a: ObjectMeta, b: ObjectMeta): boolean {
  return a.version === b.version && a.length === b.length && a.sliceOctets === b.sliceOctets;
}

/** A slice that is a small part of a large buffer would keep all of that in memory. */
function compact(octets: Uint8Array): Uint8Array {
  return octets.byteLength * 8 < octets.buffer.byteLength * 7 ? octets.slice() : octets;
}

export function createCacheStore({ memoryOctets, policy = createS3Fifo }: CacheStoreOptions, { clock }: { readonly clock: Clock }): CacheStore {
  const objects = new Map<CacheKey, KeptObject>();
  /** Of objects without slices: what stands for them in the order of eviction. */
  const bare = new Map<KeptObject, KeptSlice>();
  const removals = createRemovals(memoryOctets / REMOVALS_PART);
  const memoryPolicy = policy();
  let serial = 0;

  const memory = createMemoryStore({
    maxOctets: memoryOctets,
    policy: memoryPolicy,
    evicted: (slice) => {
      const why = `evicted by ${memoryPolicy.name} to make room in memory`;
      if (slice.number === NO_SLICE) forget(slice.object, why);
      else release(slice, why);
    },
  });

  memory.reserve(Math.ceil(memoryOctets / REMOVALS_PART));

  /** A slice that is nowhere any more, and with the last of them its object. */
  const release = (slice: KeptSlice, why: string): void => {
    slice.object.slices.delete(slice.number);
    if (slice.object.slices.size === 0) forget(slice.object, why);
  };
  const clear = (object: KeptObject): void => {
    for (const slice of object.slices.values()) memory.remove(slice);
    object.slices.clear();
    unmark(object);
  };
  const forget = (object: KeptObject, why: string | undefined): void => {
    if (objects.get(object.key) !== object) return;
    objects.delete(object.key);
    clear(object);
    memory.reserve(-object.octets);
    if (why !== undefined) removals.add(object.key, { why, atMs: clock.now() });
  };
  const mark = (object: KeptObject): void => {
    const stand = createSlice(object, NO_SLICE);
    bare.set(object, stand);
    if (!memory.add(stand, NOTHING)) forget(object, 'there was no room for its metadata');
  };
  const unmark = (object: KeptObject): void => {
    const stand = bare.get(object);
    if (!stand) return;
    bare.delete(object);
    memory.remove(stand);
  };
  const sliceOf = (key: CacheKey, version: string, number: number): KeptSlice | undefined => {
    const object = objects.get(key);
    return object?.meta.version === version ? object.slices.get(number) : undefined;
  };

  return {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    find: (key) => {
      const object = objects.get(key);
      // Nothing of it can be read: to find it is to use it.
      const stand = object?.slices.size === 0 ? bare.get(object) : undefined;
      if (stand) memory.touch(stand);
      return object?.meta;
    },
    put: (key, meta) => {
      const there = objects.get(key);
      const octets = metaOctets(key, meta);
      const fits = octets <= memoryOctets / LARGEST_META_PART;
      if (there && fits && isSameVersion(there.meta, meta)) {
        there.meta = meta;
        const more = octets - there.octets;
        there.octets = octets;
        memory.reserve(more);
        return;
      }
      if (there) forget(there, fits ? undefined : 'its new metadata are too large to be kept');
      if (!fits) return;
      removals.forget(key);
      const object: KeptObject = { serial: (serial += 1), key, meta, octets, slices: new Map() };
      memory.reserve(octets);
      objects.set(key, object);
      mark(object);
    },
    read: (key, version, number) => {
      const slice = sliceOf(key, version, number);
      if (!slice?.octets) return undefined;
      memory.touch(slice);
      return slice.octets;
    },
    where: (key, version, number) => (sliceOf(key, version, number)?.octets ? 'memory' : undefined),
    write: (key, version, number, octets) => {
      const object = objects.get(key);
      if (object?.meta.version !== version || !Number.isInteger(number) || octets.byteLength === 0 || octets.byteLength !== sliceLength(object.meta, number)) return;
      if (object.slices.has(number)) return;
      const slice = createSlice(object, number);
      // In its place before others make room: its object now has something here, and stays.
      object.slices.set(number, slice);
      unmark(object);
      if (!memory.add(slice, compact(octets))) release(slice, 'too large for the memory there is');
    },
    delete: (key, why) => {
      const object = objects.get(key);
      if (object) forget(object, why);
      return object !== undefined;
    },
    keys: () => objects.keys(),
    removal: (key) => removals.get(key),
    usage: () => ({ memory: { octets: memory.octets, maxOctets: memoryOctets, objects: objects.size, slices: memory.slices - bare.size }, disk: undefined }),
  };
}
