// What `cdn dns` is to serve, as plain data but for the way to read its topology again; and how it is held.

import type { Catalog } from '../catalog/index.js';
import type { ZoneAuthority } from '../config/index.js';
import type { Identity, StoreAddress } from '../dns/index.js';
import type { Endpoint } from '../net/address.js';
import type { Prefix } from '../net/prefix.js';
import type { RoutingPlan } from './routing.js';
import type { Service } from './service.js';

export interface DnsServiceOptions {
  readonly role: 'all' | 'local' | 'authoritative';
  /** Of the first server; the others take the ports after it, or free ones when it is 0. */
  readonly listen: Endpoint;
  readonly portal: Endpoint;
  /** The stores, and how requests are routed between them. */
  readonly plan: RoutingPlan<readonly StoreAddress[]>;
  /** What the local DNS asks about zones that aren't served here. */
  readonly authorities: readonly ZoneAuthority[];
  /** Resolvers that the local DNS asks about everything else. */
  readonly forward?: readonly Endpoint[];
  /** Zones whose authorities are told the client's network: the CDN's unless said. */
  readonly ecsZones?: readonly string[];
  /** Memory for what the local DNS remembers, in bytes. */
  readonly cacheBytes?: number;
  readonly zoneFiles: readonly string[];
  /** Who may take the zones of those files: nobody unless said. */
  readonly transferTo?: readonly Prefix[];
  /** Absent: nothing is told. */
  readonly identity?: Identity;
  /** Answers of one kind a second to one network: the authority's usual unless said. */
  readonly rateLimit?: number | undefined;
  readonly catalog: Catalog;
  /** Where the state of the stores is told; undefined: at the usual place, or at a free port where that is taken. */
  readonly status: Endpoint | undefined;
}

export interface DnsService extends Service {
  /** Of the local DNS, or of the first authority where there is none; real once started. */
  readonly endpoint: Endpoint;
}

/** Who listens where. */
export interface DnsNews {
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}
