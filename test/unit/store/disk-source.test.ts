import { expect } from 'chai';
import { link, mkdir, open, rename, symlink, truncate, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../../src/base/clock.js';
import { createDiskSource, truePathOf, type DiskSource, type OpenFile } from '../../../src/store/disk-source.js';
import { useTempFolders } from '../../helpers/temp.js';

const NEVER = new AbortController().signal;
const NO_PROC = '/nowhere/fd';

describe('disk source', () => {
  const tempFolder = useTempFolders();
  const opened: (OpenFile | FileHandle)[] = [];
  afterEach(async () => {
    for (const file of opened.splice(0)) await file.close();
  });

  async function openFile(source: DiskSource, ...segments: string[]): Promise<OpenFile> {
    const opening = await source.open(segments, NEVER);
    if (opening.kind !== 'file') throw new Error(`${segments.join('/')}: ${opening.kind}`);
    opened.push(opening.file);
    return opening.file;
  }
  async function readAll(file: OpenFile, firstPos = 0, lastPos = file.version.length - 1): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of file.read({ firstPos, lastPos }, NEVER)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  const thrownBy = (promise: Promise<unknown>): Promise<Error | undefined> => promise.then(() => undefined, (error: unknown) => error as Error);

  it('reads any range, over the bounds of its chunks', async () => {
    const folder = await tempFolder();
    const content = Buffer.from(Uint32Array.from({ length: 100_000 }, (_, index) => index).buffer);
    await writeFile(path.join(folder, 'a'), content);
    const file = await openFile(createDiskSource(folder, systemClock), 'a');
    expect((await readAll(file)).equals(content)).to.equal(true);
    for (const [first, last] of [[0, 0], [131_071, 131_072], [131_072, 262_143], [399_999, 399_999], [5, 300_000]] as const) {
      expect((await readAll(file, first, last)).equals(content.subarray(first, last + 1)), `${first}-${last}`).to.equal(true);
    }
  });

  it('a file that was just written is given time to settle', async () => {
    const folder = await tempFolder();
    let slept = 0;
    const clock = { ...systemClock, sleep: (ms: number) => { slept += ms; return systemClock.sleep(ms); } };
    await writeFile(path.join(folder, 'a'), 'a');
    await openFile(createDiskSource(folder, clock), 'a');
    expect(slept).to.be.greaterThan(0);
    slept = 0;
    await openFile(createDiskSource(folder, clock), 'a');
    expect(slept).to.equal(0);
  });

  it('a file that is written to all the time is said to be so', async () => {
    const folder = await tempFolder();
    const file = path.join(folder, 'a');
    await writeFile(file, 'a');
    const clock = { ...systemClock, sleep: () => writeFile(file, 'b') };
    expect(await createDiskSource(folder, clock).open(['a'], NEVER)).to.deep.equal({ kind: 'unsettled' });
  });

  it('a file replaced while it is open is read to its old end', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'a'), 'old content');
    await writeFile(path.join(folder, 'b'), 'new');
    const source = createDiskSource(folder, systemClock);
    const file = await openFile(source, 'a');
    await rename(path.join(folder, 'b'), path.join(folder, 'a'));
    expect((await readAll(file)).toString()).to.equal('old content');
    expect((await readAll(await openFile(source, 'a'))).toString()).to.equal('new');
  });

  it('a file that was cut short, or changed in place, never ends as if it were whole', async () => {
    const folder = await tempFolder();
    const name = path.join(folder, 'a');
    await writeFile(name, 'content');
    const source = createDiskSource(folder, systemClock);
    const cut = await openFile(source, 'a');
    await truncate(name, 3);
    expect((await thrownBy(readAll(cut)))?.message).to.match(/a (was cut short|changed) while it was being sent/);
    expect((await thrownBy(readAll(cut, 5, 6)))?.message).to.match(/a was cut short while it was being sent/);
    const changed = await openFile(source, 'a');
    await writeFile(name, 'CON');
    expect((await thrownBy(readAll(changed)))?.message).to.equal('a changed while it was being sent');
  });

  it('stops reading when the signal aborts', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'a'), Buffer.alloc(1_000_000));
    const file = await openFile(createDiskSource(folder, systemClock), 'a');
    const controller = new AbortController();
    let chunks = 0;
    const error = await thrownBy((async () => {
      for await (const chunk of file.read({ firstPos: 0, lastPos: 999_999 }, controller.signal)) {
        chunks += chunk.length > 0 ? 1 : 0;
        controller.abort(new Error('enough'));
      }
    })());
    expect([chunks, error?.message]).to.deep.equal([1, 'enough']);
  });

  it('follows links that stay inside, and a folder that is a link itself', async () => {
    const folder = await tempFolder();
    await mkdir(path.join(folder, 'real', 'sub'), { recursive: true });
    await writeFile(path.join(folder, 'real', 'sub', 'a'), 'inside');
    await symlink('sub/a', path.join(folder, 'real', 'short'));
    await symlink('real', path.join(folder, 'link'));
    const source = createDiskSource(path.join(folder, 'link'), systemClock);
    expect((await readAll(await openFile(source, 'short'))).toString()).to.equal('inside');
    expect((await readAll(await openFile(source, 'sub', 'a'))).toString()).to.equal('inside');
  });

  it('a folder whose name begins like another is not that one', async () => {
    const folder = await tempFolder();
    await mkdir(path.join(folder, 'videos'));
    await mkdir(path.join(folder, 'videos-private'));
    await writeFile(path.join(folder, 'videos-private', 'a'), 'secret');
    await symlink('../videos-private/a', path.join(folder, 'videos', 'a'));
    expect(await createDiskSource(path.join(folder, 'videos'), systemClock).open(['a'], NEVER)).to.deep.equal({ kind: 'absent' });
  });

  describe('the true path of an open file where the system doesn\'t list open files', () => {
    async function openAndMeddle(meddle: (folder: string) => Promise<void>): Promise<string | undefined> {
      const folder = await tempFolder();
      await writeFile(path.join(folder, 'target'), 'x');
      await writeFile(path.join(folder, 'other'), 'y');
      await symlink('target', path.join(folder, 'a'));
      const handle = await open(path.join(folder, 'a'));
      opened.push(handle);
      const stats = await handle.stat({ bigint: true });
      await meddle(folder);
      const where = await truePathOf(handle, path.join(folder, 'a'), stats, NO_PROC);
      return where && path.relative(folder, where);
    }

    it('is where the link leads', async () => {
      expect(await openAndMeddle(() => Promise.resolve())).to.equal('target');
    });
    it('can\'t be told once the link leads elsewhere', async () => {
      expect(await openAndMeddle(async (folder) => {
        await unlink(path.join(folder, 'a'));
        await symlink('other', path.join(folder, 'a'));
      })).to.equal(undefined);
    });
    it('is any of the names of the same file', async () => {
      expect(await openAndMeddle(async (folder) => {
        await unlink(path.join(folder, 'a'));
        await link(path.join(folder, 'target'), path.join(folder, 'a'));
      })).to.equal('a');
    });
  });
});
