import { expect } from 'chai';
import { appendFile, chmod, open, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import path from 'node:path';
import { isSameContent, isSettled, versionOf } from '../../../src/store/version.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('versions of a file', () => {
  const tempFolder = useTempFolders();
  let file = '';
  let before: BigIntStats;
  beforeEach(async () => {
    file = path.join(await tempFolder(), 'a.mp4');
    await writeFile(file, 'content');
    await utimes(file, 1000, 1000);
    before = await stat(file, { bigint: true });
  });
  const changed = (over: Partial<Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs' | 'nlink', bigint>>): BigIntStats => Object.assign(Object.create(Object.getPrototypeOf(before) as object) as BigIntStats, before, over);

  it('the same file has the same strong tag, which tells nothing of its inode', () => {
    const { etag } = versionOf(before);
    expect(etag).to.match(/^"[\w-]{22}"$/).and.equal(versionOf(changed({})).etag);
    expect(etag).not.to.contain(String(before.ino));
  });

  for (const field of ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const) {
    it(`another ${field} is another version`, () => expect(versionOf(changed({ [field]: before[field] + 1n })).etag).not.to.equal(versionOf(before).etag));
  }

  it('fields next to each other are not mixed up', () => {
    expect(versionOf(changed({ dev: 1n, ino: 11n })).etag).not.to.equal(versionOf(changed({ dev: 11n, ino: 1n })).etag);
  });

  it('a time of modification before 1970 doesn\'t matter', () => {
    expect(versionOf(changed({ mtimeNs: -1_500_000_000n })).modifiedMs).to.equal(-1500);
  });

  const ages: readonly [ageMs: number, settled: boolean][] = [[0, false], [19, false], [21, true], [1e9, true], [-5, false], [-999, false], [-1001, true]];
  for (const [ageMs, settled] of ages) {
    it(`changed ${ageMs} ms before it was looked at: ${settled ? 'settled' : 'not settled'}`, () => {
      expect(isSettled(changed({ ctimeNs: 10_000_000_000_000n }), 10_000_000 + ageMs)).to.equal(settled);
    });
  }

  const events: readonly [what: string, change: (file: string) => Promise<unknown>, same: boolean][] = [
    ['nothing', () => Promise.resolve(), true],
    ['it was deleted while open', (name) => unlink(name), true],
    ['it was written to', (name) => appendFile(name, 'x'), false],
    ['as many other octets were written, and the time set back', async (name) => { await writeFile(name, 'CONTENT'); await utimes(name, 1000, 1000); }, false],
    ['its mode was changed: to be on the safe side', (name) => chmod(name, 0o600), false],
  ];
  for (const [what, change, same] of events) {
    it(`${what}: ${same ? 'the same content' : 'not the same content'}`, async () => {
      const handle = await open(file);
      try {
        // Changes within one tick of the file system's clock don't show; that is what isSettled is for.
        while (!isSettled(before, Date.now())) await new Promise(setImmediate);
        await change(file);
        expect(isSameContent(before, await handle.stat({ bigint: true }))).to.equal(same);
      } finally {
        await handle.close();
      }
    });
  }
});
