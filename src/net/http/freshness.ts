// How long a stored response is fresh, how old it is, and what may be done with it once it is stale
// (RFC 9111 §4.2, RFC 5861). All times of a cache in milliseconds; nothing here is fresh by default.

import { directivesOf, parseCacheControl, type CacheDirectives, type Seconds } from './cache-control.js';
import { parseHttpDate } from './date.js';
import type { HeaderFields } from './message.js';

/** A response and when it was asked for and came. */
export interface TimedResponse {
  readonly status: number;
  readonly fields: HeaderFields;
  readonly requestedMs: number;
  readonly receivedMs: number;
}

/** By which rule a response is fresh; 'none': by no rule, and so it isn't. */
export type FreshnessRule = 'CDN-Cache-Control' | 's-maxage' | 'max-age' | 'Expires' | 'heuristic' | 'none';

export interface Lifetime {
  readonly ms: number;
  readonly rule: FreshnessRule;
}

export interface FreshnessPolicy {
  /** Nothing that says "no" (4xx, 5xx) is fresh for longer than this. */
  readonly maxNegativeMs: number;
  /** Nothing is fresh by its Last-Modified for longer than this; 0: never. */
  readonly maxHeuristicMs: number;
}

export const FRESHNESS: FreshnessPolicy = { maxNegativeMs: 60_000, maxHeuristicMs: 86_400_000 };

/** RFC 9110 §15.1: statuses that may be fresh without a word about it. */
export const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);

/** §4.2.2: a usual fraction of the time since the last change. */
const HEURISTIC_FRACTION = 0.1;

const msOf = (seconds: Seconds): number => (seconds === 'invalid' ? 0 : seconds * 1000);

/** RFC 9110 §6.6.1: a response without a valid Date is dated when it came. */
export function dateOf(response: TimedResponse): number {
  return parseHttpDate(response.fields['date'] ?? '', response.receivedMs) ?? response.receivedMs;
}

function untilExpires(response: TimedResponse, expires: string): Lifetime {
  // §5.3: what is no date, "0" above all, lies in the past. Two of them are none.
  const at = parseHttpDate(expires, response.receivedMs);
  return { ms: at === undefined ? 0 : Math.max(0, at - dateOf(response)), rule: 'Expires' };
}

function heuristic(response: TimedResponse, directives: CacheDirectives, policy: FreshnessPolicy): Lifetime {
  const modified = parseHttpDate(response.fields['last-modified'] ?? '', response.receivedMs);
  // §4.2.2: of other statuses only where the response is marked public.
  if (modified === undefined || !(HEURISTICALLY_CACHEABLE.has(response.status) || directives.public)) return { ms: 0, rule: 'none' };
  const ms = Math.min(policy.maxHeuristicMs, Math.max(0, dateOf(response) - modified) * HEURISTIC_FRACTION);
  return ms > 0 ? { ms, rule: 'heuristic' } : { ms: 0, rule: 'none' };
}

function toldLifetime(response: TimedResponse, policy: FreshnessPolicy): Lifetime {
  const { directives, targeted } = directivesOf(response.fields);
  const { sMaxage, maxAge } = directives;
  // §4.2.1, for a shared cache: s-maxage, max-age, Expires, in this order.
  if (sMaxage !== undefined) return { ms: msOf(sMaxage), rule: targeted ? 'CDN-Cache-Control' : 's-maxage' };
  if (maxAge !== undefined) return { ms: msOf(maxAge), rule: targeted ? 'CDN-Cache-Control' : 'max-age' };
  const expires = response.fields['expires'];
  if (expires !== undefined && !targeted) return untilExpires(response, expires);
  return heuristic(response, directives, policy);
}

/** §4.2.1: how long from its making a response is fresh, and by which rule. */
export function freshnessLifetime(response: TimedResponse, policy: FreshnessPolicy = FRESHNESS): Lifetime {
  const { ms, rule } = toldLifetime(response, policy);
  return { ms: response.status >= 400 ? Math.min(ms, policy.maxNegativeMs) : ms, rule };
}

/** §5.1: the first of several counts; what is no number is no age. Seconds, as milliseconds. */
function ageValue(field: string | undefined): number {
  const first = field?.split(',', 1)[0]?.trim() ?? '';
  return /^\d+$/.test(first) ? Math.min(Number(first), 2_147_483_648) * 1000 : 0;
}

/** §4.2.3: how old the response was when it came. */
export function initialAge(response: TimedResponse): number {
  const apparentAge = Math.max(0, response.receivedMs - dateOf(response));
  const responseDelay = Math.max(0, response.receivedMs - response.requestedMs);
  return Math.max(apparentAge, ageValue(response.fields['age']) + responseDelay);
}

/** §4.2.3: how old the response is now. A clock that was set back makes nothing younger than it came. */
export function currentAge(response: TimedResponse, nowMs: number): number {
  return initialAge(response) + Math.max(0, nowMs - response.receivedMs);
}

