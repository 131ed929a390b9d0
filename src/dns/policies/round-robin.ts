// Round robin between stores: each turn begins with the next one.

import type { Order } from '../routing-edge.js';

/** The same candidates, the one whose turn it is first; drops none. `turn` is any whole number >= 0. */
export function orderRoundRobin<T>(candidates: readonly T[], turn: number): readonly T[] {
  if (candidates.length < 2) return candidates;
  const first = turn % candidates.length;
  return candidates.map((_, index) => candidates[(first + index) % candidates.length] as T);
}

export const roundRobin: Order = (edges, { turn }) => orderRoundRobin(edges, turn);
