// Request routing: which of the CDN's stores this answer names.

import { orderRoundRobin } from './policies/round-robin.js';

/** Picks, for one answer, among the records that an RRset could give. */
export type SelectRecords = <T>(candidates: readonly T[]) => readonly T[];

/**
 * One candidate an answer, in turn; the first answer names candidate `firstTurn`, counted from 0.
 *
 * Each routed RRset has one of its own, so A and SRV of one name rotate independently: a client that
 * combines the address of one answer with the port of another may name a pair that no store listens
 * on, unless all stores share the port (an address each) or the address (a port each), which are the
 * two arrangements `cdn up` makes. A client that follows the SRV record to its target (store-N, whose
 * address never rotates) is right in every arrangement.
 */
export function createRoundRobin(firstTurn = 0): SelectRecords {
  let turn = firstTurn;
  return (candidates) => {
    const chosen = orderRoundRobin(candidates, turn).slice(0, 1);
    turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
    return chosen;
  };
}
