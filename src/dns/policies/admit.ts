// The administrator's word comes first: a store that is drained takes no new clients, and one that
// stands by takes none as long as others can.

import { filterSame } from '../remember.js';
import type { Edge } from '../routing-edge.js';

export function admit(edges: readonly Edge[]): readonly Edge[] {
  return filterSame(edges, isLetIn);
}

function isLetIn(edge: Edge): boolean {
  return edge.drain !== true && edge.backup !== true;
}
