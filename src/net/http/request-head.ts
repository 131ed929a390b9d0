// Which requests a server takes: what node's parser lets through, judged by the rest of RFC 9112
// and RFC 9110. Decides only; server.ts acts on it.

import type { HeaderFields } from './message.js';

/** A head as it came off the wire. `rawFields`: name, value, name, value … */
export interface RawHead {
  readonly method: string;
  readonly target: string;
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly rawFields: readonly string[];
}

/** Content that a request announces: none, a number of octets, or chunks up to whatever comes. */
export type AnnouncedContent = { readonly kind: 'none' } | { readonly kind: 'length'; readonly octets: number } | { readonly kind: 'chunked' };

export type Admission =
  | { readonly kind: 'admitted'; readonly target: string; readonly fields: HeaderFields; readonly content: AnnouncedContent }
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };

/**
 * Field lines as a record: lower-case names, lines of one name joined with ", " in their order
 * (RFC 9110 §5.3). A field that must stand once and stands twice becomes one value that its
 * grammar doesn't match, so that nobody acts on half of it. The record has no prototype: a field
 * named `constructor` or `__proto__` is a field.
 */
export function collectFields(rawFields: readonly string[]): HeaderFields {
  const fields = Object.create(null) as Record<string, string>;
  for (let at = 0; at + 1 < rawFields.length; at += 2) {
    const name = (rawFields[at] ?? '').toLowerCase();
    const value = rawFields[at + 1] ?? '';
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return fields;
}

// RFC 3986 §3.2.2 as far as octets go: an IP literal in brackets, or a registered name (IPv4 is one).
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d*)?$/;
// Lenient in the path, where browsers send "|" and the like unescaped; no fragment, no octet beyond ASCII.
const ORIGIN_FORM = /^\/[!"$-~]*$/;
const ABSOLUTE_FORM = /^(https?):\/\/([^/?]+)([/?].*)?$/i;

const refused = (status: number, why: string): Admission => ({ kind: 'refused', status, why });

/** RFC 9112 §3.2.1. */
export const isOriginForm = (target: string): boolean => ORIGIN_FORM.test(target);

/** The target in origin form (or "*"), and the authority that an absolute form carried. */
function parseTarget(method: string, text: string): { target: string; authority: string | undefined } | undefined {
  // RFC 9112 §3.2.4: asterisk-form is for OPTIONS alone.
  if (text === '*') return method === 'OPTIONS' ? { target: '*', authority: undefined } : undefined;
  if (isOriginForm(text)) return { target: text, authority: undefined };
  // RFC 9112 §3.2.2: a server MUST accept the absolute-form, even if most clients only send it to proxies.
  const match = ABSOLUTE_FORM.exec(text);
  if (!match) return undefined;
  const authority = match[2] ?? '';
  const rest = match[3] ?? '';
  // RFC 9110 §4.2.4: userinfo in a received URI is an error; AUTHORITY has no "@".
  if (!AUTHORITY.test(authority) || authority.startsWith(':')) return undefined;
  if (rest === '' && method === 'OPTIONS') return { target: '*', authority };
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  return isOriginForm(target) ? { target, authority } : undefined;
}

/** Octets of the head on the wire, without optional white space. */
function headBytes(head: RawHead): number {
  let bytes = `${head.method} ${head.target} HTTP/1.1\r\n\r\n`.length + (head.rawFields.length / 2) * ':\r\n'.length;
  for (const text of head.rawFields) bytes += text.length;
  return bytes;
}

export function admitRequest(head: RawHead, maxHeadBytes: number): Admission {
  if (head.versionMajor !== 1) return refused(505, 'this server speaks HTTP/1.1');
  // The parser counts names and values only; many empty fields would pass it.
  if (headBytes(head) > maxHeadBytes) return refused(431, 'the head of the request is too large');
  const fields = collectFields(head.rawFields);
  const host = fields['host'];
  // RFC 9112 §3.2: no Host in HTTP/1.1 is 400; so is, in any version, more than one (the two joined
  // are no host), or one that is no host.
  if (host === undefined && head.versionMinor >= 1) return refused(400, 'no Host field');
  if (host !== undefined && !AUTHORITY.test(host)) return refused(400, 'the Host field is not one host');
  const parsed = parseTarget(head.method, head.target);
  if (!parsed) return refused(400, 'the request target is not a path');
  const coding = fields['transfer-encoding'];
  if (coding !== undefined) {
    // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, so that the framing is faulty.
    if (head.versionMinor === 0) return refused(400, 'Transfer-Encoding in HTTP/1.0');
    // RFC 9112 §6.3: both at once is how requests are smuggled.
    if (fields['content-length'] !== undefined) return refused(400, 'both Transfer-Encoding and Content-Length');
    // RFC 9112 §6.3: nobody can tell where such content ends. Node's parser says so too, but not always first: same words.
    if (!/(?:^|,)[\t ]*chunked$/i.test(coding)) return refused(400, 'this is not an HTTP request');
    // RFC 9112 §6.1: a coding that the server doesn't understand is 501.
    if (coding.toLowerCase() !== 'chunked') return refused(501, 'the only transfer coding here is chunked');
  }
  const length = fields['content-length'];
  const octets = length === undefined ? 0 : Number(length);
  const content: AnnouncedContent =
    coding !== undefined ? { kind: 'chunked' } : octets > 0 ? { kind: 'length', octets } : { kind: 'none' };
  return {
    kind: 'admitted',
    target: parsed.target,
    // RFC 9112 §3.2.2: the authority of an absolute-form replaces what the Host field says.
    fields: parsed.authority === undefined ? fields : Object.assign(Object.create(null) as Record<string, string>, fields, { host: parsed.authority }),
    content,
  };
}
