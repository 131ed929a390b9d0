// Names that mean something on this machine only, or nothing anywhere, and of which no question may
// leave it: answered here, unless somebody is configured who knows better.

import { CLASS, TYPE, type RData, type ResourceRecord } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';

export type LocalAnswer =
  | { readonly kind: 'records'; readonly apex: Name; readonly records: readonly ResourceRecord[] }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly apex: Name; readonly soa: ResourceRecord };

/** RFC 6303 §3: what an empty zone of these says of itself. */
const TTL_SECONDS = 10_800;

/** Names below these don't exist. */
const NOWHERE: readonly string[] = [
  'test', // RFC 6761 §6.2
  'invalid', // RFC 6761 §6.4
  'local', // RFC 6762 §22.1: multicast DNS answers it, never this DNS
  'onion', // RFC 7686 §2
  'home.arpa', // RFC 8375 §4
  'resolver.arpa', // RFC 9462 §4
  // RFC 6303 §4.1, §4.2
  '10.in-addr.arpa', ...range(16, 31).map((octet) => `${octet}.172.in-addr.arpa`), '168.192.in-addr.arpa',
  '0.in-addr.arpa', '127.in-addr.arpa', '254.169.in-addr.arpa', '2.0.192.in-addr.arpa', '100.51.198.in-addr.arpa', '113.0.203.in-addr.arpa', '255.255.255.255.in-addr.arpa',
  ...range(64, 127).map((octet) => `${octet}.100.in-addr.arpa`), // RFC 7793 §2
  // RFC 6303 §4.3 to §4.6
  `${'0.'.repeat(32)}ip6.arpa`, `1.${'0.'.repeat(31)}ip6.arpa`, 'd.f.ip6.arpa', '8.e.f.ip6.arpa', '9.e.f.ip6.arpa', 'a.e.f.ip6.arpa', 'b.e.f.ip6.arpa', '8.b.d.0.1.0.0.2.ip6.arpa',
];

const LOCALHOST = nameOf('localhost');
/** RFC 9462 §4: here NODATA is what says that there is no designated resolver. */
const RESOLVER_ARPA = nameOf('resolver.arpa');

interface LocalZone {
  readonly apex: Name;
  readonly soa: ResourceRecord;
  readonly ns: ResourceRecord;
  /** The one name in it that has a record, besides the apex. */
  readonly host?: ResourceRecord;
}

const LOCALHOST_SOA = soaOf(LOCALHOST);

/** undefined: the name is nothing special. */
export function findLocal(name: Name, type: number): LocalAnswer | undefined {
  // RFC 6761 §6.3: localhost, and every name below it, is this machine.
  if (name.isAtOrBelow(LOCALHOST)) return localhost(name, type);
  for (let at: Name | undefined = name; at; at = at.parent()) {
    const zone = ZONES.get(at.key);
    if (zone) return within(zone, name, type);
  }
  return undefined;
}

function localhost(name: Name, type: number): LocalAnswer {
  const data: RData | undefined = type === TYPE.A ? { kind: 'A', address: '127.0.0.1' } : type === TYPE.AAAA ? { kind: 'AAAA', address: '::1' } : undefined;
  if (!data) return { kind: 'nodata', apex: LOCALHOST, soa: LOCALHOST_SOA };
  return { kind: 'records', apex: LOCALHOST, records: [record(name, type, data)] };
}

function within({ apex, soa, ns, host }: LocalZone, name: Name, type: number): LocalAnswer {
  if (name.equals(apex)) {
    const own = [soa, ns, ...(host?.name.equals(apex) ? [host] : [])].filter((entry) => type === entry.type || type === TYPE.ANY);
    return own.length > 0 ? { kind: 'records', apex, records: own } : { kind: 'nodata', apex, soa };
  }
  if (host?.name.equals(name) && (type === host.type || type === TYPE.ANY)) return { kind: 'records', apex, records: [host] };
  // RFC 8020 §2: a name above one that exists does exist, without data.
  const nodata = host?.name.isAtOrBelow(name) === true || apex.equals(RESOLVER_ARPA);
  return { kind: nodata ? 'nodata' : 'nxdomain', apex, soa };
}

/** RFC 1912 §4.1: the loopback addresses have their name back. */
const REVERSE_LOCALHOST: ReadonlyMap<string, string> = new Map([
  ['127.in-addr.arpa.', '1.0.0.127.in-addr.arpa'],
  [`1.${'0.'.repeat(31)}ip6.arpa.`, `1.${'0.'.repeat(31)}ip6.arpa`],
]);

const ZONES: ReadonlyMap<string, LocalZone> = new Map(NOWHERE.map((text) => zoneOf(nameOf(text))).map((zone) => [zone.apex.key, zone]));

function zoneOf(apex: Name): LocalZone {
  const host = REVERSE_LOCALHOST.get(apex.toString());
  return {
    apex,
    soa: soaOf(apex),
    ns: record(apex, TYPE.NS, { kind: 'NS', target: apex }),
    ...(host !== undefined && { host: record(nameOf(host), TYPE.PTR, { kind: 'PTR', target: LOCALHOST }) }),
  };
}

/** RFC 6303 §3. */
function soaOf(apex: Name): ResourceRecord {
  return record(apex, TYPE.SOA, { kind: 'SOA', mname: apex, rname: nameOf('nobody.invalid'), serial: 1, refresh: 3600, retry: 1200, expire: 604_800, minimum: TTL_SECONDS });
}

function record(name: Name, type: number, data: RData): ResourceRecord {
  return { name, type, class: CLASS.IN, ttl: TTL_SECONDS, data };
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function nameOf(text: string): Name {
  const name = Name.parse(text);
  if (!name) throw new Error(`no domain name: ${text}`);
  return name;
}
