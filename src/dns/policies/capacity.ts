// Stores with as many transfers as they can take wait until some have ended, unless all are as full.

import type { Circumstances, Edge } from '../routing-edge.js';

export function withRoom(edges: readonly Edge[], { room }: Pick<Circumstances, 'room'>): readonly Edge[] {
  if (edges.every((edge) => room(edge) > 0)) return edges;
  const left = edges.filter((edge) => room(edge) > 0);
  // A full store says when to try again; no store at all is an error message.
  return left.length > 0 ? left : edges;
}
