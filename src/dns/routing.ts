// Request routing: which of the CDN's stores an answer names. One pipeline, each step pure and a file
// of its own in policies/; what it remembers from one answer to the next is in router.ts.

import type { ClientSubnet } from '../net/dns/edns.js';
import { admit } from './policies/admit.js';
import { selectWhenAllDown, type WhenAllDown } from './policies/all-down.js';
import { withRoom } from './policies/capacity.js';
import { failover } from './policies/failover.js';
import { nearest } from './policies/nearest.js';
import { rendezvous } from './policies/rendezvous.js';
import { roundRobin } from './policies/round-robin.js';
import { rtt } from './policies/rtt.js';
import { weighted } from './policies/weighted.js';
import type { Circumstances, Edge, Policy } from './routing-edge.js';
import { filterSame, sameList } from './remember.js';
import { withinScope, type Locate } from './scope.js';

export type PolicyName = 'round-robin' | 'weighted' | 'nearest' | 'rendezvous' | 'rtt' | 'failover';
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  'round-robin': { kind: 'order', order: roundRobin },
  weighted: { kind: 'order', order: weighted },
  nearest: { kind: 'split', split: nearest },
  rendezvous: { kind: 'order', order: rendezvous },
  rtt: { kind: 'split', split: rtt },
  failover: { kind: 'order', order: failover },
};

export interface RoutingRules {
  /** Each orders what those before it left as equals. */
  readonly policies: readonly PolicyName[];
  readonly whenAllDown: WhenAllDown;
  /** Absent: nobody's address is looked at. */
  readonly locate?: Locate;
}

export interface Situation extends Omit<Circumstances, 'place' | 'wanted'> {
  readonly network: ClientSubnet | undefined;
  /** The stores that were up when last some were. */
  readonly lastGood: readonly Edge[];
  /** How many of so many stores are to be named; absent: all. */
  countWanted?(stores: number): number;
}

export type Decision =
  /** Best first; `up`: the admitted ones that the health checks vouch for, none when all are down. */
  | { readonly kind: 'edges'; readonly edges: readonly Edge[]; readonly scope: number; readonly up: readonly Edge[] }
  | { readonly kind: 'nodata' | 'servfail' };

/** candidates → admin state → health (or what is left when all are down) → capacity → scope → order. Steps that leave out nobody return the list they got. */
export function decide(candidates: readonly Edge[], rules: RoutingRules, situation: Situation): Decision {
  const up = filterSame(admit(candidates), situation.isUp);
  const chosen = up.length > 0 ? up : standIns(candidates, rules, situation);
  if (typeof chosen === 'string') return { kind: chosen };

  const roomy = withRoom(chosen, situation);
  // Where there is no choice, nobody's address takes part in it.
  const located = rules.locate && situation.network && roomy.length > 1 ? rules.locate(situation.network) : undefined;
  const place = located?.place;
  const { name, turn, isUp, load, room, rttMs } = situation;
  const near = withinScope(roomy, place);
  const wanted = situation.countWanted?.(near.length) ?? near.length;
  const edges = order(near, rules.policies, { name, turn, place, isUp, load, room, rttMs, wanted });
  return { kind: 'edges', edges, scope: located?.prefixLength ?? 0, up };
}

function standIns(candidates: readonly Edge[], rules: RoutingRules, { lastGood, isUp }: Situation): ReturnType<typeof selectWhenAllDown> {
  // As the administrator has them now, not as they were when they were good.
  const ids = new Set(lastGood.map(({ id }) => id));
  const good = candidates.filter(({ id }) => ids.has(id));
  const chosen = selectWhenAllDown(rules.whenAllDown, { edges: candidates, lastGood: good, isUp });
  return typeof chosen === 'string' ? chosen : sameList(candidates, chosen);
}

/** Policies one after the other, each within the ties of the one before. */
export function order(edges: readonly Edge[], policies: readonly PolicyName[], about: Circumstances, first = 0): readonly Edge[] {
  const name = policies[first];
  if (name === undefined || edges.length < 2) return edges;
  const policy = POLICIES[name];
  if (policy.kind === 'order') return policy.order(edges, about);
  const groups = policy.split(edges, about);
  if (groups.length === 1) return order(edges, policies, about, first + 1);
  const { wanted = edges.length } = about;
  const ordered: Edge[] = [];
  for (const ties of groups) ordered.push(...(ordered.length < wanted ? order(ties, policies, about, first + 1) : ties));
  return ordered;
}
