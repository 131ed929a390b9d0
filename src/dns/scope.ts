// Where an asker is, and how many bits of its address that took: first by the operator's own map of
// networks, then by a MaxMind database. The map may say which stores are to serve a network.

import type { ClientSubnet } from '../net/dns/edns.js';
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

/** The stores that are to serve the place, by id or by region; all of them where none of those is at hand. */
export function withinScope(edges: readonly Edge[], place: Place | undefined): readonly Edge[] {
  if (!place || place.served.length === 0) return edges;
  const served = edges.filter(({ id, region }) => place.served.includes(id) || (region !== undefined && place.served.includes(region)));
  return served.length > 0 ? served : edges;
}
