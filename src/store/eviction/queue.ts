// A queue of entries that know their place in it: any of them leaves in constant time.

export interface QueueEntry {
  readonly key: string;
  readonly octets: number;
  /** What its policy counts: uses, or whether it was visited. */
  uses: number;
  queue: Queue | undefined;
  older: QueueEntry | undefined;
  newer: QueueEntry | undefined;
}

export interface Queue {
  readonly oldest: QueueEntry | undefined;
  readonly size: number;
  readonly octets: number;
  /** As the newest; an entry of another queue, or of this one, leaves its place. */
  push(entry: QueueEntry): void;
  remove(entry: QueueEntry): void;
}

export function createEntry(key: string, octets: number): QueueEntry {
  return { key, octets, uses: 0, queue: undefined, older: undefined, newer: undefined };
}

export function createQueue(): Queue {
  let oldest: QueueEntry | undefined;
  let newest: QueueEntry | undefined;
  let size = 0;
  let octets = 0;
  const queue: Queue = {
    get oldest() {
      return oldest;
    },
    get size() {
      return size;
    },
    get octets() {
      return octets;
    },
    push: (entry) => {
      entry.queue?.remove(entry);
      entry.queue = queue;
      entry.older = newest;
      if (newest) newest.newer = entry;
      newest = entry;
      oldest ??= entry;
      size += 1;
      octets += entry.octets;
    },
    remove: (entry) => {
      if (entry.queue !== queue) return;
      if (entry.older) entry.older.newer = entry.newer;
      else oldest = entry.newer;
      if (entry.newer) entry.newer.older = entry.older;
      else newest = entry.older;
      entry.older = entry.newer = entry.queue = undefined;
      size -= 1;
      octets -= entry.octets;
    },
  };
  return queue;
}
