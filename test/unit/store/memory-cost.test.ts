// What an entry really takes of this process's memory, and that the store counts no less.

import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../../src/base/clock.js';
import { silentLog } from '../../../src/observe/log.js';
import type { CacheStore } from '../../../src/store/cache-store.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function inUse(): Promise<number> {
  for (let times = 0; times < 4; times += 1) {
    collect();
    // Buffers that were collected are given back by another thread.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Fields as an origin sends them, new strings each time as a parser makes them. */
function headOf(index: number): unknown {
  return JSON.parse(JSON.stringify({
    status: 200,
    storedMs: 1_764_277_200_000 + index,
    fields: [['content-type', 'video/mp4'], ['etag', `"${index.toString(36).padStart(16, 'e')}"`], ['last-modified', 'Fri, 27 Nov 2026 20:00:00 GMT'], ['cache-control', 'public, max-age=3600'], ['accept-ranges', 'bytes'], ['date', 'Fri, 27 Nov 2026 20:00:00 GMT']],
  }));
}

const COUNT = 20_000;
/** What the rest of the process may come to hold meanwhile: code that is compiled, above all. */
const ELSE = 1 << 20;
const LOADS: readonly { readonly name: string; readonly fill: (store: CacheStore) => void }[] = [
  {
    name: 'many objects of one octet',
    fill: (store) => {
      for (let index = 0; index < COUNT; index += 1) {
        const key = `GET http://origin.example/films/${index}.jpg`;
        store.put(key, { version: `"${index}"`, length: 1, sliceOctets: 1 << 20, head: headOf(index), tags: [] });
        store.write(key, `"${index}"`, 0, new Uint8Array(1));
      }
    },
  },
  {
    name: 'many objects without a body',
    fill: (store) => {
      for (let index = 0; index < COUNT; index += 1) store.put(`GET http://origin.example/none/${index}`, { version: `"${index}"`, length: 0, sliceOctets: 1 << 20, head: headOf(index), tags: ['none'] });
    },
  },
  {
    name: 'one object of many small slices',
    fill: (store) => {
      store.put('film', { version: '"1"', length: COUNT * 100, sliceOctets: 100, head: headOf(0), tags: [] });
      for (let index = 0; index < COUNT; index += 1) store.write('film', '"1"', index, new Uint8Array(100));
    },
  },
  {
    name: 'many of which most were evicted, and some asked for again',
    fill: (store) => {
      for (let index = 0; index < 2 * COUNT; index += 1) {
        const key = `GET http://origin.example/films/${index}.jpg`;
        store.put(key, { version: `"${index}"`, length: 10_000, sliceOctets: 1 << 20, head: headOf(index), tags: [] });
        store.write(key, `"${index}"`, 0, new Uint8Array(10_000));
      }
    },
  },
];

describe('what an entry takes of memory', () => {
  for (const { name, fill } of LOADS) {
    it(`${name}: no more than is counted, and not much less`, async () => {
      const before = await inUse();
      const store = createCacheStore({ memoryOctets: 64 << 20 }, { clock: systemClock, log: silentLog });
      fill(store);
      const taken = (await inUse()) - before;
      const counted = store.usage().memory.octets;
      expect(taken).to.be.at.most(counted + ELSE);
      expect(taken).to.be.at.least(counted / 2);
    });
  }
});
