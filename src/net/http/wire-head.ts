// The head of a response, read strictly (RFC 9112): what is no head, or contradicts itself, is refused
// with words that say why.

import { printable } from '../../base/printable.js';
import type { HeaderFields } from './message.js';

export const MAX_HEAD_BYTES = 65_536;

/** RFC 9112 §6.3: what ends the body. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export interface ResponseHead {
  readonly status: number;
  readonly fields: HeaderFields;
  readonly framing: Framing;
  /** Whether the connection may serve another request (RFC 9112 §9.3). */
  readonly persistent: boolean;
}

/** Of a head: why it can't be taken at its word. */
export class HeadFault extends Error {
  override readonly name = 'HeadFault';
}

/** RFC 9110 §5.3: not lists, so lines of the same name can't be joined; two that differ leave open which holds. */
const SINGLETONS: readonly string[] = ['content-length', 'content-range', 'content-type', 'etag', 'last-modified', 'location'];
const NAMES: Readonly<Record<string, string>> = { etag: 'ETag' };

const STATUS_LINE = /^HTTP\/1\.(\d) (\d{3})(?: [\t -~\x80-\xff]*)?$/; // RFC 9112 §4; the blank before no phrase is often left out
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/; // §5: no blank before the colon

function shown(text: string): string {
  const clean = printable(text);
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
}

function onlyValue(name: string, values: readonly string[]): string {
  const [first = '', ...others] = values;
  const other = others.find((value) => value !== first);
  if (other === undefined) return first;
  const title = NAMES[name] ?? name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  throw new HeadFault(`two different values of ${title}: ${shown(first)} and ${shown(other)}`);
}

function parseLines(lines: readonly string[]): ReadonlyMap<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of lines) {
    const match = FIELD_LINE.exec(line);
    // §5.2: a line that begins with a blank continued the one before, long ago; a sender must not make them.
    if (match === null) throw new HeadFault(`a line that is no field: ${shown(line)}`);
    const name = (match[1] ?? '').toLowerCase();
    const known = values.get(name);
    if (known === undefined) values.set(name, [match[2] ?? '']);
    else known.push(match[2] ?? '');
  }
  return values;
}

function framingOf(values: ReadonlyMap<string, readonly string[]>, status: number, method: string, minor: number): Framing {
  const lengths = (values.get('content-length') ?? []).flatMap((value) => value.split(',').map((part) => part.trim()));
  const [length] = lengths;
  // RFC 9112 §6.3: which of them ends the body is how requests and responses are smuggled.
  if (lengths.length > 1) throw new HeadFault(`more than one Content-Length: ${shown(lengths.join(', '))}`);
  const coding = values.get('transfer-encoding')?.join(', ');
  if (length !== undefined && coding !== undefined) throw new HeadFault('a Content-Length beside a Transfer-Encoding');
  if (length !== undefined && !/^\d+$/.test(length)) throw new HeadFault(`a Content-Length that is no number: ${shown(length)}`);
  if (length !== undefined && !Number.isSafeInteger(Number(length))) throw new HeadFault(`a Content-Length beyond what can be counted (2^53 - 1): ${shown(length)}`);
  // §6.3, rule 1: these have no content, whatever the fields say.
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (coding !== undefined) {
    // §6.1: only chunked was allowed (no TE was sent), and HTTP/1.0 knows no such field.
    if (coding.toLowerCase() !== 'chunked' || minor === 0) throw new HeadFault(`a Transfer-Encoding that nobody asked for: ${shown(coding)}`);
    return { kind: 'chunked' };
  }
  return length === undefined ? { kind: 'close' } : { kind: 'length', length: Number(length) };
}

/**
 * The head in `text` (latin1), without the empty line that ends it.
 * @param method of the request that it answers
 * @throws HeadFault
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  const [statusLine = '', ...lines] = text.split(/\r?\n/); // §2.2: a lone LF may be taken for the end of a line
  const match = STATUS_LINE.exec(statusLine);
  if (match === null) throw new HeadFault(`no status line: ${shown(statusLine)}`);
  const minor = Number(match[1]);
  const status = Number(match[2]);
  if (status < 100 || status > 599) throw new HeadFault(`a status that is none: ${status}`);
  const values = parseLines(lines);
  const framing = framingOf(values, status, method, minor);
  const fields = Object.create(null) as Record<string, string>;
  for (const [name, all] of values) fields[name] = SINGLETONS.includes(name) ? onlyValue(name, all) : all.join(', ');
  const options = (fields['connection'] ?? '').toLowerCase().split(',').map((option) => option.trim());
  const persistent = framing.kind !== 'close' && !options.includes('close') && (minor >= 1 || options.includes('keep-alive'));
  return { status, fields, framing, persistent };
}

/** Where the head in these octets ends: the index behind its empty line; -1 when that has not come yet. */
export function endOfHead(octets: Buffer, from: number): number {
  for (let at = octets.indexOf(0x0a, from); at !== -1; at = octets.indexOf(0x0a, at + 1)) {
    const next = octets[at + 1];
    if (next === 0x0a) return at + 2;
    if (next === 0x0d && octets[at + 2] === 0x0a) return at + 3;
  }
  return -1;
}
