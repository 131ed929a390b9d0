// Records as sets (RFC 2181 §5): when two are the same record, and what a set that came untidy stands for. Pure.

import { TYPE, type ResourceRecord } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';

/** The RDATA as a text that is equal where the RDATA is; names without regard to letter case. */
export function identify({ data }: ResourceRecord): string {
  if ('address' in data) return data.address;
  let text = '';
  for (const value of Object.values<unknown>(data)) text += identifyValue(value);
  return text;
}

/** Each value behind its length, so that no two lists of values give the same text. */
function identifyValue(value: unknown): string {
  if (value instanceof Name) return value.key;
  if (value instanceof Uint8Array) return `${value.length}:${Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')}`;
  if (Array.isArray(value)) return `${value.length}[${value.map(identifyValue).join('')}`;
  if (typeof value === 'object' && value !== null) return identifyValue(Object.values(value) as readonly unknown[]);
  const text = String(value);
  return `${text.length}:${text}`;
}

/**
 * The records in their order, each once (RFC 2181 §5), those of one RRset with the least of their TTLs
 * (§5.2). The list itself when there is nothing to mend.
 */
export function tidyRecords(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  if (records.length < 2) return records;
  const sets = new Map<string, ResourceRecord[]>();
  let set: ResourceRecord[] = [];
  for (const record of records) {
    // Those of one set mostly stand together, and share their owner.
    const [before] = set;
    if (before?.name !== record.name || before.type !== record.type || before.class !== record.class) {
      const key = `${record.type} ${record.class} ${record.name.key}`;
      set = sets.get(key) ?? [];
      sets.set(key, set);
    }
    set.push(record);
  }
  // Every record is a set of its own.
  if (sets.size === records.length) return records;
  const kept = new Map<ResourceRecord, ResourceRecord>();
  for (const set of sets.values()) keepSet(set, kept);
  if (kept.size === records.length && [...kept].every(([record, tidy]) => record === tidy)) return records;
  return records.flatMap((record) => kept.get(record) ?? []);
}

/** Beyond, an RRset is nobody's honest one, and what is in it twice may stay so. */
const MAX_COMPARED = 500;

function keepSet(set: readonly ResourceRecord[], kept: Map<ResourceRecord, ResourceRecord>): void {
  const seen = new Set<string>();
  const ttl = set.reduce((least, record) => Math.min(least, record.ttl), Infinity);
  for (const record of set) {
    if (set.length > 1 && set.length <= MAX_COMPARED) {
      const identity = identify(record);
      if (seen.has(identity)) continue;
      seen.add(identity);
    }
    // RFC 4034 §3: signatures of one name are no RRset, and each has the TTL of what it signs.
    kept.set(record, record.ttl === ttl || record.type === TYPE.RRSIG ? record : { ...record, ttl });
  }
}
