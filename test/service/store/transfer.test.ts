// Transfers from a live store: whatever happens to the file or the client meanwhile, what a client
// takes for whole is whole, memory stays bounded, and no file stays open.

import { expect } from 'chai';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, open, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { itWhen } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';
import { ask, parseAnswer, useSlowReaders, useStores } from './running-store.js';

/** More than the sockets of both ends hold. */
const LARGE = 32_000_000;

describe('transfers from a store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();
  const connectSlowly = useSlowReaders();

  async function start(octets: number, over: Parameters<typeof startStore>[1] = {}) {
    const folder = await tempFolder();
    const file = path.join(folder, 'video1.mp4');
    await writeFile(file, '');
    await truncate(file, octets);
    await utimes(file, 1000, 1000);
    return { folder, file, store: await startStore(folder, over) };
  }

  /** How often files of `folder` are open in this process; undefined where the system doesn't tell. */
  function openFiles(folder: string): number | undefined {
    if (!existsSync('/proc/self/fd')) return undefined;
    return readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    }).length;
  }
  async function untilNoneIsOpen(folder: string): Promise<void> {
    while ((openFiles(folder) ?? 0) > 0) await new Promise(setImmediate);
  }

  describe('a file that is meddled with', () => {
    const meddlings: readonly [what: string, meddle: (file: string) => Promise<void>][] = [
      ['written over in place', async (file) => {
        const handle = await open(file, 'r+');
        await handle.write('x', 10);
        await handle.close();
      }],
      ['written over in place, and its time set back', async (file) => {
        const handle = await open(file, 'r+');
        await handle.write('x', 10);
        await handle.utimes(1000, 1000);
        await handle.close();
      }],
      ['appended to', (file) => truncate(file, LARGE + 1)],
      ['cut short', (file) => truncate(file, 1_000_000)],
    ];
    for (const [what, meddle] of meddlings) {
      it(`${what}: the transfer breaks off, and the log says why`, async () => {
        const { store, file, folder } = await start(LARGE);
        const reader = connectSlowly(store.port, '/video1.mp4');
        await reader.readTo(100_000);
        await meddle(file);
        await reader.readAll();
        const answer = parseAnswer(reader.received());
        expect([answer.status, answer.fields['content-length']]).to.deep.equal([200, String(LARGE)]);
        expect(answer.body.length).to.be.lessThan(LARGE);
        const line = await store.logged(/^video1 transfer broke off after .*: video1\.mp4 (changed|was cut short) while it was being sent$/);
        expect(line.level).to.equal('warn');
        expect(line.facts['bytes']).to.be.lessThan(LARGE);
        await untilNoneIsOpen(folder);
        const next = await ask(store.port, 'HEAD', '/video1.mp4');
        expect(next.status).to.equal(200);
        expect(next.fields['etag']).not.to.equal(answer.fields['etag']);
      });
    }

    it('replaced as one should: the old one goes out to its end, the next request gets the new one', async () => {
      const { store, file, folder } = await start(LARGE);
      const reader = connectSlowly(store.port, '/video1.mp4');
      await reader.readTo(100_000);
      await writeFile(path.join(folder, 'new'), 'new');
      await rename(path.join(folder, 'new'), file);
      expect((await ask(store.port, 'GET', '/video1.mp4')).body.toString()).to.equal('new');
      await reader.readAll();
      expect(parseAnswer(reader.received())).to.include({ status: 200, complete: true });
      await store.logged(/^video1 Transfer Complete!$/);
      await untilNoneIsOpen(folder);
    });

    it('deleted: goes out to its end', async () => {
      const { store, file } = await start(LARGE);
      const reader = connectSlowly(store.port, '/video1.mp4');
      await reader.readTo(100_000);
      await rm(file);
      await reader.readAll();
      expect(parseAnswer(reader.received()).complete).to.equal(true);
      expect((await ask(store.port, 'GET', '/video1.mp4')).status).to.equal(404);
    });

    it('of two versions made at once, with the same length and the same date, each has its own tag', async () => {
      const { store, file } = await start(0);
      const tags = new Set<string | undefined>();
      for (const content of ['first', 'other', 'third']) {
        await writeFile(file, content);
        await utimes(file, 1000, 1000);
        const answer = await ask(store.port, 'GET', '/video1.mp4');
        expect(answer.body.toString()).to.equal(content);
        tags.add(answer.fields['etag']);
      }
      expect(tags.size).to.equal(3);
    });
  });

  describe('a client', () => {
    itWhen(existsSync('/proc/self/fd'), '/proc', 'that vanishes: its file is closed, the log tells, the store goes on', async () => {
      const { store, folder } = await start(LARGE);
      const reader = connectSlowly(store.port, '/video1.mp4');
      await reader.readTo(1);
      expect(openFiles(folder)).to.be.greaterThan(0);
      reader.socket.resetAndDestroy();
      const line = await store.logged(/^video1 transfer broke off after \d/);
      expect(line.message).not.to.match(/:/);
      await untilNoneIsOpen(folder);
      expect((await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=0-9'])).body).to.have.length(10);
    });

    itWhen(existsSync('/proc/self/fd'), '/proc', 'that asks without wanting octets: no file stays open', async () => {
      const { store, folder } = await start(1000);
      for (const [method, fields] of [['HEAD', []], ['GET', ['If-None-Match: *']], ['GET', ['If-Match: "x"']], ['GET', ['Range: bytes=5000-']], ['GET', ['Range: bytes=1-2,5-6']]] as const) {
        await ask(store.port, method, '/video1.mp4', fields);
      }
      await untilNoneIsOpen(folder);
    });

    it('that takes its time doesn\'t hold up others', async () => {
      const { store } = await start(LARGE);
      const slow = connectSlowly(store.port, '/video1.mp4');
      await slow.readTo(1);
      expect((await ask(store.port, 'GET', '/video1.mp4')).complete).to.equal(true);
      await slow.readAll();
      expect(parseAnswer(slow.received()).complete).to.equal(true);
    });

    it('among many at once gets what it asked for', async () => {
      const { store } = await start(10);
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(store.port, 'GET', '/video1.mp4', [`Range: bytes=${index % 10}-${index % 10}`])));
      expect(answers.map((answer) => answer.fields['content-range'])).to.deep.equal(answers.map((_, index) => `bytes ${index % 10}-${index % 10}/10`));
    });
  });

  it('of 300 MB go through without being held in memory', async () => {
    const octets = 300_000_000;
    const { store } = await start(octets);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let received = 0;
    const response = await fetch(`${store.url}/video1.mp4`);
    for await (const chunk of response.body ?? []) {
      received += (chunk as Uint8Array).length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(received).to.equal(octets);
    expect(most).to.be.lessThan(octets / 3);
  }).timeout(60_000);

  it('to a reader that has stopped don\'t fill memory', async () => {
    const { store, folder } = await start(64_000_000); // unread, ten times this would show
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 10 }, () => connectSlowly(store.port, '/video1.mp4'));
    for (const reader of readers) await reader.readTo(1);
    // The others' octets pass while these ten wait: whatever would be read ahead for them, is.
    for (let turn = 0; turn < 20; turn += 1) await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=0-999999']);
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(100_000_000);
    for (const reader of readers) reader.socket.destroy();
    await untilNoneIsOpen(folder);
  });

  it('are held to a rate, each', async () => {
    const { store } = await start(1_000_000, { rateBytesPerSecond: 20_000 });
    const reader = connectSlowly(store.port, '/video1.mp4');
    void reader.readAll();
    await store.logged(/^Received data: video1$/);
    // A range that fits into the first moment goes out whole while the other is still under way.
    expect((await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=0-99'])).complete).to.equal(true);
    const health = JSON.parse((await ask(store.port, 'GET', '/_cdn/health')).body.toString()) as { transfers: number };
    expect(health.transfers).to.equal(1);
    expect(reader.received().length).to.be.lessThan(1_000_000);
    reader.socket.destroy();
    await store.logged(/^video1 transfer broke off after /);
  });

  it('in folders within folders keep the name of the file', async () => {
    const { store, folder } = await start(0);
    await mkdir(path.join(folder, 'sub'));
    await writeFile(path.join(folder, 'sub', 'deep.mp4'), 'deep');
    await ask(store.port, 'GET', '/sub/deep.mp4');
    await store.logged(/^deep Transfer Complete!$/);
  });

  it('a store at its capacity refuses more, says so in its health, and takes more when a transfer has ended', async () => {
    const { store } = await start(LARGE, { capacity: 1 });
    const health = async (): Promise<unknown> => {
      const { status, body } = await ask(store.port, 'GET', '/_cdn/health');
      const { transfers, capacity, full, refused } = JSON.parse(body.toString()) as Record<string, unknown>;
      return [status, transfers, capacity, full, refused];
    };
    const reader = connectSlowly(store.port, '/video1.mp4');
    await reader.readTo(100_000);
    const refused = await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=0-9']);
    expect([refused.status, refused.fields['retry-after'], refused.body.toString()]).to.deep.equal([503, '1', 'This store has as many transfers under way as it takes; try again in a moment.\n']);
    expect(await health()).to.deep.equal([200, 1, 1, true, 1]);
    await reader.readAll();
    await store.logged(/Transfer Complete/);
    expect(await health()).to.deep.equal([200, 0, 1, false, 1]);
    expect((await ask(store.port, 'GET', '/video1.mp4', ['Range: bytes=0-9'])).status).to.equal(206);
  });
});
