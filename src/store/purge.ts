// Purging: what an administrator takes away (hard), or declares stale (soft), by URL, by prefix or by
// the tags that the origin gave it. Whatever is here when it begins is dealt with when it ends.

import type { Clock } from '../base/clock.js';
import { FRESHNESS } from '../net/http/freshness.js';
import type { CacheKey, CacheStore } from './cache-store.js';
import type { Shelf } from './shelf.js';
import { isResponse, markStale, storedOf } from './stored.js';

export interface Purge {
  readonly by: 'url' | 'prefix' | 'tag';
  /** A target, the beginning of targets, or a tag: compared octet by octet, but for percent-encoding that means nothing. */
  readonly what: string;
  /** Stale at once, and served only as the rules for stale allow; otherwise gone. */
  readonly soft: boolean;
}

/** So many objects are looked at before others have their turn. */
const OBJECTS_A_TURN = 10_000;

/** RFC 3986 §6.2.2.1, §6.2.2.2: an unreserved character may be percent-encoded, and hexadecimal digits have any case. */
export function canonicalTarget(target: string): string {
  if (!target.includes('%')) return target;
  return target.replace(/%([0-9A-Fa-f]{2})/g, (encoded, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
  });
}

/** Under a target there may be several objects, one for each variant. */
export function targetOf(key: CacheKey): string {
  const end = key.indexOf('\n');
  return end < 0 ? key : key.slice(0, end);
}

/** Whether a purge means a response of this target, with these tags. */
export type PurgeTest = (target: string, tags: readonly string[]) => boolean;

export function purgeTest({ by, what }: Purge): PurgeTest {
  if (by === 'tag') return (_target, tags) => tags.includes(what);
  const wanted = canonicalTarget(what);
  if (by === 'url') return (target) => canonicalTarget(target) === wanted;
  return (target) => canonicalTarget(target).startsWith(wanted);
}

/** Resolves with the number of responses that were purged, once nothing of them can be found any more. */
export async function purgeShelf({ cache, shelf }: { readonly cache: CacheStore; readonly shelf: Shelf }, purge: Purge, clock: Clock): Promise<number> {
  const isMeant = purgeTest(purge);
  const byTag = purge.by === 'tag';
  let purged = 0;
  let seen = 0;
  // What comes while this runs is seen as well: it is at the end of the keys.
  for (const key of cache.keys()) {
    seen += 1;
    if (seen % OBJECTS_A_TURN === 0) await clock.sleep(0);
    if (!byTag && !isMeant(targetOf(key), [])) continue;
    const meta = cache.peek(key);
    if (meta === undefined || (byTag && !isMeant(targetOf(key), meta.tags))) continue;
    if (isResponse(meta.head)) purged += 1;
    const stored = purge.soft ? storedOf(key, meta, FRESHNESS) : undefined;
    if (stored !== undefined) shelf.replace(stored, markStale(meta, clock.now()));
    else if (!purge.soft) cache.delete(key, `purged by ${purge.by} ${purge.what}`);
  }
  return purged;
}
