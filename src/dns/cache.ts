// What the local DNS remembers: RRsets and aliases for their TTL, negatives for theirs (RFC 2308 §5),
// failures for a moment (RFC 9520 §3.2). Bounded; the entry unused for longest goes first.

import type { Clock } from '../base/clock.js';
import { TYPE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';

export interface CacheOptions {
  readonly maxEntries?: number;
}

/** A resolution that failed: RFC 8914 info code, and the words for people. */
export interface Failure {
  readonly infoCode: number;
  readonly text: string;
}

/** What is known about a name and type; TTLs are what is left of them. */
export type Known =
  | { readonly kind: 'records'; readonly records: readonly ResourceRecord[] }
  | { readonly kind: 'alias'; readonly record: ResourceRecord; readonly target: Name }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly soa: ResourceRecord }
  | { readonly kind: 'failure'; readonly failure: Failure };

export interface Cache {
  find(name: Name, type: number): Known | undefined;
  /** An answer to this question: an RRset owned by `name`, or the few that an authority gives for ANY. */
  storeRecords(name: Name, type: number, records: readonly ResourceRecord[]): void;
  storeAlias(record: ResourceRecord): void;
  /** `soa` as the negative answer carried it. */
  storeNodata(name: Name, type: number, soa: ResourceRecord): void;
  /** Holds for every type (RFC 2308 §5). */
  storeNxdomain(name: Name, soa: ResourceRecord): void;
  storeFailure(name: Name, type: number, failure: Failure): void;
}

const DEFAULT_MAX_ENTRIES = 10_000;
/** A week may be said (RFC 1035 §7), a day is believed (RFC 8767 §4 says what cap is customary). */
export const MAX_TTL_SECONDS = 86_400;
/** RFC 2308 §5: one to three hours. */
export const MAX_NEGATIVE_TTL_SECONDS = 10_800;
/** RFC 9520 §3.2: at least 1 s; no more, so that whoever mends an authority sees it mended. */
export const FAILURE_TTL_SECONDS = 1;
/** A larger RRset is answered and not kept: memory is bounded by entries. */
const MAX_RECORDS_KEPT = 100;

interface Entry {
  readonly known: Known;
  readonly storedAtMs: number;
  readonly ttlSeconds: number;
}

const keyOf = (name: Name, type: number): string => `${type} ${name.key}`;
const nxdomainKeyOf = (name: Name): string => `nxdomain ${name.key}`;

export function createCache(options: CacheOptions, env: { readonly clock: Clock }): Cache {
  const maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
  /** In the order of last use: a Map gives its keys in the order of insertion. */
  const entries = new Map<string, Entry>();

  const store = (key: string, known: Known, ttlSeconds: number): void => {
    entries.delete(key);
    // RFC 1035 §3.2.1: TTL 0 is for the transaction at hand only.
    if (ttlSeconds <= 0) return;
    entries.set(key, { known, storedAtMs: env.clock.monotonic(), ttlSeconds });
    const oldest = entries.size > maxEntries ? entries.keys().next().value : undefined;
    if (oldest !== undefined) entries.delete(oldest);
  };

  const take = (key: string): Known | undefined => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    const elapsedSeconds = Math.floor((env.clock.monotonic() - entry.storedAtMs) / 1000);
    entries.delete(key);
    if (elapsedSeconds >= entry.ttlSeconds) return undefined;
    entries.set(key, entry);
    return age(entry.known, elapsedSeconds);
  };

  return {
    find: (name, type) => {
      const exact = take(keyOf(name, type));
      if (exact) return exact;
      // An alias answers for every other type; ANY is asked of the authority, which picks.
      const alias = type === TYPE.ANY ? undefined : take(keyOf(name, TYPE.CNAME));
      const record = alias?.kind === 'records' ? alias.records[0] : undefined;
      if (record?.data.kind === 'CNAME') return { kind: 'alias', record, target: record.data.target };
      return take(nxdomainKeyOf(name));
    },
    storeRecords: (name, type, records) => {
      entries.delete(nxdomainKeyOf(name));
      if (records.length > MAX_RECORDS_KEPT) return;
      const ttl = Math.min(MAX_TTL_SECONDS, ...records.map((record) => record.ttl));
      store(keyOf(name, type), { kind: 'records', records: records.map((record) => ({ ...record, ttl })) }, ttl);
    },
    storeAlias: (record) => {
      entries.delete(nxdomainKeyOf(record.name));
      const ttl = Math.min(MAX_TTL_SECONDS, record.ttl);
      store(keyOf(record.name, TYPE.CNAME), { kind: 'records', records: [{ ...record, ttl }] }, ttl);
    },
    storeNodata: (name, type, soa) => {
      const ttl = negativeTtl(soa);
      store(keyOf(name, type), { kind: 'nodata', soa: { ...soa, ttl } }, ttl);
    },
    storeNxdomain: (name, soa) => {
      const ttl = negativeTtl(soa);
      store(nxdomainKeyOf(name), { kind: 'nxdomain', soa: { ...soa, ttl } }, ttl);
    },
    storeFailure: (name, type, failure) => store(keyOf(name, type), { kind: 'failure', failure }, FAILURE_TTL_SECONDS),
  };
}

/** RFC 2308 §5: the lesser of the SOA record's TTL and its minimum field. */
export function negativeTtl(soa: ResourceRecord): number {
  const minimum = soa.data.kind === 'SOA' ? soa.data.minimum : 0;
  return Math.min(soa.ttl, minimum, MAX_NEGATIVE_TTL_SECONDS);
}

function age(known: Known, elapsedSeconds: number): Known {
  if (elapsedSeconds === 0) return known;
  const older = (record: ResourceRecord): ResourceRecord => ({ ...record, ttl: record.ttl - elapsedSeconds });
  if (known.kind === 'records') return { kind: 'records', records: known.records.map(older) };
  return known.kind === 'nodata' || known.kind === 'nxdomain' ? { ...known, soa: older(known.soa) } : known;
}
