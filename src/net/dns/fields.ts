// The fields that RDATA is made of: each kind on the wire and in a master file, both ways.

import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './ip.js';
import { Name } from './name.js';
import { formatCharacterString, parseCharacterString } from './presentation.js';
import type { NameForm, Reader } from './reader.js';
import type { Writer } from './writer.js';

/** What stands between white space in a master file, or between quotes; escapes still in it. */
export interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/** The tokens of one record's RDATA, taken one after the other. */
export class Tokens {
  readonly #tokens: readonly Token[];
  /** What names without a final dot, and "@", are relative to. */
  readonly origin: Name;
  #next = 0;

  constructor(tokens: readonly Token[], origin: Name) {
    this.#tokens = tokens;
    this.origin = origin;
  }

  /** How many were asked for, those that weren't there included. */
  get taken(): number {
    return this.#next;
  }

  next(): Token | undefined {
    return this.#tokens[this.#next++];
  }

  /** All that are left; none is one asked for that isn't there. */
  rest(): readonly Token[] {
    const rest = this.#tokens.slice(this.#next);
    this.#next += Math.max(rest.length, 1);
    return rest;
  }
}

export interface Field<T> {
  /** What a master file has here, as the end of "expected …". */
  readonly expected: string;
  decode(reader: Reader): T;
  /** @throws RangeError for a value that can't be said on the wire: a mistake of ours. */
  encode(value: T, writer: Writer): void;
  format(value: T): string;
  /** undefined when the tokens aren't such a field. */
  parse(tokens: Tokens): T | undefined;
}

/** @throws RangeError for undefined: the value can't be said on the wire. */
export function encodable<T>(value: T | undefined, given: string): T {
  if (value === undefined) throw new RangeError(`cannot be encoded: ${given}`);
  return value;
}

/** A whole number in decimal, no sign; undefined beyond `max`. */
export function parseNumber(text: string | undefined, max: number): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds as "3600", or with units as BIND writes them: "1h30m", "2D"; undefined beyond `max`. */
export function parseSeconds(text: string | undefined, max = 0x7fff_ffff): number | undefined {
  if (text === undefined || !/^(\d{1,10}|(\d{1,10}[smhdw])+)$/i.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([a-z]?)/gi)) seconds += Number(count) * (UNIT_SECONDS[(unit ?? '').toLowerCase()] ?? 0);
  return seconds <= max ? seconds : undefined;
}

/** "@", a name with a final dot, or one relative to the origin (RFC 1035 §5.1). */
export function parseDomain(token: Token | undefined, origin: Name): Name | undefined {
  if (token === undefined || token.quoted) return undefined;
  return token.text === '@' ? origin : Name.parse(token.text, origin);
}

export const U8: Field<number> = {
  expected: 'a whole number up to 255',
  decode: (reader) => reader.u8(),
  encode: (value, writer) => writer.u8(value),
  format: String,
  parse: (tokens) => parseNumber(tokens.next()?.text, 0xff),
};

export const U16: Field<number> = {
  expected: 'a whole number up to 65535',
  decode: (reader) => reader.u16(),
  encode: (value, writer) => writer.u16(value),
  format: String,
  parse: (tokens) => parseNumber(tokens.next()?.text, 0xffff),
};

export const U32: Field<number> = {
  expected: 'a whole number up to 4294967295',
  decode: (reader) => reader.u32(),
  encode: (value, writer) => writer.u32(value),
  format: String,
  parse: (tokens) => parseNumber(tokens.next()?.text, 0xffff_ffff),
};

export const SECONDS: Field<number> = {
  ...U32,
  expected: 'seconds, or a time such as 1h30m',
  parse: (tokens) => parseSeconds(tokens.next()?.text, 0xffff_ffff),
};

export const IPV4: Field<string> = {
  expected: 'an IPv4 address',
  decode: (reader) => {
    const at = reader.skip(4);
    return at === undefined ? '' : formatIPv4(reader.octets, at);
  },
  encode: (value, writer) => writer.bytes(encodable(parseIPv4(value), value)),
  format: (value) => value,
  parse: (tokens) => {
    const octets = parseIPv4(tokens.next()?.text ?? '');
    return octets && formatIPv4(octets);
  },
};

export const IPV6: Field<string> = {
  expected: 'an IPv6 address',
  decode: (reader) => {
    const at = reader.skip(16);
    return at === undefined ? '' : formatIPv6(reader.octets, at);
  },
  encode: (value, writer) => writer.bytes(encodable(parseIPv6(value), value)),
  format: (value) => value,
  parse: (tokens) => {
    const octets = parseIPv6(tokens.next()?.text ?? '');
    return octets && formatIPv6(octets);
  },
};

function nameField(read: NameForm, written: NameForm): Field<Name> {
  return {
    expected: 'a domain name',
    decode: (reader) => reader.name(read),
    encode: (value, writer) => writer.name(value, written),
    format: String,
    parse: (tokens) => parseDomain(tokens.next(), tokens.origin),
  };
}

/** For the types of RFC 1035, which every reader knows (RFC 3597 §4). */
export const COMPRESSED_NAME = nameField('compressed', 'compressed');
/** Never written compressed, but read if it is: RFC 3597 §4 says so of SRV, which RFC 2052 once compressed, and of NAPTR; RFC 2672 §4.1 allowed it of DNAME. */
export const LENIENT_NAME = nameField('compressed', 'plain');
/** For all newer types: a pointer in it makes the message malformed (RFC 3597 §4). */
export const PLAIN_NAME = nameField('plain', 'plain');

function encodeString(value: Uint8Array, writer: Writer): void {
  writer.characterString(encodable(value.length > 255 ? undefined : value, `a character-string of ${value.length} octets`));
}

function parseString(token: Token | undefined): Uint8Array | undefined {
  return token === undefined ? undefined : parseCharacterString(token.text);
}

export const STRING: Field<Uint8Array> = {
  expected: 'a text of up to 255 octets',
  decode: (reader) => reader.characterString(),
  encode: encodeString,
  format: formatCharacterString,
  parse: (tokens) => parseString(tokens.next()),
};

/** One or more, to the end of the RDATA (RFC 1035 §3.3.14). */
export const STRINGS: Field<readonly Uint8Array[]> = {
  expected: 'one or more texts of up to 255 octets each',
  decode: (reader) => {
    const strings: Uint8Array[] = [];
    do strings.push(reader.characterString());
    while (reader.left > 0);
    return strings;
  },
  encode: (value, writer) => {
    for (const string of encodable(value.length === 0 ? undefined : value, 'no character-string')) encodeString(string, writer);
  },
  format: (value) => value.map(formatCharacterString).join(' '),
  parse: (tokens) => {
    const strings = tokens.rest().map(parseString);
    const whole = strings.filter((string) => string !== undefined);
    return whole.length > 0 && whole.length === strings.length ? whole : undefined;
  },
};
