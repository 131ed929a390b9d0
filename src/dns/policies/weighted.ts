// By weight: of many turns each store is first in as many as its part of the weights says, and its
// turns are spread evenly, so that no store gets a burst.

import { weightOf, type Edge, type Order } from '../routing-edge.js';

/** 2^32 divided by the golden ratio: multiples of it, modulo 2^32, fall evenly whatever their number (Weyl, Kronecker). */
const STEP = 0x9e37_79b9;

/** A point from 0 to 1, the next one far from the last. */
function pointOf(turn: number): number {
  return (Math.imul(turn % 2 ** 32, STEP) >>> 0) / 2 ** 32;
}

export const weighted: Order = (edges, { turn, wanted = edges.length }) => {
  const left = [...edges];
  const order: Edge[] = [];
  const point = pointOf(turn);
  while (left.length > 0 && order.length < wanted) {
    const total = left.reduce((sum, edge) => sum + weightOf(edge), 0);
    // Weights of 0 only: they stand in for each other, in turn.
    let at = total > 0 ? point * total : 0;
    let index = total > 0 ? left.findIndex((edge) => (at -= weightOf(edge)) < 0) : turn % left.length;
    if (index < 0) index = left.length - 1;
    order.push(...left.splice(index, 1));
  }
  return [...order, ...left];
};
