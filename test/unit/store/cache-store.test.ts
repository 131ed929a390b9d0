// The contract of CacheStore on each of its forms.

import { systemClock } from '../../../src/base/clock.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';
import { describeCacheStore } from './cache-store-contract.js';

describeCacheStore('in memory', async (memoryOctets) => {
  const store = createCacheStore({ memoryOctets }, { clock: systemClock });
  await store.start();
  return { store };
});
