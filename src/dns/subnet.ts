// Client subnet as the local DNS handles it (RFC 7871): which networks it tells of, to whom, and for
// which clients an answer may be remembered. Pure.

import { CdnError } from '../base/errors.js';
import { isLoopback, unmapIPv4 } from '../net/address.js';
import { ADDRESS_FAMILY, createClientSubnet, decodeClientSubnet, findOption, formatClientSubnet, OPTION, type ClientSubnet } from '../net/dns/edns.js';
import type { DnsQuery, Peer } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';

/** RFC 7871 §11.1: no more of an address than this ever leaves, so that it names no household. */
const MAX_SOURCE = { [ADDRESS_FAMILY.UNSPECIFIED]: 0, [ADDRESS_FAMILY.IPV4]: 24, [ADDRESS_FAMILY.IPV6]: 56 } as const;

/**
 * Whom an answer is for. `untailored`: asked for without a subnet where it might have mattered, so only
 * for clients that have none to tell. Scoped answers are for clients within `bits` of the address; an
 * `exact` one, whose scope says that the source was too short, is for that very source alone.
 */
export type Audience = 'everybody' | 'untailored' | Scoped;

export interface Scoped {
  readonly subnet: ClientSubnet;
  readonly bits: number;
  readonly exact: boolean;
  /** As the authority said it. */
  readonly scope: number;
}

/** What a query says of where its client is. */
export interface Client {
  /** To be told to listed zones; undefined: nothing may be told. */
  readonly subnet: ClientSubnet | undefined;
  /** The option to give back with the answer's scope (§7.2.1); undefined: none. */
  readonly echo: ClientSubnet | undefined;
}

export const NOBODY: Client = { subnet: undefined, echo: undefined };

/** @returns 'malformed' for an option to be answered with FORMERR (§7.2.1); `trusted`: whether this client may speak for others. */
export function readClient(query: DnsQuery, peer: Peer, trusted: (address: string) => boolean): Client | 'malformed' {
  const address = unmapIPv4(peer.remote.address);
  const option = findOption(query.message.edns, OPTION.CLIENT_SUBNET);
  if (!option) return { subnet: subnetOf(address), echo: undefined };
  const said = decodeClientSubnet(option);
  // §6: the scope of a query is 0.
  if (said?.scopePrefixLength !== 0) return 'malformed';
  // §7.1.2: /0 asks that nothing be told, and anybody may ask for that.
  if (said.sourcePrefixLength === 0) return { subnet: undefined, echo: said };
  // §11.2: who may name any network could fill the cache with one answer for each. Without an echo the
  // client knows that its option was not heeded.
  if (!trusted(address)) return { subnet: subnetOf(address), echo: undefined };
  return { subnet: shorten(said), echo: said };
}

/** Of a loopback or a link-local address nothing is told: it means something to this machine, or link, only. */
function subnetOf(address: string): ClientSubnet | undefined {
  if (isLoopback(address) || address.includes('%') || /^(169\.254\.|fe[89ab])/i.test(address)) return undefined;
  return createClientSubnet(address, address.includes(':') ? MAX_SOURCE[ADDRESS_FAMILY.IPV6] : MAX_SOURCE[ADDRESS_FAMILY.IPV4]);
}

function shorten(subnet: ClientSubnet): ClientSubnet | undefined {
  const bits = Math.min(subnet.sourcePrefixLength, MAX_SOURCE[subnet.family]);
  if (bits === subnet.sourcePrefixLength) return subnet;
  const [address = ''] = formatClientSubnet(subnet).split('/');
  return createClientSubnet(address, bits);
}

/** For whom the answer is that came to a query with `sent`; undefined: it was tailored for somebody else, and is to be dropped (§7.3). */
export function audienceOf(sent: ClientSubnet, answered: ClientSubnet): Audience | undefined {
  const same = answered.family === sent.family && answered.sourcePrefixLength === sent.sourcePrefixLength && sameBits(answered, sent, sent.sourcePrefixLength);
  if (!same) return undefined;
  const scope = answered.scopePrefixLength;
  // §7.3.1: scope 0 is good for all addresses.
  if (scope === 0) return 'everybody';
  return { subnet: sent, bits: Math.min(scope, sent.sourcePrefixLength), exact: scope > sent.sourcePrefixLength, scope };
}

/** §7.3.1: whether the answer remembered is one for this client. */
export function isFor(audience: Scoped, client: ClientSubnet): boolean {
  if (client.family !== audience.subnet.family || !sameBits(client, audience.subnet, audience.bits)) return false;
  return audience.exact ? client.sourcePrefixLength === audience.bits : client.sourcePrefixLength >= audience.bits;
}

export function sameAudience(one: Scoped, other: Scoped): boolean {
  return one.bits === other.bits && one.exact === other.exact && one.subnet.family === other.subnet.family && sameBits(one.subnet, other.subnet, one.bits);
}

/** For an answer made of two: the smaller audience. */
export function narrower(one: Audience, other: Audience): Audience {
  if (one === 'everybody') return other;
  if (typeof one === 'object' && typeof other === 'object') return other.bits > one.bits ? other : one;
  return typeof one === 'object' || other === 'everybody' ? one : other;
}

function sameBits(one: ClientSubnet, other: ClientSubnet, bits: number): boolean {
  for (let at = 0; at * 8 < bits; at += 1) {
    const mask = bits - at * 8 >= 8 ? 0xff : (0xff << (8 - (bits - at * 8))) & 0xff;
    if ((((one.address[at] ?? 0) ^ (other.address[at] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** The zones whose authorities are told of clients, and everything below them. */
export interface TailoredZones {
  has(name: Name): boolean;
  readonly any: boolean;
}

/** @throws CdnError USAGE for what is no domain name */
export function createTailoredZones(zones: readonly string[]): TailoredZones {
  const apexes = zones.map((zone) => {
    const apex = Name.parse(zone);
    if (!apex) throw new CdnError('USAGE', `cannot tell ${JSON.stringify(zone)} of client subnets: it is no domain name`, { details: { zone }, suggestions: ['--ecs-zone hercdn.com'] });
    return apex;
  });
  return { any: apexes.length > 0, has: (name) => apexes.some((apex) => name.isAtOrBelow(apex)) };
}
