// What an entry of the cache costs to keep, in bytes. An estimate that a test holds against the heap: a
// little too much for small records rather than too little. Pure.

import type { ResourceRecord } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import type { Known } from './cache.js';

/** The entry, its bucket, its place in the map, and what is known, without records and key. */
const ENTRY_BYTES = 420;
/** A record, its data's object, and the owner's name. */
const RECORD_BYTES = 360;
/** A typed array or a string beside its octets. */
const VALUE_BYTES = 120;

export function sizeOfKnown(key: string, known: Known): number {
  const base = ENTRY_BYTES + key.length;
  switch (known.kind) {
    case 'records':
      return known.records.reduce((sum, record) => sum + sizeOfRecord(record), base);
    case 'failure':
      return base + 2 * known.failure.text.length;
    case 'alias':
      return base + sizeOfRecord(known.record);
    default:
      return base + sizeOfRecord(known.soa);
  }
}

function sizeOfRecord({ name, data }: ResourceRecord): number {
  let sum = RECORD_BYTES + 2 * name.wire.length;
  for (const value of Object.values<unknown>(data)) sum += sizeOfValue(value);
  return sum;
}

function sizeOfValue(value: unknown): number {
  if (value instanceof Name) return VALUE_BYTES + 2 * value.wire.length;
  if (value instanceof Uint8Array) return VALUE_BYTES + value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOfValue(item), VALUE_BYTES);
  return typeof value === 'string' ? value.length : 8;
}
