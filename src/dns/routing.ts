// Request routing: which of the CDN's stores this answer names.

import { orderRoundRobin } from './policies/round-robin.js';
import type { SelectRecords } from './select.js';

/**
 * One of `count` candidates an answer, in turn; the first answer names candidate `firstTurn`, counted from 0.
 *
 * Each routed RRset has one of its own, so A and SRV of one name rotate independently: a client that
 * combines the address of one answer with the port of another may name a pair that no store listens
 * on, unless all stores share the port (an address each) or the address (a port each), which are the
 * two arrangements `cdn up` makes. A client that follows the SRV record to its target (store-N, whose
 * address never rotates) is right in every arrangement.
 */
export function createRoundRobin(count: number, firstTurn = 0): SelectRecords {
  const candidates = Array.from({ length: count }, (_, index) => index);
  let turn = firstTurn;
  return () => {
    const picks = orderRoundRobin(candidates, turn).slice(0, 1);
    turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
    return { kind: 'records', picks, scope: 0 };
  };
}
