// The parameters of service bindings, SVCB and HTTPS (RFC 9460 §2.1, §7, appendix A): each key's
// octets on the wire and words in a master file.

import { formatBase64, parseBase64 } from './base-text.js';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './ip.js';
import type { SvcParam } from './message.js';
import { formatCharacterString, parseCharacterString } from './presentation.js';

/** Keys of the registry (RFC 9460 §14.3.2, RFC 9848 §3, RFC 9461 §5, RFC 9540 §4). */
export const SVC_PARAM = { MANDATORY: 0, ALPN: 1, NO_DEFAULT_ALPN: 2, PORT: 3, IPV4HINT: 4, ECH: 5, IPV6HINT: 6, DOHPATH: 7, OHTTP: 8 } as const;

/** Reserved: never the key of a parameter (RFC 9460 §14.3.2). */
const INVALID_KEY = 65_535;

interface Param {
  readonly word: string;
  /** Whether these octets are such a value. */
  accepts(value: Uint8Array): boolean;
  /** undefined: it stands without a value. */
  format(value: Uint8Array): string | undefined;
  /** `text` is the decoded value, one octet a character; undefined when it isn't one. */
  parse(text: string): Uint8Array | undefined;
}

/** What stands between commas; at least one. */
function listOf(size: number, format: (octets: Uint8Array, at: number) => string, parse: (text: string) => Uint8Array | undefined): Omit<Param, 'word'> {
  return {
    accepts: (value) => value.length > 0 && value.length % size === 0,
    format: (value) => Array.from({ length: value.length / size }, (_, index) => format(value, index * size)).join(','),
    parse: (text) => concat(text.split(',').map(parse)),
  };
}

function concat(parts: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const whole = parts.filter((part) => part !== undefined);
  return whole.length === parts.length ? new Uint8Array(Buffer.concat(whole)) : undefined;
}

function octetsOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

function u16At(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] as number);
}

const EMPTY: Omit<Param, 'word'> = {
  accepts: (value) => value.length === 0,
  format: () => undefined,
  parse: (text) => (text === '' ? new Uint8Array(0) : undefined),
};

const ANY: Omit<Param, 'word'> = {
  accepts: () => true,
  format: (value) => (value.length === 0 ? undefined : formatCharacterString(value)),
  parse: (text) => octetsOf(text),
};

const MANDATORY: Omit<Param, 'word'> = {
  // §8: one key or more, in strictly ascending order, itself not among them.
  accepts: (value) => {
    if (value.length === 0 || value.length % 2 !== 0) return false;
    for (let at = 0, previous = 0; at < value.length; at += 2) {
      const key = u16At(value, at);
      if (key <= previous) return false;
      previous = key;
    }
    return true;
  },
  format: (value) => mandatoryKeys(value).map(formatKey).join(','),
  parse: (text) => {
    const keys = text.split(',').map(parseKey);
    const known = keys.filter((key) => key !== undefined).sort((a, b) => a - b);
    return known.length === keys.length ? concat(known.map(u16)) : undefined;
  },
};

const ALPN: Omit<Param, 'word'> = {
  // §7.1.1: protocol names of 1 to 255 octets behind their length, one at least.
  accepts: (value) => {
    let at = 0;
    while (at < value.length && value[at] !== 0) at += 1 + (value[at] as number);
    return value.length > 0 && at === value.length;
  },
  format: (value) => {
    const protocols: string[] = [];
    for (let at = 0; at < value.length; at += 1 + (value[at] as number)) protocols.push(latin1(value.subarray(at + 1, at + 1 + (value[at] as number))));
    // §A.1: in a list a comma and a backslash have a backslash before them, which is then quoted itself.
    return formatCharacterString(octetsOf(protocols.map((protocol) => protocol.replace(/[\\,]/g, '\\$&')).join(',')));
  },
  parse: (text) => concat(splitList(text).map((protocol) => (protocol === '' || protocol.length > 255 ? undefined : Uint8Array.of(protocol.length, ...octetsOf(protocol))))),
};

const PORT: Omit<Param, 'word'> = {
  accepts: (value) => value.length === 2,
  format: (value) => String(u16At(value, 0)),
  parse: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 0xffff ? u16(Number(text)) : undefined),
};

