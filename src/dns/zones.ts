// The two zones of the network, from the catalog: the publisher's, whose content names are aliases
// into the CDN, and the CDN's, whose names are routed between stores.

import { CdnError } from '../base/errors.js';
import { ANY_VIDEO_LABEL, CDN_ZONE, PUBLISHER_ZONE, type Catalog, type Title } from '../catalog/index.js';
import { unmapIPv4, type Endpoint } from '../net/address.js';
import { CLASS, TYPE, type RData, type ResourceRecord } from '../net/dns/message.js';
import { parseIPv4, parseIPv6 } from '../net/dns/ip.js';
import { Name } from '../net/dns/name.js';
import type { Candidates, Router } from './router.js';
import type { Edge } from './routing-edge.js';
import { buildZone, type RoutedSet } from './zone-build.js';
import type { Courtesy, Zone } from './zone.js';

/** A store, and what routing should know of it. */
export type StoreAddress = Edge;

export interface PublisherZoneOptions {
  readonly catalog: Catalog;
  /** An address that clients can reach, not a wildcard. */
  readonly portal: Endpoint;
  /** Where this zone's own authority listens. */
  readonly authority: Endpoint;
  /** The SOA record's, modulo 2^32. */
  readonly serial: number;
  /** The CDN's authority, to be handed along with aliases into the CDN; absent: nothing is handed along. */
  readonly courtesy?: Endpoint;
}

export interface CdnZoneOptions {
  readonly catalog: Catalog;
  readonly stores: readonly StoreAddress[];
  readonly authority: Endpoint;
  readonly serial: number;
  /** Which stores an answer names. */
  readonly router: Router;
}

/** What doesn't depend on routing. */
const STATIC_TTL_SECONDS = 300;
const SERVICE = '_http._tcp';
const NAME_SERVER = 'ns1';

/** hiscinema.com: the portal, and an alias into the CDN for each content name. */
export function createPublisherZone(options: PublisherZoneOptions): Zone {
  const apex = nameOf(PUBLISHER_ZONE);
  const www = below(apex, 'www');
  const records = [...head(apex, options.authority, options.serial, 60)];
  for (const host of [apex, www]) {
    records.push(...addressRecords(host, options.portal, STATIC_TTL_SECONDS));
    records.push(record(below(host, SERVICE), STATIC_TTL_SECONDS, { kind: 'SRV', priority: 0, weight: 0, port: options.portal.port, target: www }));
  }
  for (const label of [...options.catalog.titles.map((title) => title.label), ANY_VIDEO_LABEL]) {
    for (const alias of [label, `${SERVICE}.${label}`]) {
      records.push(record(below(apex, alias), STATIC_TTL_SECONDS, { kind: 'CNAME', target: nameOf(`${alias}.${CDN_ZONE}`) }));
    }
  }
  return whole(apex, records, [], options.courtesy ? [courtesyOf(nameOf(CDN_ZONE), options.courtesy)] : []);
}

/** hercdn.com: the stores by name, and the names routed between them. @throws CdnError USAGE for a store whose name is taken */
export function createCdnZone(options: CdnZoneOptions): Zone {
  const apex = nameOf(CDN_ZONE);
  refuseTakenNames(options);
  // A negative answer lives no longer than a positive one: the first store may come up any moment.
  const { router } = options;
  const records = [...head(apex, options.authority, options.serial, router.ttlSeconds)];
  for (const store of options.stores) records.push(...addressRecords(below(apex, store.id), store.endpoint, STATIC_TTL_SECONDS));
  for (const title of options.catalog.titles) records.push(...videoRecord(below(apex, title.label), title));

  // Each title begins with another store, so that the first request of each doesn't fall on the first store.
  const kinds = routedKinds(apex, options.stores, router);
  const routed = [
    ...options.catalog.titles.flatMap((title) => routedSets(apex, title.label, kinds, title.number - 1, router)),
    ...routedSets(apex, ANY_VIDEO_LABEL, kinds, 0, router),
  ];
  return whole(apex, records, routed, []);
}

/** Each store has a name in the zone; it must not be one of the others. */
function refuseTakenNames({ catalog, stores }: CdnZoneOptions): void {
  const taken = new Set([NAME_SERVER, ANY_VIDEO_LABEL, ...catalog.titles.map(({ label }) => label.toLowerCase())]);
  const problems = stores.filter(({ id }) => taken.has(id.toLowerCase())).map(({ id }) => `a store cannot be called ${id}: ${id}.${CDN_ZONE} is something else`);
  if (problems.length > 0) throw new CdnError('USAGE', problems.join('\n'), { details: { problems }, suggestions: ['give the store another id in the topology'] });
}

/** One RRset as all routed names have it: a record's data, and the stores that it leads to. */
interface RoutedData {
  readonly data: readonly RoutedRData[];
  readonly candidates: Candidates;
}
type RoutedRData = Extract<RData, { kind: 'A' | 'AAAA' | 'SRV' }>;

interface RoutedKinds {
  readonly a: RoutedData;
  readonly aaaa: RoutedData;
  readonly srv: RoutedData;
}

