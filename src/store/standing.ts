// How it stands with a target: what there is of it, in which tier, how fresh, by which rule, and, where
// it is gone, who took it away. For people who ask why; looking counts as no use.

import { ageAt, FRESHNESS, type FreshnessRule } from '../net/http/freshness.js';
import type { CacheKey, CacheStore } from './cache-store.js';
import { isVary, storedOf, type Stored } from './stored.js';

/** Slices of one response: the nearest tier that has each. */
export interface Whereabouts {
  readonly memory: number;
  readonly disk: number;
  /** Nowhere here: the origin has them. */
  readonly missing: number;
}

export interface StandingResponse {
  /** Of several edges that are administered together, the one that has it. */
  readonly store?: string;
  /** The request fields that it was chosen by, such as "accept-encoding: gzip"; a name alone: the field wasn't there. */
  readonly vary: readonly string[];
  readonly status: number;
  /** Fresh; stale, and to be validated before it is used; or stale, and to be used as the directive allows. */
  readonly freshness: 'fresh' | 'stale' | 'stale-while-revalidate' | 'stale-if-error';
  /** By which rule it is, or was, fresh. */
  readonly rule: FreshnessRule;
  readonly ageSeconds: number;
  readonly lifetimeSeconds: number;
  /** Below 0: stale for so long. */
  readonly ttlSeconds: number;
  /** RFC 3339; null: it wasn't purged softly. */
  readonly purgedSoftly: string | null;
  readonly octets: number;
  readonly slices: Whereabouts;
  /** Answers from here since it came, or since the start. */
  readonly hits: number;
  readonly tags: readonly string[];
  readonly etag: string | null;
}

export interface Standing {
  readonly target: string;
  readonly here: boolean;
  /** It is being asked for just now. */
  readonly underWay: boolean;
  readonly responses: readonly StandingResponse[];
  /** What went away lately, and hasn't come back. `at`: RFC 3339. */
  readonly removals: readonly { readonly store?: string; readonly why: string; readonly at: string }[];
}

function whereaboutsOf({ key, meta }: Stored, cache: CacheStore): Whereabouts {
  const slices = { memory: 0, disk: 0, missing: 0 };
  for (let slice = 0; slice * meta.sliceOctets < meta.length; slice += 1) slices[cache.where(key, meta.version, slice) ?? 'missing'] += 1;
  return slices;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);
const timeOf = (ms: number): string => new Date(ms).toISOString();

function freshnessOf({ life }: Stored, nowMs: number): StandingResponse['freshness'] {
  const staleMs = ageAt(life, nowMs) - life.lifetimeMs;
  if (staleMs < 0 && !life.noCache) return 'fresh';
  if (!life.mustRevalidate && staleMs <= life.whileRevalidateMs && life.whileRevalidateMs > 0) return 'stale-while-revalidate';
  return !life.mustRevalidate && staleMs <= life.ifErrorMs && life.ifErrorMs > 0 ? 'stale-if-error' : 'stale';
}

function describe(stored: Stored, cache: CacheStore, nowMs: number): StandingResponse {
  const { life, head, meta, key } = stored;
  const ageMs = ageAt(life, nowMs);
  return {
    vary: key.split('\n').slice(2),
    status: head.status,
    freshness: freshnessOf(stored, nowMs),
    rule: life.rule,
    ageSeconds: seconds(ageMs),
    lifetimeSeconds: seconds(life.lifetimeMs),
    ttlSeconds: seconds(life.lifetimeMs - ageMs),
    purgedSoftly: head.staleSinceMs === undefined ? null : timeOf(head.staleSinceMs),
    octets: meta.length,
    slices: whereaboutsOf(stored, cache),
    hits: stored.hits,
    tags: meta.tags,
    etag: head.fields['etag'] ?? null,
  };
}

export function standingOf(target: string, { cache, isUnderWay }: { readonly cache: CacheStore; readonly isUnderWay: boolean }, nowMs: number): Standing {
  const head = cache.peek(target)?.head;
  const keys: readonly CacheKey[] = isVary(head) ? head.variants : [target];
  const responses = keys.flatMap((key) => {
    const meta = cache.peek(key);
    const stored = meta === undefined ? undefined : storedOf(key, meta, FRESHNESS);
    return stored === undefined ? [] : [describe(stored, cache, nowMs)];
  });
  const removals = keys.flatMap((key) => {
    const removal = cache.peek(key) === undefined ? cache.removal(key) : undefined;
    return removal === undefined ? [] : [{ why: removal.why, at: timeOf(removal.atMs) }];
  });
  return { target, here: responses.length > 0, underWay: isUnderWay, responses, removals };
}
