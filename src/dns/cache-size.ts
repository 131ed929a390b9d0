// What an entry of the cache costs to keep, in bytes. An estimate that a test holds against the heap: a
// little too much for small records rather than too little. Pure.

import type { ResourceRecord } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';

/** The entry, its bucket, its place in the map, and the arrays around what is known. */
const ENTRY_BYTES = 760;
/** A record and its data's object, without the names in it; the records of an RRset share their owner. */
const RECORD_BYTES = 180;
/** A name, typed array or text beside its octets. */
const VALUE_BYTES = 200;
/** For each octet of a name: its wire form, and its key as it was put together. */
const NAME_OCTET_BYTES = 8;

/** Of an entry under `key`; `text` is a failure's. */
export function sizeOfEntry(key: string, records: readonly ResourceRecord[], text?: string): number {
  const base = ENTRY_BYTES + 2 * key.length + (text === undefined ? 0 : VALUE_BYTES + 2 * text.length);
  return records.reduce((sum, record) => sum + RECORD_BYTES + sizeOfData(record), base + sizeOfOwner(records[0]));
}

function sizeOfOwner(record: ResourceRecord | undefined): number {
  return record ? sizeOfValue(record.name) : 0;
}

function sizeOfData({ data }: ResourceRecord): number {
  let sum = 0;
  for (const value of Object.values<unknown>(data)) sum += sizeOfValue(value);
  return sum;
}

function sizeOfValue(value: unknown): number {
  if (value instanceof Name) return VALUE_BYTES + NAME_OCTET_BYTES * value.wire.length;
  if (value instanceof Uint8Array) return VALUE_BYTES + value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOfValue(item), VALUE_BYTES);
  return typeof value === 'string' ? value.length : 8;
}
