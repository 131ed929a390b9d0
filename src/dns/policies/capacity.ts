// Stores with as many transfers as they can take wait until some have ended, unless all are as full.

import { filterSame } from '../remember.js';
import type { Circumstances, Edge } from '../routing-edge.js';

export function withRoom(edges: readonly Edge[], { room }: Pick<Circumstances, 'room'>): readonly Edge[] {
  const left = filterSame(edges, (edge) => room(edge) > 0);
  // A full store says when to try again; no store at all is an error message.
  return left.length > 0 ? left : edges;
}
