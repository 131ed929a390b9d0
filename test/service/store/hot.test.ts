// A store that has a file in memory answers as it does from the disk, and tells the same.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { VALID_MS } from '../../../src/store/hot-files.js';
import { useTempFolders } from '../../helpers/temp.js';
import { ask, useSlowReaders, useStores, type Answer, type RunningStore } from './running-store.js';

describe('a store with a file in memory', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();
  const connectSlowly = useSlowReaders();

  async function start(content: Buffer) {
    const folder = await tempFolder();
    const file = path.join(folder, 'video1.mp4');
    await writeFile(file, content);
    let ahead = 60_000;
    // Time has passed since the file was written, and passes then only when told to: however long a test takes.
    const startedMs = systemClock.monotonic();
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead, monotonic: () => startedMs + ahead };
    const hot = await startStore(folder, { memoryOctets: 100_000_000 }, clock);
    const cold = await startStore(folder, {}, clock);
    return { file, hot, cold, pass: (ms: number) => (ahead += ms) };
  }

  /** Asked for often enough; whether it then is in memory shows when it changes on the disk. */
  async function untilHot(store: RunningStore): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=0-0']);
  }

  const REQUESTS: readonly (readonly [method: string, fields: readonly string[]])[] = [
    ['GET', []], ['HEAD', []], ['GET', ['Range: bytes=0-9']], ['GET', ['Range: bytes=1048570-1048590']], ['GET', ['Range: bytes=-5']], ['GET', ['Range: bytes=0-1,1048575-1048577,-1']],
    ['GET', ['Range: bytes=99999999-']], ['GET', ['If-None-Match: *']], ['GET', ['If-Match: "x"']], ['GET', ['Range: bytes=0-9', 'If-Range: "x"']],
    ['GET', ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT']], ['GET', ['Want-Repr-Digest: sha-256=5']], ['POST', []], ['OPTIONS', []],
  ];
  it('gives every answer that it gives from the disk', async () => {
    const { hot, cold, file } = await start(Buffer.from(Uint32Array.from({ length: 500_000 }, (_, index) => index).buffer));
    await ask(cold.port, 'GET', '/video1.mp4', ['Want-Repr-Digest: sha-256=5']);
    await ask(hot.port, 'GET', '/video1.mp4', ['Want-Repr-Digest: sha-256=5']);
    await untilHot(hot);
    const comparable = ({ status, fields, body, complete }: Answer): unknown => {
      const boundary = /boundary=(\w+)/.exec(fields['content-type'] ?? '')?.[1] ?? '(?!)';
      const same = (text: string): string => text.replaceAll(new RegExp(boundary, 'g'), '-');
      const kept = Object.entries(fields).filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${same(value)}`);
      return { status, complete, kept, body: same(body.toString('latin1')) };
    };
    for (const [method, fields] of REQUESTS) {
      const [fromMemory, fromDisk] = [await ask(hot.port, method, '/video1.mp4', fields), await ask(cold.port, method, '/video1.mp4', fields)];
      expect(comparable(fromMemory), `${method} ${fields.join(' ')}`).to.deep.equal(comparable(fromDisk));
    }
    const told = (store: RunningStore): string[] => store.lines.filter(({ level }) => level === 'info').map(({ message }) => message);
    expect(new Set(told(hot))).to.deep.equal(new Set(told(cold)));
    expect(JSON.parse((await ask(hot.port, 'GET', '/_cdn/health')).body.toString())).to.include({ transfers: 0 });
    await writeFile(file, 'new');
    expect((await ask(hot.port, 'HEAD', '/video1.mp4')).fields['content-length'], 'it was in memory').to.equal('2000000');
  });

  it('believes it for a second: a change shows then, and never one version’s tag with another’s octets', async () => {
    const { hot, file, pass } = await start(Buffer.from('old'));
    await untilHot(hot);
    const before = await ask(hot.port, 'GET', '/video1.mp4');
    await writeFile(file, 'new and longer');
    const meanwhile = await ask(hot.port, 'GET', '/video1.mp4');
    expect([meanwhile.body.toString(), meanwhile.fields['etag']]).to.deep.equal(['old', before.fields['etag']]);
    pass(VALID_MS);
    const after = await ask(hot.port, 'GET', '/video1.mp4');
    expect([after.body.toString(), after.fields['etag'] === before.fields['etag']]).to.deep.equal(['new and longer', false]);
  });

  it('holds nothing more for readers that have stopped', async () => {
    const { hot } = await start(Buffer.alloc(40_000_000, 'x'));
    await untilHot(hot);
    while (process.memoryUsage().arrayBuffers < 40_000_000) await ask(hot.port, 'GET', '/video1.mp4', ['Range: bytes=0-0']);
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 20 }, () => connectSlowly(hot.port, '/video1.mp4'));
    for (const reader of readers) await reader.readTo(1);
    const health = JSON.parse((await ask(hot.port, 'GET', '/_cdn/health')).body.toString()) as { transfers: number };
    expect(health.transfers).to.equal(20);
    // What the readers here have received of it is a piece or more each; 20 copies would be 800 MB.
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(100_000_000);
    for (const reader of readers) reader.socket.destroy();
    for (const line of await Promise.all(readers.map(() => hot.logged(/^video1 transfer broke off after/)))) expect(line.level).to.equal('warn');
  });
});
