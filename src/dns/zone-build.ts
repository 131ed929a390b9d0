// Records -> a Zone: grouped into RRsets, empty non-terminals and cuts found once, so that answering
// needs no search. Nothing is served that these checks don't pass, and all complaints come at once.

import { CLASS, TYPE, type ResourceRecord } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { formatType } from '../net/dns/text.js';
import type { SelectRecords } from './routing.js';
import type { Courtesy, RRset, Zone, ZoneNode } from './zone.js';
import { checkDelegations, checkNode } from './zone-check.js';

/** Where a record stands in its file; both 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface SourcedRecord {
  readonly record: ResourceRecord;
  readonly at: Position | undefined;
}

/** An RRset of which each answer gives a selection. Without records its name exists and has no such type. */
export interface RoutedSet {
  readonly name: Name;
  readonly records: readonly ResourceRecord[];
  readonly select: SelectRecords;
}

export interface ZoneProblem {
  readonly at: Position | undefined;
  readonly text: string;
}

export type ZoneBuild =
  | { readonly kind: 'zone'; readonly zone: Zone }
  | { readonly kind: 'invalid'; readonly problems: readonly ZoneProblem[] };

export interface ZoneParts {
  readonly apex: Name;
  readonly records: readonly SourcedRecord[];
  readonly routed?: readonly RoutedSet[];
  readonly courtesies?: readonly Courtesy[];
}

/** A node in the making. */
export interface NodeDraft {
  readonly name: Name;
  readonly sets: Map<number, SourcedRecord[]>;
}

export function buildZone(parts: ZoneParts): ZoneBuild {
  const { apex } = parts;
  const problems: ZoneProblem[] = [];
  const drafts = new Map<string, NodeDraft>();
  const seen = new Set<string>();

  for (const sourced of parts.records) {
    const refusal = refuse(sourced.record, apex);
    if (refusal !== undefined) {
      problems.push({ at: sourced.at, text: refusal });
      continue;
    }
    // RFC 2181 §5: a second copy of a record is the same record.
    const identity = identify(sourced.record);
    if (seen.has(identity)) continue;
    seen.add(identity);
    const draft = nodeAt(drafts, apex, sourced.record.name);
    const set = draft.sets.get(sourced.record.type);
    if (set) set.push(sourced);
    else draft.sets.set(sourced.record.type, [sourced]);
  }
  const selects = new Map<ResourceRecord, SelectRecords>();
  for (const routed of parts.routed ?? []) {
    const draft = nodeAt(drafts, apex, routed.name);
    for (const record of routed.records) {
      const set = draft.sets.get(record.type) ?? [];
      set.push({ record, at: undefined });
      draft.sets.set(record.type, set);
      selects.set(record, routed.select);
    }
  }

  for (const draft of drafts.values()) problems.push(...checkNode(draft, apex));
  const soa = soaOf(drafts, apex);
  if (!soa) {
    problems.push({ at: undefined, text: `the zone ${apex.toString()} has no SOA record at its apex (RFC 1035 §5.2)` });
    return { kind: 'invalid', problems };
  }
  const nodes = finish(drafts, apex, selects);
  const zone: Zone = { apex, soa, nodes, courtesies: parts.courtesies ?? [] };
  problems.push(...checkDelegations(zone, drafts));
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'zone', zone };
}

/** Why a record can't stand in this zone whatever else the zone holds. */
function refuse(record: ResourceRecord, apex: Name): string | undefined {
  const type = formatType(record.type);
  const owner = record.name.toString();
  if (!record.name.isAtOrBelow(apex)) return `${owner} ${type} is outside the zone ${apex.toString()}`;
  if (record.class !== CLASS.IN) return `${owner} ${type} is of class ${record.class}: only class IN is served`;
  // RFC 6895 §3.1: 128-255 are QTYPEs and meta-types, and OPT is one too; none is data.
  if (record.type === 0 || record.type === TYPE.OPT || (record.type >= 128 && record.type <= 255)) return `${owner} ${type} is not a type of data (RFC 6895 §3.1)`;
  if (record.type === DNAME) return `${owner} ${type} would need synthesis (RFC 6672), which isn't done here`;
  return undefined;
}

const DNAME = 39;

function identify(record: ResourceRecord): string {
  const data = JSON.stringify(record.data, (_, value: unknown) => {
    if (value instanceof Name) return value.key;
    return value instanceof Uint8Array ? [...value] : value;
  });
  return `${record.type} ${data} ${record.name.key}`;
}

/** The draft of this name, made along with those of the names between it and the apex (RFC 8020 §2: they exist). */
function nodeAt(drafts: Map<string, NodeDraft>, apex: Name, name: Name): NodeDraft {
  const known = drafts.get(name.key);
  if (known) return known;
  const draft: NodeDraft = { name, sets: new Map() };
  drafts.set(name.key, draft);
  const parent = name.parent();
  if (parent?.isAtOrBelow(apex) === true) nodeAt(drafts, apex, parent);
  return draft;
}

function soaOf(drafts: ReadonlyMap<string, NodeDraft>, apex: Name): Zone['soa'] | undefined {
  const record = drafts.get(apex.key)?.sets.get(TYPE.SOA)?.[0]?.record;
  return record?.data.kind === 'SOA' ? { ...record, data: record.data } : undefined;
}

function finish(drafts: ReadonlyMap<string, NodeDraft>, apex: Name, selects: ReadonlyMap<ResourceRecord, SelectRecords>): Map<string, ZoneNode> {
  const cuts = new Map<string, RRset>();
  const sets = new Map<string, ReadonlyMap<number, RRset>>();
  for (const [key, draft] of drafts) {
    const rrsets = new Map<number, RRset>();
    for (const [type, sourced] of draft.sets) {
      const first = sourced[0];
      if (!first) continue;
      const select = selects.get(first.record);
      const records = sourced.map(({ record }) => record);
      rrsets.set(type, { name: draft.name, type, ttl: first.record.ttl, records, ...(select && { select }) });
    }
    sets.set(key, rrsets);
    const nameservers = rrsets.get(TYPE.NS);
    if (nameservers && key !== apex.key) cuts.set(key, nameservers);
  }
  const nodes = new Map<string, ZoneNode>();
  for (const [key, draft] of drafts) {
    nodes.set(key, { name: draft.name, rrsets: sets.get(key) ?? new Map<number, RRset>(), cut: cuts.size > 0 ? cutAbove(cuts, apex, draft.name) : undefined });
  }
  return nodes;
}

/** RFC 1034 §4.2.1: authority ends at the uppermost cut on the way down to the name. */
function cutAbove(cuts: ReadonlyMap<string, RRset>, apex: Name, name: Name): RRset | undefined {
  let uppermost: RRset | undefined;
  for (let at: Name | undefined = name; at && !at.equals(apex); at = at.parent()) uppermost = cuts.get(at.key) ?? uppermost;
  return uppermost;
}
