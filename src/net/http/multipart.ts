// multipart/byteranges (RFC 9110 §14.6): several ranges in one answer, its length known beforehand.

import { systemRandom, type Random } from '../../base/random.js';
import { formatContentRange, rangeLength, type ByteRange } from './range.js';

export interface MultipartPlan {
  /** For the answer's Content-Type. */
  readonly contentType: string;
  /** Octets of the whole body, exactly. */
  readonly length: number;
  /** The body; `open` gives the octets of one range. */
  stream(open: (range: ByteRange) => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** The body where `slices` has the octets of each range; undefined where it lacks any. */
  slices(slices: (range: ByteRange) => readonly Uint8Array[] | undefined): readonly Uint8Array[] | undefined;
}

/** RFC 2046 §5.1.1: mustn't occur in the parts; 128 bits of chance see to it, whoever made the content. */
function createBoundary(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('hex');
}

/** `contentType` is that of the whole representation, repeated in each part (§15.3.7.2). */
export function planMultipart(
  ranges: readonly ByteRange[],
  completeLength: number,
  contentType: string,
  random: Random = systemRandom,
): MultipartPlan {
  const boundary = createBoundary(random);
  const parts = ranges.map((range, index) => ({
    range,
    head: Buffer.from(
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\n` +
        `Content-Type: ${contentType}\r\nContent-Range: ${formatContentRange(range, completeLength)}\r\n\r\n`,
      'latin1',
    ),
  }));
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1');
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    length: parts.reduce((sum, part) => sum + part.head.length + rangeLength(part.range), tail.length),
    async *stream(open) {
      for (const part of parts) {
        yield part.head;
        yield* open(part.range);
      }
      yield tail;
    },
    slices(slicesOf) {
      const all: Uint8Array[] = [];
      for (const part of parts) {
        const slices = slicesOf(part.range);
        if (slices === undefined) return undefined;
        all.push(part.head, ...slices);
      }
      return [...all, tail];
    },
  };
}
