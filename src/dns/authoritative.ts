// An authoritative server (RFC 1034 §4.3.2): answers from its own zones and from nowhere else.

import { createResponse } from '../net/dns/build.js';
import { EXTENDED_ERROR, OPTION, decodeClientSubnet, encodeClientSubnet, findOption, type ClientSubnet } from '../net/dns/edns.js';
import { RCODE, TYPE, type DnsQuery, type EdnsOption, type Peer, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { refuse, refuseExplained, type Answer } from './answerer.js';
import type { Asker, Selection, SelectRecords } from './select.js';
import { addressesAt, DS, lookupZone, negativeSoa, selectRecords, targetsOf, type RRset, type Zone, type ZoneAnswer } from './zone.js';

/** The zones of one authority, found by the name of a question. */
export interface ZoneSet {
  readonly zones: readonly Zone[];
  /** The zone that a question of this type is about; undefined: the name is in none of them. */
  find(name: Name, type: number): Zone | undefined;
  /** From now on this zone is served in place of the one with its apex: each answer is made from the one or the other. */
  swap(zone: Zone): void;
  /** Another number after each swap. */
  readonly revision: number;
}

export function createZoneSet(zones: readonly Zone[]): ZoneSet {
  const byApex = new Map(zones.map((zone) => [zone.apex.key, zone]));
  let revision = 0;
  const findNearest = (name: Name): Zone | undefined => {
    for (let at: Name | undefined = name; at; at = at.parent()) {
      const zone = byApex.get(at.key);
      if (zone) return zone;
    }
    return undefined;
  };
  return {
    get zones() {
      return [...byApex.values()];
    },
    get revision() {
      return revision;
    },
    swap: (zone) => {
      byApex.set(zone.apex.key, zone);
      revision += 1;
    },
    find: (name, type) => {
      const nearest = findNearest(name);
      // RFC 4035 §3.1.4.1: DS belongs to the parent's side of a cut, if the parent is served here too.
      if (type !== DS || nearest?.apex.key !== name.key) return nearest;
      const parent = name.parent();
      return (parent && findNearest(parent)) ?? nearest;
    },
  };
}

/** The sections in the making. */
interface Draft {
  readonly answers: ResourceRecord[];
  readonly authorities: ResourceRecord[];
  readonly additionals: ResourceRecord[];
  rcode: number;
  authoritative: boolean;
  /** Bits of the asker's address that took part in the answer. */
  scope: number;
  /** The RRsets of which it has a selection; `picks` is absent for one that gave none. */
  readonly choices: { readonly select: SelectRecords; readonly picks: readonly number[] | undefined }[];
}

/**
 * The answer to an ordinary question; follows aliases within these zones, `maxChain` of them at most.
 * `decided`: which records its one choice gives, where that has been asked already.
 */
export function answerFromZones(set: ZoneSet, query: DnsQuery, peer: Peer, maxChain: number, decided?: Selection): Answer {
  const { question } = query;
  const option = findOption(query.message.edns, OPTION.CLIENT_SUBNET);
  const subnet = option && decodeClientSubnet(option);
  // RFC 7871 §7.2.1: an option that breaks its own format is a FORMERR.
  if (option && !subnet) return refuse(query, RCODE.FORMERR, 'the client subnet is malformed');
  const asker: Asker = { peer: peer.remote.address, subnet, decided };
  const first = set.find(question.name, question.type);
  // RFC 8914 §4.21.
  if (!first) return refuseExplained(query, RCODE.REFUSED, EXTENDED_ERROR.NOT_AUTHORITATIVE, `not an authority for ${question.name.toString()}`);

  const draft: Draft = { answers: [], authorities: [], additionals: [], rcode: RCODE.NOERROR, authoritative: true, scope: 0, choices: [] };
  const seen = new Set<string>();
  let name = question.name;
  let zone: Zone | undefined = first;
  let wildcard: Name | undefined;
  // RFC 1034 §4.3.2 step 3a: an alias begins the search anew. In a loop, or at the limit, what was
  // found is the answer, and whoever asked goes on from there.
  while (zone && !seen.has(name.key) && seen.size <= maxChain) {
    seen.add(name.key);
    const found: ZoneAnswer = lookupZone(zone, name, question.type);
    // The first name is the one that whoever asks can make up.
    if ((found.kind === 'answer' || found.kind === 'cname') && seen.size === 1) wildcard = found.wildcard;
    const alias = give(draft, set, zone, found, asker);
    // RFC 1034 §3.6.2: who asks for an alias has it, also when a redirection made it.
    if (!alias || question.type === TYPE.CNAME) break;
    name = alias;
    const next = set.find(name, question.type);
    if (!next) handAlong(draft, zone, name);
    zone = next;
  }
  const { scope, choices, ...sections } = draft;
  const [choice] = choices;
  return {
    message: createResponse(query.message, sections),
    ...(subnet && { options: [tellScope(subnet, scope)] }),
    cached: false,
    wildcard,
    // What depends on two choices, or on a store's failure, is made anew each time.
    ...(choices.length === 0 ? { reuse: {} } : choices.length === 1 && choice?.picks && { reuse: { choice: { select: choice.select, picks: choice.picks } } }),
  };
}

/** RFC 7871 §7.2.1: the subnet as it came, and how much of it the answer depends on; 0 is said, too. */
export function tellScope(subnet: ClientSubnet, scope: number): EdnsOption {
  const bits = subnet.sourcePrefixLength === 0 ? 0 : Math.min(scope, subnet.address.length * 8);
  return encodeClientSubnet(subnet, bits);
}

/** What was found is in the answer then. Of an alias or a redirection: the name where the search goes on. */
function give(draft: Draft, set: ZoneSet, zone: Zone, found: ZoneAnswer, asker: Asker): Name | undefined {
  switch (found.kind) {
    case 'cname':
      draft.answers.push(...found.rrset.records);
      return found.target;
    case 'dname':
      // A chain may come by the same redirection again.
      draft.answers.push(...found.rrset.records.filter(({ name }) => !draft.answers.some((given) => given.type === TYPE.DNAME && given.name.equals(name))));
      // RFC 6672 §2.2: what the name would become is too long for a name.
      if (!found.alias) draft.rcode = RCODE.YXDOMAIN;
      else draft.answers.push(found.alias.record);
      return found.alias?.target;
    case 'answer':
      giveSelected(draft, set, zone, found.rrset, asker);
      return undefined;
    case 'referral':
      // RFC 1035 §4.1.1: AA is about the first owner name of the answer section.
      draft.authoritative = draft.answers.length > 0;
      draft.authorities.push(...found.rrset.records);
      draft.additionals.push(...found.glue.flatMap((glue) => glue.records));
      return undefined;
    case 'nxdomain':
      // RFC 6604 §3: the rcode is about the last name of the chain.
      draft.rcode = RCODE.NXDOMAIN;
      draft.authorities.push(negativeSoa(zone));
      return undefined;
    case 'nodata':
      draft.authorities.push(negativeSoa(zone));
      return undefined;
  }
}

/** An RRset that is routed gives some of its records, none, or a failure. */
function giveSelected(draft: Draft, set: ZoneSet, zone: Zone, rrset: RRset, asker: Asker): void {
  const selected = selectRecords(rrset, asker);
  if (rrset.select) draft.choices.push({ select: rrset.select, picks: selected.kind === 'records' ? selected.picks : undefined });
  switch (selected.kind) {
    case 'records':
      draft.answers.push(...selected.records);
      draft.scope = Math.max(draft.scope, selected.scope);
      draft.additionals.push(...addressesOf(draft, set, rrset, asker));
      break;
    case 'nodata':
      draft.authorities.push(negativeSoa(zone));
      break;
    case 'servfail':
      draft.rcode = RCODE.SERVFAIL;
      draft.authoritative = false;
      break;
  }
}

/** RFC 1034 §4.3.2 step 6, RFC 2782: the addresses of the hosts that the answer names, as far as these zones know them. */
function addressesOf(draft: Draft, set: ZoneSet, rrset: RRset, asker: Asker): readonly ResourceRecord[] {
  const chosen = draft.answers.filter(({ type }) => type === rrset.type);
  const targets = new Map(targetsOf(chosen).map((target) => [target.key, target]));
  return [...targets.values()].flatMap((target) => {
    const zone = set.find(target, TYPE.A);
    if (!zone) return [];
    return [TYPE.A, TYPE.AAAA].flatMap((type) => {
      const found = lookupZone(zone, target, type);
      // Below a cut it is glue: not authoritative, and what a client without it would have to ask for.
      if (found.kind === 'referral') return addressesAt(zone, target).flatMap((glue) => (glue.type === type ? glue.records : []));
      // A choice of its own, also beside one that has been made.
      const selected = found.kind === 'answer' ? selectRecords(found.rrset, { ...asker, decided: undefined }) : undefined;
      if (found.kind === 'answer' && found.rrset.select) draft.choices.push({ select: found.rrset.select, picks: undefined });
      return selected?.kind === 'records' ? selected.records : [];
    });
  });
}

/** Records of the zone that an alias leads into: a courtesy, as once was the custom (RFC 1034 §4.3.2 step 3b by configuration). */
function handAlong(draft: Draft, zone: Zone, target: Name): void {
  const courtesy = zone.courtesies.find((entry) => target.isAtOrBelow(entry.zone));
  if (!courtesy) return;
  draft.authorities.push(...courtesy.nameservers);
  draft.additionals.push(...courtesy.addresses);
}
