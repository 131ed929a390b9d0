// How long a cache folder takes until all of it is known again, and what it takes to write one:
// node --import tsx bench/cache/start.ts [OBJECTS], 100,000 unless said. Files are of 100 octets: it is
// their number that counts.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../src/base/clock.js';
import { silentLog } from '../../src/observe/log.js';
import type { CacheStore } from '../../src/store/cache-store.js';
import { createCacheStore } from '../../src/store/tiered-store.js';

const STARTS = 5;
const AHEAD = 500;

const headOf = (index: number): unknown => ({
  status: 200,
  storedMs: 1_764_277_200_000 + index,
  fields: [['content-type', 'image/jpeg'], ['etag', `"${index.toString(36).padStart(16, 'e')}"`], ['last-modified', 'Fri, 27 Nov 2026 20:00:00 GMT'], ['cache-control', 'public, max-age=3600'], ['accept-ranges', 'bytes'], ['date', 'Fri, 27 Nov 2026 20:00:00 GMT']],
});

async function fill(store: CacheStore, objects: number): Promise<void> {
  for (let index = 0; index < objects; index += 1) {
    const key = `GET http://origin.example/films/${index}.jpg`;
    const version = `"${index}"`;
    store.put(key, { version, length: 100, sliceOctets: 1 << 20, head: headOf(index), tags: ['film'] });
    store.write(key, version, 0, new Uint8Array(100));
    // Asked for again: that is what takes it to disk.
    await store.read(key, version, 0);
    while ((store.usage().disk?.slices ?? 0) < index - AHEAD) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function main(objects: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cdn-bench-'));
  const create = (): CacheStore => createCacheStore({ memoryOctets: 8e9, disk: { folder, maxOctets: 1e12, fsync: false } }, { clock: systemClock, log: silentLog });
  try {
    const first = create();
    await first.start();
    const beganMs = systemClock.monotonic();
    await fill(first, objects);
    await first.stop();
    const written = (systemClock.monotonic() - beganMs) / 1000;
    const seconds: number[] = [];
    const cpuSeconds: number[] = [];
    let found = 0;
    for (let turn = 0; turn < STARTS; turn += 1) {
      const store = create();
      const at = systemClock.monotonic();
      const cpu = process.cpuUsage();
      await store.start();
      seconds.push((systemClock.monotonic() - at) / 1000);
      const { user, system } = process.cpuUsage(cpu);
      cpuSeconds.push((user + system) / 1e6);
      found = [...store.keys()].length;
      await store.stop();
    }
    const per100000 = (values: number[]): number => round(((values.sort((a, b) => a - b)[Math.floor(STARTS / 2)] ?? 0) / objects) * 100_000);
    const onDisk = first.usage().disk?.octets ?? 0;
    process.stdout.write(`${JSON.stringify({
      objects,
      found,
      startSecondsPer100000: per100000(seconds),
      startCpuSecondsPer100000: per100000(cpuSeconds),
      writesPerSecond: Math.round(objects / written),
      journalOctetsPerObject: Math.round(onDisk / objects - 4096),
    })}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

await main(Number(process.argv[2] ?? 100_000));
