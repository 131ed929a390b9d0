// What a cache folder holds across restarts: what was committed, and nothing else.

import { expect } from 'chai';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../src/base/clock.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import type { CacheStore } from '../../../src/store/cache-store.js';
import { createCacheStore, type CacheStoreOptions } from '../../../src/store/tiered-store.js';
import { useTempFolders } from '../../helpers/temp.js';
import { SLICE, keep, metaOf, octetsOf } from './cache-store-contract.js';

describe('a cache on disk', () => {
  const makeFolder = useTempFolders();
  const lines: LogLine[] = [];
  const running = new Set<CacheStore>();

  afterEach('stop the stores', async () => {
    for (const store of running) await store.stop();
    running.clear();
    lines.splice(0);
  });

  async function open(folder: string, over: Partial<CacheStoreOptions> & { readonly maxOctets?: number; readonly fsync?: boolean } = {}): Promise<CacheStore> {
    const { maxOctets = 10_000_000, fsync = false, ...rest } = over;
    const store = createCacheStore({ memoryOctets: 1_000_000, disk: { folder, maxOctets, fsync }, ...rest }, { clock: systemClock, log: createLog((line) => lines.push(line)) });
    await store.start();
    running.add(store);
    return store;
  }
  async function close(store: CacheStore): Promise<void> {
    running.delete(store);
    await store.stop();
  }
  /** Asks for every slice once more: that is what takes it to disk. */
  async function ask(store: CacheStore, key: string, version: string, slices = 3): Promise<readonly (Uint8Array | undefined)[]> {
    const read: (Uint8Array | undefined)[] = [];
    for (let slice = 0; slice < slices; slice += 1) read.push(await store.read(key, version, slice));
    return read;
  }
  const whole = (key: string, version: string): readonly Uint8Array[] => [1000, 1000, 500].map((length, slice) => octetsOf(key, version, slice, length));
  const slicesOn = async (folder: string): Promise<readonly string[]> =>
    (await readdir(path.join(folder, 'cdn-slices'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);

  for (const fsync of [false, true]) {
    it(`finds again what was asked for twice: metadata, tags and octets${fsync ? ', each synced' : ''}`, async () => {
      const folder = await makeFolder();
      const first = await open(folder, { fsync });
      const odd = ['a', 'b 0', 'é\u{1f3ac}\ud800', ''];
      for (const key of odd) {
        keep(first, key, metaOf(`v of ${key}`));
        await ask(first, key, `v of ${key}`);
      }
      await close(first);
      const second = await open(folder);
      expect([...second.keys()].sort()).to.deep.equal([...odd].sort());
      for (const key of odd) {
        expect(second.find(key)).to.deep.equal(metaOf(`v of ${key}`));
        expect(second.where(key, `v of ${key}`, 1)).to.equal('disk');
        expect(await ask(second, key, `v of ${key}`)).to.deep.equal(whole(key, `v of ${key}`));
        expect(second.where(key, `v of ${key}`, 1)).to.equal('memory');
      }
      expect(lines).to.deep.equal([]);
    });
  }

  it('what was asked for once costs no write, and is not found again', async () => {
    const folder = await makeFolder();
    const store = await open(folder);
    for (let index = 0; index < 50; index += 1) keep(store, `once${index}`, metaOf('v1'));
    keep(store, 'twice', metaOf('v1'));
    await store.read('twice', 'v1', 1);
    await close(store);
    expect(await slicesOn(folder)).to.have.length(1);
    const again = await open(folder);
    expect([...again.keys()]).to.deep.equal(['twice']);
    expect(await ask(again, 'twice', 'v1')).to.deep.equal([undefined, octetsOf('twice', 'v1', 1, SLICE), undefined]);
  });

  it('what was evicted from memory before it was asked for again goes to disk when it comes again', async () => {
    const folder = await makeFolder();
    const store = await open(folder, { memoryOctets: 60_000 });
    keep(store, 'early', metaOf('v1'));
    for (let index = 0; store.find('early'); index += 1) keep(store, `once${index}`, metaOf('v1'));
    keep(store, 'early', metaOf('v1'));
    await close(store);
    expect(await slicesOn(folder)).to.have.length(3);
  });

  it('what was deleted, replaced or changed before the end is found so, and its files are gone', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    for (const key of ['kept', 'deleted', 'replaced', 'changed']) {
      keep(first, key, metaOf('v1'));
      await ask(first, key, 'v1');
    }
    await close(first);
    const second = await open(folder);
    second.delete('deleted', 'purged');
    second.put('replaced', metaOf('v2'));
    second.put('changed', metaOf('v1', { head: { stale: true } }));
    await close(second);
    const third = await open(folder);
    expect([...third.keys()].sort()).to.deep.equal(['changed', 'kept']);
    expect(third.find('changed')?.head).to.deep.equal({ stale: true });
    expect(await ask(third, 'changed', 'v1')).to.deep.equal(whole('changed', 'v1'));
    await close(third);
    expect(await slicesOn(folder)).to.have.length(6);
  });

  it('an object without a body is kept from when it is first found, deleted for good, and evicted like others', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    const empty = metaOf('v1', { length: 0, head: { status: 301 } });
    for (const key of ['found', 'deleted', 'changed', 'never found']) first.put(key, empty);
    for (const key of ['found', 'deleted', 'changed']) expect(first.find(key)).to.deep.equal(empty);
    first.delete('deleted', 'purged');
    first.put('changed', metaOf('v1', { length: 0, head: { status: 410 } }));
    expect(first.usage().disk).to.include({ objects: 2, slices: 0 });
    await close(first);
    const second = await open(folder);
    expect([...second.keys()].sort()).to.deep.equal(['changed', 'found']);
    expect(second.find('changed')?.head).to.deep.equal({ status: 410 });
    second.put('found', metaOf('v2'));
    expect(second.delete('changed', 'purged')).to.equal(true);
    await close(second);
    const third = await open(folder, { memoryOctets: 100_000 });
    expect([...third.keys()]).to.deep.equal([]);
    for (let index = 0; index < 500; index += 1) {
      third.put(`k${index}`, empty);
      third.find(`k${index}`);
      expect(third.usage().memory.octets).to.be.at.most(100_000);
    }
    const left = [...third.keys()].length;
    expect(left).to.be.within(10, 60);
    await close(third);
    const again = await open(folder, { memoryOctets: 100_000 });
    expect([...again.keys()].length).to.be.within(10, left);
  });

  it('stays within its bounds, blocks and journal counted, and says who made room', async () => {
    const folder = await makeFolder();
    const maxOctets = 400_000;
    const store = await open(folder, { maxOctets, memoryOctets: 300_000 });
    for (let index = 0; index < 100; index += 1) {
      keep(store, `k${index}`, metaOf('v1'));
      await ask(store, `k${index}`, 'v1');
      expect(store.usage().disk?.octets).to.be.at.most(maxOctets);
    }
    await close(store);
    const blocks = (await slicesOn(folder)).length * 4096 + (await readFile(path.join(folder, 'cdn-journal'))).length;
    expect(blocks).to.be.at.most(maxOctets);
    expect(blocks).to.be.greaterThan(maxOctets / 2);
    const again = await open(folder, { maxOctets: 200_000 });
    expect(again.usage().disk?.octets).to.be.at.most(200_000);
    expect(again.usage().disk?.slices).to.be.greaterThan(5);
  });

  it('the index of what is on disk takes no more than half of the memory', async () => {
    const folder = await makeFolder();
    const store = await open(folder, { memoryOctets: 2_000_000 });
    for (let index = 0; index < 400; index += 1) {
      keep(store, `k${index}`, metaOf('v1', { length: 10 }));
      await ask(store, `k${index}`, 'v1', 1);
      await ask(store, `k${index}`, 'v1', 1);
    }
    await close(store);
    const again = await open(folder, { memoryOctets: 300_000 });
    const found = [...again.keys()].length;
    expect(found).to.be.within(20, 200);
    expect(again.usage().memory.octets).to.be.at.most(300_000);
    await close(again);
    expect(await slicesOn(folder)).to.have.length(found);
  });

  it('the journal is rewritten when most of it is about what has gone, and holds the same afterwards', async () => {
    const folder = await makeFolder();
    const store = await open(folder);
    for (const key of ['a', 'b', 'c']) {
      keep(store, key, metaOf('v1'));
      await ask(store, key, 'v1');
    }
    const size = async (): Promise<number> => (await readFile(path.join(folder, 'cdn-journal'))).length;
    let largest = 0;
    for (let turn = 0; turn < 60; turn += 1) {
      for (let index = 0; index < 100; index += 1) store.put('a', metaOf('v1', { head: `${turn} ${'x'.repeat(500)}` }));
      keep(store, 'd', metaOf(`v${turn}`));
      await ask(store, 'd', `v${turn}`);
      largest = Math.max(largest, await size());
    }
    await close(store);
    expect(largest).to.be.lessThan(60 * 100 * 500);
    const again = await open(folder);
    expect(again.find('a')?.head).to.equal(`59 ${'x'.repeat(500)}`);
    for (const key of ['a', 'b', 'c']) expect(await ask(again, key, 'v1')).to.deep.equal(whole(key, 'v1'));
    expect(await ask(again, 'd', 'v59')).to.deep.equal(whole('d', 'v59'));
  });

  it('a folder that another store has is refused, and told by whom', async () => {
    const folder = await makeFolder();
    const store = await open(folder);
    const refused = await open(folder).then(() => undefined, (error: unknown) => error);
    expect(refused).to.include({ code: 'CACHE_FOLDER', message: `the cache folder ${folder} is in use by process ${process.pid} on ${hostname()}` });
    await close(store);
    await open(folder);
  });

  it('a folder of a format to come is refused, and left as it is', async () => {
    const folder = await makeFolder();
    await writeFile(path.join(folder, 'cdn-cache'), 'cdn cache folder, format 2\n');
    const refused = await open(folder).then(() => undefined, (error: unknown) => error);
    expect(refused).to.include({ code: 'CACHE_FOLDER', message: `the cache folder ${folder} is "cdn cache folder, format 2", which this program doesn't know` });
    expect((await readdir(folder)).filter((name) => name !== 'cdn-lock')).to.deep.equal(['cdn-cache']);
  });

  it('a folder that can’t be one is refused', async () => {
    const file = path.join(await makeFolder(), 'file');
    await writeFile(file, '');
    const refused = await open(path.join(file, 'cache')).then(() => undefined, (error: unknown) => error);
    expect(refused).to.include({ code: 'CACHE_FOLDER' });
  });

  it('sweeps what a run that was killed left, and leaves alone what is none of ours', async () => {
    const folder = await makeFolder();
    const first = await open(folder);
    keep(first, 'a', metaOf('v1'));
    await ask(first, 'a', 'v1');
    await close(first);
    const [ours = ''] = await readdir(path.join(folder, 'cdn-slices'));
    const foreign = ['notes.txt', path.join('cdn-slices', 'README'), path.join('cdn-slices', ours, 'photo.jpg'), path.join('cdn-slices', ours, 'ffffffffffffffff')];
    for (const name of foreign) await writeFile(path.join(folder, name), 'mine');
    const left = path.join('cdn-slices', ours, (0x500 + Number.parseInt(ours, 16)).toString(16));
    await writeFile(path.join(folder, left), 'half a sl');
    await close(await open(folder));
    const again = await open(folder);
    expect(await ask(again, 'a', 'v1')).to.deep.equal(whole('a', 'v1'));
    for (const name of foreign) expect(await readFile(path.join(folder, name), 'utf8')).to.equal('mine');
    expect(await readFile(path.join(folder, left)).catch(() => undefined)).to.equal(undefined);
  });
});
