// Where an asker is, and how many bits of its address that took: first by the operator's own map of
// networks, then by a MaxMind database. The map may say which stores are to serve a network.

import type { ClientSubnet } from '../net/dns/edns.js';
import { rememberPairs, sameList } from './remember.js';
import type { Edge, Place } from './routing-edge.js';

export interface Located {
  /** undefined: nothing is known of the network. */
  readonly place: Place | undefined;
  /**
   * Every network with these leading bits gets the same (RFC 7871 §7.2.1: nothing more specific lies
   * within); more than the source prefix where that was too short to tell.
   */
  readonly prefixLength: number;
}

export type Locate = (network: ClientSubnet) => Located;

/** The first that knows a place; the bits that the others looked at count as well. */
export function locateFirst(locators: readonly Locate[]): Locate {
  return (network) => {
    let prefixLength = 0;
    for (const locate of locators) {
      const found = locate(network);
      prefixLength = Math.max(prefixLength, found.prefixLength);
      if (found.place) return { place: found.place, prefixLength };
    }
    return { place: undefined, prefixLength };
  };
}

/** The stores that are to serve the place, by id or by region: of the first set that has some at hand; all where none has. */
export function withinScope(edges: readonly Edge[], place: Place | undefined): readonly Edge[] {
  return place ? servedFrom(edges, place) : edges;
}

const servedFrom = rememberPairs((edges: readonly Edge[], place: Place): readonly Edge[] => {
  for (const served of place.served) {
    const chosen = edges.filter(({ id, region }) => served.includes(id.toLowerCase()) || (region !== undefined && served.includes(region.toLowerCase())));
    // Places that have the same stores share what is worked out of them.
    if (chosen.length > 0) return chosen.length === edges.length ? edges : sameList(edges, chosen);
  }
  return edges;
});
