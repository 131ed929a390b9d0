import { expect } from 'chai';
import fc from 'fast-check';
import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { createDiskSource } from '../../../src/store/disk-source.js';
import { createHotFiles, cutSlices, REST_MS, SLICE_OCTETS, VALID_MS, type HotFile, type HotFiles } from '../../../src/store/hot-files.js';
import { silentLog } from '../../../src/observe/log.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('hot files', () => {
  const tempFolder = useTempFolders();
  const created: HotFiles[] = [];
  afterEach(() => Promise.all(created.splice(0).map((files) => files.stop())));

  /** `later`: how far the clock is ahead, so that nothing was touched lately. */
  async function start({ maxOctets = 10_000_000, later = 60_000 } = {}) {
    const folder = await tempFolder();
    let ahead = later;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead, monotonic: () => systemClock.monotonic() + ahead };
    const source = createDiskSource(folder, systemClock);
    const files = createHotFiles(source, maxOctets, { clock, log: silentLog });
    created.push(files);
    return {
      folder,
      files,
      pass: (ms: number) => (ahead += ms),
      /** As a layer does that serves the file from the disk. */
      ask: async (name: string) => {
        const opening = await source.open([name], new AbortController().signal);
        if (opening.kind !== 'file') throw new Error(opening.kind);
        await opening.file.close();
        files.asked(name, [name], opening.file.version.etag, opening.file.version.length);
        return opening.file.version.etag;
      },
      untilKept: async (name: string): Promise<HotFile> => {
        for (;;) {
          const found = await files.find(name);
          if (found !== undefined) return found;
          await new Promise(setImmediate);
        }
      },
    };
  }
  const octetsOf = (file: HotFile): Buffer => Buffer.concat(file.slices);

  it('are kept from the second time they are asked for, octets and tag of one version', async () => {
    const { folder, files, ask, untilKept } = await start();
    const content = Buffer.from(Uint32Array.from({ length: 600_000 }, (_, index) => index).buffer);
    await writeFile(path.join(folder, 'a'), content);
    expect(files.find('a')).to.equal(undefined);
    const etag = await ask('a');
    expect(files.find('a')).to.equal(undefined);
    await ask('a');
    const file = await untilKept('a');
    expect([file.version.etag, octetsOf(file).equals(content), file.slices.length]).to.deep.equal([etag, true, 3]);
    expect(files.find('a'), 'at once').to.equal(file);
  });

  it('that were touched lately are not kept', async () => {
    const { folder, files, ask, untilKept, pass } = await start({ later: 0 });
    await writeFile(path.join(folder, 'young'), 'x');
    for (let time = 0; time < 3; time += 1) await ask('young');
    // The next in the queue is there only when the first had its turn.
    pass(REST_MS + 1000);
    await ask('young');
    await untilKept('young');
    expect(files.usage().files).to.equal(1);
  });

  const changes: readonly [what: string, change: (file: string) => Promise<void>][] = [
    ['written over', (file) => writeFile(file, 'y'.repeat(100))],
    ['replaced', async (file) => { await writeFile(`${file}.new`, 'new'); await rename(`${file}.new`, file); }],
    ['cut short', (file) => truncate(file, 10)],
    ['deleted', (file) => rm(file)],
  ];
  for (const [what, change] of changes) {
    it(`${what}: not answered from memory any more once the time is over`, async () => {
      const { folder, files, ask, untilKept, pass } = await start();
      const file = path.join(folder, 'a');
      await writeFile(file, 'x'.repeat(100));
      await ask('a');
      await ask('a');
      const before = await untilKept('a');
      await change(file);
      pass(VALID_MS);
      expect(await files.find('a')).to.equal(undefined);
      expect(files.usage()).to.include({ files: 0, octets: 0 });
      // Whoever is still sending it has the old octets, whole.
      expect(octetsOf(before).toString()).to.equal('x'.repeat(100));
    });
  }

  it('unchanged are looked at once for all who ask at the same time', async () => {
    const { folder, files, ask, untilKept, pass } = await start();
    await writeFile(path.join(folder, 'a'), 'x');
    await ask('a');
    await ask('a');
    const file = await untilKept('a');
    pass(VALID_MS);
    const [one, other] = [files.find('a'), files.find('a')];
    expect(one).to.be.instanceOf(Promise);
    expect(other).to.equal(one);
    expect(await one).to.equal(file);
    expect(files.find('a')).to.equal(file);
  });

  it('stay within their memory, and those in use stay longest', async () => {
    const { folder, files, ask, untilKept, pass } = await start({ maxOctets: 1_000_000 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await writeFile(path.join(folder, name), Buffer.alloc(300_000, name));
      await ask(name);
      await ask(name);
      await untilKept(name);
      pass(VALID_MS);
      if (name !== 'a') await files.find('a');
      expect(files.usage().octets).to.be.at.most(1_000_000);
    }
    expect(await files.find('a')).not.to.equal(undefined);
    expect(await files.find('b')).to.equal(undefined);
  });

  it('too large, or empty, are not kept', async () => {
    const { folder, files, ask, untilKept } = await start({ maxOctets: 1_000_000 });
    await writeFile(path.join(folder, 'large'), Buffer.alloc(600_000));
    await writeFile(path.join(folder, 'empty'), '');
    await writeFile(path.join(folder, 'right'), 'x');
    for (const name of ['large', 'large', 'empty', 'empty', 'right', 'right']) await ask(name);
    await untilKept('right');
    expect(files.usage().files).to.equal(1);
  });

  it('are cut exactly', () => {
    const total = 2 * SLICE_OCTETS + 10;
    const content = Buffer.alloc(total);
    for (let at = 0; at < total; at += 1) content[at] = at % 251;
    const slices = [content.subarray(0, SLICE_OCTETS), content.subarray(SLICE_OCTETS, 2 * SLICE_OCTETS), content.subarray(2 * SLICE_OCTETS)];
    const near = fc.integer({ min: -3, max: 3 });
    const position = fc.tuple(fc.constantFrom(0, SLICE_OCTETS, 2 * SLICE_OCTETS, total - 1), near).map(([base, by]) => Math.max(0, Math.min(total - 1, base + by)));
    fc.assert(fc.property(position, position, (one, other) => {
      const range = { firstPos: Math.min(one, other), lastPos: Math.max(one, other) };
      return Buffer.concat(cutSlices(slices, range)).equals(content.subarray(range.firstPos, range.lastPos + 1));
    }));
  });
});
