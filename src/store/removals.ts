// Who took away what is no longer here: remembered of the last ones, within bounds.

import type { CacheKey, Removal } from './cache-store.js';
import { createEntry, createQueue, type QueueEntry } from './eviction/queue.js';

/** What one takes of memory besides its key. Measured by test/unit/store/memory-cost.test.ts. */
const REMOVAL_OCTETS = 350;

export interface Removals {
  add(key: CacheKey, removal: Removal): void;
  get(key: CacheKey): Removal | undefined;
  /** It is back. */
  forget(key: CacheKey): void;
}

export function createRemovals(maxOctets: number): Removals {
  const entries = new Map<CacheKey, { readonly place: QueueEntry; readonly removal: Removal }>();
  const order = createQueue();
  const forget = (key: CacheKey): void => {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    order.remove(entry.place);
  };
  return {
    forget,
    get: (key) => entries.get(key)?.removal,
    add: (key, removal) => {
      forget(key);
      const place = createEntry(key, REMOVAL_OCTETS + key.length);
      entries.set(key, { place, removal });
      order.push(place);
      for (let oldest = order.oldest; oldest && order.octets > maxOctets; oldest = order.oldest) forget(oldest.key);
    },
  };
}
