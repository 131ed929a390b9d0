// What of its folder a store serves, and that nothing else can be got out of it.

import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CdnError } from '../../../src/base/errors.js';
import { itWhen, itWith } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';
import { ask, useStores } from './running-store.js';

const SECRET = 'the secret outside';

/** Root may read everything; so that the test can fail for root too, it is somebody else meanwhile. */
async function asOrdinaryUser(run: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.('nobody');
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe('the folder of a store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();

  /** top/secret.mp4 is outside; top/videos/ is served and has clip.mp4. */
  async function start() {
    const top = await tempFolder();
    const folder = path.join(top, 'videos');
    await mkdir(path.join(folder, 'sub'), { recursive: true });
    await mkdir(path.join(folder, '.hidden'));
    await writeFile(path.join(top, 'secret.mp4'), SECRET);
    await writeFile(path.join(folder, 'clip.mp4'), 'clip');
    await writeFile(path.join(folder, '.dot.mp4'), SECRET);
    await writeFile(path.join(folder, '.hidden', 'a.mp4'), SECRET);
    await writeFile(path.join(folder, 'sub', 'deep.mp4'), 'deep');
    await symlink(path.join(top, 'secret.mp4'), path.join(folder, 'absolute.mp4'));
    await symlink('../secret.mp4', path.join(folder, 'relative.mp4'));
    await symlink('absolute.mp4', path.join(folder, 'chained.mp4'));
    await symlink('..', path.join(folder, 'up'));
    await symlink('/', path.join(folder, 'slash'));
    await symlink('loop.mp4', path.join(folder, 'loop.mp4'));
    await symlink('sub/deep.mp4', path.join(folder, 'inside.mp4'));
    await symlink('../videos/clip.mp4', path.join(folder, 'out-and-in.mp4'));
    return { top, folder, store: await startStore(folder) };
  }

  describe('serves', () => {
    const served: readonly [what: string, target: string, body: string][] = [
      ['a file by its name', '/clip.mp4', 'clip'],
      ['with a query', '/clip.mp4?from=here', 'clip'],
      ['percent-encoded', '/%63lip.mp4', 'clip'],
      ['a file of a folder within', '/sub/deep.mp4', 'deep'],
      ['a link to a file inside', '/inside.mp4', 'deep'],
      ['a link that ends up inside', '/out-and-in.mp4', 'clip'],
      ['through a link that leads out, and back in', '/up/videos/clip.mp4', 'clip'],
    ];
    for (const [what, target, body] of served) {
      it(`${what}: ${target}`, async () => {
        const { store } = await start();
        const answer = await ask(store.port, 'GET', target);
        expect([answer.status, answer.body.toString(), answer.fields['content-type']]).to.deep.equal([200, body, 'video/mp4']);
      });
    }
  });

  describe('never gives anything from outside, hidden, or that is no file', () => {
    const targets: readonly [target: string, status: 400 | 404][] = [
      ['/../secret.mp4', 404],
      ['/../../../../../../../../etc/passwd', 404],
      ['/%2e%2e/secret.mp4', 404],
      ['/%2E%2E%2Fsecret.mp4', 404],
      ['/..%2fsecret.mp4', 404],
      ['/..%5csecret.mp4', 404],
      ['/%252e%252e/secret.mp4', 404],
      ['/%c0%ae%c0%ae/secret.mp4', 400],
      ['/..;/secret.mp4', 404],
      ['/sub/../../secret.mp4', 404],
      ['/sub/%2e%2e/%2e%2e/secret.mp4', 404],
      ['/./clip.mp4', 404],
      ['//etc/passwd', 404],
      ['/%2fetc%2fpasswd', 404],
      ['/clip.mp4%00', 400],
      ['/clip.mp4%00.jpg', 400],
      ['/clip.mp4/', 404],
      ['/clip.mp4/x', 404],
      ['/%', 400],
      ['/%zz', 400],
      ['/', 404],
      ['/sub', 404],
      ['/sub/', 404],
      ['/.dot.mp4', 404],
      ['/%2edot.mp4', 404],
      ['/.hidden/a.mp4', 404],
      ['/absolute.mp4', 404],
      ['/relative.mp4', 404],
      ['/chained.mp4', 404],
      ['/loop.mp4', 404],
      ['/up/secret.mp4', 404],
      ['/slash/etc/passwd', 404],
      [`/${'a'.repeat(300)}`, 404],
      [`/${'a/'.repeat(3000)}a`, 404],
      ['/_cdn/', 404],
      ['/_cdn/health/x', 404],
    ];
    for (const [target, status] of targets) {
      it(target.length > 60 ? `${target.slice(0, 30)}... (${target.length} characters)` : target, async () => {
        const { store } = await start();
        const answer = await ask(store.port, 'GET', target);
        expect(answer.status).to.equal(status);
        expect(answer.body.toString()).not.to.contain('secret').and.not.to.contain('root:');
        expect((await ask(store.port, 'GET', '/clip.mp4')).status).to.equal(200);
      });
    }

    itWith('mkfifo', 'a FIFO, without waiting for someone to write to it', async (mkfifo) => {
      const { store, folder } = await start();
      execFileSync(mkfifo, [path.join(folder, 'fifo.mp4')]);
      expect((await ask(store.port, 'GET', '/fifo.mp4')).status).to.equal(404);
      await symlink('/dev/zero', path.join(folder, 'zero.mp4'));
      expect((await ask(store.port, 'GET', '/zero.mp4')).status).to.equal(404);
    });

    itWhen(process.seteuid !== undefined, 'users with rights', 'a file it may not read: 403, and a line in the log', async () => {
      const { store, folder, top } = await start();
      await chmod(top, 0o755);
      await chmod(path.join(folder, 'clip.mp4'), 0);
      await asOrdinaryUser(async () => {
        expect((await ask(store.port, 'GET', '/clip.mp4')).status).to.equal(403);
        expect((await ask(store.port, 'GET', '/sub/deep.mp4')).status).to.equal(200);
      });
      await store.logged(/^cannot read clip\.mp4: permission denied$/);
    });

    it('while links are exchanged as fast as can be', async () => {
      const { store, folder, top } = await start();
      await writeFile(path.join(folder, 'real.mp4'), 'inside');
      let going = true;
      const swapping = (async () => {
        for (let turn = 0; going; turn += 1) {
          const fresh = path.join(top, 'fresh');
          await symlink(turn % 2 === 0 ? path.join(top, 'secret.mp4') : 'real.mp4', fresh);
          await rename(fresh, path.join(folder, 'swapped.mp4'));
        }
      })();
      const seen = new Set<string>();
      try {
        for (let turn = 0; turn < 300; turn += 1) {
          const answer = await ask(store.port, 'GET', '/swapped.mp4');
          seen.add(answer.status === 200 ? answer.body.toString() : String(answer.status));
        }
      } finally {
        going = false;
        await swapping;
      }
      expect([...seen].filter((outcome) => outcome !== 'inside' && outcome !== '404')).to.deep.equal([]);
      expect(seen.has('inside')).to.equal(true);
    });
  });

  describe('names for the titles of its catalog', () => {
    async function startWith(...files: string[]) {
      const folder = await tempFolder();
      for (const file of files) await writeFile(path.join(folder, file), file);
      return { folder, store: await startStore(folder) };
    }
    const cases: readonly [files: string[], target: string, got: string | 404][] = [
      [['bunny.mp4', 'sintel.webm'], '/video1', 'bunny.mp4'],
      [['bunny.mp4', 'sintel.webm'], '/video2', 'sintel.webm'],
      [['bunny.mp4', 'sintel.webm'], '/video2.webm', 'sintel.webm'],
      [['bunny.mp4', 'sintel.webm'], '/video2.mp4', 'sintel.webm'],
      [['bunny.mp4', 'sintel.webm'], '/video3', 404],
      [['bunny.mp4'], '/video1.txt', 404],
      [['bunny.mp4', 'a.constructor'], '/video1.constructor', 404],
      [['bunny.mkv'], '/video1', 'bunny.mkv'],
      [['bunny.mp4'], '/video01', 404],
      [['bunny.mp4'], '/sub/video1', 404],
      [['a.mp4', 'video1.mp4'], '/video1.mp4', 'video1.mp4'],
      [['a.mp4', 'video1.mp4'], '/video1', 'a.mp4'],
      [['a.mp4', 'video1'], '/video1', 'video1'],
      [['video2.mp4', 'video10.mp4'], '/video2', 'video10.mp4'],
      [[], '/video1', 404],
    ];
    for (const [files, target, got] of cases) {
      it(`${target} of ${files.join(', ') || 'an empty folder'} is ${got}`, async () => {
        const { store } = await startWith(...files);
        const answer = await ask(store.port, 'GET', target);
        expect(answer.status === 200 ? answer.body.toString() : answer.status).to.equal(got);
      });
    }

    it('follow the folder as files come and go', async () => {
      const { store, folder } = await startWith('b.mp4');
      const get = async (target: string): Promise<string | number> => {
        const answer = await ask(store.port, 'GET', target);
        return answer.status === 200 ? answer.body.toString() : answer.status;
      };
      expect([await get('/video1'), await get('/video2'), await get('/late.mp4')]).to.deep.equal(['b.mp4', 404, 404]);
      await writeFile(path.join(folder, 'late.mp4'), 'late.mp4');
      expect([await get('/late.mp4'), await get('/video2')]).to.deep.equal(['late.mp4', 'late.mp4']);
      await writeFile(path.join(folder, 'a.mp4'), 'a.mp4');
      expect(await get('/video1')).to.equal('a.mp4');
      await unlink(path.join(folder, 'b.mp4'));
      expect([await get('/b.mp4'), await get('/video2')]).to.deep.equal([404, 'late.mp4']);
    });

    it('are told to whoever asks for something else', async () => {
      const { store } = await startWith('b c.mp4', 'a.mp4');
      for (const target of ['/', '/other']) {
        const answer = await ask(store.port, 'GET', target);
        expect([answer.status, answer.body.toString()]).to.deep.equal([404, 'No such object. This store has: /a.mp4 /b%20c.mp4\n']);
      }
    });
  });

  it('that can\'t be read at the start: FOLDER_UNREADABLE', async () => {
    const folder = await tempFolder();
    const error: unknown = await startStore(path.join(folder, 'absent')).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(CdnError);
    expect((error as CdnError).code).to.equal('FOLDER_UNREADABLE');
  });

  it('that goes away later: the store answers on, and serves again when it is back', async () => {
    const { store, folder } = await start();
    await rename(folder, `${folder}-away`);
    expect((await ask(store.port, 'GET', '/clip.mp4')).status).to.equal(404);
    expect((await ask(store.port, 'GET', '/_cdn/health')).status).to.equal(503);
    await rename(`${folder}-away`, folder);
    expect((await ask(store.port, 'GET', '/clip.mp4')).status).to.equal(200);
    expect((await ask(store.port, 'GET', '/_cdn/health')).status).to.equal(200);
  });
});
