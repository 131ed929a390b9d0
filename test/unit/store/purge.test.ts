import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { FRESHNESS } from '../../../src/net/http/freshness.js';
import { silentLog } from '../../../src/observe/log.js';
import { targetOfUrl } from '../../../src/store/admin.js';
import type { ObjectMeta } from '../../../src/store/cache-store.js';
import { canonicalTarget, purgeShelf, purgeTest } from '../../../src/store/purge.js';
import { createShelf } from '../../../src/store/shelf.js';
import { markStale } from '../../../src/store/stored.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';

const metaOf = (target: string): ObjectMeta => ({
  version: target, length: 0, sliceOctets: 1, tags: ['film'],
  head: { kind: 'response', target, status: 200, fields: { 'cache-control': 'max-age=60' }, requestedMs: 0, receivedMs: 0 },
});

describe('a purge', () => {
  for (const [target, canonical] of [['/a', '/a'], ['/%41%7e', '/A~'], ['/%2f%3F', '/%2F%3F'], ['/%', '/%'], ['/%zz', '/%zz'], ['/%c3%a4', '/%C3%A4']] as const) {
    it(`RFC 3986 §6.2.2: ${target} is the same as ${canonical}`, () => expect(canonicalTarget(target)).to.equal(canonical));
  }

  for (const [url, target] of [
    ['/a?b', '/a?b'], ['http://x.test/a?b#c', '/a?b'], ['HTTPS://x.test', '/'], ['/ä b', '/%C3%A4%20b'], ['/a#c', '/a'], ['//x.test/a', '//x.test/a'],
    ['a', undefined], ['', undefined], ['ftp://x.test/a', undefined], ['http://', undefined],
  ] as const) {
    it(`the target of ${JSON.stringify(url)} is ${target ?? 'none'}`, () => expect(targetOfUrl(url)).to.equal(target));
  }

  it('a prefix is the beginning of a target, and not of a name in it', () => {
    const test = purgeTest({ by: 'prefix', what: '/film', soft: false });
    expect(['/film', '/films/1', '/film?x', '/a/film', '/fil'].map((target) => test(target, []))).to.deep.equal([true, true, true, false, false]);
  });

  it('lets others have their turn, and takes also what came meanwhile', async () => {
    const cache = createCacheStore({ memoryOctets: 200_000_000 }, { clock: systemClock, log: silentLog });
    const shelf = createShelf(cache, FRESHNESS, createSeededRandom(1));
    for (let count = 0; count < 25_000; count += 1) cache.put(`/a/${count}`, metaOf(`/a/${count}`));
    cache.put('/b', metaOf('/b'));
    let turns = 0;
    const clock = { ...systemClock, sleep: () => Promise.resolve(cache.put(`/a/late-${(turns += 1)}`, metaOf('/a/late'))) };
    expect(await purgeShelf({ cache, shelf }, { by: 'prefix', what: '/a/', soft: false }, clock)).to.equal(25_002);
    expect([turns, ...cache.keys()]).to.deep.equal([2, '/b']);
    expect(cache.removal('/a/24999')?.why).to.equal('purged by prefix /a/');
  });

  it('by tag takes responses of any target; softly they stay, stale since the first time', async () => {
    const cache = createCacheStore({ memoryOctets: 8_000_000 }, { clock: systemClock, log: silentLog });
    const parts = { cache, shelf: createShelf(cache, FRESHNESS, createSeededRandom(1)) };
    for (const key of ['/a', '/b\naccept: x']) cache.put(key, metaOf(key.split('\n')[0] ?? ''));
    cache.put('/c', { ...metaOf('/c'), tags: [] });
    for (const now of [5000, 9000]) expect(await purgeShelf(parts, { by: 'tag', what: 'film', soft: true }, { ...systemClock, now: () => now })).to.equal(2);
    expect(['/a', '/b\naccept: x', '/c'].map((key) => (cache.peek(key)?.head as { staleSinceMs?: number }).staleSinceMs)).to.deep.equal([5000, 5000, undefined]);
    expect(markStale({ ...metaOf('/v'), head: { kind: 'vary', names: [], variants: [] } }, 1).head).to.deep.equal({ kind: 'vary', names: [], variants: [] });
  });
});
