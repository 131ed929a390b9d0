// A cache on a file system of its own that is full, shrinks, grows and goes read-only: node --import tsx
// full-disk.ts FOLDER, in a space of mounts where that is a tmpfs of 2 MiB. Prints what it saw as JSON.

import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { createLog } from '../../../src/observe/log.js';
import type { CacheStore } from '../../../src/store/cache-store.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';
import { metaOf, octetsOf } from '../../unit/store/cache-store-contract.js';

const SLICE_OCTETS = 50_000;
const lines: string[] = [];
const waiting: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];
const log = createLog(({ message }) => {
  lines.push(message);
  for (const { pattern, resolve } of waiting) if (pattern.test(message)) resolve();
});
/** The next line like this. */
const told = (pattern: RegExp): Promise<void> => new Promise((resolve) => waiting.push({ pattern, resolve }));
/** Pauses of seconds are over in no time. */
const hurried: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 100, run) };
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const mount = (...args: readonly string[]): void => void execFileSync('mount', args);

const create = (folder: string): CacheStore => createCacheStore({ memoryOctets: 8_000_000, disk: { folder, maxOctets: 6_000_000, fsync: false } }, { clock: hurried, log });

/** Keeps new objects and asks for each again, until `until` holds. How many slices were right, and throws for one that is wrong. */
async function load(store: CacheStore, name: string, until: (count: number) => boolean): Promise<number> {
  const meta = metaOf('v1', { length: SLICE_OCTETS, sliceOctets: SLICE_OCTETS });
  let right = 0;
  for (let index = 0; !until(index); index += 1) {
    store.put(`${name}${index}`, meta);
    store.write(`${name}${index}`, 'v1', 0, octetsOf(`${name}${index}`, 'v1', 0, SLICE_OCTETS));
    for (const key of [`${name}${index}`, `${name}${index >>> 1}`]) {
      const octets = await store.read(key, 'v1', 0);
      if (octets && !Buffer.from(octets).equals(octetsOf(key, 'v1', 0, SLICE_OCTETS))) throw new Error(`wrong octets of ${key}`);
      right += octets ? 1 : 0;
    }
    await tick();
  }
  return right;
}

async function main(folder: string): Promise<void> {
  const seen: Record<string, unknown> = {};
  const store = create(folder);
  await store.start();
  const onDisk = (name: string): number => [...store.keys()].filter((key) => key.startsWith(name) && ['disk'].includes(store.where(key, 'v1', 0) ?? '')).length;

  // Full, with room for what is new only in place of what is old.
  seen['fullRight'] = await load(store, 'full', (count) => count >= 150 && lines.length > 0) > 150;
  seen['fullKept'] = (store.usage().disk?.slices ?? 0) > 5;
  seen['fullLines'] = lines.splice(0);

  // No room at all: others took it. What is purged now stays away even so.
  const [victim = ''] = [...store.keys()].filter((key) => key.startsWith('full')).slice(-1);
  await store.read(victim, 'v1', 0);
  for (let size = 1 << 20; size >= 512; size >>= 1) {
    try {
      for (let index = 0; ; index += 1) writeFileSync(path.join(folder, `others-${size}-${index}`), new Uint8Array(size));
    } catch {
      // As much as fits.
    }
  }
  const doomed = [...store.keys()].filter((_, index) => index % 2 === 0);
  for (const key of doomed) store.delete(key, 'purged');
  const copy = path.join(tmpdir(), `cdn-test-copy-${process.pid}`);
  cpSync(folder, copy, { recursive: true, filter: (name) => !name.includes('others-') && !name.endsWith('cdn-lock') });
  const after = create(copy);
  await after.start();
  seen['purgedFound'] = [...after.keys()].filter((key) => doomed.includes(key)).length;
  seen['keptFound'] = [...after.keys()].length > 0;
  await after.stop();
  rmSync(copy, { recursive: true });

  // Room again.
  const well = told(/takes what is written again/);
  mount('-o', 'remount,size=64m', folder);
  for (const name of readdirSync(folder)) if (name.startsWith('others-')) rmSync(path.join(folder, name));
  await Promise.all([well, load(store, 'again', (count) => count > 50 && lines.length > 0)]);
  seen['wellLines'] = lines.splice(0);

  // Read-only: memory goes on, and what is on disk is still read.
  const slices = path.join(folder, 'cdn-slices');
  mount('--bind', slices, slices);
  mount('-o', 'remount,ro,bind', slices);
  seen['readOnlyRight'] = await load(store, 'readonly', (count) => count >= 150 && lines.length > 0) > 150;
  seen['readOnlyLines'] = lines.splice(0);
  const before = onDisk('again');
  let read = 0;
  for (let index = 0; index < 50; index += 1) read += (await store.read(`again${index}`, 'v1', 0)) ? 1 : 0;
  seen['readOnlyRead'] = before === 0 || read > 0;
  const writable = told(/takes what is written again/);
  execFileSync('umount', [slices]);
  await writable;
  seen['writableLines'] = lines.splice(0);
  await load(store, 'last', (count) => count > 20);
  await store.stop();
  const again = create(folder);
  await again.start();
  seen['found'] = [...again.keys()].some((key) => key.startsWith('last'));
  await again.stop();
  seen['moreLines'] = lines;
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

// The store's timers keep no process alive, and for some time nothing else does.
const alive = setInterval(() => undefined, 1000);
await main(process.argv[2] ?? '');
clearInterval(alive);
