// By the round-trip time that the health checks measure, from here to each store. Stores about equally
// quick are equals, for the next policy to order.

import { banded, type Split } from '../routing-edge.js';

/** Differences this small are noise: a quarter, and a millisecond. */
const isNear = (first: number, value: number): boolean => value <= first * 1.25 + 1;

export const rtt: Split = (group, { rttMs }) => banded(group, rttMs, isNear);
