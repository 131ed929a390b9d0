// What a zone must not say: the rules that hold between the records of one zone. Each complaint
// names its rule. Where the rule says itself what is to be made of a zone that breaks it, or where only
// those are hurt who look for what is broken, the complaint is a warning, and the zone is served.

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
  const add = (sourced: SourcedRecord | undefined, text: string): void => void problems.push({ at: sourced?.at, text: `${draft.name.toString()} ${text}` });
  const warn = (sourced: SourcedRecord | undefined, text: string): void => void problems.push({ at: sourced?.at, text: `${draft.name.toString()} ${text}`, warning: true });
  for (const { type, records } of draft.sets) {
    const ttl = ttlOf(type, records);
    const other = records.find(({ record }) => ttl !== undefined && record.ttl !== ttl);
    if (other) warn(other, `${formatType(type)} has TTLs ${ttl} and ${other.record.ttl}: one RRset has one TTL, and is served with the least (RFC 2181 §5.2)`);
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
    const [key] = draft.get(TYPE.DNSKEY);
    if (key) warn(key, 'has a DNSKEY: the zone is signed, but no signatures go along with answers from here, and who validates them will not take them (RFC 4035 §3.1)');
    if (draft.get(TYPE.NS).length === 0) warn(soas[0], 'has no NS record: a zone names its servers at its apex (RFC 1034 §4.2.1)');
  } else if (soas.length > 0) {
    add(soas[0], `has a SOA record and isn't the apex ${apex.toString()}: one file, one zone (RFC 1035 §5.2)`);
  }
  const nameservers = draft.get(TYPE.NS);
  if (nameservers.length > 0 && isWildcard(draft.name)) {
    warn(nameservers[0], 'delegates by a wildcard, which has no meaning (RFC 4592 §4.2)');
  }
  const redirections = draft.get(TYPE.DNAME);
  if (redirections.length > 1) add(redirections[1], `has ${redirections.length} DNAME records: a name has one (RFC 6672 §2.4)`);
  if (redirections.length > 0 && isWildcard(draft.name)) warn(redirections[0], 'redirects by a wildcard, which has no settled meaning (RFC 6672 §3.3)');
  if (redirections.length > 0 && nameservers.length > 0 && !draft.name.equals(apex)) {
    warn(redirections[0], 'has DNAME and NS: the delegation hides the redirection, which belongs into the zone below (RFC 6672 §2.3)');
  }
  return problems;
}

/** The TTL of the RRset that these records make: the least (RFC 2181 §5.2); undefined: each keeps its own, that of what it signs (RFC 4034 §3). */
function ttlOf(type: number, records: readonly SourcedRecord[]): number | undefined {
  return type === TYPE.RRSIG ? undefined : records.reduce((least, { record }) => Math.min(least, record.ttl), Infinity);
}

/** RFC 6672 §2.4: a name below a DNAME has no records; a server may refuse a zone in which it has. */
export function checkRedirections(drafts: { has(key: string, type: number): boolean }, draft: NodeDraft, apex: Name): readonly ZoneProblem[] {
  if (draft.sets.length === 0) return [];
  for (let above = draft.name.parent(); above?.isAtOrBelow(apex) === true; above = above.parent()) {
    if (drafts.has(above.key, TYPE.DNAME)) {
      return [{ at: draft.sets[0]?.records[0]?.at, text: `${draft.name.toString()} lies below the DNAME of ${above.toString()}: what is below one is elsewhere (RFC 6672 §2.4)` }];
    }
  }
  return [];
}

/** The rules that hold between a record and the name it points at; who breaks one hurts those alone that follow it. */
export function checkDelegations(zone: Zone, draft: NodeDraft): readonly ZoneProblem[] {
  const problems: ZoneProblem[] = [];
  for (const { type, records } of draft.sets) {
    if (type !== TYPE.NS && type !== TYPE.MX && type !== TYPE.SRV) continue;
    for (const { record, at } of records) {
      const text = complain(zone, record);
      if (text !== undefined) problems.push({ at, text, warning: true });
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
  if (found.kind === 'cname' || found.kind === 'dname') return what('which is an alias (RFC 2181 §10.3)');
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
