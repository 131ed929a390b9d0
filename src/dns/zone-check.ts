// What a zone must not say: the rules that hold between the records of one zone. Each complaint
// names its rule.

import { TYPE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatType } from '../net/dns/text.js';
import { addressesAt, lookupZone, targetsOf, type Zone } from './zone.js';
import type { NodeDraft, SourcedRecord, ZoneProblem } from './zone-draft.js';

/** RFC 4034 §3, §4: the two types that may stand beside a CNAME. */
const BESIDE_CNAME: ReadonlySet<number> = new Set([46, 47]);

/** The rules that hold at one name. */
export function checkNode(draft: NodeDraft, apex: Name): readonly ZoneProblem[] {
  const problems: ZoneProblem[] = [];
  const add = (sourced: SourcedRecord | undefined, text: string): void => {
    problems.push({ at: sourced?.at, text: `${draft.name.toString()} ${text}` });
  };
  for (const { type, records } of draft.sets) {
    const first = records[0];
    const other = records.find(({ record }) => record.ttl !== first?.record.ttl);
    if (first && other) add(other, `${formatType(type)} has TTLs ${first.record.ttl} and ${other.record.ttl}: one RRset has one TTL (RFC 2181 §5.2)`);
  }
  const aliases = draft.get(TYPE.CNAME);
  if (aliases.length > 1) add(aliases[1], `has ${aliases.length} CNAME records: an alias has one (RFC 2181 §10.1)`);
  const besides = aliases.length > 0 ? draft.sets.map(({ type }) => type).filter((type) => type !== TYPE.CNAME && !BESIDE_CNAME.has(type)) : [];
  if (besides.length > 0) {
    add(aliases[0], `has a CNAME and ${besides.map(formatType).join(', ')}: an alias has nothing else (RFC 1034 §3.6.2)`);
  }

  const soas = draft.get(TYPE.SOA);
  if (draft.name.equals(apex)) {
    if (soas.length > 1) add(soas[1], `has ${soas.length} SOA records: a zone has one (RFC 1035 §5.2)`);
    if (draft.get(TYPE.NS).length === 0) add(soas[0], 'has no NS record: a zone names its servers at its apex (RFC 1034 §4.2.1)');
  } else if (soas.length > 0) {
    add(soas[0], `has a SOA record and isn't the apex ${apex.toString()}: one file, one zone (RFC 1035 §5.2)`);
  }
  const nameservers = draft.get(TYPE.NS);
  if (nameservers.length > 0 && isWildcard(draft.name)) {
    add(nameservers[0], 'delegates by a wildcard, which has no meaning (RFC 4592 §4.2)');
  }
  return problems;
}

/** The rules that hold between a record and the name it points at. */
export function checkDelegations(zone: Zone, draft: NodeDraft): readonly ZoneProblem[] {
  const problems: ZoneProblem[] = [];
  for (const { type, records } of draft.sets) {
    if (type !== TYPE.NS && type !== TYPE.MX && type !== TYPE.SRV) continue;
    for (const { record, at } of records) {
      const text = complain(zone, record);
      if (text !== undefined) problems.push({ at, text });
    }
  }
  return problems;
}

function complain(zone: Zone, record: ResourceRecord): string | undefined {
  const target = targetsOf([record])[0];
  // RFC 2782, RFC 7505: a target "." says that there is no such service.
  if (!target || target.labelCount === 0 || !target.isAtOrBelow(zone.apex)) return undefined;
  const what = (why: string): string => `${record.name.toString()} ${formatType(record.type)} points at ${target.toString()}, ${why}`;
  const found = lookupZone(zone, target, TYPE.A);
  if (found.kind === 'cname') return what('which is an alias (RFC 2181 §10.3)');
  if (record.type !== TYPE.NS || found.kind === 'answer' || addressesAt(zone, target).length > 0) return undefined;
  if (found.kind === 'referral') {
    // A server within the zone that it serves can't be found without glue; within a sibling zone it can.
    return found.rrset.name.equals(record.name) ? what('which has no address here: a delegation needs glue (RFC 1034 §4.2.1)') : undefined;
  }
  return lookupZone(zone, target, TYPE.AAAA).kind === 'answer' ? undefined : what('which has no address in this zone');
}

function isWildcard(name: Name): boolean {
  const first = name.labels()[0];
  return first?.length === 1 && first[0] === 0x2a;
}
