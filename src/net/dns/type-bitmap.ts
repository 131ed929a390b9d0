// Type bit maps: which types a name has, in blocks of 256 (RFC 4034 §4.1.2). They are carried as the
// octets of the wire, checked, since 8 KiB of them can list 65,536 types that nobody asks about.

import type { Reader } from './reader.js';

const MAX_BLOCK_OCTETS = 32;

/** To the reader's limit. A mistake: blocks out of order, empty, over 32 octets, or ending with a zero octet. */
export function decodeTypeBitmap(reader: Reader): Uint8Array {
  const octets = reader.take(reader.left);
  if (!isTypeBitmap(octets)) reader.fail('has type bit maps of a form that is not theirs');
  return octets;
}

export function isTypeBitmap(octets: Uint8Array): boolean {
  let previous = -1;
  for (let at = 0; at < octets.length; ) {
    const block = octets[at] as number;
    const size = octets[at + 1] ?? 0;
    const next = at + 2 + size;
    if (block <= previous || size === 0 || size > MAX_BLOCK_OCTETS || next > octets.length) return false;
    // §4.1.2: trailing zero octets are left out, and so a block without types is as well.
    if (octets[next - 1] === 0) return false;
    previous = block;
    at = next;
  }
  return true;
}

/** In ascending order. */
export function listTypes(bitmap: Uint8Array): readonly number[] {
  const types: number[] = [];
  for (let at = 0; at < bitmap.length; ) {
    const block = (bitmap[at] as number) << 8;
    const size = bitmap[at + 1] as number;
    for (let bit = 0; bit < size * 8; bit += 1) {
      if ((bitmap[at + 2 + (bit >>> 3)] as number) & (0x80 >>> (bit & 7))) types.push(block | bit);
    }
    at += 2 + size;
  }
  return types;
}

/** In any order, repetitions or not. */
export function createTypeBitmap(types: readonly number[]): Uint8Array {
  const blocks = new Map<number, Uint8Array>();
  for (const type of types) {
    const bits = blocks.get(type >>> 8) ?? new Uint8Array(MAX_BLOCK_OCTETS);
    const at = (type & 0xff) >>> 3;
    bits[at] = (bits[at] as number) | (0x80 >>> (type & 7));
    blocks.set(type >>> 8, bits);
  }
  const octets: number[] = [];
  for (const [block, bits] of [...blocks].sort(([a], [b]) => a - b)) {
    const size = bits.findLastIndex((part) => part !== 0) + 1;
    octets.push(block, size, ...bits.subarray(0, size));
  }
  return Uint8Array.from(octets);
}
