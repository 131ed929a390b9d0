// Every policy against its model, and all of them against the loads that break caches.

import { expect } from 'chai';
import fc from 'fast-check';
import { createSeededRandom } from '../../../../src/base/random.js';
import { createLru, createS3Fifo, createSieve, type EvictionPolicy } from '../../../../src/store/eviction/index.js';
import { modelLru, modelS3Fifo, modelSieve } from './models.js';

const PAIRS: readonly (readonly [() => EvictionPolicy, () => EvictionPolicy])[] = [[createLru, modelLru], [createSieve, modelSieve], [createS3Fifo, modelS3Fifo]];

/** A cache of so many octets around a policy: what has to go, goes before what comes. */
function createCache(policy: EvictionPolicy, maxOctets: number) {
  const kept = new Map<string, number>();
  let octets = 0;
  const evicted: string[] = [];
  const drop = (key: string): void => {
    octets -= kept.get(key) ?? 0;
    if (!kept.delete(key)) throw new Error(`${policy.name} evicts ${key}, which isn't there`);
  };
  return {
    kept,
    evicted,
    octets: () => octets,
    /** Whether it was a hit. */
    ask: (key: string, size: number): boolean => {
      if (kept.has(key)) {
        policy.touched(key);
        return true;
      }
      if (size > maxOctets) return false;
      if (octets + size > maxOctets) {
        for (const victim of policy.victims()) {
          drop(victim);
          evicted.push(victim);
          if (octets + size <= maxOctets) break;
        }
      }
      kept.set(key, size);
      octets += size;
      policy.added(key, size);
      return false;
    },
    purge: (key: string): void => {
      if (kept.has(key)) drop(key);
      policy.removed(key);
    },
  };
}

describe('eviction', () => {
  for (const [create, model] of PAIRS) {
    describe(create().name, () => {
      it('evicts what the paper’s own words would, whatever is asked and purged', () => {
        const step = fc.record({ key: fc.nat({ max: 30 }).map(String), size: fc.constantFrom(1, 2, 7, 40, 100), purge: fc.integer({ min: 0, max: 11 }).map((n) => n === 0) });
        fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
          const ours = createCache(create(), 200);
          const theirs = createCache(model(), 200);
          const sizes = new Map<string, number>();
          for (const { key, size, purge } of steps) {
            if (!ours.kept.has(key)) sizes.set(key, size);
            const size1 = sizes.get(key) ?? size;
            if (purge) [ours, theirs].forEach((cache) => cache.purge(key));
            else expect(ours.ask(key, size1)).to.equal(theirs.ask(key, size1));
            if (ours.octets() > 200) throw new Error(`${ours.octets()} octets`);
          }
          expect(ours.evicted).to.deep.equal(theirs.evicted);
          expect([...ours.kept].sort()).to.deep.equal([...theirs.kept].sort());
        }), { numRuns: 200 });
      });

      it('keeps within its bounds with entries from 1 octet to 1 MiB, and names each victim once', () => {
        const random = createSeededRandom(7);
        const cache = createCache(create(), 4 << 20);
        for (let turn = 0; turn < 20_000; turn += 1) {
          const number = random.int(3000);
          cache.ask(`k${number}`, 1 << (number % 21));
          if (turn % 50 === 0) cache.purge(`k${random.int(3000)}`);
          if (cache.octets() > 4 << 20) throw new Error(`${cache.octets()} octets in turn ${turn}`);
        }
        expect(cache.kept.size).to.be.greaterThan(20);
      });

      it('names every entry in the end, and none twice', () => {
        const policy = create();
        const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
        for (const key of keys) policy.added(key, 10);
        for (const key of keys.slice(20, 60)) for (let uses = 0; uses < 5; uses += 1) policy.touched(key);
        policy.removed('k3');
        expect([...policy.victims()].sort()).to.deep.equal(keys.filter((key) => key !== 'k3').sort());
        expect([...policy.victims()]).to.deep.equal([]);
      });

      it('does nothing for a key that was never there', () => {
        const policy = create();
        policy.touched('x');
        policy.removed('x');
        policy.added('y', 1);
        expect([...policy.victims()]).to.deep.equal(['y']);
        policy.touched('y');
        policy.removed('y');
        expect([...policy.victims()]).to.deep.equal([]);
      });
    });
  }

  /** Hits among what is popular, in a load of which half is asked for once, with a scan now and then. */
  function hitsUnderScan(policy: EvictionPolicy): number {
    const random = createSeededRandom(3);
    const cache = createCache(policy, 1000);
    let hits = 0;
    for (let turn = 0, once = 0; turn < 30_000; turn += 1) {
      if (turn % 3000 === 2999) for (let scan = 0; scan < 2000; scan += 1) cache.ask(`scan${turn}-${scan}`, 1);
      if (random.int(2) === 0) cache.ask(`once${(once += 1)}`, 1);
      else if (cache.ask(`hot${random.int(800)}`, 1)) hits += 1;
    }
    return hits;
  }

  it('a scan, and what is asked for once, push LRU’s hot entries out, and those of SIEVE and S3-FIFO much less', () => {
    const [lru = 0, sieve = 0, s3Fifo = 0] = [createLru(), createSieve(), createS3Fifo()].map(hitsUnderScan);
    expect(sieve).to.be.greaterThan(lru * 1.1);
    expect(s3Fifo).to.be.greaterThan(lru * 1.1);
  });

  it('S3-FIFO: what was asked for once leaves through a tenth of the room; its ghost lets it into the rest', () => {
    const policy = createS3Fifo();
    const cache = createCache(policy, 100);
    for (let index = 0; index < 100; index += 1) cache.ask(`a${index}`, 1);
    for (let round = 0; round < 2; round += 1) for (let index = 0; index < 90; index += 1) cache.ask(`a${index}`, 1);
    // The tenth that nobody asked for again is all that goes, however much passes by.
    for (let index = 0; index < 1000; index += 1) cache.ask(`b${index}`, 1);
    expect([...cache.kept.keys()].filter((key) => key.startsWith('a'))).to.have.length(90);
    // One that left not long ago is known again: it goes to the main queue, and outlives what came with it.
    cache.ask('b950', 1);
    for (let index = 2000; index < 2020; index += 1) cache.ask(`b${index}`, 1);
    expect(cache.kept.has('b950')).to.equal(true);
    expect(cache.kept.has('b2000')).to.equal(false);
  });
});
