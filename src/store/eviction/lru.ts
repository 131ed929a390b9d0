// LRU: the entry that was not used for longest goes first. The measure of the others.

import type { EvictionPolicy } from './policy.js';
import { createEntry, createQueue, type QueueEntry } from './queue.js';

export function createLru(): EvictionPolicy {
  const entries = new Map<string, QueueEntry>();
  const queue = createQueue();
  const take = (entry: QueueEntry): void => {
    entries.delete(entry.key);
    queue.remove(entry);
  };
  return {
    name: 'LRU',
    added: (key, octets) => {
      const entry = createEntry(key, octets);
      entries.set(key, entry);
      queue.push(entry);
    },
    touched: (key) => {
      const entry = entries.get(key);
      if (entry) queue.push(entry);
    },
    removed: (key) => {
      const entry = entries.get(key);
      if (entry) take(entry);
    },
    *victims() {
      for (let entry = queue.oldest; entry; entry = queue.oldest) {
        take(entry);
        yield entry.key;
      }
    },
  };
}
