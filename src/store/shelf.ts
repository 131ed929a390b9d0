// Where responses are in the cache store: by their target, and where they vary, by the request fields
// that chose them (RFC 9111 §4.1).

import type { Random } from '../base/random.js';
import type { FreshnessPolicy } from '../net/http/freshness.js';
import type { HeaderFields } from '../net/http/message.js';
import { variantKey } from '../net/http/vary.js';
import type { CacheKey, CacheStore, ObjectMeta } from './cache-store.js';
import { isVary, storedOf, type Stored, type VaryHead } from './stored.js';

export interface Shelf {
  /** `known`: there is something of this target, but nothing for these fields. */
  find(target: string, fields: HeaderFields): Stored | { readonly known: boolean };
  /** In place of what was there; `names`: by which request fields it was chosen. */
  put(target: string, names: readonly string[], fields: HeaderFields, meta: ObjectMeta): Stored;
  /** The same object with another head. */
  replace(stored: Stored, meta: ObjectMeta): Stored;
  /** All that there is of a target. */
  forget(target: string, why: string): boolean;
  /** This object alone, if it is still the one that is there. */
  drop(stored: Stored, why: string): void;
}

/** Sets of fields, and variants, that are remembered of one target; the oldest give way. */
const MAX_NAMES = 8;
const MAX_VARIANTS = 128;

export function createShelf(cache: CacheStore, policy: FreshnessPolicy, random: Random): Shelf {
  const keyOf = (target: string, series: string, names: readonly string[], fields: HeaderFields): CacheKey => `${target}\n${series}\n${variantKey(names, fields)}`;

  function get(key: CacheKey): Stored | undefined {
    const meta = cache.find(key);
    return meta === undefined ? undefined : storedOf(key, meta, policy);
  }

  function store(key: CacheKey, meta: ObjectMeta): Stored {
    cache.put(key, meta);
    const stored = get(key) ?? storedOf(key, meta, policy);
    if (stored === undefined) throw new Error('not a response');
    return stored;
  }

  /** Returns the variant's key. */
  function markVary(target: string, names: readonly string[], fields: HeaderFields): CacheKey {
    const before = cache.find(target)?.head;
    const known: VaryHead = isVary(before) ? before : { kind: 'vary', series: Buffer.from(random.bytes(9)).toString('base64url'), names: [], variants: [] };
    const variant = keyOf(target, known.series, names, fields);
    const same = (other: readonly string[]): boolean => other.join() === names.join();
    const first = known.names[0];
    if (first !== undefined && same(first) && known.variants.includes(variant)) return variant;
    const variants = [variant, ...known.variants.filter((one) => one !== variant)];
    for (const old of variants.slice(MAX_VARIANTS)) cache.delete(old, 'too many variants of one object');
    const head: VaryHead = {
      kind: 'vary',
      series: known.series,
      names: [names, ...known.names.filter((other) => !same(other))].slice(0, MAX_NAMES),
      variants: variants.slice(0, MAX_VARIANTS),
    };
    cache.put(target, { version: 'vary', length: 0, sliceOctets: 1, head, tags: [] });
    return variant;
  }

  function forget(target: string, why: string): boolean {
    const head = cache.find(target)?.head;
    if (isVary(head)) for (const variant of head.variants) cache.delete(variant, why);
    return cache.delete(target, why);
  }

  return {
    find: (target, fields) => {
      const meta = cache.find(target);
      if (meta === undefined) return { known: false };
      if (!isVary(meta.head)) return storedOf(target, meta, policy) ?? { known: false };
      for (const names of meta.head.names) {
        const stored = get(keyOf(target, meta.head.series, names, fields));
        if (stored !== undefined) return stored;
      }
      return { known: true };
    },
    put: (target, names, fields, meta) => {
      if (names.length > 0) return store(markVary(target, names, fields), meta);
      if (isVary(cache.find(target)?.head)) forget(target, 'it no longer varies');
      return store(target, meta);
    },
    replace: (stored, meta) => {
      const next = store(stored.key, meta);
      next.hits = stored.hits;
      return next;
    },
    forget,
    drop: (stored, why) => {
      if (cache.find(stored.key)?.version === stored.meta.version) cache.delete(stored.key, why);
    },
  };
}
