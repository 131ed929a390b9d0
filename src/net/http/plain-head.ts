// Heads that need no parser: a complete GET or HEAD of HTTP/1.1 without content, in its plainest form.
// Nothing is refused here: whatever is any different is left to node's parser and request-head.ts.

import { admitRequest, type Admission, type RawHead } from './request-head.js';

export interface PlainHead {
  readonly method: 'GET' | 'HEAD';
  readonly request: Extract<Admission, { kind: 'admitted' }>;
  /** The connection ends after the answer (RFC 9112 §9.3). */
  readonly isLast: boolean;
  /** The position after the head. */
  readonly end: number;
}

const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');
// RFC 9112 §3, §3.2.1; which octets a target may have is for request-head.ts to say.
const REQUEST_LINE = /(GET|HEAD) (\/[!-~]*) HTTP\/1\.1\r\n/y;
// RFC 9112 §5, without folded lines, and nothing between name and colon; RFC 9110 §5.6.2 token, §5.5 field-value.
const FIELD_LINE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)\r\n/y;
/** Fields that announce content, ask for more than an answer, or that node's parser reads in its own way. */
const NOT_PLAIN: ReadonlySet<string> = new Set(['transfer-encoding', 'content-length', 'expect', 'upgrade', 'proxy-connection', 'trailer']);
const CONNECTION = /^(?:(close)|keep-alive)$/i;

/**
 * The head that begins at `from`, or undefined where it is incomplete, longer than `maxHeadBytes`,
 * refused, or not plain.
 */
export function parsePlainHead(octets: Buffer, from: number, maxHeadBytes: number): PlainHead | undefined {
  // A "G" or an "H": most of what is no plain head ends here.
  const first = octets[from];
  if (first !== 0x47 && first !== 0x48) return undefined;
  const blank = octets.indexOf(BLANK_LINE, from);
  const end = blank + BLANK_LINE.length;
  if (blank < 0 || end - from > maxHeadBytes) return undefined;
  const text = octets.toString('latin1', from, blank + 2);
  REQUEST_LINE.lastIndex = 0;
  const line = REQUEST_LINE.exec(text);
  if (line === null) return undefined;
  const method = line[1] === 'GET' ? 'GET' : 'HEAD';
  const rawFields: string[] = [];
  let isLast = false;
  for (let at = REQUEST_LINE.lastIndex; at < text.length; at = FIELD_LINE.lastIndex) {
    FIELD_LINE.lastIndex = at;
    const field = FIELD_LINE.exec(text);
    if (field === null) return undefined;
    const [, name = '', value = ''] = field;
    rawFields.push(name, /[\t ]$/.test(value) ? value.replace(/[\t ]+$/, '') : value);
  }
  const head: RawHead = { method, target: line[2] ?? '', versionMajor: 1, versionMinor: 1, rawFields };
  const request = admitRequest(head, maxHeadBytes);
  if (request.kind === 'refused') return undefined;
  for (const name in request.fields) if (NOT_PLAIN.has(name)) return undefined;
  const connection = request.fields['connection'];
  if (connection !== undefined) {
    const match = CONNECTION.exec(connection);
    if (match === null) return undefined;
    isLast = match[1] !== undefined;
  }
  return { method, request, isLast, end };
}
