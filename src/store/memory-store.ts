// The slices in memory, within bounds: their octets, what it costs to keep account of them, and what
// the index of all objects takes besides.

import type { EvictionPolicy } from './eviction/index.js';
import { NO_SLICE, type KeptSlice } from './kept.js';

export interface MemoryStoreOptions {
  readonly maxOctets: number;
  readonly policy: EvictionPolicy;
  /** The slice's octets are gone when this is called. */
  readonly evicted: (slice: KeptSlice) => void;
}

export interface MemoryStore {
  /** With everything that counts. */
  readonly octets: number;
  readonly maxOctets: number;
  readonly slices: number;
  /** Makes room and keeps the octets, without a copy. False when they could never fit. */
  add(slice: KeptSlice, octets: Uint8Array): boolean;
  touch(slice: KeptSlice): void;
  remove(slice: KeptSlice): void;
  /** Takes so many octets for the index, or with a number below 0 gives them back; slices make room. */
  reserve(octets: number): void;
}

/**
 * What one slice takes besides its octets and its identifier: its place in four tables, the policy's
 * entry and a ghost's, the object that holds its octets. Measured by test/unit/store/memory-cost.test.ts.
 */
export const SLICE_OCTETS = 900;

const NONE = new Uint8Array(0);

function costOf(slice: KeptSlice, octets: Uint8Array): number {
  return octets.byteLength + slice.id.length + SLICE_OCTETS;
}

export function createMemoryStore({ maxOctets, policy, evicted }: MemoryStoreOptions): MemoryStore {
  const kept = new Map<string, KeptSlice>();
  let used = 0;
  let reserved = 0;
  /** Of those kept, how many stand for an object without slices. */
  let standing = 0;

  const forget = (slice: KeptSlice): void => {
    used -= costOf(slice, slice.octets ?? NONE);
    slice.octets = undefined;
    kept.delete(slice.id);
    if (slice.number === NO_SLICE) standing -= 1;
  };
  const makeRoom = (octets: number): void => {
    if (used + reserved + octets <= maxOctets) return;
    for (const id of policy.victims()) {
      const slice = kept.get(id);
      if (!slice) continue;
      forget(slice);
      evicted(slice);
      if (used + reserved + octets <= maxOctets) return;
    }
  };

  return {
    maxOctets,
    get octets() {
      return used + reserved;
    },
    get slices() {
      return kept.size - standing;
    },
    add: (slice, octets) => {
      const cost = costOf(slice, octets);
      if (slice.octets || cost + reserved > maxOctets) return slice.octets !== undefined;
      makeRoom(cost);
      slice.octets = octets;
      used += cost;
      kept.set(slice.id, slice);
      if (slice.number === NO_SLICE) standing += 1;
      policy.added(slice.id, cost);
      return true;
    },
    touch: (slice) => policy.touched(slice.id),
    remove: (slice) => {
      if (!slice.octets) return;
      forget(slice);
      policy.removed(slice.id);
    },
    reserve: (octets) => {
      if (octets > 0) makeRoom(octets);
      reserved += octets;
    },
  };
}
