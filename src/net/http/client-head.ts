// The head of an answer, as the client takes it: fields that may come once do, the length is one that
// can be counted, and a head that undici refused for its framing says what was wrong with it.

import type { Socket } from 'node:net';
import { printable } from '../../base/printable.js';
import type { Arriving } from './client-dispatch.js';
import type { HeaderFields } from './message.js';

export const MAX_HEAD_BYTES = 65_536;

/** RFC 9110 §5.3: not lists, so lines of the same name can't be joined; two that differ leave open which holds. */
const SINGLETONS: readonly string[] = ['content-length', 'content-range', 'content-type', 'etag', 'last-modified', 'location'];
const NAMES: Readonly<Record<string, string>> = { etag: 'ETag' };

/** Of a head: why it can't be taken at its word. */
export class HeadFault extends Error {
  override readonly name = 'HeadFault';
}

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

/** What is wrong with a Content-Length (RFC 9110 §8.6); undefined when nothing is. */
function lengthFault(length: string): string | undefined {
  if (!/^\d+$/.test(length)) return `a Content-Length that is no number: ${shown(length)}`;
  return Number.isSafeInteger(Number(length)) ? undefined : `a Content-Length beyond what can be counted (2^53 - 1): ${shown(length)}`;
}

/** Names in lower case, lines of one name joined. @throws HeadFault */
export function recordOf(headers: Arriving['headers']): HeaderFields {
  const fields = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const name = key.toLowerCase();
    const values = Array.isArray(value) ? value : [value];
    fields[name] = SINGLETONS.includes(name) ? onlyValue(name, values) : values.join(', ');
  }
  const length = fields['content-length'];
  const fault = length === undefined ? undefined : lengthFault(length);
  if (fault !== undefined) throw new HeadFault(fault);
  return fields;
}

export interface HeadWatch {
  /** What came so far, as latin1. */
  readonly text: string;
  stop(): void;
}

/**
 * Notes what is read from a connection until it is stopped: of a head that undici's parser refuses, undici
 * keeps nothing, and says of any of them with a Content-Length that the body had another length.
 */
export function watchHead(socket: Socket): HeadWatch {
  let text = '';
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (Buffer.isBuffer(chunk) && text.length < MAX_HEAD_BYTES) text += chunk.toString('latin1');
    return chunk;
  };
  return {
    get text() {
      return text;
    },
    stop: () => {
      socket.read = read;
    },
  };
}

/** What is wrong with the framing fields of the final head in this text; undefined when it isn't them. */
export function framingFault(text: string): string | undefined {
  const head = text.split(/\r?\n\r?\n/).find((part) => !/^HTTP\/\d\.\d 1\d\d\b/.test(part)) ?? '';
  const valuesOf = (name: string): readonly string[] =>
    head.split(/\r?\n/).flatMap((line) => (line.toLowerCase().startsWith(`${name}:`) ? [line.slice(name.length + 1).trim()] : []));
  const lengths = valuesOf('content-length').flatMap((value) => value.split(',').map((part) => part.trim()));
  const [first] = lengths;
  if (first === undefined) return undefined;
  // RFC 9112 §6.3: which of them ends the body is how requests and responses are smuggled.
  if (lengths.length > 1) return `more than one Content-Length: ${shown(lengths.join(', '))}`;
  if (valuesOf('transfer-encoding').length > 0) return 'a Content-Length beside a Transfer-Encoding';
  return lengthFault(first);
}
