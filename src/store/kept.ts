// What is kept, as both tiers see it: an object, and those of its slices that are here.

import type { CacheKey, ObjectMeta } from './cache-store.js';

export interface KeptObject {
  /** Never the same for two objects of one folder, whatever their keys and versions. */
  readonly serial: number;
  readonly key: CacheKey;
  /** `metaOf` gives it with its head and tags, which may not have been read yet. */
  meta: ObjectMeta;
  /** Head and tags as the journal has them, until they are asked for: of most objects found again they never are. */
  unread: string | undefined;
  /** What its metadata take of memory. */
  octets: number;
  readonly slices: Map<number, KeptSlice>;
  /** Of an object that has no slices: what stands for it in the order of eviction, in memory and on disk. */
  stand: KeptSlice | undefined;
  /** How many octets of the journal on disk tell of it; 0 when that doesn't know it. */
  journalOctets: number;
  /** Of its slices, how many are on disk. */
  filed: number;
}

export interface KeptSlice {
  readonly object: KeptObject;
  readonly number: number;
  /** The same for the same slice of whatever version, also when it comes again after it went. */
  readonly id: string;
  /** While it is in memory. */
  octets: Uint8Array | undefined;
  /** While it waits to be written to disk, or is being written. */
  queued: Uint8Array | undefined;
  /** Once it is on disk. */
  file: SliceFile | undefined;
}

export interface SliceFile {
  /** Names the file; never used twice while anything is kept under it. */
  readonly number: number;
  /** CRC-32 of its octets. */
  readonly checksum: number;
}

/** The number of the slice that stands for an object that has none. */
export const NO_SLICE = -1;
/** On disk it is a record of the journal, and no file. */
export const NO_FILE: SliceFile = { number: 0, checksum: 0 };

export function createObject(serial: number, key: CacheKey, meta: ObjectMeta, octets: number): KeptObject {
  return { serial, key, meta, unread: undefined, octets, slices: new Map(), stand: undefined, journalOctets: 0, filed: 0 };
}

export function metaOf(object: KeptObject): ObjectMeta {
  object.meta = peekMeta(object);
  object.unread = undefined;
  return object.meta;
}

/** The same, and nothing of it stays in memory that wasn't there. */
export function peekMeta(object: KeptObject): ObjectMeta {
  if (object.unread === undefined) return object.meta;
  const [head, tags] = JSON.parse(object.unread) as readonly [unknown, readonly string[]];
  return { ...object.meta, head, tags };
}

export function createSlice(object: KeptObject, number: number): KeptSlice {
  return { object, number, id: `${object.key} ${number}`, octets: undefined, queued: undefined, file: undefined };
}

/** How many octets the slice must have; 0 beyond the object's end. */
export function sliceLength({ length, sliceOctets }: Pick<ObjectMeta, 'length' | 'sliceOctets'>, number: number): number {
  return number < 0 ? 0 : Math.max(0, Math.min(sliceOctets, length - number * sliceOctets));
}
