// curl against a live store: what people's fingers know.

import { expect } from 'chai';
import { copyFile, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT, useProcesses } from '../../helpers/process.js';
import { itWith } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';
import { useStores } from './running-store.js';

const VIDEO = path.join(PROJECT, 'videos', 'video1.mp4');

describe('curl and the store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();
  const { run } = useProcesses();

  async function start() {
    const folder = await tempFolder();
    await copyFile(VIDEO, path.join(folder, 'video1.mp4'));
    const video = await readFile(VIDEO);
    const { url } = await startStore(folder);
    return { folder, video, url: `${url}/video1.mp4`, scratch: await tempFolder() };
  }
  const status = ['-w', '%{stderr}%{http_code} %{size_download}'];

  itWith('curl', 'fetches the whole video', async (curl) => {
    const { url, video } = await start();
    const done = await run(curl, ['-sS', ...status, url]);
    expect(done.stdoutBytes.equals(video)).to.equal(true);
    expect(done.stderr).to.equal(`200 ${video.length}`);
  });

  itWith('curl', '-I shows the fields of the whole, without its octets', async (curl) => {
    const { url, video } = await start();
    const done = await run(curl, ['-sSI', url]);
    expect(done.stdout).to.match(/^HTTP\/1\.1 200 OK\r\n/).and.match(/^accept-ranges: bytes\r$/m).and.match(/^content-type: video\/mp4\r$/m);
    expect(done.stdout).to.match(new RegExp(`^content-length: ${video.length}\r$`, 'm'));
  });

  const ranges: readonly [option: string, first: number, last: number | undefined][] = [
    ['1000-1999', 1000, 1999],
    ['0-0', 0, 0],
    ['700000-', 700_000, undefined],
    ['-500', -500, undefined],
  ];
  for (const [option, first, last] of ranges) {
    itWith('curl', `-r ${option}`, async (curl) => {
      const { url, video } = await start();
      const done = await run(curl, ['-sS', ...status, '-r', option, url]);
      const expected = last === undefined ? video.subarray(first) : video.subarray(first, last + 1);
      expect(done.stdoutBytes.equals(expected)).to.equal(true);
      expect(done.stderr).to.equal(`206 ${expected.length}`);
    });
  }

  itWith('curl', '-r with two ranges gets both, as parts', async (curl) => {
    const { url, video } = await start();
    const done = await run(curl, ['-sS', ...status, '-r', '0-9,100-109', url]);
    expect(done.stderr).to.match(/^206 /);
    const parts = done.stdout.split(/--[0-9a-f]{32}(?:--)?\r\n/);
    expect(parts).to.have.length(4);
    expect(done.stdoutBytes.includes(video.subarray(0, 10))).to.equal(true);
    expect(done.stdoutBytes.includes(video.subarray(100, 110))).to.equal(true);
  });

  itWith('curl', '-r past the end: 416, and -f makes it exit 22', async (curl) => {
    const { url } = await start();
    const done = await run(curl, ['-sS', '-f', ...status, '-r', '999999999-', url]);
    expect([done.code, done.stderr.includes('416')]).to.deep.equal([22, true]);
  });

  itWith('curl', '-C - completes a half file', async (curl) => {
    const { url, video, scratch } = await start();
    const half = path.join(scratch, 'half.mp4');
    await writeFile(half, video.subarray(0, 400_000));
    const done = await run(curl, ['-sS', ...status, '-C', '-', '-o', half, url]);
    expect(done.stderr).to.equal(`206 ${video.length - 400_000}`);
    expect((await readFile(half)).equals(video)).to.equal(true);
  });

  itWith('curl', '-z with the file it has: 304, and nothing is sent', async (curl) => {
    const { url, scratch, folder } = await start();
    const copy = path.join(scratch, 'copy.mp4');
    await run(curl, ['-sS', '-R', '-o', copy, url]);
    expect(Math.floor((await stat(copy)).mtimeMs / 1000)).to.equal(Math.floor((await stat(path.join(folder, 'video1.mp4'))).mtimeMs / 1000));
    const again = await run(curl, ['-sS', ...status, '-z', copy, '-o', copy, url]);
    expect(again.stderr).to.equal('304 0');
    await utimes(copy, 1000, 1000);
    expect((await run(curl, ['-sS', ...status, '-z', copy, '-o', copy, url])).stderr).to.match(/^200 /);
  });

  itWith('curl', '--etag-save and --etag-compare: 304 until the file is another', async (curl) => {
    const { url, scratch, folder, video } = await start();
    const tag = path.join(scratch, 'etag');
    const copy = path.join(scratch, 'copy.mp4');
    expect((await run(curl, ['-sS', ...status, '--etag-save', tag, '-o', copy, url])).stderr).to.match(/^200 /);
    expect((await run(curl, ['-sS', ...status, '--etag-compare', tag, '-o', copy, url])).stderr).to.equal('304 0');
    await writeFile(path.join(folder, 'video1.mp4'), Buffer.alloc(video.length));
    expect((await run(curl, ['-sS', ...status, '--etag-compare', tag, '-o', copy, url])).stderr).to.match(/^200 /);
  });

  itWith('curl', '--path-as-is with dots gets nothing from outside', async (curl) => {
    const { url, folder } = await start();
    const done = await run(curl, ['-sS', '--path-as-is', ...status, url.replace('/video1.mp4', `/../../../../../..${folder}/video1.mp4`)]);
    expect(done.stderr).to.match(/^404 /);
  });
});