/** All that the passing of time does to a stored response, worked out once: a hit parses nothing of it again. */
export interface ShelfLife {
  readonly receivedMs: number;
  readonly initialAgeMs: number;
  readonly lifetimeMs: number;
  readonly rule: FreshnessRule;
  /** Each use is to be validated first (§5.2.2.4). */
  readonly noCache: boolean;
  /** RFC 8246. */
  readonly immutable: boolean;
  /** Never to be served stale, not even to a client that would take it (§4.2.4). */
  readonly mustRevalidate: boolean;
  /** How long past its lifetime it may be served while it is validated in the background (RFC 5861 §3). */
  readonly whileRevalidateMs: number;
  /** How long past its lifetime it may be served where the origin fails (RFC 5861 §4). */
  readonly ifErrorMs: number;
}

/** Stale is allowed by nothing but a directive, and by none of them beside one that forbids it. */
export function shelfLifeOf(response: TimedResponse, policy: FreshnessPolicy = FRESHNESS): ShelfLife {
  const { directives } = directivesOf(response.fields);
  const { ms, rule } = freshnessLifetime(response, policy);
  const noCache = directives.noCache === '*';
  // §5.2.2.2, §5.2.2.8; §5.2.2.10: s-maxage has the meaning of proxy-revalidate, whatever stands beside it.
  const mustRevalidate = directives.mustRevalidate || directives.proxyRevalidate || directives.sMaxage !== undefined || noCache;
  return {
    receivedMs: response.receivedMs,
    initialAgeMs: initialAge(response),
    lifetimeMs: ms,
    rule,
    noCache,
    immutable: directives.immutable,
    mustRevalidate,
    whileRevalidateMs: mustRevalidate ? 0 : msOf(directives.staleWhileRevalidate ?? 0),
    ifErrorMs: mustRevalidate ? 0 : msOf(directives.staleIfError ?? 0),
  };
}

export function ageAt(life: ShelfLife, nowMs: number): number {
  return life.initialAgeMs + Math.max(0, nowMs - life.receivedMs);
}

export type Freshness =
  /** To be used as it is. `ttlMs`: what remains of its lifetime; below 0 where the client takes it stale. */
  | { readonly kind: 'fresh'; readonly ttlMs: number }
  /** To be used at once, and validated in the background. */
  | { readonly kind: 'revalidate-later'; readonly ttlMs: number }
  /** To be validated first. `why`: its time is over, it says so itself, or the client wants it. `mayServeOnError`: where that fails. */
  | { readonly kind: 'validate'; readonly ttlMs: number; readonly why: 'stale' | 'request'; readonly mayServeOnError: boolean };

/** Whether a stored response may be used without asking (§4). */
export function judgeFreshness(life: ShelfLife, requestFields: HeaderFields, nowMs: number): Freshness {
  const ageMs = ageAt(life, nowMs);
  const ttlMs = life.lifetimeMs - ageMs;
  const wish = requestWish(requestFields);
  // §4.2: fresh while the lifetime is greater than the age.
  if (ttlMs > 0 && !life.noCache) {
    // §5.2.1.1, §5.2.1.3, §5.2.1.4. RFC 8246 §2.1: what is immutable is validated only where no-cache wants it.
    const enough = life.immutable || (ageMs <= wish.maxAgeMs && ttlMs >= wish.minFreshMs);
    return enough && !wish.noCache ? { kind: 'fresh', ttlMs } : { kind: 'validate', ttlMs, why: 'request', mayServeOnError: !life.mustRevalidate && !wish.noCache };
  }
  const staleMs = -ttlMs;
  const within = (allowedMs: number): boolean => allowedMs > 0 && staleMs <= allowedMs;
  const mayServeOnError = !life.mustRevalidate && within(life.ifErrorMs);
  if (life.mustRevalidate || wish.noCache || ageMs > wish.maxAgeMs) return { kind: 'validate', ttlMs, why: 'stale', mayServeOnError };
  if (within(life.whileRevalidateMs)) return { kind: 'revalidate-later', ttlMs };
  // §5.2.1.2
  return within(wish.maxStaleMs) ? { kind: 'fresh', ttlMs } : { kind: 'validate', ttlMs, why: 'stale', mayServeOnError };
}

interface Wish {
  readonly noCache: boolean;
  readonly maxAgeMs: number;
  readonly maxStaleMs: number;
  readonly minFreshMs: number;
}

const NO_WISH: Wish = { noCache: false, maxAgeMs: Infinity, maxStaleMs: 0, minFreshMs: 0 };

/** §5.2.1; §5.4: Pragma counts only where there is no Cache-Control. What can't be read is no wish. */
function requestWish(fields: HeaderFields): Wish {
  const cacheControl = fields['cache-control'];
  const pragma = fields['pragma'];
  if (cacheControl === undefined) {
    return pragma !== undefined && parseCacheControl(pragma).noCache !== undefined ? { ...NO_WISH, noCache: true } : NO_WISH;
  }
  const { noCache, maxAge, maxStale, minFresh } = parseCacheControl(cacheControl);
  return {
    noCache: noCache !== undefined,
    maxAgeMs: maxAge === undefined || maxAge === 'invalid' ? Infinity : maxAge * 1000,
    maxStaleMs: maxStale === 'any' ? Infinity : maxStale === undefined || maxStale === 'invalid' ? 0 : maxStale * 1000,
    minFreshMs: minFresh === undefined || minFresh === 'invalid' ? 0 : minFresh * 1000,
  };
}
