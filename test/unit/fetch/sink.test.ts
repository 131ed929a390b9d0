import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open as openFile, readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { CdnError, type ErrorCode } from '../../../src/base/errors.js';
import { createSeededRandom, systemRandom } from '../../../src/base/random.js';
import { openSink } from '../../../src/fetch/sink.js';
import { selectTarget, type Target } from '../../../src/fetch/target.js';
import { findProgram, itWhen } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';

const env = { clock: systemClock, random: systemRandom };
const URL_OF_IT = 'http://127.0.0.1:1/out';

/** A sink whose chunks are each written behind the one before. */
interface Appending {
  readonly file: string | undefined;
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  keep(as: 'part' | 'corrupt'): Promise<string | undefined>;
}

async function open(target: Target, with_: typeof env, signal: AbortSignal): Promise<Appending> {
  const sink = await openSink(target, { url: URL_OF_IT, offset: 0, anew: false }, with_, signal);
  let at = 0;
  return {
    file: sink.file,
    write: async (chunk) => {
      const from = at;
      at += chunk.length;
      await sink.write(chunk, from);
    },
    commit: () => sink.commit(),
    keep: async (as) => (await sink.keep(as, []))?.file,
  };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof CdnError) return error.code;
    throw error;
  }
}

describe('fetch: where the bytes go', () => {
  const newFolder = useTempFolders();

  async function sinkFor(file: string, force = false, signal = new AbortController().signal): Promise<Appending> {
    const target = selectTarget({ kind: 'file', path: file }, 'video1.mp4', force);
    if (target === undefined) throw new Error('no target');
    return open(target, env, signal);
  }

  it('a file appears under its name only when it is whole, and nothing else stays', async () => {
    const folder = await newFolder();
    const sink = await sinkFor(path.join(folder, 'out.mp4'));
    await sink.write(bytes('hello '));
    expect((await readdir(folder)).join()).to.match(/^out\.mp4\.[0-9a-f]{8}\.part$/);
    await sink.write(bytes('world'));
    await sink.commit();
    expect(await readdir(folder)).to.deep.equal(['out.mp4']);
    expect(await readFile(path.join(folder, 'out.mp4'), 'utf8')).to.equal('hello world');
  });

  it('what was interrupted stays apart as .part, and goes when a later run succeeds', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'out.mp4');
    const first = await sinkFor(file);
    await first.write(bytes('half'));
    expect(await first.keep('part')).to.equal(`${file}.part`);
    expect(await readdir(folder)).to.deep.equal(['out.mp4.part', 'out.mp4.part.journal']);
    const second = await sinkFor(file);
    await second.write(bytes('whole'));
    await second.commit();
    expect(await readdir(folder)).to.deep.equal(['out.mp4']);
  });

  it('wrong bytes stay apart as .corrupt; nothing at all leaves nothing', async () => {
    const folder = await newFolder();
    const wrong = await sinkFor(path.join(folder, 'a'));
    await wrong.write(bytes('x'));
    expect(await wrong.keep('corrupt')).to.equal(path.join(folder, 'a.corrupt'));
    const nothing = await sinkFor(path.join(folder, 'b'));
    expect(await nothing.keep('part')).to.equal(undefined);
    expect(await readdir(folder)).to.deep.equal(['a.corrupt']);
  });

  it('two clients at one target never write into each other; the first to end has the name', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'out');
    const [one, two] = [await sinkFor(file), await sinkFor(file)];
    for (let round = 0; round < 3; round += 1) {
      await one.write(bytes('1'));
      await two.write(bytes('2'));
    }
    await two.commit();
    expect(await codeOf(one.commit())).to.equal('FILE_EXISTS');
    expect(await readFile(file, 'utf8')).to.equal('222');
    expect(await readFile(`${file}.part`, 'utf8')).to.equal('111');
  });

  it('a file that is there is refused before anything is written, and replaced whole with force', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'out');
    await writeFile(file, 'old');
    expect(await codeOf(sinkFor(file))).to.equal('FILE_EXISTS');
    const sink = await sinkFor(file, true);
    await sink.write(bytes('new'));
    expect(await readFile(file, 'utf8')).to.equal('old');
    await sink.commit();
    expect(await readFile(file, 'utf8')).to.equal('new');
  });

  it('a part file of the same name is never written to', async () => {
    const folder = await newFolder();
    const random = () => createSeededRandom(7);
    const target = selectTarget({ kind: 'file', path: path.join(folder, 'out') }, undefined, false);
    if (target === undefined) throw new Error('no target');
    const { signal } = new AbortController();
    const first = await open(target, { ...env, random: random() }, signal);
    expect(await codeOf(open(target, { ...env, random: random() }, signal))).to.equal('DISK_WRITE');
    await first.keep('part');
  });

  it('a folder means the object’s own name inside it', async () => {
    const folder = await newFolder();
    expect((await sinkFor(folder)).file).to.equal(path.join(folder, 'video1.mp4'));
    expect(selectTarget({ kind: 'file', path: folder }, undefined, false)).to.equal(undefined);
    await mkdir(path.join(folder, 'video1.mp4'));
    expect(await codeOf(sinkFor(folder))).to.equal('DISK_WRITE');
  });

  it('no output means the object’s own name in the current folder', async () => {
    const target = selectTarget({ kind: 'default' }, 'no-such-video.mp4', false);
    expect(target).to.deep.equal({ kind: 'file', path: path.resolve('no-such-video.mp4'), replace: false });
    expect(selectTarget({ kind: 'default' }, undefined, false)).to.equal(undefined);
  });

  it('a missing folder, and a file for a folder, are told at once', async () => {
    const folder = await newFolder();
    await writeFile(path.join(folder, 'file'), '');
    for (const bad of ['none/out', 'none/', 'file/out', 'file/']) {
      expect(await codeOf(sinkFor(`${folder}/${bad}`)), bad).to.equal('DISK_WRITE');
    }
    expect(await codeOf(sinkFor(''))).to.equal('USAGE');
    expect(await codeOf(sinkFor('a\0b'))).to.equal('USAGE');
  });

  it('a folder that takes no files is told', async () => {
    // Modes bind everybody but root; /proc takes no files from anybody.
    const isRoot = process.getuid?.() === 0;
    const folder = isRoot ? '/proc' : await newFolder();
    if (!isRoot) await chmod(folder, 0o500);
    expect(await codeOf(sinkFor(path.join(folder, 'out')))).to.equal('DISK_WRITE');
  });

  it('a link stays a link, and what it leads to is replaced; one that leads nowhere is in the way', async () => {
    const folder = await newFolder();
    const [real, alias, dangling] = ['real', 'alias', 'dangling'].map((name) => path.join(folder, name)) as [string, string, string];
    await writeFile(real, 'old');
    await symlink(real, alias);
    await symlink(path.join(folder, 'nowhere'), dangling);
    expect(await codeOf(sinkFor(alias))).to.equal('FILE_EXISTS');
    expect(await codeOf(sinkFor(dangling))).to.equal('FILE_EXISTS');
    const sink = await sinkFor(alias, true);
    await sink.write(bytes('new'));
    await sink.commit();
    expect(await readlink(alias)).to.equal(real);
    expect(await readFile(real, 'utf8')).to.equal('new');
  });

  itWhen(process.platform === 'linux', 'Linux', 'a device takes the bytes as they come and is never renamed to', async () => {
    const sink = await sinkFor('/dev/null');
    await sink.write(bytes('gone'));
    await sink.commit();
    expect((await lstat('/dev/null')).isCharacterDevice()).to.equal(true);
  });

  itWhen(process.platform === 'linux', 'Linux', 'a full disk is told as such', async () => {
    const sink = await sinkFor('/dev/full');
    const error: unknown = await sink.write(bytes('x')).catch((cause: unknown) => cause);
    await sink.keep('part');
    expect(error).to.be.instanceOf(CdnError);
    expect(String(error)).to.match(/cannot write \/dev\/full: the disk is full/);
  });

  describe('a pipe', () => {
    const itPipe = (what: string, test: () => Promise<void>) => itWhen(findProgram('mkfifo') !== undefined, 'mkfifo', what, test);

    async function newPipe(): Promise<string> {
      const pipe = path.join(await newFolder(), 'pipe');
      execFileSync('mkfifo', [pipe]);
      return pipe;
    }

    itPipe('gets the bytes, and stays a pipe', async () => {
      const pipe = await newPipe();
      const read = readFile(pipe, 'utf8');
      const sink = await sinkFor(pipe);
      await sink.write(bytes('through'));
      await sink.commit();
      expect(await read).to.equal('through');
      expect((await stat(pipe)).isFIFO()).to.equal(true);
    });

    itPipe('is written at its reader’s pace, nothing lost', async () => {
      const pipe = await newPipe();
      const read = readFile(pipe);
      const sink = await sinkFor(pipe);
      const all = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
      await sink.write(all.subarray(0, 1_500_001));
      await sink.write(all.subarray(1_500_001));
      await sink.commit();
      expect(all.equals(await read)).to.equal(true);
    });

    itPipe('that nobody reads from is told as such, after a second for a reader to come', async () => {
      const pipe = await newPipe();
      const target = selectTarget({ kind: 'file', path: pipe }, undefined, false);
      if (target === undefined) throw new Error('no target');
      let now = 0;
      const clock: Clock = { ...systemClock, monotonic: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) };
      const error: unknown = await open(target, { ...env, clock }, new AbortController().signal).catch((cause: unknown) => cause);
      expect(error).to.be.instanceOf(CdnError).and.include({ code: 'DISK_WRITE' });
      expect(String(error)).to.match(/pipe: it is a pipe, and nobody reads from it$/);
      expect(now).to.be.within(1000, 1040);
    });

    itPipe('that nobody reads from is given up with the signal’s reason', async () => {
      const controller = new AbortController();
      const opening = sinkFor(await newPipe(), false, controller.signal).catch((cause: unknown) => cause);
      const reason = new Error('enough');
      controller.abort(reason);
      expect(await opening).to.equal(reason);
    });

    itPipe('that is full is given up with the signal’s reason', async () => {
      const pipe = await newPipe();
      const reader = await openFile(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const target = selectTarget({ kind: 'file', path: pipe }, undefined, false);
      if (target === undefined) throw new Error('no target');
      const controller = new AbortController();
      const reason = new Error('enough');
      // It sleeps only when the pipe takes no more.
      const clock: Clock = { ...systemClock, sleep: (ms, signal) => { controller.abort(reason); return systemClock.sleep(ms, signal); } };
      const sink = await open(target, { ...env, clock }, controller.signal);
      expect(await sink.write(Buffer.alloc(1_000_000)).catch((cause: unknown) => cause)).to.equal(reason);
      expect(await sink.keep('part')).to.equal(undefined);
      await reader.close();
    });

    itPipe('whose reader leaves is told as such', async () => {
      const pipe = await newPipe();
      const reader = await openFile(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const sink = await sinkFor(pipe);
      await reader.close();
      const error: unknown = await sink.write(bytes('x')).catch((cause: unknown) => cause);
      await sink.keep('part');
      expect(String(error)).to.match(/cannot write .*pipe: its reader has left$/);
    });
  });

  it('a name as long as the file system allows has room for its parts', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'n'.repeat(255));
    const sink = await sinkFor(file);
    await sink.write(bytes('x'));
    await sink.commit();
    expect((await stat(file)).size).to.equal(1);
  });

  it('standard output gets each chunk, one after the other', async () => {
    const written: string[] = [];
    const write = async (chunk: Uint8Array): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      written.push(Buffer.from(chunk).toString());
    };
    const target = selectTarget({ kind: 'stdout', write }, 'video1.mp4', false);
    if (target === undefined) throw new Error('no target');
    const sink = await open(target, env, new AbortController().signal);
    await sink.write(bytes('a'));
    await sink.write(bytes('b'));
    await sink.commit();
    expect(written).to.deep.equal(['a', 'b']);
    expect(sink.file).to.equal(undefined);
  });

  it('standard output that takes nothing is given up with the signal’s reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const write = (): Promise<void> => { controller.abort(reason); return new Promise(() => undefined); };
    const sink = await open({ kind: 'stdout', write }, env, controller.signal);
    expect(await sink.write(bytes('a')).catch((cause: unknown) => cause)).to.equal(reason);
  });
});
