// The records of the journal as octets: what is kept on disk, and what is not any more. A record is its
// length, that again with every bit turned, a CRC-32, the payload, and an octet that is never zero.

import { crc32 } from 'node:zlib';
import type { CacheKey, ObjectMeta } from '../cache-store.js';
import type { KeptObject, KeptSlice, SliceFile } from '../kept.js';

export type JournalRecord =
  /** An object, or new metadata of one; head and tags are JSON in `unread`. */
  | { readonly kind: 'object'; readonly serial: number; readonly key: CacheKey; readonly meta: ObjectMeta; readonly unread: string }
  | { readonly kind: 'slice'; readonly serial: number; readonly slice: number; readonly file: SliceFile }
  | { readonly kind: 'slice-gone'; readonly serial: number; readonly slice: number }
  /** With all its slices. */
  | { readonly kind: 'object-gone'; readonly serial: number };

export type Decoded =
  | { readonly kind: 'record'; readonly record: JournalRecord; readonly end: number }
  /** Nothing but zeros, or a record whose end was never written. */
  | { readonly kind: 'end' }
  | { readonly kind: 'damaged' };

const HEAD_OCTETS = 12;
/** Tells a record that was written whole from one that was not: room ahead is filled with zeros. */
const LAST_OCTET = 0x0a;
const TYPES = { object: 1, slice: 2, 'slice-gone': 3, 'object-gone': 4 } as const;
/** Numbers are whole and below 2^48. */
const NUMBER = 6;

function frame(payload: Buffer): Buffer {
  const octets = Buffer.allocUnsafe(HEAD_OCTETS + payload.length + 1);
  octets.writeUInt32LE(payload.length, 0);
  octets.writeUInt32LE(~payload.length >>> 0, 4);
  octets.writeUInt32LE(crc32(payload), 8);
  payload.copy(octets, HEAD_OCTETS);
  octets[octets.length - 1] = LAST_OCTET;
  return octets;
}

function numbers(type: number, ...values: readonly number[]): Buffer {
  const payload = Buffer.allocUnsafe(1 + values.length * NUMBER);
  payload[0] = type;
  values.forEach((value, index) => payload.writeUIntLE(value, 1 + index * NUMBER, NUMBER));
  return payload;
}

/** UTF-16, which holds any string as it is, after the count of its octets. */
function text(value: string): Buffer {
  const octets = Buffer.allocUnsafe(4 + value.length * 2);
  octets.writeUInt32LE(value.length * 2, 0);
  octets.write(value, 4, 'utf16le');
  return octets;
}

export function encodeObject({ serial, key, meta, unread }: KeptObject): Buffer {
  const rest = Buffer.from(unread ?? JSON.stringify([meta.head ?? null, meta.tags]));
  return frame(Buffer.concat([numbers(TYPES.object, serial, meta.length, meta.sliceOctets), text(key), text(meta.version), rest]));
}

export function encodeObjectGone(object: KeptObject): Buffer {
  return frame(numbers(TYPES['object-gone'], object.serial));
}

export function encodeSlice({ object, number }: KeptSlice, file: SliceFile): Buffer {
  return frame(numbers(TYPES.slice, object.serial, number, file.number, file.checksum));
}

export function encodeSliceGone({ object, number }: KeptSlice): Buffer {
  return frame(numbers(TYPES['slice-gone'], object.serial, number));
}

const NO_TAGS: readonly string[] = [];

/** The payload between two places, or undefined when it is none of ours. */
function decodePayload(octets: Buffer, start: number, end: number): JournalRecord | undefined {
  const number = (index: number): number => octets.readUIntLE(start + 1 + index * NUMBER, NUMBER);
  const count = (end - start - 1) / NUMBER;
  switch (octets[start]) {
    case TYPES.slice:
      return count === 4 ? { kind: 'slice', serial: number(0), slice: number(1), file: { number: number(2), checksum: number(3) } } : undefined;
    case TYPES['slice-gone']:
      return count === 2 ? { kind: 'slice-gone', serial: number(0), slice: number(1) } : undefined;
    case TYPES['object-gone']:
      return count === 1 ? { kind: 'object-gone', serial: number(0) } : undefined;
    case TYPES.object: {
      const keyAt = start + 1 + 3 * NUMBER + 4;
      const versionAt = keyAt + octets.readUInt32LE(keyAt - 4) + 4;
      const restAt = versionAt + octets.readUInt32LE(versionAt - 4);
      const meta = { version: octets.toString('utf16le', versionAt, restAt), length: number(1), sliceOctets: number(2), head: undefined, tags: NO_TAGS };
      return { kind: 'object', serial: number(0), key: octets.toString('utf16le', keyAt, versionAt - 4), meta, unread: octets.toString('utf8', restAt, end) };
    }
    default:
      return undefined;
  }
}

const isZeros = (octets: Buffer, start: number): boolean => octets.subarray(start).every((octet) => octet === 0);

/**
 * The record at `start`. What a crash can leave is told from damage: a crash leaves the beginning of the
 * last record and then zeros, or the end of the file. Anything else that is not as it was written may
 * have been the record that takes an object away, and so nothing of the journal can be believed.
 */
export function decodeRecord(octets: Buffer, start: number): Decoded {
  const isTorn = (from: number): Decoded => ({ kind: isZeros(octets, Math.min(from, octets.length)) ? 'end' : 'damaged' });
  if (start + HEAD_OCTETS > octets.length) return { kind: 'end' };
  const length = octets.readUInt32LE(start);
  if (length === 0 || ~length >>> 0 !== octets.readUInt32LE(start + 4)) return isTorn(length === 0 ? start : start + HEAD_OCTETS);
  const payload = start + HEAD_OCTETS;
  const end = payload + length;
  if (end + 1 > octets.length) return { kind: 'end' };
  const isRight = crc32(octets.subarray(payload, end)) === octets.readUInt32LE(start + 8);
  if (!isRight) return isTorn(end);
  const record = decodePayload(octets, payload, end);
  return record ? { kind: 'record', record, end: end + 1 } : { kind: 'damaged' };
}
