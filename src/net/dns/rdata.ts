// RDATA, one line a type: its fields in the order of the wire and of a master file. What isn't in
// the table is carried as octets (RFC 3597).

import { formatHex, parseHex } from './base-text.js';
import { COMPRESSED_NAME, IPV4, IPV6, LENIENT_NAME, PLAIN_NAME, SECONDS, STRING, STRINGS, Tokens, U16, U32, U8, type Field, type Token } from './fields.js';
import { ALGORITHM, BASE64, HASHED_OWNER, HEX, LONG_STRING, SALT, TAG, TIME, TYPE_CODE, TYPES } from './fields-dnssec.js';
import { SVC_PARAMS } from './fields-svcb.js';
import { CLASS, TYPE, type RData } from './message.js';
import type { Name } from './name.js';
import { Reader } from './reader.js';
import { MAX_MESSAGE_OCTETS, Writer } from './writer.js';

type Kind = Exclude<RData['kind'], 'unknown'>;
type Of<K extends Kind, D = RData> = D extends { readonly kind: infer Kinds } ? (K extends Kinds ? D : never) : never;
type Fields<K extends Kind> = { readonly [F in Exclude<keyof Of<K>, 'kind'>]: Field<Of<K>[F]> };

interface Row {
  readonly kind: Kind;
  /** Without one the type means the same in every class. */
  readonly onlyClass: number | undefined;
  readonly fields: readonly (readonly [name: string, field: Field<unknown>])[];
}

function row<K extends Kind>(kind: K, fields: Fields<K>, onlyClass?: number): readonly [number, Row] {
  // The type of `fields` has seen to it that each field stands under its own value's name.
  return [TYPE[kind], { kind, onlyClass, fields: Object.entries(fields) as unknown as Row['fields'] }];
}

const SOA_FIELDS: Fields<'SOA'> = {
  mname: COMPRESSED_NAME, rname: COMPRESSED_NAME, serial: U32, refresh: SECONDS, retry: SECONDS, expire: SECONDS, minimum: SECONDS,
};

const DS_FIELDS: Fields<'DS'> = { keyTag: U16, algorithm: ALGORITHM, digestType: U8, digest: HEX };
const DNSKEY_FIELDS: Fields<'DNSKEY'> = { flags: U16, protocol: U8, algorithm: ALGORITHM, publicKey: BASE64 };
const RRSIG_FIELDS: Fields<'RRSIG'> = {
  typeCovered: TYPE_CODE, algorithm: ALGORITHM, labels: U8, originalTtl: U32, expiration: TIME, inception: TIME, keyTag: U16, signer: PLAIN_NAME, signature: BASE64,
};
const NSEC3_FIELDS: Fields<'NSEC3'> = { hashAlgorithm: U8, flags: U8, iterations: U16, salt: SALT, nextHashedOwner: HASHED_OWNER, types: TYPES };
const NAPTR_FIELDS: Fields<'NAPTR'> = { order: U16, preference: U16, flags: STRING, services: STRING, regexp: STRING, replacement: LENIENT_NAME };
const SVCB_FIELDS: Fields<'SVCB'> = { priority: U16, target: PLAIN_NAME, params: SVC_PARAMS };

const ROWS: ReadonlyMap<number, Row> = new Map([
  row('A', { address: IPV4 }, CLASS.IN), // RFC 1035 §3.4.1
  row('NS', { target: COMPRESSED_NAME }), // §3.3.11
  row('CNAME', { target: COMPRESSED_NAME }), // §3.3.1
  row('SOA', SOA_FIELDS), // §3.3.13
  row('PTR', { target: COMPRESSED_NAME }), // §3.3.12
  row('MX', { preference: U16, exchange: COMPRESSED_NAME }), // §3.3.9
  row('TXT', { strings: STRINGS }), // §3.3.14
  row('AAAA', { address: IPV6 }, CLASS.IN), // RFC 3596 §2.2
  row('SRV', { priority: U16, weight: U16, port: U16, target: LENIENT_NAME }, CLASS.IN), // RFC 2782
  row('HINFO', { cpu: STRING, os: STRING }), // RFC 1035 §3.3.2
  row('NAPTR', NAPTR_FIELDS), // RFC 3403 §4.1
  row('DNAME', { target: LENIENT_NAME }), // RFC 6672 §2.1, §2.5
  row('DS', DS_FIELDS), // RFC 4034 §5
  row('CDS', DS_FIELDS), // RFC 7344 §3.1
  row('DNSKEY', DNSKEY_FIELDS), // RFC 4034 §2
  row('CDNSKEY', DNSKEY_FIELDS), // RFC 7344 §3.2
  row('RRSIG', RRSIG_FIELDS), // RFC 4034 §3
  row('NSEC', { next: PLAIN_NAME, types: TYPES }), // RFC 4034 §4
  row('NSEC3', NSEC3_FIELDS), // RFC 5155 §3
  row('NSEC3PARAM', { hashAlgorithm: U8, flags: U8, iterations: U16, salt: SALT }), // RFC 5155 §4
  row('TLSA', { usage: U8, selector: U8, matchingType: U8, certificate: HEX }), // RFC 6698 §2
  row('SSHFP', { algorithm: U8, fingerprintType: U8, fingerprint: HEX }), // RFC 4255 §3
  row('SVCB', SVCB_FIELDS, CLASS.IN), // RFC 9460 §2
  row('HTTPS', SVCB_FIELDS, CLASS.IN), // RFC 9460 §9
  row('CAA', { flags: U8, tag: TAG, value: LONG_STRING }), // RFC 8659 §4.1
  row('V', { content: PLAIN_NAME, object: STRING }, CLASS.IN), // private use, RFC 6895 §3.1
]);

