// What an edge keeps, in memory and, when it has a folder for it, on disk. An object is here as long as
// one of its slices is; one without a body as long as its metadata is.

import type { Clock } from '../base/clock.js';
import type { Log } from '../observe/log.js';
import { createAdmission } from './admission.js';
import type { CacheKey, CacheStore, ObjectMeta } from './cache-store.js';
import { createDiskStore } from './disk-store.js';
import { createS3Fifo, type EvictionPolicy } from './eviction/index.js';
import { NO_SLICE, createObject, createSlice, metaOf, peekMeta, sliceLength, type KeptObject, type KeptSlice } from './kept.js';
import { SLICE_OCTETS, createMemoryStore } from './memory-store.js';
import { createRemovals } from './removals.js';

export interface CacheStoreOptions {
  /** With everything that is kept in memory: slices, the index of what is on disk, and what writing it takes. */
  readonly memoryOctets: number;
  readonly disk?: DiskOptions;
  /** S3-FIFO unless said: it wins `npm run bench:cache`. */
  readonly policy?: () => EvictionPolicy;
}

export interface DiskOptions {
  readonly folder: string;
  readonly maxOctets: number;
  /** Also against a power failure: each slice is synced before it counts. */
  readonly fsync: boolean;
}

/**
 * What the metadata of one object take besides their text, and how many times their text's length they
 * take as objects. Measured by test/unit/store/memory-cost.test.ts.
 */
const OBJECT_OCTETS = 500;
const TEXT_FACTOR = 3;
/** Parts of the memory: metadata that take more than one are not kept; for what is told of what is gone; of slices on their way to disk; for what was asked for before; the index of what is on disk takes no more than one. */
const PART = { largestMeta: 8, removals: 32, queue: 8, admission: 64, index: 2 } as const;
const MOST_ADMISSION_OCTETS = 4 << 20;
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

