// S3-FIFO: a small queue on probation, a main queue, and the ghosts of those that left the small one
// unused. Yang, Zhang, Qiu, Yue, Rashmi: "FIFO Queues are All You Need for Cache Eviction", SOSP 2023,
// algorithm 1. What is asked for once, or scanned, passes through a tenth of the room and is gone.

import type { EvictionPolicy } from './policy.js';
import { createEntry, createQueue, type QueueEntry } from './queue.js';

/** §4.1: a tenth of the room is for what is new. */
const SMALL_SHARE = 0.1;
/** §4.1: uses are counted with two bits. */
const MOST_USES = 3;
/** Algorithm 1, EVICTS: used more than once since it came. */
const USES_TO_MOVE = 2;

export function createS3Fifo(): EvictionPolicy {
  const entries = new Map<string, QueueEntry>();
  const small = createQueue();
  const main = createQueue();
  const ghosts = createQueue();

  const forget = (entry: QueueEntry): void => {
    entries.delete(entry.key);
    entry.queue?.remove(entry);
  };
  /** §4.1: as many ghosts as the main queue may have entries; here by what they weighed, and never more than there are entries, so that ghosts cost a bounded part of an entry each. */
  const trimGhosts = (): void => {
    const most = (1 - SMALL_SHARE) * (small.octets + main.octets);
    for (let oldest = ghosts.oldest; oldest && (ghosts.octets > most || ghosts.size > small.size + main.size); oldest = ghosts.oldest) forget(oldest);
  };
  const evictFromSmall = (): string | undefined => {
    for (let entry = small.oldest; entry; entry = small.oldest) {
      const moves = entry.uses >= USES_TO_MOVE;
      entry.uses = 0;
      (moves ? main : ghosts).push(entry);
      if (moves) continue;
      trimGhosts();
      return entry.key;
    }
    return undefined;
  };
  const evictFromMain = (): string | undefined => {
    for (let entry = main.oldest; entry; entry = main.oldest) {
      if (entry.uses === 0) {
        forget(entry);
        return entry.key;
      }
      entry.uses -= 1;
      main.push(entry);
    }
    return undefined;
  };

  return {
    name: 'S3-FIFO',
    added: (key, octets) => {
      const ghost = entries.get(key);
      if (ghost) forget(ghost);
      const entry = createEntry(key, octets);
      entries.set(key, entry);
      (ghost ? main : small).push(entry);
    },
    touched: (key) => {
      const entry = entries.get(key);
      if (entry && entry.queue !== ghosts && entry.uses < MOST_USES) entry.uses += 1;
    },
    removed: (key) => {
      const entry = entries.get(key);
      if (entry && entry.queue !== ghosts) forget(entry);
    },
    *victims() {
      while (small.size + main.size > 0) {
        const fromSmall = small.octets >= SMALL_SHARE * (small.octets + main.octets) ? evictFromSmall() : undefined;
        const key = fromSmall ?? evictFromMain() ?? evictFromSmall();
        if (key !== undefined) yield key;
      }
    },
  };
}