function findRow(type: number, rrClass: number): Row | undefined {
  const found = ROWS.get(type);
  return found && (found.onlyClass ?? rrClass) === rrClass ? found : undefined;
}

function assemble(kind: Kind, values: Record<string, unknown>): RData {
  return Object.assign({ kind }, values) as unknown as RData;
}

/** From the reader's place to its limit, exactly; a mistake is the reader's `failure`. */
export function decodeRData(type: number, rrClass: number, reader: Reader): RData {
  const found = findRow(type, rrClass);
  if (!found) return { kind: 'unknown', octets: reader.take(reader.left) };
  const data: Record<string, unknown> = { kind: found.kind };
  for (const [name, field] of found.fields) data[name] = field.decode(reader);
  if (reader.left > 0) reader.fail(`has ${found.kind} data that goes on behind its last field`);
  return data as unknown as RData;
}

/** @throws RangeError for data that its type can't carry: a mistake of ours. */
export function encodeRData(type: number, data: RData, writer: Writer): void {
  if (data.kind === 'unknown') {
    writer.bytes(data.octets);
    return;
  }
  const found = ROWS.get(type);
  if (found?.kind !== data.kind) throw new RangeError(`a record of type ${type} cannot carry ${data.kind} data`);
  const values: Readonly<Record<string, unknown>> = data;
  for (const [name, field] of found.fields) field.encode(values[name], writer);
}

/** The fields as a master file has them; octets as `\# 4 c0000201` (RFC 3597 §5). */
export function formatRData(data: RData): string {
  if (data.kind === 'unknown') return formatOctets(data.octets);
  const values: Readonly<Record<string, unknown>> = data;
  const fields = ROWS.get(TYPE[data.kind])?.fields ?? [];
  return fields
    .map(([name, field]) => field.format(values[name]))
    .filter((text) => text !== '') // a list of nothing: no types, no parameters
    .join(' ');
}

/** Any type's data in the form that every reader knows: `\# 4 c0000201` (RFC 3597 §5). @throws RangeError as encodeRData does */
export function formatGenericRData(type: number, data: RData): string {
  // §4: its names stand whole, for there is no message that they could point into.
  const writer = new Writer(MAX_MESSAGE_OCTETS, 'plain');
  encodeRData(type, data, writer);
  return formatOctets(writer.finish());
}

function formatOctets(octets: Uint8Array): string {
  return octets.length === 0 ? '\\# 0' : `\\# ${octets.length} ${formatHex(octets)}`;
}

export type ParsedRData =
  | { readonly kind: 'data'; readonly data: RData }
  /**
   * `why` is the end of a sentence: "SOA serial: expected a whole number up to 4294967295". `index` is
   * the token it is about; their count where one is missing.
   */
  | { readonly kind: 'error'; readonly why: string; readonly index: number };

/**
 * RDATA of a master file, class IN: the type's own form, or `\# length hex` for any type (RFC 3597 §5).
 * `tokens` are what follows the type, `origin` is what relative names end in.
 */
export function parseRData(type: number, tokens: readonly Token[], origin: Name): ParsedRData {
  const found = findRow(type, CLASS.IN);
  const [first, ...rest] = tokens;
  if (first?.text === '\\#' && !first.quoted) return parseGeneric(type, rest);
  if (!found) return { kind: 'error', why: `type ${type} has no form of its own here: write its octets as \\# LENGTH HEX`, index: 0 };
  const cursor = new Tokens(tokens, origin);
  const values: Record<string, unknown> = {};
  for (const [name, field] of found.fields) {
    const value = field.parse(cursor);
    if (value === undefined) return { kind: 'error', why: `${found.kind} ${name}: expected ${field.expected}`, index: cursor.taken - 1 };
    values[name] = value;
  }
  const left = cursor.next();
  if (left) return { kind: 'error', why: `${found.kind}: nothing was expected after its last field`, index: cursor.taken - 1 };
  return { kind: 'data', data: assemble(found.kind, values) };
}

function parseGeneric(type: number, tokens: readonly Token[]): ParsedRData {
  const [length, ...words] = tokens.map((token) => token.text);
  const octets = parseHex(words.join(''));
  if (length === undefined || !/^\d{1,5}$/.test(length) || octets?.length !== Number(length)) {
    return { kind: 'error', why: 'expected \\#, the count of octets, and so many octets in hexadecimal', index: 0 };
  }
  // RFC 3597 §5: a known type in this form is that type; its names stand alone and can't point anywhere.
  const reader = new Reader(octets, 0, Infinity);
  const data = decodeRData(type, CLASS.IN, reader);
  return reader.failure === undefined ? { kind: 'data', data } : { kind: 'error', why: `the octets are not data of type ${type}: it ${reader.failure}`, index: 0 };
}
