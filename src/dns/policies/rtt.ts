// By the round-trip time that the health checks measure, from here to each store. Stores about equally
// quick are equals, for the next policy to order.

import { banded, type Edge, type Split } from '../routing-edge.js';

/** Differences this small are noise: a quarter, and a millisecond. */
const isNear = (first: number, value: number): boolean => value <= first * 1.25 + 1;

/** As the times were when this was last asked of the group: they change with each check, not with each query. */
const known = new WeakMap<readonly Edge[], { readonly times: readonly (number | undefined)[]; readonly groups: readonly (readonly Edge[])[] }>();

export const rtt: Split = (group, { rttMs }) => {
  const before = known.get(group);
  if (before && group.every((edge, index) => rttMs(edge) === before.times[index])) return before.groups;
  const groups = banded(group, rttMs, isNear);
  known.set(group, { times: group.map(rttMs), groups });
  return groups;
};
