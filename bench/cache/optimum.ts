// What no cache can do better than, knowing all that will be asked for, and what one that knows it does.

import type { HitRatio } from './hit-ratio.js';
import type { Trace } from './trace.js';

/** For each request the next one of the same object; Infinity when there is none. */
function nextRequests({ requests, sizes }: Trace): Float64Array {
  const next = new Float64Array(requests.length);
  const seen = new Float64Array(sizes.length).fill(Infinity);
  for (let at = requests.length - 1; at >= 0; at -= 1) {
    next[at] = seen[requests[at] as number] as number;
    seen[requests[at] as number] = at;
  }
  return next;
}

/**
 * A bound from above. To have a hit an object must lie in the cache from one request to the next: that
 * takes its size times so many turns, of which there are the cache's size times all turns. The most hits
 * are those that take least. This is PFOO-U of Berger, Beckmann and Harchol-Balter: "Practical Bounds on
 * Optimal Caching with Variable Object Sizes", SIGMETRICS 2018, over the whole trace at once.
 */
export function boundOf(trace: Trace, cacheOctets: number): HitRatio {
  const next = nextRequests(trace);
  const sizeAt = (at: number): number => trace.sizes[trace.requests[at] as number] as number;
  const intervals = Array.from(next.keys()).filter((at) => Number.isFinite(next[at]));
  const turns = (at: number): number => (next[at] as number) - at;
  const room = cacheOctets * trace.requests.length;
  const total = trace.requests.reduce((sum, object) => sum + (trace.sizes[object] as number), 0);
  const take = (order: readonly number[], worth: (at: number) => number): number => {
    let left = room;
    let gain = 0;
    for (const at of order) {
      const cost = sizeAt(at) * turns(at);
      gain += worth(at) * Math.min(1, left / cost);
      left -= cost;
      if (left <= 0) break;
    }
    return gain;
  };
  const byCost = [...intervals].sort((a, b) => sizeAt(a) * turns(a) - sizeAt(b) * turns(b));
  const byTurns = [...intervals].sort((a, b) => turns(a) - turns(b));
  return { objects: take(byCost, () => 1) / trace.requests.length, octets: take(byTurns, sizeAt) / total };
}

/** Belady's rule: what is asked for last goes first; and what comes is not kept if that would be itself. With sizes this is no optimum, but can be done. */
export function beladyOf(trace: Trace, cacheOctets: number): HitRatio {
  const next = nextRequests(trace);
  /** When each object that is kept is asked for next. */
  const due = new Map<number, number>();
  /** Largest first; an entry is stale when its object is not due then any more. */
  const heap: (readonly [at: number, object: number])[] = [];
  let used = 0;
  let hits = 0;
  let hitOctets = 0;
  let total = 0;
  const push = (entry: readonly [number, number]): void => {
    let at = heap.push(entry) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && (heap[parent]?.[0] ?? 0) < entry[0]; parent = (at - 1) >> 1) {
      heap[at] = heap[parent] ?? entry;
      at = parent;
    }
    heap[at] = entry;
  };
  const pop = (): readonly [number, number] | undefined => {
    const [top] = heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if ((heap[child + 1]?.[0] ?? -1) > (heap[child]?.[0] ?? -1)) child += 1;
      if ((heap[child]?.[0] ?? -1) <= last[0]) break;
      heap[at] = heap[child] ?? last;
      at = child;
    }
    heap[at] = last;
    return top;
  };

  trace.requests.forEach((object, at) => {
    const size = trace.sizes[object] as number;
    const again = next[at] as number;
    total += size;
    if (due.has(object)) {
      hits += 1;
      hitOctets += size;
    } else used += size;
    due.set(object, again);
    push([again, object]);
    while (used > cacheOctets) {
      const [when, victim] = pop() ?? [0, object];
      if (due.get(victim) !== when) continue;
      due.delete(victim);
      used -= trace.sizes[victim] as number;
    }
  });
  return { objects: hits / trace.requests.length, octets: hitOctets / total };
}
