// What the relay takes at most: of the disk, of the stores, and for whom.

import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { createCatalog } from '../../../src/catalog/index.js';
import { createLog } from '../../../src/observe/log.js';
import { silentProgress } from '../../../src/observe/progress.js';
import type { Content } from '../../../src/web/content-source.js';
import { createRelay } from '../../../src/web/relay.js';
import { createScratch, type Scratch } from '../../../src/web/scratch.js';
import { LENGTH, ask, get, sampleOctets, useServers, view, type TestPortal } from './harness.js';

const mediaPath = (number: number): string => `/static/downloadedvideo${number}.mp4`;
const filmNames = (count: number): string[] => Array.from({ length: count }, (_, at) => `video${String(at + 1).padStart(2, '0')}.mp4`);

/** A disk with so many octets of room, of which files give back what they took. */
function smallDisk(room: number): Scratch & { room: number; files: number } {
  const real = createScratch();
  const full = (): CdnError => new CdnError('DISK_WRITE', 'cannot write: ENOSPC: no space left on device', { details: { system: 'ENOSPC' } });
  const disk = {
    ...real,
    room,
    files: 0,
    createFile: async () => {
      if (disk.room <= 0) throw full();
      const file = await real.createFile();
      let size = 0;
      disk.files += 1;
      return {
        ...file,
        write: async (octets: Uint8Array, position: number) => {
          const more = Math.max(0, position + octets.length - size);
          if (more > disk.room) throw full();
          disk.room -= more;
          size += more;
          await file.write(octets, position);
        },
        remove: async () => {
          await file.remove();
          disk.room += size;
          disk.files -= 1;
          size = 0;
        },
      };
    },
  };
  return disk;
}

/** The time of day runs; timers run when the test says so. */
function heldTimers(): Clock & { timers: Map<() => void, number>; ring(): void } {
  const timers = new Map<() => void, number>();
  return {
    ...systemClock,
    timers,
    after(ms, run) {
      const timer = (): void => run();
      timers.set(timer, ms);
      return () => timers.delete(timer);
    },
    ring() {
      const due = [...timers.keys()];
      timers.clear();
      for (const timer of due) timer();
    },
  };
}

