// Records -> a Zone: grouped into RRsets, empty non-terminals and cuts found once, so that answering
// needs no search. Nothing is served that these checks don't pass, and all complaints come at once.

import { CLASS, TYPE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatType } from '../net/dns/text.js';
import { identify } from './rrset.js';
import type { SelectRecords } from './select.js';
import { checkDelegations, checkNode, checkRedirections, ttlOf } from './zone-check.js';
import { finish, STEP, type Steps } from './zone-steps.js';
import { NodeDraft, type SourcedRecord, type ZoneProblem } from './zone-draft.js';
import { RRsets, type Courtesy, type RRset, type Zone, type ZoneNode } from './zone.js';

/** An RRset of which each answer gives a selection. Without records its name exists and has no such type. */
export interface RoutedSet {
  readonly name: Name;
  readonly records: readonly ResourceRecord[];
  readonly select: SelectRecords;
}

export type ZoneBuild =
  /** `warnings`: what is wrong with it, and doesn't keep it from being served. */
  | { readonly kind: 'zone'; readonly zone: Zone; readonly warnings: readonly ZoneProblem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly ZoneProblem[] };

export interface ZoneParts {
  readonly apex: Name;
  readonly records: readonly SourcedRecord[];
  readonly routed?: readonly RoutedSet[];
  readonly courtesies?: readonly Courtesy[];
}

export function buildZone(parts: ZoneParts): ZoneBuild {
  return finish(buildZoneInSteps(parts));
}

export function* buildZoneInSteps(parts: ZoneParts): Steps<ZoneBuild> {
  const { apex } = parts;
  const problems: ZoneProblem[] = [];
  const drafts = new Map<string, NodeDraft>();
  const seen = new Map<SourcedRecord[], Set<string>>();

  let count = 0;
  for (const sourced of parts.records) {
    if (++count % STEP === 0) yield;
    const refusal = refuse(sourced.record, apex);
    if (refusal !== undefined) {
      problems.push({ at: sourced.at, text: refusal });
      continue;
    }
    const draft = nodeAt(drafts, apex, sourced.record.name);
    const set = draft.find(sourced.record.type);
    if (!set) draft.sets.push({ type: sourced.record.type, records: [sourced] });
    else if (isNew(seen, set, sourced)) set.push(sourced);
  }
  const selects = new Map<ResourceRecord, SelectRecords>();
  for (const routed of parts.routed ?? []) {
    const draft = nodeAt(drafts, apex, routed.name);
    for (const record of routed.records) {
      const sourced: SourcedRecord = { record, at: undefined };
      const set = draft.find(record.type);
      if (set) set.push(sourced);
      else draft.sets.push({ type: record.type, records: [sourced] });
      selects.set(record, routed.select);
    }
  }

  const redirected = [...drafts.values()].some((draft) => draft.find(TYPE.DNAME) !== undefined);
  for (const draft of drafts.values()) {
    if (++count % STEP === 0) yield;
    for (const problem of checkNode(draft, apex)) problems.push(problem);
    if (redirected) for (const problem of checkRedirections(drafts, draft, apex)) problems.push(problem);
  }
  const soa = soaOf(drafts, apex);
  if (!soa) {
    problems.push({ at: undefined, text: `the zone ${apex.toString()} has no SOA record at its apex (RFC 1035 §5.2)` });
    return { kind: 'invalid', problems: problems.filter(({ warning }) => warning !== true) };
  }
  const nodes = yield* finishNodes(drafts, apex, selects);
  const zone: Zone = { apex, soa, nodes, courtesies: parts.courtesies ?? [] };
  for (const draft of drafts.values()) {
    if (++count % STEP === 0) yield;
    for (const problem of checkDelegations(zone, draft)) problems.push(problem);
  }
  const errors = problems.filter(({ warning }) => warning !== true);
  return errors.length > 0 ? { kind: 'invalid', problems: errors } : { kind: 'zone', zone, warnings: problems };
}

