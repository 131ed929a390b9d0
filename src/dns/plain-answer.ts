// The answer to the plainest of questions, straight from a zone's octets: a name that is there, a type
// whose data names no other name. A million names are as quick as four, whichever is asked for.

import { CLASS, TYPE, type DnsMessage } from '../net/dns/message.js';
import type { OrdinaryQuery } from '../net/dns/ordinary.js';
import { OctetAnswer } from '../net/dns/shared.js';
import { decodeMessage } from '../net/dns/wire.js';
import { withOptions, type Answer } from './answerer.js';
import type { ZoneSet } from './authoritative.js';
import { ZoneStore } from './zone-store.js';

/** No name in their data could be compressed, and no other record goes along with them. */
const PLAIN: ReadonlySet<number> = new Set<number>([TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.CAA, TYPE.TLSA, TYPE.SSHFP]);
/** Larger sets may have to be cut, and are answered in the usual way. */
const MOST_RECORDS = 16;
const FIXED_OCTETS = 12;
/** RFC 2181 §8. */
const MAX_TTL = 0x7fff_ffff;
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
    if (node === 0) return undefined;
    // RFC 2181 §5.2.
    let ttl = MAX_TTL;
    let size = query.questionEnd;
    let count = 0;
    for (let record = store.first(node); record !== 0; record = store.next(record)) {
      if (store.typeOf(record) !== type) continue;
      ttl = Math.min(ttl, store.ttlOf(record));
      size += FIXED_OCTETS + store.lengthOf(record);
      count += 1;
    }
    if (count === 0 || count > MOST_RECORDS) return undefined;
    return withOptions({ message: new PlainAnswer({ store, query, node, ttl, size, count }), plain: true, cached: false }, undefined);
  };
}

/** Records as they lie in the store. They are written, or read, when somebody looks. */
class PlainAnswer extends OctetAnswer {
  protected readonly size: number;
  readonly #store: ZoneStore;
  readonly #query: OrdinaryQuery;
  readonly #node: number;
  readonly #ttl: number;
  readonly #count: number;

  constructor({ store, query, node, ttl, size, count }: { readonly store: ZoneStore; readonly query: OrdinaryQuery; readonly node: number; readonly ttl: number; readonly size: number; readonly count: number }) {
    super();
    this.size = size;
    this.#store = store;
    this.#query = query;
    this.#node = node;
    this.#ttl = ttl;
    this.#count = count;
  }

  get message(): DnsMessage {
    const { octets: asked, questionEnd } = this.#query;
    const octets = new Uint8Array(this.size);
    octets.set(asked.subarray(0, questionEnd));
    this.write(octets, this.#query);
    const decoded = decodeMessage(octets);
    if (decoded.kind !== 'message') throw new Error('an answer of ours that cannot be decoded');
    return decoded.message;
  }

  protected write(octets: Uint8Array, { type, questionEnd }: OrdinaryQuery): void {
    const store = this.#store;
    const ttl = this.#ttl;
    octets[2] = 0x84; // QR, AA
    octets[3] = 0;
    octets[4] = 0;
    octets[5] = 1;
    octets[6] = 0;
    octets[7] = this.#count;
    for (let at = 8; at < 12; at += 1) octets[at] = 0;
    let at = questionEnd;
    for (let record = store.first(this.#node); record !== 0; record = store.next(record)) {
      if (store.typeOf(record) !== type) continue;
      const length = store.lengthOf(record);
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
      octets[at + 10] = length >>> 8;
      octets[at + 11] = length;
      at = store.copyData(record, octets, at + FIXED_OCTETS);
    }
  }
}
