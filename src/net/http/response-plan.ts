// What goes on the wire for a handler's answer: decides framing, writes nothing.

import { parseHttpDate } from './date.js';
import type { HttpBody, HttpResponse } from './message.js';

export interface ResponsePlan {
  readonly status: number;
  /** The handler's fields and the framing that the transport adds. */
  readonly fields: Readonly<Record<string, string>>;
  /** Lines of Set-Cookie. */
  readonly cookies: readonly string[];
  /** What is sent: nothing for HEAD, 204 and 304, whatever the handler's body is. */
  readonly body: HttpBody;
}

/** The transport's own fields: a handler that sets one is not believed. */
const OWNED: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'set-cookie', 'upgrade']);
const NO_COOKIES: readonly string[] = [];

function octetsIn(slices: readonly Uint8Array[]): number {
  let octets = 0;
  for (const slice of slices) octets += slice.byteLength;
  return octets;
}

function lengthOf(body: HttpBody): number | undefined {
  switch (body.kind) {
    case 'none':
      return 0;
    case 'bytes':
      return body.bytes.byteLength;
    case 'slices':
    case 'stream':
      return body.length;
  }
}

/**
 * Throws RangeError for an answer that no server may give: a status outside 200-599, a length that
 * is no count of octets, slices that are not as long as they say.
 */
export function planResponse(method: string, response: HttpResponse): ResponsePlan {
  const { status, cookies = NO_COOKIES } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError(`no final status: ${status}`);
  const length = lengthOf(response.body);
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) throw new RangeError(`no length of a body: ${length}`);
  if (response.body.kind === 'slices' && octetsIn(response.body.slices) !== length) throw new RangeError(`not the slices of a body of ${length} octets`);
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.fields)) {
    // RFC 9110 §6.6.1: the Date of an answer that was made elsewhere, or earlier, is that of its making.
    if (name === 'date' && parseHttpDate(value, 0) === undefined) continue;
    if (!OWNED.has(name)) fields[name] = value;
  }
  // RFC 9110 §8.6: no Content-Length in 204; in 304 it could only be that of the 200, which isn't known here.
  // §15.3.6: 205 has no content either, and says so with a length of 0.
  if (status === 204 || status === 304) return { status, fields, cookies, body: { kind: 'none' } };
  if (status === 205) return { status, fields: { ...fields, 'content-length': '0' }, cookies, body: { kind: 'none' } };
  if (length !== undefined) fields['content-length'] = String(length);
  // RFC 9110 §9.3.2: HEAD has the fields of GET and no content.
  return { status, fields, cookies, body: method === 'HEAD' ? { kind: 'none' } : response.body };
}
