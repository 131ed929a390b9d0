// Transaction signatures (RFC 8945), as far as a server without a key has to do with them: it says which
// key it doesn't know.

import { CLASS, RCODE, TYPE, type DnsMessage, type ResourceRecord } from './message.js';
import type { Name } from './name.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** §3: of the TSIG record, not of the message. */
const BADKEY = 17;

/** §4.2, in its order. */
interface Tsig {
  readonly algorithm: Name;
  /** 48 bits of seconds since 1970, then 16 of fudge, as they came. */
  readonly times: Uint8Array;
  readonly originalId: number;
}

/**
 * What a query with a TSIG record is answered with: NOTAUTH, and the record with BADKEY in it (§5.2.1);
 * FORMERR for a record that can't be read, or isn't the last, or isn't alone (§5.2). undefined: the query has none.
 */
export function refuseSigned(query: DnsMessage): Partial<DnsMessage> | undefined {
  const isTsig = ({ type }: ResourceRecord): boolean => type === TYPE.TSIG;
  const found = query.additionals.filter(isTsig);
  const elsewhere = query.answers.some(isTsig) || query.authorities.some(isTsig);
  const [record] = found;
  if (!record && !elsewhere) return undefined;
  const tsig = record && found.length === 1 && !elsewhere && query.additionals.at(-1) === record ? decodeTsig(record) : undefined;
  if (!record || !tsig) return { rcode: RCODE.FORMERR };
  return { rcode: RCODE.NOTAUTH, additionals: [{ ...record, ttl: 0, data: { kind: 'unknown', octets: encodeUnsigned(tsig) } }] };
}

function decodeTsig({ class: rrClass, ttl, data }: ResourceRecord): Tsig | undefined {
  // §4.2: of class ANY, TTL 0.
  if (data.kind !== 'unknown' || rrClass !== CLASS.ANY || ttl !== 0) return undefined;
  const reader = new Reader(data.octets, 0, Infinity);
  const algorithm = reader.name('plain');
  const times = reader.take(8);
  reader.skip(reader.u16());
  const originalId = reader.u16();
  reader.u16();
  reader.skip(reader.u16());
  return reader.failure === undefined && reader.left === 0 ? { algorithm, times, originalId } : undefined;
}

/** §5.3.2: an error about a key is not signed, its MAC is empty. */
function encodeUnsigned({ algorithm, times, originalId }: Tsig): Uint8Array {
  const writer = new Writer(1024, 'plain');
  writer.name(algorithm, 'plain');
  writer.bytes(times);
  writer.u16(0);
  writer.u16(originalId);
  writer.u16(BADKEY);
  writer.u16(0);
  return writer.finish();
}
