// The fields that DNSSEC's types and their relatives are made of (RFC 4034, RFC 5155, RFC 6698, RFC 8659).

import { formatBase32Hex, formatBase64, formatHex, parseBase32Hex, parseBase64, parseHex } from './base-text.js';
import { encodable, parseNumber, U8, type Field, type Tokens } from './fields.js';
import { parseAlgorithm, TYPE_WORDS } from './mnemonics.js';
import { formatCharacterString, parseCharacterString } from './presentation.js';
import type { Writer } from './writer.js';
import { createTypeBitmap, decodeTypeBitmap, isTypeBitmap, listTypes } from './type-bitmap.js';

/** RFC 4034 §A.1: a number, or a word. */
export const ALGORITHM: Field<number> = {
  ...U8,
  expected: 'a number up to 255, or the name of an algorithm',
  parse: (tokens) => {
    const text = tokens.next()?.text ?? '';
    return parseNumber(text, 0xff) ?? parseAlgorithm(text);
  },
};

/** A record type by its mnemonic (RFC 4034 §3.2). */
export const TYPE_CODE: Field<number> = {
  expected: 'a record type',
  decode: (reader) => reader.u16(),
  encode: (value, writer) => writer.u16(value),
  format: TYPE_WORDS.format,
  parse: (tokens) => TYPE_WORDS.parse(tokens.next()?.text ?? ''),
};

function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$|\D/g, '');
}

function parseTime(text: string): number | undefined {
  // RFC 4034 §3.2: fourteen digits are a date, fewer than eleven are seconds.
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (!parts) return parseNumber(text, 0xffff_ffff);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  // The 31st of February would be a day in March; and beyond 32 bits lies the year 2106.
  return seconds >= 0 && seconds <= 0xffff_ffff && formatTime(seconds) === text ? seconds : undefined;
}

/** YYYYMMDDHHmmSS in UTC (RFC 4034 §3.2). */
export const TIME: Field<number> = {
  expected: 'a time as YYYYMMDDHHmmSS, or seconds since 1970',
  decode: (reader) => reader.u32(),
  encode: (value, writer) => writer.u32(value),
  format: formatTime,
  parse: (tokens) => parseTime(tokens.next()?.text ?? ''),
};

/** All the rest, one octet at least; in a master file it may be cut by white space. */
function restField(expected: string, format: (octets: Uint8Array) => string, parse: (text: string) => Uint8Array | undefined): Field<Uint8Array> {
  return {
    expected,
    decode: (reader) => {
      if (reader.left === 0) reader.fail('ends before the last field of a record');
      return reader.take(reader.left);
    },
    encode: (value, writer) => writer.bytes(encodable(value.length === 0 ? undefined : value, 'a field of no octets')),
    format,
    parse: (tokens: Tokens) => {
      const octets = parse(tokens.rest().map(({ text }) => text).join(''));
      return octets?.length === 0 ? undefined : octets;
    },
  };
}

export const HEX = restField('octets in hexadecimal', formatHex, parseHex);
export const BASE64 = restField('octets in base64', formatBase64, parseBase64);

function writeSized(value: Uint8Array, least: number, writer: Writer): void {
  writer.characterString(encodable(value.length < least || value.length > 255 ? undefined : value, `${value.length} octets behind their length`));
}

/** Octets behind their length; "-" for none (RFC 5155 §3.3). */
export const SALT: Field<Uint8Array> = {
  expected: 'up to 255 octets in hexadecimal, or - for none',
  decode: (reader) => reader.characterString(),
  encode: (value, writer) => writeSized(value, 0, writer),
  format: (value) => (value.length === 0 ? '-' : formatHex(value)),
  parse: (tokens) => {
    const text = tokens.next()?.text ?? '';
    if (text === '-') return new Uint8Array(0);
    const octets = parseHex(text);
    return octets && octets.length > 0 && octets.length <= 255 ? octets : undefined;
  },
};

/** The hash of a name (RFC 5155 §3.1.7, §3.3). */
export const HASHED_OWNER: Field<Uint8Array> = {
  expected: 'a hashed name in base32 with the extended hex alphabet, without padding',
  decode: (reader) => {
    const hash = reader.characterString();
    if (hash.length === 0) reader.fail('has a hashed name of no octets');
    return hash;
  },
  encode: (value, writer) => writeSized(value, 1, writer),
  format: formatBase32Hex,
  parse: (tokens) => {
    const octets = parseBase32Hex(tokens.next()?.text ?? '');
    return octets && octets.length > 0 && octets.length <= 255 ? octets : undefined;
  },
};

/** Type bit maps, as a list of mnemonics in a master file; none at all is a list too. */
export const TYPES: Field<Uint8Array> = {
  expected: 'record types',
  decode: decodeTypeBitmap,
  encode: (value, writer) => writer.bytes(encodable(isTypeBitmap(value) ? value : undefined, 'type bit maps')),
  format: (value) => listTypes(value).map(TYPE_WORDS.format).join(' '),
  parse: (tokens) => {
    const types = tokens.rest().map(({ text }) => TYPE_WORDS.parse(text));
    const known = types.filter((type) => type !== undefined);
    return known.length === types.length ? createTypeBitmap(known) : undefined;
  },
};

/** The name of a property (RFC 8659 §4.1): letters and digits. */
export const TAG: Field<string> = {
  expected: 'a tag of up to 255 letters and digits',
  decode: (reader) => {
    const tag = Buffer.from(reader.characterString()).toString('latin1');
    if (!isTag(tag)) reader.fail('has a CAA tag of other characters than letters and digits');
    return tag;
  },
  encode: (value, writer) => writer.characterString(Buffer.from(encodable(isTag(value) ? value : undefined, value), 'latin1')),
  format: (value) => value,
  parse: (tokens) => {
    const tag = tokens.next()?.text ?? '';
    return isTag(tag) ? tag : undefined;
  },
};

function isTag(text: string): boolean {
  return /^[0-9A-Za-z]{1,255}$/.test(text);
}

/** All the rest as one text, which may be longer than 255 octets and has no length of its own (RFC 8659 §4.1.1). */
export const LONG_STRING: Field<Uint8Array> = {
  expected: 'a text',
  decode: (reader) => reader.take(reader.left),
  encode: (value, writer) => writer.bytes(value),
  format: formatCharacterString,
  parse: (tokens) => {
    const token = tokens.next();
    return token && parseCharacterString(token.text, 0xffff);
  },
};
