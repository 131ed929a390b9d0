// What is kept, as both tiers see it: an object, and those of its slices that are here.

import type { CacheKey, ObjectMeta } from './cache-store.js';

export interface KeptObject {
  /** Never the same for two objects of one folder, whatever their keys and versions. */
  readonly serial: number;
  readonly key: CacheKey;
  meta: ObjectMeta;
  /** What its metadata take of memory. */
  octets: number;
  readonly slices: Map<number, KeptSlice>;
}

export interface KeptSlice {
  readonly object: KeptObject;
  readonly number: number;
  /** The same for the same slice of whatever version, also when it comes again after it went. */
  readonly id: string;
  /** While it is in memory. */
  octets: Uint8Array | undefined;
}

/** The slice that stands for an object that has none, so that it has a place in the order of eviction. */
export const NO_SLICE = -1;

export function createSlice(object: KeptObject, number: number): KeptSlice {
  return { object, number, id: `${object.key} ${number}`, octets: undefined };
}

/** How many octets the slice must have; 0 beyond the object's end. */
export function sliceLength({ length, sliceOctets }: Pick<ObjectMeta, 'length' | 'sliceOctets'>, number: number): number {
  return number < 0 ? 0 : Math.max(0, Math.min(sliceOctets, length - number * sliceOctets));
}
