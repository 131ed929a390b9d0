// A cache folder whose process is killed at any moment: what is found again is right, and what was taken
// away stays away.

import { expect } from 'chai';
import { appendFile, cp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../src/base/clock.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import type { CacheStore } from '../../../src/store/cache-store.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';
import { useProcesses } from '../../helpers/process.js';
import { useTempFolders } from '../../helpers/temp.js';
import { keep, metaOf, octetsOf } from '../../unit/store/cache-store-contract.js';
import { SLICE_OCTETS, metaOfVersion } from './cache-writer.js';

const WRITER = path.join(import.meta.dirname, 'cache-writer.ts');

describe('a cache folder and what befalls it', () => {
  const makeFolder = useTempFolders();
  const processes = useProcesses();

  async function withStore<T>(folder: string, work: (store: CacheStore, lines: readonly LogLine[]) => Promise<T> | T): Promise<T> {
    const lines: LogLine[] = [];
    const store = createCacheStore({ memoryOctets: 3_000_000, disk: { folder, maxOctets: 2_000_000, fsync: false } }, { clock: systemClock, log: createLog((line) => lines.push(line)) });
    await store.start();
    try {
      return await work(store, lines);
    } finally {
      await store.stop();
    }
  }

  const slicesOn = async (folder: string): Promise<string[]> =>
    (await readdir(path.join(folder, 'cdn-slices'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));

  /** How many slices are there, each of which is looked at. */
  async function countSlices(store: CacheStore, sliceOctets: number): Promise<number> {
    let slices = 0;
    for (const key of [...store.keys()]) {
      const meta = store.find(key);
      for (let slice = 0; meta && slice * sliceOctets < meta.length; slice += 1) {
        const octets = await store.read(key, meta.version, slice);
        if (!octets) continue;
        slices += 1;
        if (!Buffer.from(octets).equals(octetsOf(key, meta.version, slice, Math.min(sliceOctets, meta.length - slice * sliceOctets)))) throw new Error(`wrong octets: ${key} ${meta.version} ${slice}`);
      }
    }
    return slices;
  }

  it('kill -9, again and again, in the middle of writes: right octets or none, and nothing that was purged', async function () {
    this.timeout(60_000);
    const random = createSeededRandom(11);
    let found = 0;
    let slices = 0;
    for (const [folder, parity] of [[await makeFolder(), 0], [await makeFolder(), 1]] as const) {
      const gone = new Set<string>();
      for (let round = 0; round < 2; round += 1) {
        const child = processes.start(process.execPath, ['--import', 'tsx', WRITER, folder, String(2 * random.int(1_000_000) + parity)]);
        const enough = 100 + random.int(300);
        await child.shows((output) => output.split('\n').length > enough, `${enough} lines`);
        const refused = await withStore(folder, () => undefined).catch((error: unknown) => error);
        expect(refused).to.include({ code: 'CACHE_FOLDER', message: `the cache folder ${folder} is in use by process ${child.pid} on ${hostname()}` });
        child.kill('SIGKILL');
        const { stdout } = await child.finished;
        found += Number(/^found (\d+)/.exec(stdout)?.[1]);
        for (const [, what = ''] of stdout.matchAll(/^gone (.*)\n/gm)) gone.add(what);
        await withStore(folder, async (store, lines) => {
          const there = [...store.keys()].map((key) => `${key} ${store.find(key)?.version}`);
          expect(there.filter((what) => gone.has(what))).to.deep.equal([]);
          for (const key of store.keys()) expect(store.find(key)).to.deep.equal(metaOfVersion(store.find(key)?.version ?? ''));
          slices += await countSlices(store, SLICE_OCTETS);
          expect(lines).to.deep.equal([]);
        });
      }
    }
    expect(found).to.be.greaterThan(0);
    expect(slices).to.be.greaterThan(20);
  });

  /** A folder with three objects, of which the last was deleted. */
  async function fill(folder: string): Promise<void> {
    await withStore(folder, async (store) => {
      for (const key of ['a', 'b', 'purged']) {
        keep(store, key, metaOf('v1'));
        for (const slice of [0, 1, 2]) await store.read(key, 'v1', slice);
      }
    });
    await withStore(folder, (store) => store.delete('purged', 'purged'));
  }

  it('a journal that is damaged, here or there: right octets or none, nothing that was purged, and the cache works on', async () => {
    const folder = await makeFolder();
    await fill(folder);
    const whole = await readFile(path.join(folder, 'cdn-journal'));
    const end = whole.findLastIndex((octet) => octet !== 0) + 1;
    for (const at of [0, 30, Math.floor(end / 2), end - 40, end - 10, end + 5]) {
      const copy = await makeFolder();
      await cp(folder, copy, { recursive: true });
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      await writeFile(path.join(copy, 'cdn-journal'), damaged);
      await withStore(copy, async (store, lines) => {
        expect([...store.keys()], `octet ${at}`).to.deep.equal([]);
        expect(lines.map(({ message }) => message)).to.deep.equal([`The journal of the cache folder ${copy} is damaged: the cache starts empty`]);
        // Nothing of it stays behind, and takes room that nobody counts.
        expect(await slicesOn(copy)).to.deep.equal([]);
        keep(store, 'new', metaOf('v1'));
        await store.read('new', 'v1', 0);
      });
      await withStore(copy, async (store, lines) => {
        expect(await countSlices(store, 1000)).to.equal(1);
        expect(lines).to.deep.equal([]);
      });
    }
  });

  it('slices that are damaged, cut short, lengthened, swapped or gone: dropped or right, and told once', async () => {
    const folder = await makeFolder();
    await fill(folder);
    const [one = '', two = '', three = '', four = '', five = '', six = ''] = (await slicesOn(folder)).sort();
    await writeFile(one, (await readFile(one)).map((octet, index) => (index === 333 ? octet ^ 1 : octet)));
    await truncate(two, 10);
    await appendFile(three, 'more');
    await rm(four);
    const content = await readFile(five);
    await writeFile(five, await readFile(six));
    await writeFile(six, content);
    await withStore(folder, async (store, lines) => {
      expect(await countSlices(store, 1000)).to.be.within(1, 2);
      expect(lines.map(({ message }) => message)).to.have.length(1);
      expect(lines[0]?.message).to.match(/^A slice in the cache folder .* was dropped: slice \d of [ab]$/);
      // What was dropped is there again when it comes again.
      keep(store, 'a', metaOf('v1'));
      for (const slice of [0, 1, 2]) expect(await store.read('a', 'v1', slice)).to.deep.equal(octetsOf('a', 'v1', slice, slice === 2 ? 500 : 1000));
    });
    await withStore(folder, async (store, lines) => {
      expect(await countSlices(store, 1000)).to.be.within(3, 5);
      expect(lines).to.deep.equal([]);
    });
  });

  it('the folder is taken away: one line, and memory serves on', async () => {
    const folder = path.join(await makeFolder(), 'cache');
    await withStore(folder, async (store, lines) => {
      keep(store, 'a', metaOf('v1'));
      await store.read('a', 'v1', 0);
      await rm(folder, { recursive: true });
      for (let index = 0; index < 20; index += 1) {
        keep(store, `k${index}`, metaOf('v1'));
        await store.read(`k${index}`, 'v1', 0);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await store.stop();
      expect(store.delete('k3', 'purged')).to.equal(true);
      expect(await store.read('k19', 'v1', 2)).to.deep.equal(octetsOf('k19', 'v1', 2, 500));
      expect(lines.map(({ message }) => message)).to.deep.equal([`The cache folder ${folder} can't be written to (ENOENT: no such file or directory, mkdir '${folder}/cdn-slices/XX'): what is new is kept in memory only, until that changes`]
        .map((text) => text.replace('XX', /cdn-slices\/(..)'/.exec(lines[0]?.message ?? '')?.[1] ?? '')));
    });
  });
});