const ECH: Omit<Param, 'word'> = {
  accepts: (value) => value.length > 0,
  format: formatBase64,
  parse: parseBase64,
};

const PARAMS: ReadonlyMap<number, Param> = new Map<number, Param>([
  [SVC_PARAM.MANDATORY, { word: 'mandatory', ...MANDATORY }], // §8
  [SVC_PARAM.ALPN, { word: 'alpn', ...ALPN }], // §7.1
  [SVC_PARAM.NO_DEFAULT_ALPN, { word: 'no-default-alpn', ...EMPTY }], // §7.1
  [SVC_PARAM.PORT, { word: 'port', ...PORT }], // §7.2
  [SVC_PARAM.IPV4HINT, { word: 'ipv4hint', ...listOf(4, formatIPv4, parseIPv4) }], // §7.3
  [SVC_PARAM.ECH, { word: 'ech', ...ECH }], // §14.3.2 keeps it for RFC 9848 §3
  [SVC_PARAM.IPV6HINT, { word: 'ipv6hint', ...listOf(16, formatIPv6, parseIPv6) }], // §7.3
  [SVC_PARAM.DOHPATH, { word: 'dohpath', ...ANY }], // RFC 9461 §5
  [SVC_PARAM.OHTTP, { word: 'ohttp', ...EMPTY }], // RFC 9540 §4
]);
const BY_WORD = new Map([...PARAMS].map(([key, { word }]) => [word, key]));

function paramOf(key: number): Omit<Param, 'word'> {
  return PARAMS.get(key) ?? ANY;
}

function mandatoryKeys(value: Uint8Array): readonly number[] {
  return Array.from({ length: value.length >>> 1 }, (_, index) => u16At(value, index * 2));
}

function formatKey(key: number): string {
  return PARAMS.get(key)?.word ?? `key${key}`;
}

/** §2.1: "alpn", or "key1" for the same; no leading zeros, lower case. */
function parseKey(word: string): number | undefined {
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(word)?.[1];
  if (digits === undefined) return BY_WORD.get(word);
  return Number(digits) < INVALID_KEY ? Number(digits) : undefined;
}

/** Cuts at commas, and takes a backslash off the character behind it (§A.1). */
function splitList(text: string): readonly string[] {
  const items = [''];
  for (const [part] of text.matchAll(/,|\\?[^]/g)) {
    if (part === ',') items.push('');
    else items.push(`${items.pop()}${part.length === 2 ? part.slice(1) : part}`);
  }
  return items;
}

/** Whether the octets are a value that this key can have; any are, of a key not known here. */
export function isSvcParamValue(key: number, value: Uint8Array): boolean {
  return key !== INVALID_KEY && paramOf(key).accepts(value);
}

/** `alpn="h2,h3"`, `port=53`, `no-default-alpn`, `key667="\210"`. */
export function formatSvcParam({ key, value }: SvcParam): string {
  const text = paramOf(key).format(value);
  return text === undefined ? formatKey(key) : `${formatKey(key)}=${text}`;
}

/** `written` is what stands behind the "=", quotes off and escapes still in it; undefined when there is no "=". */
export function parseSvcParam(word: string, written: string | undefined): SvcParam | undefined {
  const key = parseKey(word);
  const octets = parseCharacterString(written ?? '', 0xffff);
  if (key === undefined || octets === undefined) return undefined;
  const value = paramOf(key).parse(latin1(octets));
  if (value !== undefined && isSvcParamValue(key, value)) return { key, value };
  return undefined;
}

/**
 * Whether they belong together (§2.4.3, §8, §7.1.1): each mandatory key is there, and no-default-alpn
 * with alpn only. Writers see to it; a reader who uses the record checks it, one who passes it on need not.
 */
export function areConsistent(params: readonly SvcParam[]): boolean {
  const has = (key: number): boolean => params.some((param) => param.key === key);
  const mandatory = params.find(({ key }) => key === SVC_PARAM.MANDATORY);
  if (mandatory && !mandatoryKeys(mandatory.value).every(has)) return false;
  return !has(SVC_PARAM.NO_DEFAULT_ALPN) || has(SVC_PARAM.ALPN);
}
