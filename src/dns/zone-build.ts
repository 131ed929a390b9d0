// Records -> a Zone: grouped into RRsets, empty non-terminals and cuts found once, so that answering
// needs no search. Nothing is served that these checks don't pass, and all complaints come at once.

import { CLASS, TYPE, type ResourceRecord } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { formatType } from '../net/dns/text.js';
import type { SelectRecords } from './select.js';
import { checkDelegations, checkNode } from './zone-check.js';
import type { NodeDraft, SourcedRecord, ZoneProblem } from './zone-draft.js';
import type { Courtesy, RRset, Zone, ZoneNode } from './zone.js';

/** An RRset of which each answer gives a selection. Without records its name exists and has no such type. */
export interface RoutedSet {
  readonly name: Name;
  readonly records: readonly ResourceRecord[];
  readonly select: SelectRecords;
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

export function buildZone(parts: ZoneParts): ZoneBuild {
  const { apex } = parts;
  const problems: ZoneProblem[] = [];
  const drafts = new Map<string, NodeDraft>();
  const seen = new Map<SourcedRecord[], Set<string>>();

  for (const sourced of parts.records) {
    const refusal = refuse(sourced.record, apex);
    if (refusal !== undefined) {
      problems.push({ at: sourced.at, text: refusal });
      continue;
    }
    const draft = nodeAt(drafts, apex, sourced.record.name);
    const set = draft.sets.get(sourced.record.type);
    if (!set) draft.sets.set(sourced.record.type, [sourced]);
    else if (isNew(seen, set, sourced)) set.push(sourced);
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
  for (const problem of checkDelegations(zone, drafts)) problems.push(problem);
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'zone', zone };
}

/** Why a record can't stand in this zone whatever else the zone holds. */
function refuse(record: ResourceRecord, apex: Name): string | undefined {
  const { name, type } = record;
  const why = (text: string): string => `${name.toString()} ${formatType(type)} ${text}`;
  if (!name.isAtOrBelow(apex)) return why(`is outside the zone ${apex.toString()}`);
  if (record.class !== CLASS.IN) return why(`is of class ${record.class}: only class IN is served`);
  // RFC 6895 §3.1: 128-255 are QTYPEs and meta-types, and OPT is one too; none is data.
  if (type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255)) return why('is not a type of data (RFC 6895 §3.1)');
  if (type === DNAME) return why("would need synthesis (RFC 6672), which isn't done here");
  return undefined;
}

const DNAME = 39;

/** RFC 2181 §5: a second copy of a record is the same record. Most sets have one record and cost nothing here. */
function isNew(seen: Map<SourcedRecord[], Set<string>>, set: SourcedRecord[], sourced: SourcedRecord): boolean {
  const known = seen.get(set) ?? new Set(set.map(({ record }) => identify(record)));
  seen.set(set, known);
  return known.size < known.add(identify(sourced.record)).size;
}

/** The RDATA as a text that is equal where the RDATA is; names without regard to letter case. */
function identify(record: ResourceRecord): string {
  return JSON.stringify(record.data, (_, value: unknown) => {
    if (value instanceof Name) return value.key;
    return value instanceof Uint8Array ? [...value] : value;
  });
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
