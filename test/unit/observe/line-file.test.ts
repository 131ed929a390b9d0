import { execFileSync } from 'node:child_process';
import { open, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { createLog } from '../../../src/observe/log.js';
import { createLineFile, type LineFile, type LineFileOptions } from '../../../src/observe/line-file.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('a file of lines', () => {
  const tempFolder = useTempFolders();
  const files: LineFile[] = [];
  const said: string[] = [];
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
  beforeEach(() => {
    said.splice(0);
    aheadMs = 0;
  });
  afterEach('stop files', async () => {
    for (const file of files.splice(0)) await file.stop();
  });

  async function start(options: LineFileOptions): Promise<LineFile> {
    const file = createLineFile(options, { clock, log: createLog(({ level, message }) => said.push(`${level} ${message}`)) });
    files.push(file);
    await file.start();
    return file;
  }
  const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`).join('');

  it('has every line, in order, when it has stopped', async () => {
    const name = path.join(await tempFolder(), 'log');
    await writeFile(name, 'before\n');
    const file = await start({ path: name });
    for (let count = 0; count < 20_000; count += 1) file.write(`line ${count}\n`);
    await file.stop();
    expect(await readFile(name, 'utf8')).to.equal(`before\n${lines(0, 20_000)}`);
    expect([file.dropped, said]).to.deep.equal([0, []]);
  });

  it('goes on under its name after it was moved away: what came before is in the old one, what comes after in the new one', async () => {
    const name = path.join(await tempFolder(), 'log');
    const file = await start({ path: name });
    file.write('first\n');
    await rename(name, `${name}.1`);
    file.write('second\n');
    await file.reopen();
    file.write('third\n');
    await file.stop();
    expect([await readFile(`${name}.1`, 'utf8'), await readFile(name, 'utf8')]).to.deep.equal(['first\nsecond\n', 'third\n']);
  });

  it('keeps what it has where it cannot be opened anew, and says so', async () => {
    const folder = path.join(await tempFolder(), 'logs');
    execFileSync('mkdir', [folder]);
    const file = await start({ path: path.join(folder, 'log') });
    await rename(folder, `${folder}.moved`);
    await file.reopen();
    file.write('still here\n');
    await file.stop();
    expect(await readFile(path.join(`${folder}.moved`, 'log'), 'utf8')).to.equal('still here\n');
    expect(said).to.have.length(1).and.to.satisfy(([line]: string[]) => /^warn cannot open the access log .*ENOENT.*; the one that is open goes on$/.test(line ?? ''));
  });

  it('on a full disk drops and counts lines, says so once, and once when it is over', async function () {
    if (process.platform !== 'linux') this.skip();
    const folder = await tempFolder();
    const name = path.join(folder, 'log');
    await symlink('/dev/full', name);
    const file = await start({ path: name, delayMs: 0 });
    for (let round = 0; round < 3; round += 1) {
      file.write('lost\n');
      await file.reopen();
    }
    expect(said).to.have.length(1).and.to.satisfy(([line]: string[]) => /^warn cannot write the access log .*ENOSPC/.test(line ?? ''));
    await rm(name);
    aheadMs = 60_000;
    await file.reopen();
    file.write('kept\n');
    await file.stop();
    expect(await readFile(name, 'utf8')).to.equal('kept\n');
    expect([file.dropped, said.slice(1)]).to.deep.equal([3, [`info the access log ${name} is written again; 3 lines were dropped`]]);
  });

  it('into a pipe that nobody reads: what waits is bounded, the rest is counted, nothing blocks, and what is read is whole lines', async function () {
    if (process.platform !== 'linux') this.skip();
    const name = path.join(await tempFolder(), 'pipe');
    execFileSync('mkfifo', [name]);
    const reader = await open(name, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const file = await start({ path: name, maxWaiting: 200_000 });
      const line = `${'x'.repeat(99)}\n`;
      for (let round = 0; round < 20; round += 1) {
        for (let count = 0; count < 1000; count += 1) file.write(line);
        await systemClock.sleep(0);
      }
      expect(file.dropped).to.be.within(15_000, 19_000);
      const stopped = file.stop();
      aheadMs = 60_000;
      await stopped;
      const { bytesRead, buffer } = await reader.read(Buffer.alloc(1_000_000), 0, 1_000_000, null);
      const whole = buffer.toString('latin1', 0, bytesRead).split('\n').slice(0, -1);
      expect(whole.every((one) => one === line.trimEnd())).to.equal(true);
      expect(whole.length + file.dropped).to.equal(20_000);
      expect(said).to.have.length(2).and.to.satisfy(([first, second]: string[]) => first?.startsWith('warn cannot write') === true && second?.endsWith('could not be written') === true);
    } finally {
      await reader.close();
    }
  });

  it('is not there without a folder to be in', async () => {
    const error = await start({ path: path.join(await tempFolder(), 'no', 'log') }).then(() => undefined, (failure: unknown) => failure);
    expect(String(error)).to.include('ENOENT');
  });
});
