// The answer to the plainest of questions, straight from a zone's octets: a name that is there, a type
// whose data names no other name. A million names are as quick as four, whichever is asked for.

import { CLASS, TYPE } from '../net/dns/message.js';
import type { OrdinaryQuery } from '../net/dns/ordinary.js';
import { createAnswerOctets, SharedAnswer } from '../net/dns/shared.js';
import type { Answer } from './answerer.js';
import type { ZoneSet } from './authoritative.js';
import { ZoneStore } from './zone-store.js';

/** No name in their data could be compressed, and no other record goes along with them. */
const PLAIN: ReadonlySet<number> = new Set<number>([TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.CAA, TYPE.TLSA, TYPE.SSHFP]);
/** Larger sets may have to be cut, and are answered in the usual way. */
const MOST_RECORDS = 16;
const FIXED_OCTETS = 12;
/** The answers of a smaller zone are all kept in the table of recall-table.ts, which is quicker still. */
const LEAST_NAMES = 8192;

/** undefined: the usual way has the answer. */
export type PlainAnswerer = (query: OrdinaryQuery) => Answer | undefined;

/** For these zones as they are now; undefined where they are few, delegated, redirected or routed, or are of more than one zone. */
export function createPlainAnswerer(set: ZoneSet): PlainAnswerer | undefined {
  const [zone, ...others] = set.zones;
  const store = zone?.nodes;
  if (others.length > 0 || !(store instanceof ZoneStore) || store.size < LEAST_NAMES || store.hasDelegations || store.hasChoices) return undefined;
  return (query) => {
    const { type } = query;
    if (!PLAIN.has(type) || query.class !== CLASS.IN) return undefined;
    const node = store.findAsked(query);
    const records = node < 0 ? undefined : store.locate(node, type, MOST_RECORDS);
    if (!records) return undefined;
    // RFC 2181 §5.2.
    let ttl = Infinity;
    let size = 0;
    for (const record of records) {
      ttl = Math.min(ttl, record.ttl);
      size += FIXED_OCTETS + record.end - record.start;
    }
    const octets = createAnswerOctets(query, records.length, size);
    let at = query.questionEnd;
    for (const { start, end } of records) {
      // The owner is the name in the question (RFC 1035 §4.1.4).
      octets[at] = 0xc0;
      octets[at + 1] = 12;
      octets[at + 2] = type >>> 8;
      octets[at + 3] = type;
      octets[at + 4] = 0;
      octets[at + 5] = CLASS.IN;
      octets[at + 6] = ttl >>> 24;
      octets[at + 7] = ttl >>> 16;
      octets[at + 8] = ttl >>> 8;
      octets[at + 9] = ttl;
      octets[at + 10] = (end - start) >>> 8;
      octets[at + 11] = end - start;
      at += FIXED_OCTETS;
      for (let from = start; from < end; from += 1) octets[at++] = store.octets[from] as number;
    }
    const shared = new SharedAnswer(octets);
    return {
      // What few look at is made for them: the transcript while it tells, the rate limit of whom it limits.
      get message() {
        return shared.message;
      },
      get kind() {
        return `${type} ${query.question.name.key}`;
      },
      shared,
      cached: false,
      wildcard: undefined,
    };
  };
}
