// An authoritative server (RFC 1034 §4.3.2): answers from its own zones and from nowhere else.

import { createResponse } from '../net/dns/build.js';
import { RCODE, TYPE, type DnsQuery, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { refusePolicy, type Answer } from './answerer.js';
import { lookupZone, negativeSoa, recordsOf, targetsOf, type RRset, type Zone, type ZoneAnswer } from './zone.js';

/** The zones of one authority, found by the name of a question. */
export interface ZoneSet {
  readonly zones: readonly Zone[];
  /** The zone nearest to the name; undefined: the name is in none of them. */
  find(name: Name): Zone | undefined;
}

export function createZoneSet(zones: readonly Zone[]): ZoneSet {
  const byApex = new Map(zones.map((zone) => [zone.apex.key, zone]));
  return {
    zones,
    find: (name) => {
      for (let at: Name | undefined = name; at; at = at.parent()) {
        const zone = byApex.get(at.key);
        if (zone) return zone;
      }
      return undefined;
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
}

/** The answer to an ordinary question; follows aliases within these zones, `maxChain` of them at most. */
export function answerFromZones(set: ZoneSet, query: DnsQuery, maxChain: number): Answer {
  const { question } = query;
  const first = set.find(question.name);
  if (!first) return refusePolicy(query, `not an authority for ${question.name.toString()}`);

  const draft: Draft = { answers: [], authorities: [], additionals: [], rcode: RCODE.NOERROR, authoritative: true };
  const seen = new Set<string>();
  let name = question.name;
  let zone: Zone | undefined = first;
  // RFC 1034 §4.3.2 step 3a: an alias begins the search anew. In a loop, or at the limit, what was
  // found is the answer, and whoever asked goes on from there.
  while (zone && !seen.has(name.key) && seen.size <= maxChain) {
    seen.add(name.key);
    const found: ZoneAnswer = lookupZone(zone, name, question.type);
    if (found.kind !== 'cname') {
      conclude(draft, set, zone, found);
      break;
    }
    draft.answers.push(...recordsOf(found.rrset));
    name = found.target;
    const next = set.find(name);
    if (!next) handAlong(draft, zone, name);
    zone = next;
  }
  return { message: createResponse(query.message, draft), cached: false };
}

function conclude(draft: Draft, set: ZoneSet, zone: Zone, found: Exclude<ZoneAnswer, { kind: 'cname' }>): void {
  switch (found.kind) {
    case 'answer':
      draft.answers.push(...recordsOf(found.rrset));
      draft.additionals.push(...addressesOf(set, found.rrset, draft.answers));
      break;
    case 'referral':
      // RFC 1035 §4.1.1: AA is about the first owner name of the answer section.
      draft.authoritative = draft.answers.length > 0;
      draft.authorities.push(...found.rrset.records);
      draft.additionals.push(...found.glue.flatMap((glue) => glue.records));
      break;
    case 'nxdomain':
      // RFC 6604 §3: the rcode is about the last name of the chain.
      draft.rcode = RCODE.NXDOMAIN;
      draft.authorities.push(negativeSoa(zone));
      break;
    case 'nodata':
      draft.authorities.push(negativeSoa(zone));
      break;
  }
}

/** RFC 1034 §4.3.2 step 6, RFC 2782: the addresses of the hosts that the answer names, as far as these zones know them. */
function addressesOf(set: ZoneSet, rrset: RRset, answers: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const chosen = answers.filter(({ type }) => type === rrset.type);
  const targets = new Map(targetsOf(chosen).map((target) => [target.key, target]));
  return [...targets.values()].flatMap((target) => {
    const zone = set.find(target);
    if (!zone) return [];
    return [TYPE.A, TYPE.AAAA].flatMap((type) => {
      const found = lookupZone(zone, target, type);
      return found.kind === 'answer' ? recordsOf(found.rrset) : [];
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
