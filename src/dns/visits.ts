// Who asked for a name lately, and what was picked for it: the A, AAAA and SRV records that one asker
// gets, one after the other, are then of the same stores. A table of fixed size, in which a newer visit
// takes the place of an older one whose hash falls on the same place: that one just begins anew.

import type { ClientSubnet } from '../net/dns/edns.js';
import type { Asker } from './select.js';

export interface Visit {
  readonly name: string;
  readonly asker: Asker;
  /** The turn that all of its answers are of. */
  turn: number;
  /** A bit for each RRset that was answered. */
  kinds: number;
  /** Ids of the stores that these answers named. */
  stores: readonly string[];
  /** Bits of the asker's address that took part in choosing them. */
  scope: number;
  atMs: number;
}

export interface Visits {
  /** Of one name. */
  open(name: string): VisitsOfName;
}

export interface VisitsOfName {
  find(asker: Asker): Visit | undefined;
  keep(visit: Visit): void;
}

const PLACES = 4096;

export function createVisits(): Visits {
  const places = new Array<Visit | undefined>(PLACES).fill(undefined);
  return {
    open: (name) => {
      const nameHash = hashText(0x811c_9dc5, name);
      return {
        find: (asker) => {
          const visit = places[placeOf(nameHash, asker)];
          return visit?.name === name && isSame(visit.asker, asker) ? visit : undefined;
        },
        keep: (visit) => {
          places[placeOf(nameHash, visit.asker)] = visit;
        },
      };
    },
  };
}

function placeOf(nameHash: number, asker: Asker): number {
  const hash = hashAsker(nameHash, asker);
  return (hash ^ (hash >>> 16)) & (PLACES - 1);
}

/** FNV-1a over the network, or the address, that asks, from a state that may be the hash of what stands before it. */
export function hashAsker(state: number, asker: Asker): number {
  const address = networkOf(asker)?.address;
  let hash = state;
  if (address) for (const octet of address) hash = Math.imul(hash ^ octet, 0x0100_0193);
  else hash = hashText(hash, asker.peer);
  return hash;
}

function hashText(state: number, text: string): number {
  let hash = state;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash;
}

function isSame(one: Asker, other: Asker): boolean {
  const a = networkOf(one);
  const b = networkOf(other);
  if (!a || !b) return !a && !b && one.peer === other.peer;
  if (a.family !== b.family || a.sourcePrefixLength !== b.sourcePrefixLength) return false;
  for (let at = 0; at < a.address.length; at += 1) if (a.address[at] !== b.address[at]) return false;
  return true;
}

/** One that tells nothing of the client is none. */
function networkOf({ subnet }: Asker): ClientSubnet | undefined {
  return subnet && subnet.sourcePrefixLength > 0 ? subnet : undefined;
}
