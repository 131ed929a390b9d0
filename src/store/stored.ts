// A stored response as the cache store holds it, and what is worked out of it once so that a hit costs
// little: its shelf life, its validators, the fields that go out.

import { formatCacheStatus, type CacheStatus, appendCacheStatus } from '../net/http/cache-status.js';
import { parseHttpDate } from '../net/http/date.js';
import { parseEntityTag } from '../net/http/etag.js';
import { ageAt, shelfLifeOf, type FreshnessPolicy, type ShelfLife } from '../net/http/freshness.js';
import type { HeaderFields, HttpResponse } from '../net/http/message.js';
import type { CacheKey, ObjectMeta } from './cache-store.js';

/** What stands in ObjectMeta.head of a response; survives as JSON. */
export interface StoredHead {
  readonly kind: 'response';
  readonly target: string;
  readonly status: number;
  readonly fields: HeaderFields;
  readonly requestedMs: number;
  readonly receivedMs: number;
  /** The request fields that chose it (RFC 9111 §4.1), for further requests about it; absent where nothing did. */
  readonly chosenBy?: HeaderFields;
  /** Purged softly: stale since then, whatever its fields say. */
  readonly staleSinceMs?: number;
}

/** What stands there of a target whose responses vary: by which fields, the latest first, and where they are. */
export interface VaryHead {
  readonly kind: 'vary';
  /** In the variants' keys: what was forgotten with an earlier one of these is never found by a later one. */
  readonly series: string;
  readonly names: readonly (readonly string[])[];
  readonly variants: readonly CacheKey[];
}

export interface Stored {
  readonly key: CacheKey;
  readonly meta: ObjectMeta;
  readonly head: StoredHead;
  readonly life: ShelfLife;
  /** Strong: slices of it may be put together with each other (RFC 9110 §13.1.5). */
  readonly strongEtag: string | undefined;
  readonly lastModifiedMs: number | undefined;
  /** The answer to a plain request, for the second in which it was made. */
  hit: { readonly second: number; readonly response: HttpResponse } | undefined;
  /** Answers from here since it came, or since the start. */
  hits: number;
}

function hasKind(head: unknown): head is { readonly kind: unknown } {
  return typeof head === 'object' && head !== null && 'kind' in head;
}

export function isResponse(head: unknown): head is StoredHead {
  return hasKind(head) && head.kind === 'response';
}

export function isVary(head: unknown): head is VaryHead {
  return hasKind(head) && head.kind === 'vary' && 'series' in head;
}

export function strongEtagOf(fields: HeaderFields): string | undefined {
  const etag = fields['etag'];
  const tag = etag === undefined ? undefined : parseEntityTag(etag);
  return tag === undefined || tag.weak ? undefined : etag;
}

const known = new WeakMap<ObjectMeta, Stored>();

/** undefined for what is no response. */
export function storedOf(key: CacheKey, meta: ObjectMeta, policy: FreshnessPolicy): Stored | undefined {
  const before = known.get(meta);
  if (before !== undefined) return before;
  const { head } = meta;
  if (!isResponse(head)) return undefined;
  const told = shelfLifeOf(head, policy);
  const life = head.staleSinceMs === undefined ? told : { ...told, lifetimeMs: Math.min(told.lifetimeMs, ageAt(told, head.staleSinceMs)) };
  const stored: Stored = {
    key, meta, head, life,
    strongEtag: strongEtagOf(head.fields),
    lastModifiedMs: parseHttpDate(head.fields['last-modified'] ?? '', head.receivedMs),
    hit: undefined,
    hits: 0,
  };
  known.set(meta, stored);
  return stored;
}

/** Soft purge: the same object, to be validated before its next use. A second one makes it no younger. */
export function markStale(meta: ObjectMeta, nowMs: number): ObjectMeta {
  return isResponse(meta.head) ? { ...meta, head: { ...meta.head, staleSinceMs: Math.min(nowMs, meta.head.staleSinceMs ?? nowMs) } } : meta;
}

/** Surrogate-Key's words and Cache-Tag's list: for purging by tag. */
export function tagsOf(fields: HeaderFields): readonly string[] {
  const words = (fields['surrogate-key'] ?? '').split(/\s+/);
  const list = (fields['cache-tag'] ?? '').split(',').map((tag) => tag.trim());
  return [...new Set([...words, ...list].filter((tag) => tag !== ''))];
}

/** The fields of an answer from what is stored: Age (RFC 9111 §5.1), and Cache-Status after that of caches before this one. */
export function withCacheFields(fields: HeaderFields, stored: Stored, cache: string, status: CacheStatus, nowMs: number): HeaderFields {
  return {
    ...fields,
    age: String(Math.floor(ageAt(stored.life, nowMs) / 1000)),
    'cache-status': appendCacheStatus(stored.head.fields['cache-status'], formatCacheStatus(cache, status)),
  };
}