export function createCacheStore({ memoryOctets, disk: diskOptions, policy = createS3Fifo }: CacheStoreOptions, env: { readonly clock: Clock; readonly log: Log }): CacheStore {
  const objects = new Map<CacheKey, KeptObject>();
  const removals = createRemovals(memoryOctets / PART.removals);
  const memoryPolicy = policy();
  const admissionOctets = diskOptions ? Math.min(memoryOctets / PART.admission, MOST_ADMISSION_OCTETS) : 0;
  const admission = diskOptions && createAdmission(admissionOctets);
  let lastSerial = 0;
  let evictions = 0;
  /** Of memory, for what is on disk. */
  let indexOctets = 0;

  const memory = createMemoryStore({
    maxOctets: memoryOctets,
    policy: memoryPolicy,
    evicted: (slice) => {
      evictions += 1;
      release(slice, `evicted by ${memoryPolicy.name} to make room in memory`);
    },
  });
  const disk = diskOptions && createDiskStore({
    ...diskOptions,
    queueOctets: memoryOctets / PART.queue,
    policy: policy(),
    objects: () => objects.values(),
    written: (slice) => {
      index(SLICE_OCTETS + (slice.object.filed === 1 ? slice.object.octets : 0));
      memory.reserve(SLICE_OCTETS);
      while (indexOctets > memoryOctets / PART.index) if (!disk?.evictOne()) return;
    },
    unwritten: (slice, why) => {
      index(-SLICE_OCTETS - (slice.object.filed === 0 ? slice.object.octets : 0));
      memory.reserve(-SLICE_OCTETS);
      release(slice, why);
    },
    refused: (slice) => release(slice, 'it could not be written to disk'),
  }, env);
  memory.reserve(Math.ceil(memoryOctets / PART.removals + (disk ? memoryOctets / PART.queue : 0) + admissionOctets));

  const index = (octets: number): void => {
    indexOctets += octets;
  };
  const forget = (object: KeptObject, why: string | undefined): void => {
    if (objects.get(object.key) !== object) return;
    objects.delete(object.key);
    if (object.filed > 0) {
      index(-object.octets - object.filed * SLICE_OCTETS);
      memory.reserve(-object.filed * SLICE_OCTETS);
    }
    disk?.remove(object);
    unmark(object);
    for (const slice of object.slices.values()) {
      memory.remove(slice);
      slice.queued = undefined;
    }
    object.slices.clear();
    memory.reserve(-object.octets);
    if (why !== undefined) removals.add(object.key, { why, atMs: env.clock.now() });
  };
  /** Lets go a slice that is nowhere any more, and with the last of them its object. */
  const release = (slice: KeptSlice, why: string): void => {
    const { object, number } = slice;
    if (slice.octets || slice.queued || slice.file || (object.stand !== slice && object.slices.get(number) !== slice)) return;
    object.slices.delete(number);
    if (object.slices.size === 0) forget(object, why);
  };
  const mark = (object: KeptObject): void => {
    object.stand = createSlice(object, NO_SLICE);
    if (!memory.add(object.stand, NOTHING)) forget(object, 'there was no room for its metadata');
  };
  const unmark = (object: KeptObject): void => {
    if (!object.stand) return;
    memory.remove(object.stand);
    object.stand = undefined;
  };
  const sliceOf = (key: CacheKey, version: string, number: number): KeptSlice | undefined => {
    const object = objects.get(key);
    return object?.meta.version === version ? object.slices.get(number) : undefined;
  };
  const promote = async (slice: KeptSlice): Promise<Uint8Array | undefined> => {
    const octets = await disk?.read(slice);
    // Taken away meanwhile: whoever asks now gets what is true now.
    if (slice.object.slices.get(slice.number) !== slice) return undefined;
    if (octets && !slice.octets) memory.add(slice, octets);
    return octets;
  };

  return {
    start: async () => {
      const found = await disk?.start();
      if (!found) return;
      lastSerial = found.lastSerial;
      for (const object of found.objects) {
        object.octets = OBJECT_OCTETS + TEXT_FACTOR * object.journalOctets;
        const octets = object.octets + object.filed * SLICE_OCTETS;
        objects.set(object.key, object);
        index(octets);
        memory.reserve(octets);
      }
      disk?.fit(() => indexOctets <= memoryOctets / PART.index);
    },
    stop: async () => disk?.stop(),
    find: (key) => {
      const object = objects.get(key);
      // Nothing of it can be read: to find it is to use it.
      const stand = object?.stand;
      if (stand) {
        memory.touch(stand);
        if (stand.file) disk?.touch(stand);
        else if (object.meta.length === 0) disk?.write(stand, NOTHING);
      }
      return object && metaOf(object);
    },
    peek: (key) => {
      const object = objects.get(key);
      return object && peekMeta(object);
    },
    put: (key, meta) => {
      const there = objects.get(key);
      const octets = metaOctets(key, meta);
      const fits = octets <= memoryOctets / PART.largestMeta;
      if (there && fits && isSameVersion(there.meta, meta)) {
        there.meta = meta;
        there.unread = undefined;
        const more = octets - there.octets;
        there.octets = octets;
        if (there.filed > 0) index(more);
        disk?.changed(there);
        memory.reserve(more);
        return;
      }
      if (there) forget(there, fits ? undefined : 'its new metadata are too large to be kept');
      if (!fits) return;
      removals.forget(key);
      const object = createObject((lastSerial += 1), key, meta, octets);
      memory.reserve(octets);
      objects.set(key, object);
      mark(object);
    },
    read: (key, version, number) => {
      const slice = sliceOf(key, version, number);
      if (!slice) return undefined;
      if (slice.file) disk?.touch(slice);
      const octets = slice.octets ?? slice.queued;
      if (!octets) return promote(slice);
      memory.touch(slice);
      // Asked for again: worth a place on disk.
      if (!slice.file) disk?.write(slice, octets);
      return octets;
    },
    where: (key, version, number) => {
      const slice = sliceOf(key, version, number);
      if (slice?.octets ?? slice?.queued) return 'memory';
      return slice?.file ? 'disk' : undefined;
    },
    write: (key, version, number, given) => {
      const object = objects.get(key);
      if (object?.meta.version !== version || !Number.isInteger(number) || given.byteLength === 0 || given.byteLength !== sliceLength(object.meta, number)) return;
      if (object.slices.has(number)) return;
      const slice = createSlice(object, number);
      const octets = compact(given);
      // In its place before others make room: its object now has something here, and stays.
      object.slices.set(number, slice);
      unmark(object);
      memory.add(slice, octets);
      // It was here, or asked for, not long ago: this is not the only time.
      if (admission?.ask(slice.id)) disk?.write(slice, octets);
      release(slice, 'too large for the memory there is');
    },
    settle: async (key, version, number) => {
      const slice = sliceOf(key, version, number);
      const octets = slice?.octets ?? slice?.queued;
      if (!slice || !octets) return;
      memory.touch(slice);
      if (!slice.file) await disk?.settle(slice, octets);
    },
    delete: (key, why) => {
      const object = objects.get(key);
      if (object) forget(object, why);
      return object !== undefined;
    },
    keys: () => objects.keys(),
    removal: (key) => removals.get(key),
    usage: () => ({
      memory: { octets: memory.octets, maxOctets: memoryOctets, objects: objects.size, slices: memory.slices, evictions },
      disk: disk && { octets: disk.octets, maxOctets: disk.maxOctets, objects: disk.objects, slices: disk.slices, evictions: disk.evictions },
    }),
  };
}