/** The same for every name, so that a name costs its records and no more. */
function routedKinds(apex: Name, stores: readonly Edge[], router: Router): RoutedKinds {
  const shared = (entries: readonly (readonly [RoutedRData | undefined, Edge])[]): RoutedData => {
    const byRecord = distinct(entries);
    return { data: byRecord.map(({ data }) => data), candidates: router.candidates(byRecord.map((entry) => entry.stores)) };
  };
  const addresses = (kind: 'A' | 'AAAA'): RoutedData => shared(stores.map((store) => [addressData(store.endpoint, kind), store]));
  return {
    a: addresses('A'),
    aaaa: addresses('AAAA'),
    srv: shared(stores.map((store) => [{ kind: 'SRV', priority: 0, weight: 0, port: store.endpoint.port, target: below(apex, store.id) }, store])),
  };
}

/** A, AAAA and SRV of a name that is routed between all stores. A type that no store has is NODATA. */
function routedSets(apex: Name, label: string, kinds: RoutedKinds, firstTurn: number, router: Router): readonly RoutedSet[] {
  const name = below(apex, label);
  const routed = router.open(label, firstTurn);
  const set = (owner: Name, { data, candidates }: RoutedData): RoutedSet => ({ name: owner, records: data.map((each) => record(owner, router.ttlSeconds, each)), select: routed.select(candidates) });
  return [set(name, kinds.a), set(name, kinds.aaaa), set(below(apex, `${SERVICE}.${label}`), kinds.srv)];
}

/** Stores that share an address are one candidate for A: an RRset holds no record twice (RFC 2181 §5). */
function distinct(entries: readonly (readonly [RoutedRData | undefined, Edge])[]): readonly { readonly data: RoutedRData; readonly stores: readonly Edge[] }[] {
  const byRecord = new Map<string, { readonly data: RoutedRData; readonly stores: Edge[] }>();
  for (const [data, store] of entries) {
    if (!data) continue;
    const key = 'address' in data ? data.address : store.id;
    const known = byRecord.get(key);
    if (known) known.stores.push(store);
    else byRecord.set(key, { data, stores: [store] });
  }
  return [...byRecord.values()];
}

/** The course's own record: where in the CDN the video is, and its object. None if the object's name is too long for one. */
function videoRecord(name: Name, title: Title): readonly ResourceRecord[] {
  const object = Buffer.from(title.objectName, 'utf8');
  if (object.length > 255) return [];
  return [record(name, STATIC_TTL_SECONDS, { kind: 'V', content: nameOf(title.cdnName), object: Uint8Array.from(object) })];
}

function head(apex: Name, authority: Endpoint, serial: number, minimum: number): readonly ResourceRecord[] {
  const server = below(apex, NAME_SERVER);
  return [
    record(apex, STATIC_TTL_SECONDS, { kind: 'SOA', mname: server, rname: below(apex, 'hostmaster'), serial: serial % 2 ** 32, refresh: 3600, retry: 600, expire: 86_400, minimum }),
    record(apex, STATIC_TTL_SECONDS, { kind: 'NS', target: server }),
    ...addressRecords(server, authority, STATIC_TTL_SECONDS),
  ];
}

function courtesyOf(zone: Name, authority: Endpoint): Courtesy {
  const server = below(zone, NAME_SERVER);
  return {
    zone,
    nameservers: [record(zone, STATIC_TTL_SECONDS, { kind: 'NS', target: server })],
    addresses: addressRecords(server, authority, STATIC_TTL_SECONDS),
  };
}

/** An A or an AAAA record. */
function addressRecords(name: Name, endpoint: Endpoint, ttl: number): readonly ResourceRecord[] {
  return (['A', 'AAAA'] as const).flatMap((kind) => addressData(endpoint, kind) ?? []).map((data) => record(name, ttl, data));
}

/** undefined: the address is of the other kind. The zone index of a link-local one means something to this machine only. */
function addressData(endpoint: Endpoint, kind: 'A' | 'AAAA'): Extract<RData, { kind: 'A' | 'AAAA' }> | undefined {
  const address = unmapIPv4(endpoint.address).replace(/%.*$/, '');
  return (kind === 'A' ? parseIPv4(address) : parseIPv6(address)) && { kind, address };
}

function record(name: Name, ttl: number, data: Exclude<RData, { kind: 'unknown' }>): ResourceRecord {
  return { name, type: TYPE[data.kind], class: CLASS.IN, ttl, data };
}

function below(name: Name, labels: string): Name {
  return nameOf(`${labels}.${name.toString()}`);
}

function nameOf(text: string): Name {
  const name = Name.parse(text);
  if (!name) throw new Error(`no domain name: ${text}`);
  return name;
}

function whole(apex: Name, records: readonly ResourceRecord[], routed: readonly RoutedSet[], courtesies: readonly Courtesy[]): Zone {
  const built = buildZone({ apex, records: records.map((entry) => ({ record: entry, at: undefined })), routed, courtesies });
  if (built.kind === 'invalid') throw new Error(`the zone ${apex.toString()} is not sound: ${built.problems.map(({ text }) => text).join('; ')}`);
  return built.zone;
}
