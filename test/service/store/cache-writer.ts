// A process with a cache folder, to be killed: node --import tsx cache-writer.ts FOLDER SEED. It puts,
// asks, replaces and deletes until it is, and prints "gone KEY VERSION" once that version must never be
// found again.

import { systemClock } from '../../../src/base/clock.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { silentLog } from '../../../src/observe/log.js';
import type { ObjectMeta } from '../../../src/store/cache-store.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';
import { metaOf, octetsOf } from '../../unit/store/cache-store-contract.js';

export const SLICE_OCTETS = 20_000;

/** Versions say how long their object is. */
export function metaOfVersion(version: string): ObjectMeta {
  return metaOf(version, { length: Number(version.split('-')[1]), sliceOctets: SLICE_OCTETS });
}

async function churn(folder: string, seed: number): Promise<never> {
  const random = createSeededRandom(seed);
  const store = createCacheStore({ memoryOctets: 3_000_000, disk: { folder, maxOctets: 2_000_000, fsync: seed % 2 === 0 } }, { clock: systemClock, log: silentLog });
  await store.start();
  process.stdout.write(`found ${[...store.keys()].length}\n`);
  for (let turn = 0; ; turn += 1) {
    const key = `k${random.int(60)}`;
    const version = store.find(key)?.version;
    const what = random.int(10);
    if (version === undefined || what === 0) {
      const next = `${seed}.${turn}-${1 + random.int(100_000)}`;
      store.put(key, metaOfVersion(next));
      if (version !== undefined) process.stdout.write(`gone ${key} ${version}\n`);
    } else if (what === 1) {
      store.delete(key, 'purged');
      process.stdout.write(`gone ${key} ${version}\n`);
    } else {
      const meta = metaOfVersion(version);
      for (let slice = 0; slice * SLICE_OCTETS < meta.length; slice += 1) {
        const there = await store.read(key, version, slice);
        if (!there) store.write(key, version, slice, octetsOf(key, version, slice, Math.min(SLICE_OCTETS, meta.length - slice * SLICE_OCTETS)));
      }
    }
    if (turn % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const [, script = '', folder, seed] = process.argv;
if (script.endsWith('cache-writer.ts') && folder !== undefined) await churn(folder, Number(seed));
