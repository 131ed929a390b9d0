// A zone as a value, and what it says about a question (RFC 1034 §4.3.2, RFC 4592). Every name that
// exists has a node, empty non-terminals too, so most questions cost one look in a map.

import { CLASS, TYPE, type RData, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import type { Asker, SelectRecords, Selection } from './select.js';

/** All records of one name and type (RFC 2181 §5). */
export interface RRset {
  readonly name: Name;
  readonly type: number;
  readonly ttl: number;
  /** At least one. */
  readonly records: readonly ResourceRecord[];
  /** Which of the records an answer gives; absent: all of them. */
  readonly select?: SelectRecords | undefined;
}

/** The RRsets of one name: a list, since most names have one or two, and a million maps are a lot of memory. */
export class RRsets {
  readonly #sets: readonly RRset[];

  constructor(sets: readonly RRset[]) {
    this.#sets = sets;
  }

  get(type: number): RRset | undefined {
    for (const set of this.#sets) if (set.type === type) return set;
    return undefined;
  }

  /** In the order of the zone. */
  values(): readonly RRset[] {
    return this.#sets;
  }
}

export interface ZoneNode {
  readonly name: Name;
  /** By type; empty for an empty non-terminal. */
  readonly rrsets: RRsets;
  /** The NS RRset of the delegation at or above this name, if it lies outside the zone's own authority. */
  readonly cut: RRset | undefined;
}

/** The names of a zone. */
export interface ZoneNodes {
  /** By `Name.key`. */
  get(key: string): ZoneNode | undefined;
  values(): Iterable<ZoneNode>;
  readonly size: number;
}

/** Records of another zone, handed along with a CNAME that points into it. Nobody ought to believe them. */
export interface Courtesy {
  readonly zone: Name;
  readonly nameservers: readonly ResourceRecord[];
  readonly addresses: readonly ResourceRecord[];
}

/** Immutable; made by `buildZone`, which has checked it. */
export interface Zone {
  readonly apex: Name;
  readonly soa: ResourceRecord & { readonly data: Extract<RData, { kind: 'SOA' }> };
  readonly nodes: ZoneNodes;
  readonly courtesies: readonly Courtesy[];
}

export type ZoneAnswer =
  /** The RRset asked for; for ANY one RRset that the name has. */
  | { readonly kind: 'answer'; readonly rrset: RRset; readonly wildcard?: Name | undefined }
  /** The name is an alias; what was asked for is at `target`. */
  | { readonly kind: 'cname'; readonly rrset: RRset; readonly target: Name; readonly wildcard?: Name | undefined }
  /** The name lies below a redirection (RFC 6672); as an alias what was asked for is at `target`, unless that would be too long a name. */
  | { readonly kind: 'dname'; readonly rrset: RRset; readonly alias: { readonly record: ResourceRecord; readonly target: Name } | undefined }
  /** Another server knows: the NS RRset of the cut, and addresses that this zone has for its targets. */
  | { readonly kind: 'referral'; readonly rrset: RRset; readonly glue: readonly RRset[] }
  /** The name exists, the type doesn't. */
  | { readonly kind: 'nodata' }
  | { readonly kind: 'nxdomain' };

/** Only its place beside a cut matters here. */
export const DS = 43;

/** What `zone` says about a name at or below its apex. */
export function lookupZone(zone: Zone, qname: Name, qtype: number): ZoneAnswer {
  const exact = zone.nodes.get(qname.key);
  if (exact) return readNode(zone, exact, qname, qtype);

  const encloser = closestEncloser(zone, qname);
  if (encloser.cut) return refer(zone, encloser.cut);
  // RFC 6672 §3.2 step 3c: what is below a DNAME is elsewhere, before any wildcard is looked at.
  const redirection = encloser.rrsets.get(TYPE.DNAME);
  if (redirection) return redirect(redirection, qname);
  // RFC 4592 §3.3.1: the source of synthesis is the asterisk label right below the closest encloser.
  const wildcardName = encloser.name.prepend('*');
  const wildcard = wildcardName && zone.nodes.get(wildcardName.key);
  return wildcard ? readNode(zone, wildcard, qname, qtype, wildcard.name) : { kind: 'nxdomain' };
}

/** The longest existing name above `qname` (RFC 4592 §3.3.1); the apex always exists. */
function closestEncloser(zone: Zone, qname: Name): ZoneNode {
  for (let name = qname.parent(); name; name = name.parent()) {
    const node = zone.nodes.get(name.key);
    if (node) return node;
  }
  throw new Error(`${qname.toString()} is not in the zone ${zone.apex.toString()}`);
}

/** `wildcard`: the node's name, when it stands in for `qname`. */
function readNode(zone: Zone, node: ZoneNode, qname: Name, qtype: number, wildcard?: Name): ZoneAnswer {
  // RFC 4035 §3.1.4.1: DS belongs to the parent's side of the cut.
  const parentSide = qtype === DS && node.cut?.name.equals(node.name) === true;
  if (node.cut && !parentSide) return refer(zone, node.cut);

  // RFC 8482 §4.1: for ANY a subset of what there is, here one RRset.
  const found = qtype === TYPE.ANY ? node.rrsets.values()[0] : node.rrsets.get(qtype);
  if (found) return { kind: 'answer', rrset: ownedBy(found, qname), wildcard };

  // RFC 1034 §3.6.2: an alias answers for every type but its own.
  const alias = node.rrsets.get(TYPE.CNAME);
  const data = alias?.records[0]?.data;
  if (alias && data?.kind === 'CNAME') return { kind: 'cname', rrset: ownedBy(alias, qname), target: data.target, wildcard };
  return { kind: 'nodata' };
}

/** RFC 6672 §2.2, §3.1: the end of the name is exchanged, and an alias with the DNAME record's TTL says so to whoever doesn't know DNAME. */
function redirect(rrset: RRset, qname: Name): ZoneAnswer {
  const data = rrset.records[0]?.data;
  const target = data?.kind === 'DNAME' ? qname.moved(rrset.name, data.target) : undefined;
  const alias = target && { record: { name: qname, type: TYPE.CNAME, class: CLASS.IN, ttl: rrset.ttl, data: { kind: 'CNAME', target } as const }, target };
  return { kind: 'dname', rrset, alias };
}

/** RFC 4592 §2.1.3: what a wildcard gives is owned by the name that was asked for. */
function ownedBy(rrset: RRset, owner: Name): RRset {
  if (rrset.name.equals(owner)) return rrset;
  return { ...rrset, name: owner, records: rrset.records.map((record) => ({ ...record, name: owner })) };
}

function refer(zone: Zone, cut: RRset): ZoneAnswer {
  return { kind: 'referral', rrset: cut, glue: targetsOf(cut.records).flatMap((target) => addressesAt(zone, target)) };
}

/** The names that records of these types send a client on to. */
export function targetsOf(records: readonly ResourceRecord[]): readonly Name[] {
  return records.flatMap(({ data }) => {
    if (data.kind === 'NS' || data.kind === 'SRV') return [data.target];
    return data.kind === 'MX' ? [data.exchange] : [];
  });
}

/** The A and AAAA RRsets that the zone file has at exactly this name, glue below a cut included. */
export function addressesAt(zone: Zone, name: Name): readonly RRset[] {
  const rrsets = zone.nodes.get(name.key)?.rrsets;
  if (!rrsets) return [];
  return [TYPE.A, TYPE.AAAA].flatMap((type) => rrsets.get(type) ?? []);
}

/** Of an RRset without a choice. */
const ALL: readonly number[] = [];

/** `picks`: as in a Selection; none where all records are given. */
export type Selected = { readonly kind: 'records'; readonly records: readonly ResourceRecord[]; readonly picks: readonly number[]; readonly scope: number } | Exclude<Selection, { kind: 'records' }>;

/** The records that an answer for `asker` gives of an RRset; `scope` as in a Selection. */
export function selectRecords(rrset: RRset, asker: Asker): Selected {
  if (!rrset.select) return { kind: 'records', records: rrset.records, picks: ALL, scope: 0 };
  const selection = asker.decided ?? rrset.select(asker);
  if (selection.kind !== 'records') return selection;
  return { kind: 'records', records: selection.picks.flatMap((pick) => rrset.records[pick] ?? []), picks: selection.picks, scope: selection.scope };
}

/** RFC 2308 §3: the SOA record as negative answers carry it, its TTL how long "no" may be believed. */
export function negativeSoa(zone: Zone): ResourceRecord {
  return { ...zone.soa, ttl: Math.min(zone.soa.ttl, zone.soa.data.minimum) };
}
