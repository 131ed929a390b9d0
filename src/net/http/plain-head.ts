// Heads that need no parser: a complete GET or HEAD of HTTP/1.1 without content, in its plainest form.
// Nothing is refused here: whatever is any different is left to node's parser and request-head.ts.

import type { HeaderFields } from './message.js';
import { admitRequest, isOriginForm } from './request-head.js';

export interface PlainHead {
  readonly method: 'GET' | 'HEAD';
  /** In origin form. */
  readonly target: string;
  readonly fields: HeaderFields;
  /** The connection ends after the answer (RFC 9112 §9.3). */
  readonly isLast: boolean;
  /** The position after the head. */
  readonly end: number;
}

/** The field lines of a head, with the blank line behind them. */
interface FieldSection {
  readonly length: number;
  readonly fields: HeaderFields;
  readonly isLast: boolean;
}

const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');
const GET = Buffer.from('GET ', 'latin1');
const HEAD = Buffer.from('HEAD ', 'latin1');
const VERSION = Buffer.from(' HTTP/1.1\r\n', 'latin1');
// RFC 9112 §5, without folded lines, and nothing between name and colon; RFC 9110 §5.6.2 token, §5.5 field-value.
const FIELD_LINE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)\r\n/y;
/** Fields that announce content, ask for more than an answer, or that node's parser reads in its own way. */
const NOT_PLAIN: ReadonlySet<string> = new Set(['transfer-encoding', 'content-length', 'expect', 'upgrade', 'proxy-connection', 'trailer']);
const CONNECTION = /^(?:(close)|keep-alive)$/i;
/** Longer sections are not remembered: a connection that is idle is to cost little. */
const MAX_REMEMBERED_OCTETS = 1024;
const NOTHING = Buffer.alloc(0);

function stands(octets: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1) if (octets[at + index] !== expected[index]) return false;
  return true;
}

function parseFieldLines(text: string): string[] | undefined {
  const rawFields: string[] = [];
  for (let at = 0; at < text.length; at = FIELD_LINE.lastIndex) {
    FIELD_LINE.lastIndex = at;
    const field = FIELD_LINE.exec(text);
    if (field === null) return undefined;
    const [, name = '', value = ''] = field;
    rawFields.push(name, /[\t ]$/.test(value) ? value.replace(/[\t ]+$/, '') : value);
  }
  return rawFields;
}

/** Reads the heads of one connection. A client sends much the same fields each time: those of the last head are remembered. */
export class PlainHeadReader {
  private readonly maxHeadBytes: number;
  private last: FieldSection | undefined;
  /** Begins with the octets of `last`. */
  private remembered = NOTHING;

  constructor(maxHeadBytes: number) {
    this.maxHeadBytes = maxHeadBytes;
  }

  /**
   * The head that begins at `from`, or undefined where it is incomplete, longer than the limit,
   * refused, or not plain.
   */
  read(octets: Buffer, from: number): PlainHead | undefined {
    const isGet = stands(octets, from, GET);
    if (!isGet && !stands(octets, from, HEAD)) return undefined;
    const start = from + (isGet ? GET : HEAD).length;
    let end = start;
    // RFC 9112 §3, §3.2.1; which of these octets a target may have is for request-head.ts to say.
    for (let octet = octets[end]; octet !== undefined && octet > 0x20 && octet < 0x7f; octet = octets[end]) end += 1;
    if (!stands(octets, end, VERSION)) return undefined;
    const method = isGet ? 'GET' : 'HEAD';
    const target = octets.toString('latin1', start, end);
    if (!isOriginForm(target)) return undefined;
    const section = this.section(octets, end + VERSION.length, method, target);
    if (section === undefined) return undefined;
    const { fields, isLast } = section;
    const next = end + VERSION.length + section.length;
    return next - from > this.maxHeadBytes ? undefined : { method, target, fields, isLast, end: next };
  }

  private section(octets: Buffer, at: number, method: string, target: string): FieldSection | undefined {
    const { last } = this;
    // The blank line is part of it, and none comes before: the same octets are the same section, whole.
    if (last !== undefined && octets.length - at >= last.length && octets.compare(this.remembered, 0, last.length, at, at + last.length) === 0) return last;
    const section = this.parse(octets, at, method, target);
    if (section !== undefined) this.remember(octets, at, section);
    return section;
  }

  private remember(octets: Buffer, at: number, section: FieldSection): void {
    this.last = undefined;
    if (section.length > MAX_REMEMBERED_OCTETS) return;
    if (this.remembered.length < section.length) this.remembered = Buffer.allocUnsafeSlow(section.length);
    octets.copy(this.remembered, 0, at, at + section.length);
    this.last = section;
  }

  private parse(octets: Buffer, at: number, method: string, target: string): FieldSection | undefined {
    const blank = octets.indexOf(BLANK_LINE, at);
    const end = blank + BLANK_LINE.length;
    if (blank < 0 || end - at > this.maxHeadBytes) return undefined;
    const rawFields = parseFieldLines(octets.toString('latin1', at, blank + 2));
    if (rawFields === undefined) return undefined;
    const admission = admitRequest({ method, target, versionMajor: 1, versionMinor: 1, rawFields }, this.maxHeadBytes);
    if (admission.kind === 'refused') return undefined;
    const { fields } = admission;
    for (const name in fields) if (NOT_PLAIN.has(name)) return undefined;
    const connection = fields['connection'];
    const option = connection === undefined ? undefined : CONNECTION.exec(connection);
    if (option === null) return undefined;
    return { length: end - at, fields, isLast: option?.[1] !== undefined };
  }
}
