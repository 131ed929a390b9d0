// The contract of CacheStore on each of its forms.

import { systemClock } from '../../../src/base/clock.js';
import { silentLog } from '../../../src/observe/log.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';
import { useTempFolders } from '../../helpers/temp.js';
import { describeCacheStore } from './cache-store-contract.js';

describe('cache stores', () => {
  const makeFolder = useTempFolders();
  const env = { clock: systemClock, log: silentLog };

  describeCacheStore('in memory', async (memoryOctets) => {
    const store = createCacheStore({ memoryOctets }, env);
    await store.start();
    return { store };
  });

  describeCacheStore('in memory and on disk', async (memoryOctets) => {
    const store = createCacheStore({ memoryOctets, disk: { folder: await makeFolder(), maxOctets: 4 * memoryOctets, fsync: false } }, env);
    await store.start();
    return { store };
  });
});
