// The portal as relay: viewers read along while the store's bytes arrive.

import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import { CdnError } from '../../../src/base/errors.js';
import { systemClock } from '../../../src/base/clock.js';
import { silentProgress, type TransferStart } from '../../../src/observe/progress.js';
import { createScratch } from '../../../src/web/scratch.js';
import { useTempFolders } from '../../helpers/temp.js';
import { LENGTH, contentFrom, get, sampleOctets, useServers, view } from './harness.js';

const MEDIA = '/static/downloadedvideo1.mp4';

describe('the relay', () => {
  const { startStore, startPortal } = useServers();
  const tempFolder = useTempFolders();

  it('sends the whole film with its length, type and validators', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    const answer = await get(portal.url + MEDIA);
    expect(answer.status).to.equal(200);
    expect(answer.octets.equals(store.octets)).to.equal(true);
    expect(answer.fields).to.include({
      'content-length': String(LENGTH),
      'content-type': 'video/mp4',
      'accept-ranges': 'bytes',
      etag: '"one"',
      'last-modified': 'Sun, 01 Nov 2026 12:00:00 GMT',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.fields['repr-digest']).to.match(/^sha-256=:/);
  });

  it('gives a viewer what has arrived, while the rest has not', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.allow(100_000);
    const viewer = view(portal.url + MEDIA);
    expect((await viewer.head).headers['content-length']).to.equal(String(LENGTH));
    const seen = await viewer.has(100_000);
    expect(seen.equals(store.octets.subarray(0, 100_000))).to.equal(true);
    store.allow(Infinity);
    const answer = await viewer.answer;
    expect(answer.complete).to.equal(true);
    expect(answer.octets.equals(store.octets)).to.equal(true);
  });

  it('serves a range that has arrived, and one that is yet to come when it comes', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.allow(100_000);
    await get(`${portal.url}/F1/`);
    const early = await get(portal.url + MEDIA, { range: 'bytes=1000-1999' });
    expect(early.status).to.equal(206);
    expect(early.fields['content-range']).to.equal(`bytes 1000-1999/${LENGTH}`);
    expect(early.octets.equals(store.octets.subarray(1000, 2000))).to.equal(true);

    const ahead = view(portal.url + MEDIA, { range: 'bytes=300000-300999' });
    await portal.asked(3);
    store.allow(Infinity);
    const late = await ahead.answer;
    expect(late.status).to.equal(206);
    expect(late.fields['content-range']).to.equal(`bytes 300000-300999/${LENGTH}`);
    expect(late.octets.equals(store.octets.subarray(300_000, 301_000))).to.equal(true);
    expect(store.requests).to.have.length(1);
  });

  it('makes one transfer for many viewers, and for a page and its film', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.allow(50_000);
    const page = get(`${portal.url}/F1/`);
    const viewers = Array.from({ length: 20 }, (_, index) => view(portal.url + MEDIA, index % 2 === 0 ? {} : { range: `bytes=${index * 100}-` }));
    await Promise.all([page, ...viewers.map((viewer) => viewer.has(1000))]);
    store.allow(Infinity);
    const answers = await Promise.all(viewers.map((viewer) => viewer.answer));
    answers.forEach((answer, index) => {
      expect(answer.complete).to.equal(true);
      expect(answer.octets.equals(store.octets.subarray(index % 2 === 0 ? 0 : index * 100))).to.equal(true);
    });
    expect(store.requests).to.deep.equal(['GET /video1.mp4']);
  });

  it('goes on receiving for a while when all viewers have left', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.allow(50_000);
    const viewer = view(portal.url + MEDIA);
    await viewer.has(50_000);
    viewer.leave();
    store.allow(LENGTH - 100_000);
    // Its next octets tell the portal that nobody takes them.
    const line = await portal.said(/GET \/static\/downloadedvideo1.mp4 HTTP\/1.1" 200/);
    expect(line.facts).to.include({ complete: false });
    store.allow(Infinity);
    await portal.said(/^Download Complete!$/);
    store.requests.length = 0;
    expect((await get(portal.url + MEDIA)).octets.equals(store.octets)).to.equal(true);
    expect(store.requests).to.deep.equal([]);
  });

  it('breaks off viewers who wait when the store breaks off, and starts anew for the next', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.allow(100_000);
    const reading = view(portal.url + MEDIA);
    await reading.has(100_000);
    const waiting = view(portal.url + MEDIA, { range: 'bytes=200000-' });
    await portal.asked(2);
    store.breakOff();
    const cut = await reading.answer;
    expect(cut.status).to.equal(200);
    expect(cut.complete).to.equal(false);
    // Had nothing yet: it can still be told.
    const told = await waiting.answer;
    expect(told.status).to.equal(502);
    expect(told.text).to.include('broke off');
    const line = await portal.said(/^Receiving video1 from .* failed/);
    expect(line.level).to.equal('error');
    expect(line.facts).to.include({ code: 'INCOMPLETE' });

    store.allow(Infinity);
    const again = await get(portal.url + MEDIA);
    expect(again.octets.equals(store.octets)).to.equal(true);
    expect(store.requests).to.have.length(2);
  });

  it('never completes a film whose digest is wrong', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.digest = new Uint8Array(32);
    const answer = await get(portal.url + MEDIA);
    expect(answer.complete).to.equal(false);
    expect(answer.octets.length).to.be.at.most(LENGTH - 65_536);
    const line = await portal.said(/^Receiving video1 from .* failed/);
    expect(line.level).to.equal('error');
    expect(line.facts).to.include({ code: 'DIGEST_MISMATCH' });
    // Thrown away: the next viewer makes a new transfer.
    store.digest = undefined;
    expect((await get(portal.url + MEDIA)).complete).to.equal(true);
    expect(store.requests).to.have.length(2);
  });

  it('says 502 to a viewer of a film so short that nothing of it was relayed before its digest was known to be wrong', async () => {
    const store = await startStore();
    store.octets = sampleOctets(1000);
    store.digest = new Uint8Array(32);
    const portal = await startPortal(store);
    const answer = await get(portal.url + MEDIA);
    expect(answer.status).to.equal(502);
    expect(answer.text).to.include('Other bytes than promised').and.include('DIGEST_MISMATCH');
  });

  it('sends chunks while the length is unknown, and ranges once it is known', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    store.sendsLength = false;
    store.allow(200_000);
    const viewer = view(portal.url + MEDIA, { range: 'bytes=5-9' });
    const head = await viewer.head;
    expect(head.statusCode).to.equal(200);
    expect(head.headers['transfer-encoding']).to.equal('chunked');
    await viewer.has(200_000 - 65_536);
    store.allow(Infinity);
    const answer = await viewer.answer;
    expect(answer.complete).to.equal(true);
    expect(answer.octets.equals(store.octets)).to.equal(true);
    const part = await get(portal.url + MEDIA, { range: 'bytes=5-9' });
    expect(part.status).to.equal(206);
    expect(part.octets.equals(store.octets.subarray(5, 10))).to.equal(true);
  });

  it('answers 304 and If-Range by the validators of the store', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    await get(portal.url + MEDIA);
    expect((await get(portal.url + MEDIA, { 'if-none-match': '"one"' })).status).to.equal(304);
    expect((await get(portal.url + MEDIA, { range: 'bytes=0-9', 'if-range': '"one"' })).status).to.equal(206);
    expect((await get(portal.url + MEDIA, { range: 'bytes=0-9', 'if-range': '"two"' })).status).to.equal(200);
    expect((await get(portal.url + MEDIA, { range: `bytes=${LENGTH}-` })).status).to.equal(416);
  });

  it('asks the store again for each page, and keeps the copy if it is unchanged', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    await get(portal.url + MEDIA);
    await get(`${portal.url}/F1/`);
    await get(portal.url + MEDIA);
    expect(store.requests).to.deep.equal(['GET /video1.mp4', 'GET /video1.mp4 "one"']);
  });

  it('receives a changed film anew, and lets those who watch the old one end', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    const old = store.octets;
    await get(portal.url + MEDIA);
    const watching = view(portal.url + MEDIA);
    const head = await watching.head;
    head.pause();
    store.octets = sampleOctets(LENGTH, 99);
    store.etag = '"two"';
    expect((await get(`${portal.url}/F1/`)).status).to.equal(200);
    const fresh = await get(portal.url + MEDIA);
    expect(fresh.fields['etag']).to.equal('"two"');
    expect(fresh.octets.equals(store.octets)).to.equal(true);
    head.resume();
    expect((await watching.answer).octets.equals(old)).to.equal(true);
  });

  it('asks the store before a copy that nobody used for a while is used again', async () => {
    let passedMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + passedMs };
    const store = await startStore();
    const portal = await startPortal(store, { clock });
    await get(portal.url + MEDIA);
    await portal.said(/"GET \/static\/downloadedvideo1.mp4 HTTP\/1.1" 200/);
    passedMs = 60_000;
    await get(portal.url + MEDIA);
    expect(store.requests).to.deep.equal(['GET /video1.mp4', 'GET /video1.mp4 "one"']);
  });

  it('goes on with the copy at hand when the store is down, and says so', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    await get(portal.url + MEDIA);
    await store.stop();
    expect((await get(`${portal.url}/F1/`)).status).to.equal(200);
    const line = await portal.said(/going on with the copy at hand/);
    expect(line.level).to.equal('warn');
    expect(line.facts).to.include({ code: 'STORE_UNREACHABLE' });
    expect((await get(portal.url + MEDIA)).octets.equals(store.octets)).to.equal(true);
  });

  it('drops the copy of a film that the store no longer has', async () => {
    const store = await startStore();
    const portal = await startPortal(store);
    await get(portal.url + MEDIA);
    store.status = 404;
    expect((await get(`${portal.url}/F1/`)).status).to.equal(502);
    expect((await get(portal.url + MEDIA)).status).to.equal(502);
  });

  it('gives up what is least recently used when copies take too much room', async () => {
    const real = createScratch();
    let files = 0;
    const scratch = {
      ...real,
      createFile: async () => {
        const file = await real.createFile();
        files += 1;
        return {
          ...file,
          remove: async () => {
            files -= 1;
            await file.remove();
          },
        };
      },
    };
    const store = await startStore();
    const portal = await startPortal(store, { scratch, relaySpaceBytes: 2 * LENGTH });
    for (const number of [1, 2, 3]) await get(`${portal.url}/static/downloadedvideo${number}.mp4`);
    await portal.said(/downloadedvideo3/);
    expect(files).to.equal(2);
    await get(`${portal.url}/static/downloadedvideo2.mp4`);
    expect(store.requests).to.deep.equal(['GET /video1.mp4', 'GET /video2.mp4', 'GET /video3.mp4']);
    await get(`${portal.url}/static/downloadedvideo1.mp4`);
    expect(store.requests.slice(3)).to.deep.equal(['GET /video1.mp4']);
  });

  it('says that the disk is full, breaks viewers off, and stays up', async () => {
    const real = createScratch();
    let room = 120_000;
    const scratch = {
      ...real,
      createFile: async () => {
        const file = await real.createFile();
        return {
          ...file,
          write: async (octets: Uint8Array, position: number) => {
            room -= octets.length;
            if (room < 0) throw new CdnError('DISK_WRITE', 'cannot write: ENOSPC: no space left on device');
            await file.write(octets, position);
          },
        };
      },
    };
    const store = await startStore();
    const portal = await startPortal(store, { scratch });
    store.allow(100_000);
    const viewer = view(portal.url + MEDIA);
    await viewer.has(100_000);
    store.allow(Infinity);
    expect((await viewer.answer).complete).to.equal(false);
    const line = await portal.said(/^Receiving video1 from .* failed: .*no space left/);
    expect(line.facts).to.include({ code: 'DISK_WRITE' });
    expect((await get(`${portal.url}/_cdn/health`)).text).to.include('"relays":0');
    room = Infinity;
    expect((await get(portal.url + MEDIA)).octets.equals(store.octets)).to.equal(true);
  });

  it('gives up the transfer it has no file for', async () => {
    const scratch = { ...createScratch(), createFile: () => Promise.reject(new CdnError('DISK_WRITE', 'cannot make a file: no space left')) };
    let transfer: AbortSignal | undefined;
    const store = await startStore();
    const { source, close } = contentFrom(() => store.endpoint);
    const portal = await startPortal(store, {
      scratch,
      content: {
        open: (title, known, signal) => {
          transfer = signal;
          return source.open(title, known, signal);
        },
      },
    });
    const answer = await get(portal.url + MEDIA);
    await close();
    expect(answer.status).to.equal(503);
    expect(answer.text).to.include('no space left');
    expect(transfer?.aborted).to.equal(true);
  });

  it('leaves nothing in its folder, not even in the middle of a transfer', async () => {
    const folder = await tempFolder();
    const store = await startStore();
    const portal = await startPortal(store, { scratchDir: folder });
    store.allow(100_000);
    const viewer = view(portal.url + MEDIA);
    await viewer.has(100_000);
    if (process.platform !== 'win32') expect(await readdir(folder)).to.deep.equal([]);
    await portal.stop();
    expect((await viewer.answer).complete).to.equal(false);
    expect(await readdir(folder)).to.deep.equal([]);
    expect(portal.lines.filter(({ message }) => message.startsWith('Receiving'))).to.deep.equal([]);
  });

  it('says 503 when there is no folder to write in, and starts nevertheless', async () => {
    const store = await startStore();
    const portal = await startPortal(store, { scratchDir: `${await tempFolder()}/missing` });
    const answer = await get(portal.url + MEDIA);
    expect(answer.status).to.equal(503);
    expect(answer.text).to.include('cannot make a file in').and.include('DISK_WRITE');
    expect((await get(`${portal.url}/`)).status).to.equal(200);
  });

  it('tells how far it is', async () => {
    const told: unknown[] = [];
    let bytes = 0;
    const progress = {
      ...silentProgress,
      begin: (start: TransferStart) => {
        told.push(start);
        return { ...silentProgress.begin(start), advance: (count: number) => (bytes += count), end: (outcome: string) => told.push(outcome) };
      },
    };
    const store = await startStore();
    const portal = await startPortal(store, { progress });
    await get(portal.url + MEDIA);
    expect(told).to.deep.equal([{ label: 'video1', totalBytes: LENGTH }, 'complete']);
    expect(bytes).to.equal(LENGTH);
  });
});
