// What the local DNS believes of a reply (RFC 5452 §6, RFC 2181 §5.4.1): the records of
// the chain that begins at the question, as far as they lie within the zone that was asked. Pure.

import { CLASS, RCODE, TYPE, type DnsMessage, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatRcode } from '../net/dns/text.js';
import type { Delegation } from './delegation.js';

/** The zone whose authority replies, and which names it may speak of. */
export interface Bailiwick {
  readonly apex: Name;
  /** A resolver replies, and not an authority: with RA=1 in place of AA=1, and without referrals. */
  readonly forwarded: boolean;
  owns(name: Name): boolean;
}

interface Believed {
  /** The CNAME records followed, in order. */
  readonly chain: readonly ResourceRecord[];
  /** Where the chain led: what the rest of the reading is about. */
  readonly name: Name;
}

export type Reading =
  | (Believed & { readonly kind: 'answer'; readonly records: readonly ResourceRecord[] })
  /** The chain goes on at `name`, and its own authority must be asked. */
  | (Believed & { readonly kind: 'alias' })
  /** Without a SOA record not to be remembered (RFC 2308 §5). */
  | (Believed & { readonly kind: 'nodata' | 'nxdomain'; readonly soa: ResourceRecord | undefined })
  /** Servers of a zone below know. */
  | (Believed & { readonly kind: 'referral'; readonly delegation: Delegation })
  /** Not an answer to build on. `why` ends a sentence that begins with the authority's name. */
  | { readonly kind: 'unusable'; readonly why: string };

export interface Reply {
  readonly reading: Reading;
  /** Records that nobody asked for or that this authority may not speak of. */
  readonly ignored: readonly ResourceRecord[];
}

/** In a reply of 64 KiB there is room for 5,000; to read, keep and pass on that many would hold up everybody's questions. */
const MAX_RECORDS = 1000;

/** undefined: it has no more records than are taken. */
export function findOverfull({ answers, authorities, additionals }: DnsMessage): Reply | undefined {
  const count = answers.length + authorities.length + additionals.length;
  return count > MAX_RECORDS ? { reading: unusable(`answered with ${count} records, and ${MAX_RECORDS} are the most that are taken`), ignored: [] } : undefined;
}

export function readReply(message: DnsMessage, question: { readonly name: Name; readonly type: number }, zone: Bailiwick): Reply {
  const reading = read(message, question, zone);
  const believed = new Set<ResourceRecord>(reading.kind === 'unusable' ? [] : reading.chain);
  if (reading.kind === 'answer') for (const record of reading.records) believed.add(record);
  const strange = (record: ResourceRecord): boolean => record.class !== CLASS.IN || !zone.owns(record.name);
  return {
    reading,
    ignored: [...message.answers.filter((record) => !believed.has(record)), ...message.authorities.filter(strange), ...message.additionals.filter(strange)],
  };
}

function read(message: DnsMessage, question: { readonly name: Name; readonly type: number }, zone: Bailiwick): Reading {
  if (message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN) return unusable(`answered ${formatRcode(message.rcode)}`);

  if (zone.forwarded && !message.recursionAvailable) return unusable('offers no recursion (RA=0)');
  const chain: ResourceRecord[] = [];
  const seen = new Set<string>();
  let name = question.name;
  for (;;) {
    const owned = message.answers.filter((record) => record.class === CLASS.IN && record.name.equals(name));
    const records = owned.filter(({ type }) => type === question.type || question.type === TYPE.ANY);
    if (records.length > 0) return isCompetent(message, zone) ? { kind: 'answer', chain, name, records } : LAME;
    const aliases = owned.filter(({ type }) => type === TYPE.CNAME);
    const alias = aliases[0] ?? redirected(message, zone, name);
    if (alias?.data.kind !== 'CNAME') break;
    if (!isCompetent(message, zone)) return LAME;
    // RFC 2181 §10.1: an alias has one CNAME record.
    if (aliases.length > 1) return unusable(`answered with ${aliases.length} CNAME records of ${name.toString()}`);
    seen.add(name.key);
    chain.push(alias);
    name = alias.data.target;
    if (seen.has(name.key)) return unusable(`answered with aliases that lead back to ${name.toString()}`);
    // What follows about a name of another zone is hearsay, the rcode included.
    if (!zone.owns(name)) return { kind: 'alias', chain, name };
  }
  return readNegative(message, zone, { chain, name });
}

/** RFC 6672 §3.4: the alias that a DNAME record above the name makes, where whoever sent it has left the alias out. */
function redirected({ answers }: DnsMessage, zone: Bailiwick, name: Name): ResourceRecord | undefined {
  const above = answers.find((record) => record.type === TYPE.DNAME && record.class === CLASS.IN && zone.owns(record.name) && !record.name.equals(name) && name.isAtOrBelow(record.name));
  const target = above?.data.kind === 'DNAME' ? name.moved(above.name, above.data.target) : undefined;
  return above && target && { name, type: TYPE.CNAME, class: CLASS.IN, ttl: above.ttl, data: { kind: 'CNAME', target } };
}

const LAME: Reading = { kind: 'unusable', why: 'answered without authority (AA=0)' };

function isCompetent(message: DnsMessage, zone: Bailiwick): boolean {
  return message.authoritative || zone.forwarded;
}

function readNegative(message: DnsMessage, zone: Bailiwick, believed: Believed): Reading {
  const { name, chain } = believed;
  // RFC 1035 §4.1.3: it answers a question of another class, and so says nothing about this one, not even that there is no data.
  if (message.answers.some((record) => record.class !== CLASS.IN)) return unusable('answered with records of another class than IN');
  const about = (record: ResourceRecord): boolean => record.class === CLASS.IN && name.isAtOrBelow(record.name) && record.name.isAtOrBelow(zone.apex);
  const soa = message.authorities.find((record) => record.type === TYPE.SOA && about(record));
  const competent = isCompetent(message, zone);
  if (message.rcode === RCODE.NXDOMAIN) return competent ? { ...believed, kind: 'nxdomain', soa } : LAME;
  if (soa) return competent ? { ...believed, kind: 'nodata', soa } : LAME;

  // RFC 2308 §2.2: NS records without SOA, below the zone asked, are a referral.
  const nameservers = message.authorities.filter((record) => record.type === TYPE.NS && about(record) && !record.name.equals(zone.apex));
  const [first] = nameservers;
  if (first && !zone.forwarded) {
    const cut = nameservers.filter((record) => record.name.equals(first.name));
    return { ...believed, kind: 'referral', delegation: { zone: first.name, nameservers: cut, glue: glueOf(message, zone, cut) } };
  }
  if (!competent) return LAME;
  return chain.length > 0 ? { ...believed, kind: 'alias' } : { ...believed, kind: 'nodata', soa: undefined };
}

/** The addresses that the authority may give: those of servers within its own zone (RFC 5452 §6). */
function glueOf(message: DnsMessage, zone: Bailiwick, nameservers: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const targets = new Set(nameservers.flatMap(({ data }) => (data.kind === 'NS' ? [data.target.key] : [])));
  return message.additionals.filter(({ name, class: rrClass, type }) => (type === TYPE.A || type === TYPE.AAAA) && rrClass === CLASS.IN && zone.owns(name) && targets.has(name.key));
}

function unusable(why: string): Reading {
  return { kind: 'unusable', why };
}
