import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { createCatalog } from '../../../src/catalog/index.js';
import type { HttpRequest } from '../../../src/net/http/message.js';
import { createLog } from '../../../src/observe/log.js';
import type { Digests } from '../../../src/store/digests.js';
import type { OpenFile, Opening } from '../../../src/store/disk-source.js';
import { createTransferLog } from '../../../src/store/transcript.js';
import { createObjects } from '../../../src/store/objects.js';
import { createTransferPlaces } from '../../../src/store/transfer-places.js';

const PEER = { address: '127.0.0.1', port: 1 };

describe('objects of a store', () => {
  let lines: string[] = [];
  let closes = 0;
  let transfers = 0;
  beforeEach(() => {
    lines = [];
    closes = 0;
    transfers = 0;
  });
  const file: OpenFile = {
    name: 'video1.mp4',
    version: { etag: '"a"', length: 3, modifiedMs: 0, changedMs: 0 },
    read: async function* () { yield await Promise.resolve(Buffer.from('abc')); },
    close: () => { closes += 1; return Promise.resolve(); },
  };
  const noDigests: Digests = { known: () => undefined, schedule: () => undefined, wait: () => Promise.resolve(undefined), learn: () => undefined, stop: () => Promise.resolve() };

  function create(open: () => Promise<Opening>, digests = noDigests, capacity = Infinity) {
    const gauges = { get transfers() { return transfers; }, set transfers(value) { transfers = value; }, refused: 0, startedMs: 0 };
    const titles = { current: () => Promise.resolve(createCatalog(['video1.mp4'])) };
    const env = { clock: systemClock, log: createLog((line) => lines.push(line.message)) };
    return createObjects({ source: { open }, titles, digests, gauges, tellTransfer: createTransferLog(env), rateBytesPerSecond: undefined, places: createTransferPlaces(gauges, capacity), cacheControl: 'max-age=60' }, env);
  }
  const request = (over: Partial<HttpRequest> = {}): HttpRequest =>
    ({ method: 'GET', target: '/video1.mp4', fields: {}, peer: PEER, local: PEER, signal: new AbortController().signal, ...over });

  const outcomes: readonly [kind: Exclude<Opening['kind'], 'file'>, status: number, retryAfter: string | undefined][] = [
    ['absent', 404, undefined],
    ['denied', 403, undefined],
    ['unsettled', 503, '1'],
    ['busy', 503, '1'],
  ];
  for (const [kind, status, retryAfter] of outcomes) {
    it(`a file that is ${kind}: ${status}`, async () => {
      const response = await create(() => Promise.resolve({ kind }))(request());
      expect([response.status, response.fields['retry-after']]).to.deep.equal([status, retryAfter]);
    });
  }

  it('a file is held open from the answer until the transfer has ended', async () => {
    const response = await create(() => Promise.resolve({ kind: 'file', file }))(request());
    expect([closes, transfers]).to.deep.equal([0, 1]);
    response.finished?.({ complete: true, bytes: 3, durationMs: 1 });
    expect([closes, transfers]).to.deep.equal([1, 0]);
    expect(lines).to.deep.equal(['Received data: video1', 'video1 Transfer Complete!']);
  });

  for (const [what, over] of [['HEAD', { method: 'HEAD' }], ['304', { fields: { 'if-none-match': '"a"' } }], ['416', { fields: { range: 'bytes=3-' } }]] as const) {
    it(`a file is closed before the answer where none of it is sent: ${what}`, async () => {
      await create(() => Promise.resolve({ kind: 'file', file }))(request(over));
      expect([closes, transfers]).to.deep.equal([1, 0]);
    });
  }

  it('a file is closed when the answer can\'t be made', async () => {
    const broken: Digests = { ...noDigests, known: () => { throw new Error('broken'); } };
    const error: unknown = await Promise.resolve(create(() => Promise.resolve({ kind: 'file', file }), broken)(request())).catch((reason: unknown) => reason);
    expect([(error as Error).message, closes, transfers]).to.deep.equal(['broken', 1, 0]);
  });

  it('takes as many transfers as it has capacity, however many come at once, and again as many when those have ended', async () => {
    const handler = create(() => Promise.resolve({ kind: 'file', file }), noDigests, 3);
    for (let round = 1; round <= 2; round += 1) {
      const responses = await Promise.all(Array.from({ length: 10 }, async () => handler(request())));
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 200, 200, 503, 503, 503, 503, 503, 503, 503]);
      expect([closes, transfers, lines.filter((line) => line.startsWith('Received')).length]).to.deep.equal([7 * round + 3 * (round - 1), 3, 3 * round]);
      for (const response of responses) response.finished?.({ complete: true, bytes: 3, durationMs: 1 });
      expect([closes, transfers]).to.deep.equal([10 * round, 0]);
    }
  });
  for (const [what, status, over] of [['HEAD', 200, { method: 'HEAD' }], ['304', 304, { fields: { 'if-none-match': '"a"' } }], ['416', 416, { fields: { range: 'bytes=3-' } }]] as const) {
    it(`answers what is no transfer, even when it is full: ${what}`, async () => {
      const handler = create(() => Promise.resolve({ kind: 'file', file }), noDigests, 1);
      await handler(request());
      expect((await handler(request(over))).status).to.equal(status);
      const refused = await handler(request());
      expect([refused.status, refused.fields['retry-after'], refused.fields['cache-control']]).to.deep.equal([503, '1', 'no-store']);
    });
  }

  it('only a request that asks for the digest waits for it', async () => {
    const waits: string[] = [];
    const digests: Digests = { ...noDigests, wait: (segments) => { waits.push(segments.join('/')); return Promise.resolve(Buffer.alloc(32)); } };
    const handler = create(() => Promise.resolve({ kind: 'file', file }), digests);
    expect((await handler(request())).fields).not.to.have.property('repr-digest');
    expect(waits).to.deep.equal([]);
    expect((await handler(request({ fields: { 'want-repr-digest': 'sha-256=3' } }))).fields['repr-digest']).to.match(/^sha-256=:A{43}=:$/);
    expect(waits).to.deep.equal(['video1.mp4']);
  });
});
