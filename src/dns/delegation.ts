// A delegation as a parent's referral tells it (RFC 1034 §4.2.1): the servers of a zone below, those
// whose addresses came along, and those whose addresses are somebody else's to say. Pure.

import type { Endpoint } from '../net/address.js';
import type { ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';

export interface Delegation {
  readonly zone: Name;
  /** NS records; at least one. */
  readonly nameservers: readonly ResourceRecord[];
  /** Addresses of these that the referring zone may speak of (RFC 5452 §6). */
  readonly glue: readonly ResourceRecord[];
}

export interface Servers {
  readonly known: readonly Endpoint[];
  /** To be looked up. */
  readonly named: readonly Name[];
}

/** Of a zone's servers; an authority must not make us ask the whole world (NXNSAttack). */
const MAX_SERVERS = 4;

/** `port`: a referral names none. */
export function serversOf({ zone, nameservers, glue }: Delegation, port: number): Servers {
  const known = glue.flatMap(({ data }) => ('address' in data ? [{ address: data.address, port }] : []));
  const glued = new Set(glue.map(({ name }) => name.key));
  // A server within the zone that it serves can't be found without glue.
  const named = nameservers.flatMap(({ data }) => (data.kind === 'NS' && !glued.has(data.target.key) && !data.target.isAtOrBelow(zone) ? [data.target] : []));
  return { known: known.slice(0, MAX_SERVERS), named: named.slice(0, MAX_SERVERS) };
}