/** Why a record can't stand in this zone whatever else the zone holds. */
function refuse(record: ResourceRecord, apex: Name): string | undefined {
  const { name, type } = record;
  const why = (text: string): string => `${name.toString()} ${formatType(type)} ${text}`;
  if (!name.isAtOrBelow(apex)) return why(`is outside the zone ${apex.toString()}`);
  if (record.class !== CLASS.IN) return why(`is of class ${record.class}: only class IN is served`);
  // RFC 6895 §3.1: 128-255 are QTYPEs and meta-types, and OPT is one too; none is data.
  if (type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255)) return why('is not a type of data (RFC 6895 §3.1)');
  return undefined;
}

/** RFC 2181 §5: a second copy of a record is the same record. Most sets have one record and cost nothing here. */
function isNew(seen: Map<SourcedRecord[], Set<string>>, set: SourcedRecord[], sourced: SourcedRecord): boolean {
  const known = seen.get(set) ?? new Set(set.map(({ record }) => identify(record)));
  seen.set(set, known);
  return known.size < known.add(identify(sourced.record)).size;
}

/** The draft of this name, made along with those of the names between it and the apex (RFC 8020 §2: they exist). */
function nodeAt(drafts: Map<string, NodeDraft>, apex: Name, name: Name): NodeDraft {
  const known = drafts.get(name.key);
  if (known) return known;
  const draft = new NodeDraft(name);
  drafts.set(name.key, draft);
  // Most names have brothers, and so a parent that is there already.
  const above = name.key.slice(1 + name.key.charCodeAt(0));
  const parent = drafts.has(above) ? undefined : name.parent();
  if (parent?.isAtOrBelow(apex) === true) nodeAt(drafts, apex, parent);
  return draft;
}

function soaOf(drafts: ReadonlyMap<string, NodeDraft>, apex: Name): Zone['soa'] | undefined {
  const record = drafts.get(apex.key)?.get(TYPE.SOA)[0]?.record;
  return record?.data.kind === 'SOA' ? { ...record, data: record.data } : undefined;
}

function* finishNodes(drafts: ReadonlyMap<string, NodeDraft>, apex: Name, selects: ReadonlyMap<ResourceRecord, SelectRecords>): Steps<Map<string, ZoneNode>> {
  const nodes = new Map<string, ZoneNode>();
  const cuts = new Map<string, RRset>();
  let count = 0;
  for (const [key, { name, sets }] of drafts) {
    if (++count % STEP === 0) yield;
    const rrsets: RRset[] = [];
    for (const { type, records: sourced } of sets) {
      const first = sourced[0];
      if (!first) continue;
      const select = selects.size > 0 ? selects.get(first.record) : undefined;
      const ttl = ttlOf(type, sourced) ?? first.record.ttl;
      const records = sourced.map(({ record }) => (record.ttl === ttl || type === TYPE.RRSIG ? record : { ...record, ttl }));
      const rrset: RRset = { name, type, ttl, records, select };
      rrsets.push(rrset);
      if (type === TYPE.NS && key !== apex.key) cuts.set(key, rrset);
    }
    nodes.set(key, { name, rrsets: new RRsets(rrsets), cut: undefined });
  }
  // What lies at or below a cut is known when all cuts are.
  for (const [key, node] of cuts.size > 0 ? nodes : []) {
    if (++count % STEP === 0) yield;
    const cut = cutAbove(cuts, apex, node.name);
    if (cut) nodes.set(key, { ...node, cut });
  }
  return nodes;
}

/** RFC 1034 §4.2.1: authority ends at the uppermost cut on the way down to the name. */
function cutAbove(cuts: ReadonlyMap<string, RRset>, apex: Name, name: Name): RRset | undefined {
  let uppermost: RRset | undefined;
  for (let at: Name | undefined = name; at && !at.equals(apex); at = at.parent()) uppermost = cuts.get(at.key) ?? uppermost;
  return uppermost;
}
