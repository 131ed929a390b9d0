// Resuming, with other people's programs at the other end: curl, wget and aria2 against our store, our
// client against nginx, Varnish and Python's http.server.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { createStore } from '../../../src/store/index.js';
import { silentLog } from '../../../src/observe/log.js';
import { freePort } from '../../helpers/free-port.js';
import { itWith } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';
import { useParties } from './parties.js';

const run = promisify(execFile);
const FILM = Buffer.from(createSeededRandom(5).bytes(3_000_000));
const SHA256 = createHash('sha256').update(FILM).digest('hex');

describe('fetch: with other programs', function () {
  this.timeout(60_000);
  const parties = useParties();
  const newFolder = useTempFolders();
  const children: ChildProcess[] = [];
  afterEach('end the servers', async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });

  async function folderWithFilm(): Promise<string> {
    const folder = await newFolder();
    await mkdir(path.join(folder, 'www'));
    await writeFile(path.join(folder, 'www', 'film.mp4'), FILM);
    return folder;
  }

  /** Asks until somebody listens; ends with the server's own end. */
  async function untilUp(port: number, child: ChildProcess): Promise<void> {
    while (child.exitCode === null) {
      const socket = connect(port, '127.0.0.1');
      const up = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
      socket.destroy();
      if (up) return;
      await systemClock.sleep(20);
    }
    throw new Error(`the server ended with ${child.exitCode}`);
  }

  async function start(program: string, args: readonly string[], port: number): Promise<void> {
    const child = spawn(program, args, { stdio: 'ignore' });
    children.push(child);
    await untilUp(port, child);
  }

  describe('our store', () => {
    const half = FILM.subarray(0, 1_234_567);
    const CLIENTS: readonly [string, (url: string) => readonly string[]][] = [
      ['curl', (url) => ['-sS', '-C', '-', '-o', 'film.mp4', url]],
      ['wget', (url) => ['-q', '-c', url]],
      ['aria2c', (url) => ['-q', '-c', '--allow-overwrite=false', '-x', '4', '-s', '4', '-k', '1M', url]],
    ];
    for (const [program, args] of CLIENTS) {
      itWith(program, `lets ${program} go on from a half`, async (found) => {
        const folder = await folderWithFilm();
        const store = createStore({ dir: path.join(folder, 'www'), id: 'store-1' }, { clock: systemClock, log: silentLog });
        await store.start();
        const ranges: string[] = [];
        const { port } = await parties.http((request) => {
          if (request.fields['range'] !== undefined) ranges.push(request.fields['range']);
          return store.handler(request);
        });
        await writeFile(path.join(folder, 'film.mp4'), half);
        await run(found, args(`http://127.0.0.1:${port}/film.mp4`), { cwd: folder });
        expect((await readFile(path.join(folder, 'film.mp4'))).equals(FILM)).to.equal(true);
        expect(ranges.length).to.be.greaterThan(0);
        await store.stop();
      });
    }
  });

  describe('our client', () => {
    /** Interrupts itself after some bytes, then goes on; resolves with what the second run brought. */
    async function inTwo(port: number, folder: string) {
      const request = { target: `http://127.0.0.1:${port}/film.mp4`, output: { kind: 'file', path: path.join(folder, 'out.mp4') } } as const;
      const client = parties.fetcher({ dns: await parties.nobody() });
      const controller = new AbortController();
      let bytes = 0;
      const first = await parties.run(client, { ...request, limitBytesPerSecond: 20_000_000 }, { signal: controller.signal, onEvent: (event) => {
        if (event.kind === 'received') bytes += event.bytes;
        if (bytes > 1_000_000) controller.abort(new CdnError('INTERRUPTED', 'interrupted'));
      } });
      expect(first.error).to.include({ code: 'INTERRUPTED' });
      const second = await parties.run(client, { ...request, parallel: 3, sha256: SHA256 });
      expect(second.error).to.equal(undefined);
      expect(createHash('sha256').update(await readFile(request.output.path)).digest('hex')).to.equal(SHA256);
      expect(await readdir(folder)).to.include('out.mp4').and.not.include('out.mp4.part');
      return second;
    }

    async function startNginx(program: string, folder: string): Promise<number> {
      const port = await freePort();
      const config = path.join(folder, 'nginx.conf');
      const spool = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ');
      await writeFile(config, `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {} http { access_log off; ${spool} server { listen 127.0.0.1:${port}; root ${folder}/www; } }\n`);
      // The workers are somebody else than root, and the folder is ours alone.
      await run('chmod', ['-R', 'a+rX', folder]);
      await start(program, ['-c', config, '-p', folder, '-e', `${folder}/error.log`], port);
      return port;
    }

    itWith('nginx', 'goes on from nginx where it was, over several connections', async (nginx) => {
      const folder = await folderWithFilm();
      const { report } = await inTwo(await startNginx(nginx, folder), folder);
      expect(report?.resumedBytes).to.be.greaterThan(0);
    });

    itWith('nginx', 'goes on under -C - with what curl or wget left under the final name', async (nginx) => {
      const folder = await folderWithFilm();
      const port = await startNginx(nginx, folder);
      const file = path.join(folder, 'left.mp4');
      await writeFile(file, FILM.subarray(0, 1_234_567));
      const client = parties.fetcher({ dns: await parties.nobody() });
      const { report, events, error } = await parties.run(client, { target: `http://127.0.0.1:${port}/film.mp4`, output: { kind: 'file', path: file }, continueAt: 'end' });
      expect(error).to.equal(undefined);
      expect((await readFile(file)).equals(FILM)).to.equal(true);
      // nginx promises no digest, so that is all that can be said.
      expect(events.some(({ kind }) => kind === 'unproven')).to.equal(true);
      expect(report).to.include({ digest: 'not promised', resumedBytes: 1_234_567 - 65_536, status: 206 });
    });

    itWith('varnishd', 'goes on from Varnish where it was', async function (varnishd) {
      const folder = await folderWithFilm();
      const origin = await parties.http((request) => (request.method === 'GET' ? { status: 200, fields: { etag: '"film"', 'content-type': 'video/mp4' }, body: { kind: 'bytes', bytes: FILM } } : { status: 405, fields: {}, body: { kind: 'none' } }));
      const port = await freePort();
      await start(varnishd, ['-F', '-a', `127.0.0.1:${port}`, '-b', `127.0.0.1:${origin.port}`, '-n', path.join(folder, 'v'), '-s', 'malloc,32m'], port);
      const { report } = await inTwo(port, folder);
      expect(report?.resumedBytes).to.be.greaterThan(0);
    });

    itWith('python3', 'begins anew with Python’s http.server, which has no ranges and names no version', async (python) => {
      const folder = await folderWithFilm();
      const port = await freePort();
      await start(python, ['-m', 'http.server', '--bind', '127.0.0.1', '--directory', path.join(folder, 'www'), String(port)], port);
      const { report } = await inTwo(port, folder);
      expect(report?.resumedBytes).to.equal(0);
    });
  });
});
