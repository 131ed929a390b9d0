// A store that serves signed URLs only: a folder's and an edge, whichever way a request is read.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createHttpServer, type HttpServer } from '../../../src/net/http/server.js';
import { signTarget, type Grant, type SigningKey } from '../../../src/net/http/signed-url.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { createEdge, createStore, type Store } from '../../../src/store/index.js';
import { useTempFolders } from '../../helpers/temp.js';
import { patternOf, serveContent, useOrigins } from './running-edge.js';
import { ask, type Answer } from './running-store.js';

const OLD: SigningKey = { id: 'old', secret: Buffer.alloc(32, 1) };
const NEW: SigningKey = { id: 'new', secret: Buffer.alloc(32, 2) };
const CONTENT = patternOf(300_000);

describe('a store of signed URLs', () => {
  const tempFolder = useTempFolders();
  const startOrigin = useOrigins();
  const running: { readonly store: Store; readonly server: HttpServer }[] = [];
  afterEach('stop stores', async () => {
    for (const { store, server } of running.splice(0)) {
      await server.stop(0);
      await store.stop();
    }
  });

  /** Whose clock is a minute ahead, so that the file has been at rest. */
  async function start(kind: 'folder' | 'edge', direct: boolean, keys: () => readonly SigningKey[] = () => [NEW, OLD]) {
    let aheadMs = 60_000;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs, monotonic: () => systemClock.monotonic() + aheadMs };
    const lines: LogLine[] = [];
    const env = { clock, random: systemRandom, log: createLog((line) => lines.push(line)) };
    const asked: string[] = [];
    let store: Store;
    if (kind === 'folder') {
      const dir = await tempFolder();
      await writeFile(path.join(dir, 'video1.mp4'), CONTENT);
      store = createStore({ dir, id: 'store-1', memoryOctets: 10_000_000, signingKeys: keys }, env);
    } else {
      const origin = await startOrigin((req, res) => {
        asked.push(req.url ?? '');
        serveContent(CONTENT, { etag: '"1"', 'cache-control': 'max-age=3600' })(req, res);
      });
      store = createEdge({ origins: [origin.url], id: 'edge-1', cache: { memoryOctets: 10_000_000 }, sliceOctets: 65_536, signingKeys: keys }, env);
    }
    await store.start();
    const server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 }, direct }, store.handler, { clock: systemClock, log: env.log });
    running.push({ store, server });
    await server.start();
    const sign = (target: string, over: Partial<Grant> = {}, key = NEW): string => signTarget(target, { expires: Math.ceil(clock.now() / 1000) + 60, ...over }, key);
    return { port: server.endpoint.port, sign, asked, lines, pass: (ms: number) => (aheadMs += ms) };
  }
  const textOf = ({ status, body }: Answer): string => `${status} ${body.toString().trim()}`;

  for (const kind of ['folder', 'edge'] as const) {
    for (const direct of [true, false]) {
      it(`${kind}, read ${direct ? 'directly' : 'by node'}: what was signed, whole and in ranges, until its time is over`, async () => {
        const { port, sign, asked, pass, lines } = await start(kind, direct);
        const signed = sign('/video1.mp4');
        // From the disk or the origin at first, then from memory.
        for (let times = 0; times < 8; times += 1) expect((await ask(port, 'GET', signed)).body.equals(CONTENT)).to.equal(true);
        const part = await ask(port, 'GET', signed, ['Range: bytes=65530-131080']);
        expect([part.status, part.body.equals(CONTENT.subarray(65_530, 131_081))]).to.deep.equal([206, true]);
        expect((await ask(port, 'HEAD', signed)).fields['content-length']).to.equal('300000');
        expect((await ask(port, 'GET', sign('/video1.mp4', { client: '127.0.0.0/8' }, OLD))).status).to.equal(200);

        expect(textOf(await ask(port, 'GET', '/video1.mp4'))).to.equal('403 Forbidden: this store serves signed URLs only, and this one has no signature.');
        expect(textOf(await ask(port, 'GET', '/video1.mp4', ['Range: bytes=0-0']))).to.match(/^403 /);
        expect(textOf(await ask(port, 'GET', signed.replace('video1', 'video2')))).to.match(/^403 .*not of this URL/);
        expect(textOf(await ask(port, 'GET', sign('/video1.mp4', { client: '192.0.2.0/24' })))).to.equal('403 Forbidden: it was made for other clients.');
        expect((await ask(port, 'GET', '/_cdn/health')).status, 'health').to.equal(200);
        pass(62_000);
        const late = await ask(port, 'GET', signed);
        expect([textOf(late), late.fields['cache-control']]).to.deep.equal([`403 Forbidden: its time is over since ${new Date(Number(/expires=(\d+)/.exec(signed)?.[1]) * 1000).toISOString()}.`, 'no-store']);

        expect(new Set(asked), 'what the origin saw').to.deep.equal(new Set(kind === 'edge' ? ['/video1.mp4'] : []));
        const signature = /cdn-signature=(.*)/.exec(signed)?.[1] ?? '';
        expect(JSON.stringify(lines), 'the log').to.contain('cdn-signature=…').and.not.to.contain(signature);
      });
    }
  }

  it('one object, whoever signed it: an edge asks its origin once, and its other parameters are the object’s', async () => {
    const { port, sign, asked } = await start('edge', true);
    const first = await ask(port, 'GET', sign('/video1.mp4'));
    const second = await ask(port, 'GET', sign('/video1.mp4', { client: '127.0.0.1/32' }, OLD));
    expect([first.fields['cache-status'], second.fields['cache-status']].map((text) => /fwd=uri-miss|hit/.exec(text ?? '')?.[0])).to.deep.equal(['fwd=uri-miss', 'hit']);
    await ask(port, 'GET', sign('/video1.mp4?quality=2'));
    expect(asked).to.deep.equal(['/video1.mp4', '/video1.mp4?quality=2']);
  });

  it('a grant is to read: nothing else goes on to the origin', async () => {
    const { port, sign, asked } = await start('edge', true);
    for (const method of ['DELETE', 'POST', 'PUT', 'OPTIONS']) expect((await ask(port, method, sign('/video1.mp4'), ['Content-Length: 0'])).status, method).to.equal(403);
    expect(asked).to.deep.equal([]);
  });

  it('keys come and go', async () => {
    let keys = [OLD];
    const { port, sign } = await start('folder', true, () => keys);
    const [byOld, byNew] = [sign('/video1.mp4', {}, OLD), sign('/video1.mp4', {}, NEW)];
    const statuses = async (): Promise<number[]> => [(await ask(port, 'GET', byOld)).status, (await ask(port, 'GET', byNew)).status];
    expect(await statuses()).to.deep.equal([200, 403]);
    keys = [NEW, OLD];
    expect(await statuses()).to.deep.equal([200, 200]);
    keys = [NEW];
    expect(await statuses()).to.deep.equal([403, 200]);
  });
});
