import { expect } from 'chai';
import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { createTitles } from '../../../src/store/titles.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('titles of a folder', () => {
  const tempFolder = useTempFolders();

  it('are read again after each change, however quickly they follow each other', async () => {
    const folder = await tempFolder();
    const titles = createTitles(folder, systemClock);
    for (let count = 1; count <= 60; count += 1) {
      await writeFile(path.join(folder, `${count}.mp4`), '');
      expect((await titles.current()).titles).to.have.length(count);
    }
  });

  it('are not read again while nothing changes', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'a.mp4'), '');
    const titles = createTitles(folder, { ...systemClock, now: () => Date.now() + 60_000 });
    const first = await titles.current();
    expect(await titles.current()).to.equal(first);
    await utimes(folder, 1000, 1000);
    expect(await titles.current()).not.to.equal(first);
  });

  it('are read again while a change could still go without a new time stamp', async () => {
    const folder = await tempFolder();
    const { ctimeMs } = await stat(folder);
    let now = ctimeMs + 5;
    const titles = createTitles(folder, { ...systemClock, now: () => now });
    const first = await titles.current();
    const second = await titles.current();
    expect(second).not.to.equal(first);
    now = ctimeMs + 1000;
    const third = await titles.current();
    expect(third).not.to.equal(second);
    expect(await titles.current()).to.equal(third);
  });

  it('of a folder that goes away can\'t be told, and can again when it is back', async () => {
    const folder = path.join(await tempFolder(), 'videos');
    await mkdir(folder);
    const titles = createTitles(folder, systemClock);
    expect((await titles.current()).titles).to.have.length(0);
    await rm(folder, { recursive: true });
    const error: unknown = await titles.current().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CdnError).with.property('code', 'FOLDER_UNREADABLE');
    await mkdir(folder);
    await writeFile(path.join(folder, 'a.mp4'), '');
    expect((await titles.current()).titles).to.have.length(1);
  });
});
