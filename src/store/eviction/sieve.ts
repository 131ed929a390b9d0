// SIEVE: one queue in the order of arrival, and a hand that walks from the oldest to the newest, forgives
// once what was used, and takes what was not. Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than
// LRU: an Efficient Turn-Key Eviction Algorithm for Web Caches", NSDI 2024, algorithm 1.

import type { EvictionPolicy } from './policy.js';
import { createEntry, createQueue, type QueueEntry } from './queue.js';

export function createSieve(): EvictionPolicy {
  const entries = new Map<string, QueueEntry>();
  const queue = createQueue();
  let hand: QueueEntry | undefined;
  const take = (entry: QueueEntry): void => {
    // The hand never rests on what is gone: it goes on to the next newer.
    if (hand === entry) hand = entry.newer;
    entries.delete(entry.key);
    queue.remove(entry);
  };
  return {
    name: 'SIEVE',
    added: (key, octets) => {
      const entry = createEntry(key, octets);
      entries.set(key, entry);
      queue.push(entry);
    },
    touched: (key) => {
      const entry = entries.get(key);
      if (entry) entry.uses = 1;
    },
    removed: (key) => {
      const entry = entries.get(key);
      if (entry) take(entry);
    },
    *victims() {
      for (let entry = hand ?? queue.oldest; entry; entry = hand ?? queue.oldest) {
        if (entry.uses > 0) {
          entry.uses = 0;
          hand = entry.newer;
          continue;
        }
        hand = entry;
        take(entry);
        yield entry.key;
      }
    },
  };
}
