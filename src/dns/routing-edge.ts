// What request routing knows: the stores as edges of the network, the rules, and the circumstances of
// one decision. Plain values; the steps that use them are pure.

import type { Endpoint } from '../net/address.js';

/** Degrees, north and east positive. */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
}

/** A store as an operator describes it. */
export interface Edge {
  /** "store-1": its label in the CDN's zone. */
  readonly id: string;
  readonly endpoint: Endpoint;
  /** Its part of the whole, relative to the others: 1 unless said; 0 takes part when nobody else can. */
  readonly weight?: number;
  /** Transfers at a time; undefined: what the store itself reports, else no limit. */
  readonly capacity?: number;
  readonly location?: Location;
  readonly region?: string;
  /** Takes no new clients. */
  readonly drain?: boolean;
  /** Stands by for when all others are down. */
  readonly backup?: boolean;
}

/** Where an asker is, as far as a map or a database says. */
export interface Place {
  /** Ids of stores and regions in lower case that are to serve it, the sets in order of preference; empty: any. */
  readonly served: readonly (readonly string[])[];
  readonly location: Location | undefined;
}

/** What one decision may look at. */
export interface Circumstances {
  /** The content name that is asked for; equal names hash alike. */
  readonly name: string;
  /** How many decisions of this kind went before; any whole number >= 0. */
  readonly turn: number;
  readonly place: Place | undefined;
  isUp(edge: Edge): boolean;
  /** Clients that the store is taken to have: transfers it reported, and answers that named it lately. */
  load(edge: Edge): number;
  /** Transfers that it has room for; Infinity without a limit. */
  room(edge: Edge): number;
  /** Smoothed; undefined: never measured. */
  rttMs(edge: Edge): number | undefined;
  /** So many of the best are named, and those behind them may stand as they like; absent: all are to be in order. */
  readonly wanted?: number;
}

/** Best first; drops nobody. */
export type Order = (edges: readonly Edge[], about: Circumstances) => readonly Edge[];
/** Groups of equals, best first, whose order is the next policy's business; drops nobody. */
export type Split = (edges: readonly Edge[], about: Circumstances) => readonly (readonly Edge[])[];
export type Policy = { readonly kind: 'order'; readonly order: Order } | { readonly kind: 'split'; readonly split: Split };

export const weightOf = (edge: Edge): number => edge.weight ?? 1;

/** Groups of those whose measure is near the first one's, least first; those without a measure last. */
export function banded(edges: readonly Edge[], measure: (edge: Edge) => number | undefined, isNear: (first: number, value: number) => boolean): readonly (readonly Edge[])[] {
  const known: { readonly edge: Edge; readonly value: number }[] = [];
  const unknown: Edge[] = [];
  for (const edge of edges) {
    const value = measure(edge);
    if (value === undefined) unknown.push(edge);
    else known.push({ edge, value });
  }
  known.sort((a, b) => a.value - b.value);
  const groups: Edge[][] = [];
  let first = Number.NaN;
  for (const { edge, value } of known) {
    const group = groups.at(-1);
    if (group && isNear(first, value)) group.push(edge);
    else {
      groups.push([edge]);
      first = value;
    }
  }
  return unknown.length > 0 ? [...groups, unknown] : groups;
}
