// Byte ranges (RFC 9110 §14): which part of a representation a Range field asks for, and what a
// Content-Range field says.

import { parseList } from './fields.js';

/** Both ends inclusive. */
export interface ByteRange {
  readonly firstPos: number;
  readonly lastPos: number;
}

export type RangeSelection =
  | { readonly kind: 'whole' }
  /** At least one, in the order asked for; they neither overlap nor touch. */
  | { readonly kind: 'partial'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' };

/** §14.2: a server may ignore a set of very many ranges; this is where we begin to. */
export const MAX_RANGES = 64;

const WHOLE: RangeSelection = { kind: 'whole' };
const BYTES_UNIT = /^bytes=/i; // §14.1: range-unit names are case-insensitive
const RANGE_SPEC = /(\d+)-(\d*)|-(\d+)/y; // §14.1.1: int-range / suffix-range

export function rangeLength(range: ByteRange): number {
  return range.lastPos - range.firstPos + 1;
}

/** Of two runs of digits, without regard to how many octets a number can hold. */
function isLess(a: string, b: string): boolean {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length === right.length ? left < right : left.length < right.length;
}

type Spec = { readonly kind: 'range'; readonly range: ByteRange } | { readonly kind: 'unsatisfiable' | 'invalid' | 'empty' };

function selectOne(match: RegExpExecArray, completeLength: number): Spec {
  const [, first, last, suffix] = match;
  if (first !== undefined) {
    // §14.1.1: an int-range whose last position is less than its first is invalid.
    if (last !== undefined && last !== '' && isLess(last, first)) return { kind: 'invalid' };
    // Numbers beyond 2^53 lose their last digits here, but stay beyond every complete length.
    const firstPos = Number(first);
    if (firstPos >= completeLength) return { kind: 'unsatisfiable' }; // §14.1.2
    // §14.1.2: a last position absent or past the end means up to the end.
    const lastPos = last === undefined || last === '' ? completeLength - 1 : Math.min(Number(last), completeLength - 1);
    return { kind: 'range', range: { firstPos, lastPos } };
  }
  const length = Number(suffix);
  if (length === 0) return { kind: 'unsatisfiable' }; // §14.1.2: satisfiable is "a non-zero suffix-length"
  if (completeLength === 0) return { kind: 'empty' };
  // §14.1.2: a suffix longer than the representation means all of it.
  return { kind: 'range', range: { firstPos: Math.max(0, completeLength - length), lastPos: completeLength - 1 } };
}

/**
 * Joins ranges that overlap or touch (§15.3.7.2 allows it). Each keeps the place of the first that
 * was joined into it, since parts should come in the order asked for.
 */
export function coalesceRanges(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const byPosition = ranges.map((range, order) => ({ ...range, order })).sort((a, b) => a.firstPos - b.firstPos);
  const joined: { firstPos: number; lastPos: number; order: number }[] = [];
  for (const next of byPosition) {
    const previous = joined.at(-1);
    if (previous !== undefined && next.firstPos <= previous.lastPos + 1) {
      previous.lastPos = Math.max(previous.lastPos, next.lastPos);
      previous.order = Math.min(previous.order, next.order);
    } else {
      joined.push(next);
    }
  }
  return joined.sort((a, b) => a.order - b.order).map(({ firstPos, lastPos }) => ({ firstPos, lastPos }));
}

/**
 * What a Range field selects of a representation of `completeLength` octets. A field in another
 * unit, malformed, invalid in any of its ranges, or with more than MAX_RANGES of them is ignored:
 * the whole is selected (§14.2). Whether a Range field counts at all (GET only, If-Range) is for
 * selectPrecondition to say.
 */
export function selectRanges(field: string | undefined, completeLength: number): RangeSelection {
  const unit = field === undefined ? null : BYTES_UNIT.exec(field);
  if (field === undefined || unit === null) return WHOLE;
  const matches = parseList(field.slice(unit[0].length), RANGE_SPEC);
  if (matches === undefined || matches.length > MAX_RANGES) return WHOLE;
  const ranges: ByteRange[] = [];
  let empty = false;
  for (const match of matches) {
    const spec = selectOne(match, completeLength);
    if (spec.kind === 'invalid') return WHOLE;
    if (spec.kind === 'range') ranges.push(spec.range);
    if (spec.kind === 'empty') empty = true;
  }
  // §14.1.2: a suffix of nothing is satisfiable, but no Content-Range can say "no octets": send the whole nothing.
  if (empty) return WHOLE;
  if (ranges.length === 0) return { kind: 'unsatisfiable' };
  return { kind: 'partial', ranges: coalesceRanges(ranges) };
}

/** "bytes 0-9/100". */
export function formatContentRange(range: ByteRange, completeLength: number): string {
  return `bytes ${range.firstPos}-${range.lastPos}/${completeLength}`;
}

/** "bytes *\/100", for 416. */
export function formatUnsatisfiedRange(completeLength: number): string {
  return `bytes */${completeLength}`;
}

export interface ContentRange {
  /** Absent in "bytes *\/100". */
  readonly range?: ByteRange;
  /** Absent in "bytes 0-9/*". */
  readonly completeLength?: number;
}

const CONTENT_RANGE = /^bytes (?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/i; // §14.4

/** undefined if it is malformed, invalid (§14.4: ends before it begins, or past the complete length), in another unit or beyond 2^53. */
export function parseContentRange(text: string): ContentRange | undefined {
  const match = CONTENT_RANGE.exec(text);
  if (!match) return undefined;
  const digits: readonly (string | undefined)[] = match.slice(1);
  const [firstPos, lastPos, completeLength] = digits.map((run) => (run === undefined ? undefined : Number(run)));
  for (const number of [firstPos, lastPos, completeLength]) {
    if (number !== undefined && !Number.isSafeInteger(number)) return undefined;
  }
  if (firstPos === undefined || lastPos === undefined) {
    return completeLength === undefined ? undefined : { completeLength }; // "bytes */*" isn't in the grammar
  }
  if (lastPos < firstPos || (completeLength !== undefined && completeLength <= lastPos)) return undefined;
  const range = { firstPos, lastPos };
  return completeLength === undefined ? { range } : { range, completeLength };
}
