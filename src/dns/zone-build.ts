// Records -> a Zone: grouped into RRsets, empty non-terminals and cuts found once, so that answering
// needs no search. Nothing is served that these checks don't pass, and all complaints come at once.

import { CLASS, TYPE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatType } from '../net/dns/text.js';
import { identify } from './rrset.js';
import type { SelectRecords } from './select.js';
import { checkDelegations, checkNode, checkRedirections } from './zone-check.js';
import { finish, STEP, type Steps } from './zone-steps.js';
import type { NodeDraft, SourcedRecord, ZoneProblem } from './zone-draft.js';
import { ZoneStore } from './zone-store.js';
import type { Courtesy, Zone } from './zone.js';

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
  readonly records: Iterable<SourcedRecord>;
  readonly routed?: readonly RoutedSet[];
  readonly courtesies?: readonly Courtesy[];
}

export function buildZone({ apex, records, ...rest }: ZoneParts): ZoneBuild {
  const builder = createZoneBuilder(apex);
  for (const record of records) builder.add(record);
  return finish(builder.finish(rest));
}

export interface ZoneBuilder {
  /** What is wrong with it is told at the end. */
  add(sourced: SourcedRecord): void;
  /** Once. */
  finish(rest: Pick<ZoneParts, 'routed' | 'courtesies'>): Steps<ZoneBuild>;
}

export function createZoneBuilder(apex: Name): ZoneBuilder {
  const problems: ZoneProblem[] = [];
  const store = new ZoneStore(apex);
  const isNew = createSieve(store);
  return {
    add: (sourced) => {
      const { record } = sourced;
      const refusal = refuse(record, apex);
      if (refusal !== undefined) {
        problems.push({ at: sourced.at, text: refusal });
        return;
      }
      const node = store.nodeAt(record.name);
      if (isNew(node, record)) store.append(node, sourced);
    },
    finish: function* ({ routed = [], courtesies = [] }) {
      for (const { name, records, select } of routed) {
        const node = store.nodeAt(name);
        for (const record of records) {
          store.append(node, { record, at: undefined });
          store.choose(node, record.type, select);
        }
      }
      return yield* check(apex, store, problems, courtesies);
    },
  };
}

/** Most names have nothing that a rule is about, and aren't looked at again. */
function* check(apex: Name, store: ZoneStore, problems: ZoneProblem[], courtesies: readonly Courtesy[]): Steps<ZoneBuild> {
  const drafts = function* (all: boolean): Generator<NodeDraft | undefined> {
    for (let index = 0; index < store.size; index += 1) {
      const node = store.nodeNumber(index);
      if (all || store.hasRules(node)) yield store.draftOf(node);
      else if (index % (16 * STEP) === 0) yield undefined;
    }
  };
  let count = 0;
  for (const draft of drafts(store.hasRedirections)) {
    if (!draft || ++count % STEP === 0) yield;
    if (!draft) continue;
    for (const problem of checkNode(draft, apex)) problems.push(problem);
    if (store.hasRedirections) for (const problem of checkRedirections(store, draft, apex)) problems.push(problem);
  }
  const soa = soaOf(store, apex);
  if (!soa) {
    problems.push({ at: undefined, text: `the zone ${apex.toString()} has no SOA record at its apex (RFC 1035 §5.2)` });
    return { kind: 'invalid', problems: problems.filter(({ warning }) => warning !== true) };
  }
  const zone: Zone = { apex, soa, nodes: store, courtesies };
  for (const draft of drafts(false)) {
    if (!draft || ++count % STEP === 0) yield;
    if (draft) for (const problem of checkDelegations(zone, draft)) problems.push(problem);
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
function createSieve(store: ZoneStore): (node: number, record: ResourceRecord) => boolean {
  const sets = new Map<number, { readonly ttl: number; readonly known: Set<string> }>();
  return (node, record) => {
    if (store.isEmpty(node)) return true;
    const id = node * 0x1_0000 + record.type;
    let set = sets.get(id);
    if (!set) {
      if (!store.hasType(node, record.type)) return true;
      const [first] = store.draftOf(node).get(record.type);
      if (!first) return true;
      set = { ttl: first.record.ttl, known: new Set([identify(first.record)]) };
      sets.set(id, set);
    }
    if (set.ttl !== record.ttl) store.noteRules(node);
    return set.known.size < set.known.add(identify(record)).size;
  };
}

export function soaOf(store: ZoneStore, apex: Name): Zone['soa'] | undefined {
  const record = store.draftOf(store.nodeAt(apex)).get(TYPE.SOA)[0]?.record;
  return record?.data.kind === 'SOA' ? { ...record, data: record.data } : undefined;
}