/** Resolves when `holds`, however slow the machine is: for what happens after the last octet was sent. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(5);
}

const relaysOf = async (portal: TestPortal): Promise<number> => (JSON.parse((await get(`${portal.url}/_cdn/health`)).text) as { relays: number }).relays;

describe('the limits of the relay', () => {
  const { startStore, startPortal } = useServers();

  it('on a full disk gives up idle films, least recently used first, and goes on writing', async () => {
    const scratch = smallDisk(2.5 * LENGTH);
    const store = await startStore();
    const portal = await startPortal(store, { scratch });
    for (const number of [1, 2]) await get(portal.url + mediaPath(number));
    await portal.said(/GET \/static\/downloadedvideo2/);
    await get(portal.url + mediaPath(1));
    await until(() => portal.lines.filter(({ message }) => message.includes('GET /static/downloadedvideo1')).length === 2);
    const third = await get(portal.url + mediaPath(3));
    expect(third.octets.equals(store.octets)).to.equal(true);
    expect(third.complete).to.equal(true);
    expect((await get(portal.url + mediaPath(1))).complete).to.equal(true);
    expect(store.requests).to.deep.equal(['GET /video1.mp4', 'GET /video2.mp4', 'GET /video3.mp4']);
    expect(scratch.files).to.equal(2);
  });

  it('gives up the last idle film too for one that is wanted, also where there is no room for a file', async () => {
    const scratch = smallDisk(LENGTH);
    const store = await startStore();
    const portal = await startPortal(store, { scratch });
    for (const number of [1, 2, 1]) {
      const answer = await get(portal.url + mediaPath(number));
      expect(answer.octets.equals(store.octets)).to.equal(true);
      await portal.said(new RegExp(`GET ${mediaPath(number)} HTTP/1.1" 200`));
    }
    expect(scratch.files).to.equal(1);
  });

  it('gives up one idle film for two that arrive at once', async () => {
    const scratch = smallDisk(2 * LENGTH);
    const store = await startStore();
    store.octets = sampleOctets(LENGTH);
    const portal = await startPortal(store, { scratch });
    await get(portal.url + mediaPath(1));
    await portal.said(/GET \/static\/downloadedvideo1/);
    const answers = await Promise.all([2, 3].map((number) => get(portal.url + mediaPath(number))));
    for (const answer of answers) expect(answer.complete).to.equal(true);
    expect(scratch.files).to.equal(2);
  });

  it('gives up the transfer when no idle film is left, and the next one works', async () => {
    const scratch = smallDisk(1.5 * LENGTH);
    const store = await startStore();
    const portal = await startPortal(store, { scratch });
    await get(portal.url + mediaPath(1));
    await portal.said(/GET \/static\/downloadedvideo1/);
    store.octets = sampleOctets(2 * LENGTH);
    expect((await get(portal.url + mediaPath(2))).complete).to.equal(false);
    expect((await portal.said(/^Receiving video2 from .* failed/)).facts).to.include({ code: 'DISK_WRITE', system: 'ENOSPC' });
    await until(() => scratch.files === 0);
    store.octets = sampleOctets(LENGTH);
    expect((await get(portal.url + mediaPath(3))).complete).to.equal(true);
  });

  it('ends a transfer whose viewers have all left, after a while, and gives its room back', async () => {
    const clock = heldTimers();
    const scratch = smallDisk(LENGTH);
    const store = await startStore();
    const portal = await startPortal(store, { clock, scratch });
    store.allow(50_000);
    const viewer = view(portal.url + mediaPath(1));
    await viewer.has(50_000);
    // Nobody's timer runs while somebody watches.
    clock.ring();
    viewer.leave();
    store.allow(LENGTH - 100_000);
    await portal.said(/GET \/static\/downloadedvideo1.mp4 HTTP\/1.1" 200/);
    expect(await relaysOf(portal)).to.equal(1);
    expect([...clock.timers.values()]).to.deep.equal([10_000]);
    clock.ring();
    expect((await portal.said(/^Nobody watches video1 any more/)).level).to.equal('info');
    await until(async () => (await relaysOf(portal)) === 0);
    await until(() => scratch.room === LENGTH);
    expect(portal.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
    store.allow(Infinity);
    expect((await get(portal.url + mediaPath(1))).octets.equals(store.octets)).to.equal(true);
    expect(store.requests).to.deep.equal(['GET /video1.mp4', 'GET /video1.mp4']);
  });

  it('holds a film for whoever opened its page, until a player comes or time is up', async () => {
    const clock = heldTimers();
    const store = await startStore();
    const portal = await startPortal(store, { clock });
    store.allow(1000);
    await get(`${portal.url}/F1/`);
    await get(`${portal.url}/F2/`);
    expect([...clock.timers.values()].filter((ms) => ms === 10_000)).to.have.length(2);
    const player = view(portal.url + mediaPath(2));
    await player.has(1000);
    clock.ring();
    await portal.said(/^Nobody watches video1 any more/);
    await until(async () => (await relaysOf(portal)) === 1);
    store.allow(Infinity);
    expect((await player.answer).octets.equals(store.octets)).to.equal(true);
  });

  it('ends a transfer whose only viewer left before the store had answered', async () => {
    const clock = heldTimers();
    const scratch = smallDisk(LENGTH);
    const [title] = createCatalog(['video1.mp4']).titles;
    let answer: ((content: Content) => void) | undefined;
    let transfer: AbortSignal | undefined;
    const open = (_title: unknown, _known: unknown, signal: AbortSignal): Promise<Content> => {
      transfer = signal;
      return new Promise((resolve) => (answer = resolve));
    };
    const relay = createRelay({}, { clock, log: createLog(() => undefined), content: { open }, progress: silentProgress, scratch });
    const viewer = new AbortController();
    const lease = relay.obtain(title!, 'media', viewer.signal).catch((error: unknown) => error);
    const left = new Error('left');
    viewer.abort(left);
    expect(await lease).to.equal(left);
    const head = { length: LENGTH, etag: undefined, lastModifiedMs: undefined, contentType: 'video/mp4', sha256: undefined, from: { address: '127.0.0.1', port: 1 } };
    answer?.({ kind: 'content', ...head, body: silentUntilAborted(transfer!) });
    await until(() => relay.running === 1);
    clock.ring();
    expect(transfer?.aborted).to.equal(true);
    await until(() => relay.running === 0 && scratch.files === 0);
    await relay.stop();
  });

  it('counts what is arriving towards its space', async () => {
    const scratch = smallDisk(Infinity);
    const store = await startStore();
    const portal = await startPortal(store, { scratch, relaySpaceBytes: 2 * LENGTH });
    for (const number of [1, 2]) {
      await get(portal.url + mediaPath(number));
      await portal.said(new RegExp(`GET ${mediaPath(number)} `));
    }
    expect(scratch.files).to.equal(2);
    store.allow(1000);
    const viewer = view(portal.url + mediaPath(3));
    await viewer.has(1000);
    await until(() => scratch.files === 2);
    store.allow(Infinity);
    expect((await viewer.answer).complete).to.equal(true);
    await get(portal.url + mediaPath(2));
    expect(store.requests).to.have.length(3);
  });

  it('counts what is arriving without a length as it grows', async () => {
    const scratch = smallDisk(Infinity);
    const store = await startStore();
    const portal = await startPortal(store, { scratch, relaySpaceBytes: LENGTH });
    await get(portal.url + mediaPath(1));
    await portal.said(/GET \/static\/downloadedvideo1/);
    store.sendsLength = false;
    store.allow(200_000);
    const viewer = view(portal.url + mediaPath(2));
    await viewer.has(200_000 - 65_536);
    await until(() => scratch.files === 1);
    store.allow(Infinity);
    expect((await viewer.answer).complete).to.equal(true);
  });

  it('makes sixteen transfers at once, and asks whoever wants one more to come back', async () => {
    const store = await startStore();
    const portal = await startPortal(store, { files: filmNames(18) });
    await get(portal.url + mediaPath(18));
    await portal.said(/GET \/static\/downloadedvideo18/);
    store.allow(1000);
    const viewers = Array.from({ length: 16 }, (_, at) => view(portal.url + mediaPath(at + 1)));
    await Promise.all(viewers.map((viewer) => viewer.has(1000)));
    for (const path of [mediaPath(17), '/F17/']) {
      const refused = await get(portal.url + path);
      expect(refused.status).to.equal(503);
      expect(refused.fields).to.include({ 'retry-after': '10', 'cache-control': 'no-store' });
      expect(refused.text).to.include('16');
    }
    expect((await portal.said(/downloadedvideo17.* failed/)).level).to.equal('warn');
    // What is here, or arrives already, is served.
    for (const path of [mediaPath(18), '/F18/', '/F1/', '/']) expect((await get(portal.url + path)).status, path).to.equal(200);
    expect((await ask(portal, 'GET', mediaPath(1), { range: 'bytes=0-9' })).status).to.equal(206);
    expect(store.requests).to.have.length(17);
    store.allow(Infinity);
    for (const viewer of viewers) expect((await viewer.answer).complete).to.equal(true);
    expect((await get(portal.url + mediaPath(17))).status).to.equal(200);
  });

  it('counts what a store has not yet answered', async () => {
    const store = await startStore();
    let opened = 0;
    const portal = await startPortal(store, {
      files: filmNames(17),
      content: {
        open: (_title, _known, signal) => {
          opened += 1;
          return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        },
      },
    });
    const waiting = Array.from({ length: 16 }, (_, at) => view(portal.url + mediaPath(at + 1)));
    await until(() => opened === 16);
    expect((await get(portal.url + mediaPath(17))).status).to.equal(503);
    for (const viewer of waiting) viewer.leave();
  });
});

async function* silentUntilAborted(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield sampleOctets(1000);
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
}
