// What the local DNS remembers: RRsets and aliases for their TTL, negatives for theirs (RFC 2308 §5),
// failures for a moment (RFC 9520 §3.2), each for whom it was meant (RFC 7871 §7.3); which servers a zone is
// delegated to; and what has expired for a day more, for when nobody answers (RFC 8767). Bounded in bytes.

import type { Clock } from '../base/clock.js';
import type { ClientSubnet } from '../net/dns/edns.js';
import { TYPE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { sizeOfEntry } from './cache-size.js';
import { Space, type Place } from './cache-space.js';
import type { Delegation } from './delegation.js';
import { isFor, sameAudience, type Audience, type Scoped } from './subnet.js';

export interface CacheOptions {
  /** All entries with what they cost to keep, as estimated: 64 MB unless said. */
  readonly maxBytes?: number;
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

export interface Found {
  readonly known: Known;
  /** Of the client subnet, how many bits it depends on, as its authority said; 0: none. */
  readonly scope: number;
  readonly stale: boolean;
}

/** Who wants to know. */
export interface Lookup {
  readonly subnet: ClientSubnet | undefined;
  /** Whether expired data will do, and failures are of no interest. */
  readonly stale: boolean;
}

export interface Cache {
  find(name: Name, type: number, lookup: Lookup): Found | undefined;
  /** RFC 8020 §2: that a name above doesn't exist, so that this one doesn't; `apex` and what is above it aren't looked at. */
  findAbove(name: Name, apex: Name, lookup: Lookup): Found | undefined;
  /** An answer to this question: an RRset owned by `name`, or the few that an authority gives for ANY. */
  storeRecords(name: Name, type: number, records: readonly ResourceRecord[], audience: Audience): void;
  storeAlias(record: ResourceRecord, audience: Audience): void;
  /** `soa` as the negative answer carried it. */
  storeNodata(name: Name, type: number, soa: ResourceRecord, audience: Audience): void;
  /** Holds for every type (RFC 2308 §5). */
  storeNxdomain(name: Name, soa: ResourceRecord, audience: Audience): void;
  /** What a parent says of a zone below, to everybody (RFC 7871 §7.4). */
  storeDelegation(delegation: Delegation): void;
  /** The one nearest to `name`, at it or above it and below `apex`. */
  findDelegation(name: Name, apex: Name): Delegation | undefined;
  /** For a second, twice as long each time it goes on failing; longer where stale data stands in for clients of this subnet. */
  storeFailure(name: Name, type: number, failure: Failure, subnet: ClientSubnet | undefined): void;
  readonly bytes: number;
  readonly entries: number;
}

export const DEFAULT_CACHE_BYTES = 64_000_000;
/** A week may be said (RFC 1035 §7), a day is believed (RFC 8767 §4 says what cap is customary). */
export const MAX_TTL_SECONDS = 86_400;
/** RFC 2308 §5: one to three hours. */
export const MAX_NEGATIVE_TTL_SECONDS = 10_800;
/** RFC 9520 §3.2: at least 1 s, and longer when it goes on; no more than 8, so that whoever mends an authority sees it mended. */
export const FAILURE_TTL_SECONDS = 1;
export const MAX_FAILURE_TTL_SECONDS = 8;
/** RFC 8767 §5: how long expired data may stand in, with which TTL, and how long nobody is asked again after a failure. */
export const MAX_STALE_SECONDS = 86_400;
export const STALE_TTL_SECONDS = 30;
export const RECHECK_SECONDS = 30;
/** A larger RRset is answered and not kept. */
const MAX_RECORDS_KEPT = 100;
/** Networks that one question may have an answer of its own for; beyond it the oldest goes. */
export const MAX_SCOPES = 100;

interface Entry extends Place<Entry> {
  readonly bucket: Bucket;
  readonly audience: Audience;
  readonly known: Known | Referred;
  readonly storedAtMs: number;
  readonly ttlSeconds: number;
}

interface Referred {
  readonly kind: 'delegation';
  readonly delegation: Delegation;
}

/** What is remembered under one key. */
interface Bucket {
  readonly key: string;
  everybody: Entry | undefined;
  untailored: Entry | undefined;
  scoped: (Entry & { readonly audience: Scoped })[] | undefined;
}

// A name's key begins with a length, 63 at most, so that none of these is another's beginning.
const keyOf = (name: Name, type: number): string => String.fromCharCode(type) + name.key;
const nxdomainKeyOf = (name: Name): string => `nx${name.key}`;
const delegationKeyOf = (name: Name): string => `nd${name.key}`;
const failureKeyOf = (name: Name, type: number): string => `nf${String.fromCharCode(type)}${name.key}`;

export function createCache(options: CacheOptions, env: { readonly clock: Clock }): Cache {
  const buckets = new Map<string, Bucket>();
  const space = new Space<Entry>(options.maxBytes ?? DEFAULT_CACHE_BYTES);
  const elapsedSeconds = (entry: Entry): number => Math.floor((env.clock.monotonic() - entry.storedAtMs) / 1000);

  const forget = (entry: Entry): void => {
    const { bucket } = entry;
    space.remove(entry);
    if (bucket.everybody === entry) bucket.everybody = undefined;
    else if (bucket.untailored === entry) bucket.untailored = undefined;
    else if (bucket.scoped) bucket.scoped = bucket.scoped.length === 1 ? undefined : bucket.scoped.filter((other) => other !== entry);
    if (!bucket.everybody && !bucket.untailored && !bucket.scoped) buckets.delete(bucket.key);
  };

  const store = (key: string, known: Known | Referred, ttlSeconds: number, audience: Audience): void => {
    const old = buckets.get(key);
    const replaced = old && (typeof audience === 'object' ? old.scoped?.find((entry) => sameAudience(entry.audience, audience)) : old[audience]);
    if (replaced) forget(replaced);
    // RFC 1035 §3.2.1: TTL 0 is for the transaction at hand only.
    if (ttlSeconds <= 0) return;
    const bucket: Bucket = buckets.get(key) ?? { key, everybody: undefined, untailored: undefined, scoped: undefined };
    buckets.set(key, bucket);
    const bytes = known.kind === 'failure' ? sizeOfEntry(key, [], known.failure.text) : sizeOfEntry(key, recordsOf(known));
    const base = { bucket, known, storedAtMs: env.clock.monotonic(), ttlSeconds, used: false, bytes, newer: undefined, older: undefined };
    if (typeof audience === 'object') {
      const entry = { ...base, audience };
      const oldest = bucket.scoped?.[MAX_SCOPES - 1] && bucket.scoped[0];
      if (oldest) forget(oldest);
      (bucket.scoped ??= []).push(entry);
      space.add(entry);
    } else {
      const entry: Entry = { ...base, audience };
      bucket[audience] = entry;
      space.add(entry);
    }
    while (space.isOverfull) {
      const victim = space.victim();
      if (!victim) break;
      forget(victim);
    }
  };

  /** RFC 7871 §7.3.2: of the networks that hold the client the longest, and then what is for everybody. */
  const select = (bucket: Bucket, { subnet, stale }: Lookup): Entry | undefined => {
    const limit = stale ? MAX_STALE_SECONDS : 0;
    const usable = (entry: Entry | undefined): entry is Entry => entry !== undefined && elapsedSeconds(entry) < entry.ttlSeconds + limit;
    let best: (Entry & { readonly audience: Scoped }) | undefined;
    if (subnet && bucket.scoped) {
      for (const entry of bucket.scoped) {
        if ((!best || entry.audience.bits > best.audience.bits) && isFor(entry.audience, subnet) && usable(entry)) best = entry;
      }
    }
    if (best) return best;
    if (!subnet && usable(bucket.untailored)) return bucket.untailored;
    return usable(bucket.everybody) ? bucket.everybody : undefined;
  };

  const take = (key: string, lookup: Lookup): Found | undefined => {
    const bucket = buckets.get(key);
    const entry = bucket && select(bucket, lookup);
    if (!entry) return undefined;
    entry.used = true;
    if (entry.known.kind === 'delegation') return undefined;
    const elapsed = elapsedSeconds(entry);
    const scope = typeof entry.audience === 'object' ? entry.audience.scope : 0;
    if (elapsed >= entry.ttlSeconds) return { known: withTtl(entry.known, () => STALE_TTL_SECONDS), scope, stale: true };
    return { known: elapsed === 0 ? entry.known : withTtl(entry.known, (ttl) => ttl - elapsed), scope, stale: false };
  };

  const findFact = (name: Name, type: number, lookup: Lookup): Found | undefined => {
    // Where NXDOMAIN stands it is the latest that was heard: an expired RRset beside it is older.
    const exact = (lookup.stale ? take(nxdomainKeyOf(name), lookup) : undefined) ?? take(keyOf(name, type), lookup);
    if (exact) return exact;
    // An alias answers for every other type; ANY is asked of the authority, which picks.
    const alias = type === TYPE.ANY ? undefined : take(keyOf(name, TYPE.CNAME), lookup);
    const record = alias?.known.kind === 'records' ? alias.known.records[0] : undefined;
    if (alias && record?.data.kind === 'CNAME') return { ...alias, known: { kind: 'alias', record, target: record.data.target } };
    return lookup.stale ? undefined : take(nxdomainKeyOf(name), lookup);
  };

  const find = (name: Name, type: number, lookup: Lookup): Found | undefined => {
    const fresh = findFact(name, type, lookup.stale ? { ...lookup, stale: false } : lookup);
    return fresh ?? (lookup.stale ? findFact(name, type, lookup) : take(failureKeyOf(name, type), lookup));
  };

  const forgetAll = (key: string): void => {
    const bucket = buckets.get(key);
    if (!bucket) return;
    for (const entry of [bucket.everybody, bucket.untailored, ...(bucket.scoped ?? [])]) if (entry) forget(entry);
  };

  /** What is now known about a name puts an end to what was believed before. */
  const exists = (name: Name, type: number): void => {
    forgetAll(nxdomainKeyOf(name));
    forgetAll(failureKeyOf(name, type));
  };

  return {
    find,
    findAbove: (name, apex, lookup) => {
      for (let at = name.parent(); at && at.wire.length > apex.wire.length; at = at.parent()) {
        const found = take(nxdomainKeyOf(at), lookup);
        if (found) return found;
      }
      return undefined;
    },
    storeRecords: (name, type, records, audience) => {
      exists(name, type);
      if (records.length > MAX_RECORDS_KEPT) return;
      const ttl = Math.min(MAX_TTL_SECONDS, ...records.map((record) => record.ttl));
      store(keyOf(name, type), { kind: 'records', records: records.map((record) => ({ ...record, ttl })) }, ttl, audience);
    },
    storeAlias: (record, audience) => {
      exists(record.name, TYPE.CNAME);
      const ttl = Math.min(MAX_TTL_SECONDS, record.ttl);
      store(keyOf(record.name, TYPE.CNAME), { kind: 'records', records: [{ ...record, ttl }] }, ttl, audience);
    },
    storeNodata: (name, type, soa, audience) => {
      exists(name, type);
      const ttl = negativeTtl(soa);
      store(keyOf(name, type), { kind: 'nodata', soa: { ...soa, ttl } }, ttl, audience);
    },
    storeNxdomain: (name, soa, audience) => {
      const ttl = negativeTtl(soa);
      store(nxdomainKeyOf(name), { kind: 'nxdomain', soa: { ...soa, ttl } }, ttl, audience);
    },
    storeDelegation: (delegation) => {
      const records = [...delegation.nameservers, ...delegation.glue];
      if (records.length > MAX_RECORDS_KEPT) return;
      // Not longer than any part of it holds, and never anew but by its parent: a zone taken away is gone with it.
      store(delegationKeyOf(delegation.zone), { kind: 'delegation', delegation }, Math.min(MAX_TTL_SECONDS, ...records.map(({ ttl }) => ttl)), 'everybody');
    },
    findDelegation: (name, apex) => {
      for (let at: Name | undefined = name; at && at.wire.length > apex.wire.length; at = at.parent()) {
        const entry = buckets.get(delegationKeyOf(at))?.everybody;
        if (entry?.known.kind !== 'delegation' || elapsedSeconds(entry) >= entry.ttlSeconds) continue;
        entry.used = true;
        return entry.known.delegation;
      }
      return undefined;
    },
    storeFailure: (name, type, failure, subnet) => {
      const key = failureKeyOf(name, type);
      const before = buckets.get(key)?.everybody;
      // It goes on failing: the last failure was over not longer ago than it was kept (RFC 9520 §3.2).
      const goesOn = before !== undefined && elapsedSeconds(before) < 3 * before.ttlSeconds;
      const ttl = goesOn ? Math.min(MAX_FAILURE_TTL_SECONDS, 2 * before.ttlSeconds) : FAILURE_TTL_SECONDS;
      const standsIn = find(name, type, { subnet, stale: true }) !== undefined;
      store(key, { kind: 'failure', failure }, standsIn ? RECHECK_SECONDS : ttl, 'everybody');
    },
    get bytes() {
      return space.bytes;
    },
    get entries() {
      return space.count;
    },
  };
}

/** RFC 2308 §5: the lesser of the SOA record's TTL and its minimum field. */
export function negativeTtl(soa: ResourceRecord): number {
  const minimum = soa.data.kind === 'SOA' ? soa.data.minimum : 0;
  return Math.min(soa.ttl, minimum, MAX_NEGATIVE_TTL_SECONDS);
}

function recordsOf(known: Exclude<Known, { kind: 'failure' }> | Referred): readonly ResourceRecord[] {
  if (known.kind === 'records') return known.records;
  if (known.kind === 'delegation') return [...known.delegation.nameservers, ...known.delegation.glue];
  return [known.kind === 'alias' ? known.record : known.soa];
}

function withTtl(known: Known, ttlOf: (ttl: number) => number): Known {
  const changed = (record: ResourceRecord): ResourceRecord => ({ ...record, ttl: ttlOf(record.ttl) });
  if (known.kind === 'records') return { kind: 'records', records: known.records.map(changed) };
  return known.kind === 'nodata' || known.kind === 'nxdomain' ? { ...known, soa: changed(known.soa) } : known;
}
