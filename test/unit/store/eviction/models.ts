// The three policies once more, the slow way: lists, and the papers' words line by line.

import type { EvictionPolicy } from '../../../../src/store/eviction/index.js';

interface Item {
  key: string;
  octets: number;
  freq: number;
}

const sum = (items: readonly Item[]): number => items.reduce((total, { octets }) => total + octets, 0);

function without(items: readonly Item[], key: string): Item[] {
  return items.filter((item) => item.key !== key);
}

function* drain(next: () => string | undefined): Iterable<string> {
  for (let key = next(); key !== undefined; key = next()) yield key;
}

export function modelLru(): EvictionPolicy {
  let list: Item[] = [];
  return {
    name: 'LRU',
    added: (key, octets) => void list.push({ key, octets, freq: 0 }),
    touched: (key) => {
      const found = list.find((item) => item.key === key);
      if (found) list = [...without(list, key), found];
    },
    removed: (key) => void (list = without(list, key)),
    victims: () => drain(() => list.shift()?.key),
  };
}

/** Oldest first; the hand is a position. */
export function modelSieve(): EvictionPolicy {
  const list: Item[] = [];
  let hand = 0;
  const drop = (index: number): Item | undefined => {
    const [item] = list.splice(index, 1);
    if (index < hand) hand -= 1;
    return item;
  };
  return {
    name: 'SIEVE',
    added: (key, octets) => {
      // A hand that has passed the newest starts again with the oldest, not with what came since.
      if (hand >= list.length) hand = 0;
      list.push({ key, octets, freq: 0 });
    },
    touched: (key) => list.filter((item) => item.key === key).forEach((item) => (item.freq = 1)),
    removed: (key) => {
      const index = list.findIndex((item) => item.key === key);
      if (index >= 0) drop(index);
    },
    victims: () => drain(() => {
      if (list.length === 0) return undefined;
      if (hand >= list.length) hand = 0;
      while (list[hand]!.freq > 0) {
        list[hand]!.freq = 0;
        hand = (hand + 1) % list.length;
      }
      return drop(hand)?.key;
    }),
  };
}

/** Oldest first in each. */
export function modelS3Fifo(): EvictionPolicy {
  let small: Item[] = [];
  let main: Item[] = [];
  let ghosts: Item[] = [];
  const evictSmall = (): string | undefined => {
    while (small.length > 0) {
      const tail = small.shift()!;
      if (tail.freq > 1) main.push({ ...tail, freq: 0 });
      else {
        ghosts.push({ ...tail, freq: 0 });
        while (sum(ghosts) > 0.9 * (sum(small) + sum(main)) || ghosts.length > small.length + main.length) if (!ghosts.shift()) break;
        return tail.key;
      }
    }
    return undefined;
  };
  const evictMain = (): string | undefined => {
    while (main.length > 0) {
      const tail = main.shift()!;
      if (tail.freq === 0) return tail.key;
      main.push({ ...tail, freq: tail.freq - 1 });
    }
    return undefined;
  };
  return {
    name: 'S3-FIFO',
    added: (key, octets) => {
      (ghosts.some((ghost) => ghost.key === key) ? main : small).push({ key, octets, freq: 0 });
      ghosts = without(ghosts, key);
    },
    touched: (key) => [...small, ...main].filter((item) => item.key === key).forEach((item) => (item.freq = Math.min(3, item.freq + 1))),
    removed: (key) => {
      small = without(small, key);
      main = without(main, key);
    },
    victims: () => drain(() => (sum(small) >= 0.1 * (sum(small) + sum(main)) ? evictSmall() : undefined) ?? evictMain() ?? evictSmall()),
  };
}
