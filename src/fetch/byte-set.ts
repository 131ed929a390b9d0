// Which bytes of a file are there: a set of ranges that neither overlap nor touch.

import type { ByteRange } from '../net/http/range.js';

/** What is in both, each of which is in order. */
export function overlap(some: readonly ByteRange[], others: readonly ByteRange[]): readonly ByteRange[] {
  return some.flatMap((one) => others.flatMap((other) => {
    const [firstPos, lastPos] = [Math.max(one.firstPos, other.firstPos), Math.min(one.lastPos, other.lastPos)];
    return firstPos <= lastPos ? [{ firstPos, lastPos }] : [];
  }));
}

export class ByteSet {
  private spans: ByteRange[] = [];

  static of(ranges: readonly ByteRange[]): ByteSet {
    const set = new ByteSet();
    for (const range of ranges) set.add(range);
    return set;
  }

  /** In order. */
  get ranges(): readonly ByteRange[] {
    return this.spans;
  }

  /** How many bytes there are. */
  get size(): number {
    return this.spans.reduce((sum, { firstPos, lastPos }) => sum + lastPos - firstPos + 1, 0);
  }

  add(range: ByteRange): void {
    let { firstPos, lastPos } = range;
    if (lastPos < firstPos) return;
    let index = this.spans.findIndex((span) => span.lastPos >= firstPos - 1);
    if (index === -1) index = this.spans.length;
    let behind = index;
    for (let span = this.spans[behind]; span !== undefined && span.firstPos <= lastPos + 1; span = this.spans[behind]) {
      firstPos = Math.min(firstPos, span.firstPos);
      lastPos = Math.max(lastPos, span.lastPos);
      behind += 1;
    }
    this.spans.splice(index, behind - index, { firstPos, lastPos });
  }

  /** The first byte at or behind `from` that is not there. */
  firstMissing(from: number): number {
    const span = this.spans.find(({ firstPos, lastPos }) => firstPos <= from && from <= lastPos);
    return span === undefined ? from : span.lastPos + 1;
  }

  /** What is not there of `within`, in order. */
  missing(within: ByteRange): readonly ByteRange[] {
    const gaps: ByteRange[] = [];
    let at = within.firstPos;
    for (const { firstPos, lastPos } of this.spans) {
      if (lastPos < at) continue;
      if (firstPos > within.lastPos) break;
      if (firstPos > at) gaps.push({ firstPos: at, lastPos: firstPos - 1 });
      at = lastPos + 1;
    }
    if (at <= within.lastPos) gaps.push({ firstPos: at, lastPos: within.lastPos });
    return gaps;
  }

  covers(range: ByteRange): boolean {
    return this.firstMissing(range.firstPos) > range.lastPos;
  }
}
