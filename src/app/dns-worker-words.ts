// What the primary of `cdn dns` tells its workers, and they tell it. All of it is plain data.

import type { CookieSeed, PackedZone, Spread, StoreHealth } from '../dns/index.js';
import type { Endpoint } from '../net/address.js';
import type { DnsNews, DnsServiceOptions } from './dns-options.js';
import type { RoutingInputs } from './routing.js';

/** Routing as the primary has it. */
export interface RoutingTold {
  readonly inputs: RoutingInputs;
  readonly serial: number;
  readonly health: readonly (readonly [id: string, health: StoreHealth])[];
  readonly drains: ReadonlyMap<string, boolean>;
}

/** What a worker begins with. */
export interface DnsWorkerStart {
  readonly options: DnsServiceOptions;
  /** From 0. */
  readonly index: number;
  readonly workers: number;
  /** In the place of another: the others serve already. */
  readonly joins: boolean;
  readonly cookies: CookieSeed;
  readonly serial: number;
  readonly zones: readonly PackedZone[];
  /** undefined: nothing is routed. */
  readonly routing: (RoutingTold & { readonly spread: Spread }) | undefined;
}

export type DnsTold =
  | { readonly kind: 'zone'; readonly zone: PackedZone }
  | { readonly kind: 'routing'; readonly routing: RoutingTold }
  | { readonly kind: 'health'; readonly id: string; readonly health: StoreHealth }
  | { readonly kind: 'drain'; readonly id: string; readonly drain: boolean }
  /** What the workers have said since the last round; `parts`: of the rate limit, by index. */
  | { readonly kind: 'round'; readonly spreads: readonly { readonly index: number; readonly spread: Spread }[]; readonly parts: readonly number[] };

/** How often a worker says what it has to say, if anything, and how often the primary passes on what it heard. */
export const ROUND_MS = 50;

/** What its own answers have added since it last said so. */
export interface DnsSaid {
  /** undefined: nothing was routed. */
  readonly spread: Spread | undefined;
  /** Answers that the rate limit has counted. */
  readonly counted: number;
}

export interface DnsReady {
  readonly endpoint: Endpoint;
  readonly news: readonly DnsNews[];
}
