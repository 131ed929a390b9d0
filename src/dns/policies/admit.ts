// The administrator's word comes first: a store that is drained takes no new clients, and one that
// stands by takes none as long as others can.

import type { Edge } from '../routing-edge.js';

export function admit(edges: readonly Edge[]): readonly Edge[] {
  return edges.some(isKeptOut) ? edges.filter((edge) => !isKeptOut(edge)) : edges;
}

function isKeptOut(edge: Edge): boolean {
  return edge.drain === true || edge.backup === true;
}
