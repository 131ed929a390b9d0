// Who asked for a name lately, and what was picked for it: the A, AAAA and SRV records that one asker
// gets, one after the other, are then of the same stores. A table of fixed size, in which a newer visit
// takes the place of an older one whose hash falls on the same place: that one just begins anew.

import type { ClientSubnet } from '../net/dns/edns.js';
import type { Asker } from './select.js';

export interface Visit {
  readonly name: string;
  readonly asker: Asker;
  /** The turn that all of its answers are of. */
  readonly turn: number;
  /** A bit for each RRset that was answered. */
  kinds: number;
  /** Ids of the stores that these answers named. */
  stores: readonly string[];
  /** Bits of the asker's address that took part in choosing them. */
  scope: number;
  readonly atMs: number;
}

export interface Visits {
  find(name: string, asker: Asker): Visit | undefined;
  keep(visit: Visit): void;
}

const PLACES = 4096;

export function createVisits(): Visits {
  const places = new Array<Visit | undefined>(PLACES).fill(undefined);
  return {
    find: (name, asker) => {
      const visit = places[placeOf(name, asker)];
      return visit?.name === name && isSame(visit.asker, asker) ? visit : undefined;
    },
    keep: (visit) => {
      places[placeOf(visit.name, visit.asker)] = visit;
    },
  };
}

/** FNV-1a over the name and the network, or the address, that asks. */
function placeOf(name: string, asker: Asker): number {
  const network = networkOf(asker);
  let hash = 0x811c_9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
  if (network) for (const octet of network.address) hash = Math.imul(hash ^ octet, 0x0100_0193);
  else for (let i = 0; i < asker.peer.length; i += 1) hash = Math.imul(hash ^ asker.peer.charCodeAt(i), 0x0100_0193);
  return (hash ^ (hash >>> 16)) & (PLACES - 1);
}

function isSame(one: Asker, other: Asker): boolean {
  const [a, b] = [networkOf(one), networkOf(other)];
  if (!a || !b) return !a && !b && one.peer === other.peer;
  return a.family === b.family && a.sourcePrefixLength === b.sourcePrefixLength && a.address.every((octet, index) => octet === b.address[index]);
}

/** One that tells nothing of the client is none. */
function networkOf({ subnet }: Asker): ClientSubnet | undefined {
  return subnet && subnet.sourcePrefixLength > 0 ? subnet : undefined;
}
