// Purging by the administrator's door: what was purged is not served, wherever it was when the purge
// was answered.

import { cp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { expect } from 'chai';
import { useTempFolders } from '../../helpers/temp.js';
import { useAdminEdges } from './running-admin.js';
import { patternOf, reply, serveContent, useOrigins } from './running-edge.js';
import { ask, useSlowReaders, type Answer } from './running-store.js';

const status = (answer: Answer): string => (answer.fields['cache-status'] ?? '').replace(/; ttl=-?\d+/, '');
const FRESH = { 'cache-control': 'max-age=60' };

/** Resolves with each answer that the origin is to make, as it is asked for. */
function createHeld(): { readonly take: (res: ServerResponse) => void; next(): Promise<ServerResponse> } {
  const held: ServerResponse[] = [];
  let wake = (): void => undefined;
  return {
    take: (res) => {
      held.push(res);
      wake();
    },
    next: async () => {
      while (held.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return held.shift() as ServerResponse;
    },
  };
}

describe('purging an edge', () => {
  const startOrigin = useOrigins();
  const startEdge = useAdminEdges();
  const tempFolder = useTempFolders();
  const connect = useSlowReaders();

  it('by URL: this object with all its variants, and no other', async () => {
    const origin = await startOrigin((req, res) => reply(res, `${req.url ?? ''} ${String(req.headers['accept-language'])}`, { ...FRESH, ...(req.url === '/v' ? { vary: 'accept-language' } : {}) }));
    const edge = await startEdge(origin.url);
    const all = [['/a', []], ['/a?b', []], ['/ab', []], ['/v', ['Accept-Language: de']], ['/v', ['Accept-Language: en']]] as const;
    for (const [target, fields] of all) await ask(edge.port, 'GET', target, fields);
    expect(await edge.purged({ url: '/a' })).to.equal(1);
    expect(await edge.purged({ url: 'http://any.example/v#part' })).to.equal(2);
    const after = [];
    for (const [target, fields] of all) after.push(status(await ask(edge.port, 'GET', target, fields)));
    expect(after).to.deep.equal(['edge-1; fwd=uri-miss; stored', 'edge-1; hit', 'edge-1; hit', 'edge-1; fwd=uri-miss; stored', 'edge-1; fwd=vary-miss; stored']);
    expect(await edge.purged({ url: '/nothing' })).to.equal(0);
    expect(edge.lines.map(({ message }) => message)).to.include('Purged by url /v: 2 objects');
  });

  it('by prefix, however it is percent-encoded', async () => {
    const origin = await startOrigin((_req, res) => reply(res, 'x', FRESH));
    const edge = await startEdge(origin.url);
    const targets = ['/films/1', '/%66ilms/2?x', '/films', '/series/1'];
    for (const target of targets) await ask(edge.port, 'GET', target);
    expect(await edge.purged({ prefix: '/fil%6ds/' })).to.equal(2);
    const after = [];
    for (const target of targets) after.push(status(await ask(edge.port, 'GET', target)));
    expect(after).to.deep.equal(['edge-1; fwd=uri-miss; stored', 'edge-1; fwd=uri-miss; stored', 'edge-1; hit', 'edge-1; hit']);
    expect(await edge.purged({ prefix: '/' })).to.equal(4);
  });

  it('by tag: a word of Surrogate-Key, or one of Cache-Tag', async () => {
    const tags: Readonly<Record<string, Readonly<Record<string, string>>>> = { '/a': { 'surrogate-key': 'film-1 film' }, '/b': { 'cache-tag': 'film, clip' }, '/c': { 'surrogate-key': 'film-10' } };
    const origin = await startOrigin((req, res) => reply(res, 'x', { ...FRESH, ...tags[req.url ?? ''] }));
    const edge = await startEdge(origin.url);
    for (const target of Object.keys(tags)) await ask(edge.port, 'GET', target);
    expect(await edge.purged({ tag: 'film-1' })).to.equal(1);
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; fwd=uri-miss; stored');
    expect(status(await ask(edge.port, 'GET', '/c'))).to.equal('edge-1; hit');
    expect(await edge.purged({ tag: 'film' })).to.equal(2);
    expect(status(await ask(edge.port, 'GET', '/b'))).to.equal('edge-1; fwd=uri-miss; stored');
  });

  it('softly: stale at once, and validated before it is served again', async () => {
    const origin = await startOrigin(serveContent(patternOf(1000), { ...FRESH, etag: '"v1"' }));
    const edge = await startEdge(origin.url);
    await ask(edge.port, 'GET', '/a');
    expect(await edge.purged({ url: '/a', soft: true })).to.equal(1);
    expect((await edge.why('/a')).responses[0]).to.include({ freshness: 'stale', rule: 'max-age' });
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; fwd=stale; fwd-status=304');
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit');
  });

  it('softly: served stale only where a directive allows it', async () => {
    let down = false;
    const origin = await startOrigin((req, res) => {
      if (down) return void res.writeHead(503).end();
      reply(res, 'x', { etag: '"v1"', 'cache-control': `max-age=60${{ '/while': ', stale-while-revalidate=60', '/error': ', stale-if-error=60' }[req.url ?? ''] ?? ''}` });
    });
    const edge = await startEdge(origin.url);
    for (const target of ['/while', '/error', '/strict']) await ask(edge.port, 'GET', target);
    down = true;
    expect(await edge.purged({ prefix: '/', soft: true })).to.equal(3);
    const after = [];
    for (const target of ['/while', '/error', '/strict']) {
      const answer = await ask(edge.port, 'GET', target);
      after.push([answer.status, status(answer)]);
    }
    expect(after).to.deep.equal([
      [200, 'edge-1; hit; detail=stale-while-revalidate'],
      [200, 'edge-1; fwd=stale; fwd-status=503; detail=stale-if-error'],
      [503, 'edge-1; fwd=stale; detail=no-rule'],
    ]);
  });

  for (const [how, wish] of [['by URL', { url: '/a' }], ['by tag', { tag: 'film' }], ['softly', { url: '/a', soft: true }]] as const) {
    it(`${how}: what the origin was asked for before isn't stored when it comes`, async () => {
      const held = createHeld();
      const origin = await startOrigin((_req, res) => held.take(res));
      const edge = await startEdge(origin.url);
      const fields = { ...FRESH, 'surrogate-key': 'film' };
      const first = ask(edge.port, 'GET', '/a');
      const before = await held.next();
      expect(await edge.purged(wish)).to.equal(0);
      reply(before, 'old', fields);
      const answer = await first;
      expect([answer.body.toString(), status(answer)]).to.deep.equal(['old', 'edge-1; fwd=uri-miss; detail=invalidated']);
      const second = ask(edge.port, 'GET', '/a');
      reply(await held.next(), 'new', fields);
      expect((await second).body.toString()).to.equal('new');
      expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit');
    });
  }

  it('a fill under way ends for its readers, and is none of what comes after, also under the same entity tag', async () => {
    const held = createHeld();
    const origin = await startOrigin((_req, res) => held.take(res));
    const edge = await startEdge(origin.url);
    const [old, fresh] = [patternOf(200_000, 1), patternOf(200_000, 2)];
    const head = { ...FRESH, etag: '"same"', 'content-length': old.length };
    const reader = connect(edge.port, '/a');
    const before = await held.next();
    before.writeHead(200, head).write(old.subarray(0, 100_000));
    await reader.readTo(90_000);
    expect(await edge.purged({ url: '/a' })).to.equal(1);
    const second = connect(edge.port, '/a');
    const after = await held.next();
    after.writeHead(200, head).write(fresh.subarray(0, 10_000));
    await second.readTo(5000);
    before.end(old.subarray(100_000));
    await reader.readAll();
    expect(reader.received().subarray(-200_000).equals(old)).to.equal(true);
    after.end(fresh.subarray(10_000));
    await second.readAll();
    expect(second.received().subarray(-200_000).equals(fresh)).to.equal(true);
    const third = await ask(edge.port, 'GET', '/a');
    expect([status(third), third.body.equals(fresh)]).to.deep.equal(['edge-1; hit', true]);
  });

  for (const wish of [{ url: '/a' }, { tag: 'film' }, { prefix: '/', soft: true }]) {
    it(`an answer of unknown length under way isn't stored: ${JSON.stringify(wish)}`, async () => {
      const held = createHeld();
      const origin = await startOrigin((_req, res) => held.take(res));
      const edge = await startEdge(origin.url);
      const reader = connect(edge.port, '/a');
      const before = await held.next();
      before.writeHead(200, { ...FRESH, 'cache-tag': 'film' }).write('old');
      await reader.readTo(100);
      await edge.purged(wish);
      before.end();
      await reader.readAll();
      const second = ask(edge.port, 'GET', '/a');
      reply(await held.next(), 'new', FRESH);
      expect((await second).body.toString()).to.equal('new');
    });
  }

  for (const method of ['GET', 'HEAD']) {
    it(`a 304 to ${method} that was under way doesn't make fresh what was purged softly meanwhile`, async () => {
      const held = createHeld();
      const origin = await startOrigin((_req, res) => held.take(res));
      const edge = await startEdge(origin.url);
      const fields = { 'cache-control': 'max-age=60', etag: '"v1"' };
      const first = ask(edge.port, 'GET', '/a');
      reply(await held.next(), 'old', fields);
      await first;
      const validating = ask(edge.port, method, '/a', ['Cache-Control: no-cache']);
      const before = await held.next();
      expect(await edge.purged({ url: '/a', soft: true })).to.equal(1);
      before.writeHead(304, fields).end();
      // Asked again, and whole, since the 304 says nothing any more.
      const again = await held.next();
      reply(again, method === 'HEAD' ? '' : 'new', fields);
      expect((await validating).status).to.equal(200);
      expect((await edge.why('/a')).responses.filter(({ freshness }) => freshness === 'fresh')).to.deep.equal([]);
    });
  }

  it('holds after a restart, and after a process that was killed the moment it had answered', async () => {
    const origin = await startOrigin((req, res) => serveContent(patternOf(100_000), { ...FRESH, etag: `"${req.url ?? ''}"` })(req, res));
    const folder = await tempFolder();
    const first = await startEdge(origin.url, { folder });
    // A slice that is asked for again is worth a place on disk.
    for (let round = 0; round < 3; round += 1) for (const target of ['/hard', '/soft', '/kept']) await ask(first.port, 'GET', target);
    await first.stop();
    const second = await startEdge(origin.url, { folder });
    expect((await second.why('/hard')).responses[0]?.slices).to.deep.equal({ memory: 0, disk: 2, missing: 0 });
    expect(await second.purged({ url: '/hard' })).to.equal(1);
    expect(await second.purged({ url: '/soft', soft: true })).to.equal(1);
    // What a kill would leave.
    const left = path.join(await tempFolder(), 'left');
    await cp(folder, left, { recursive: true, filter: (from) => !path.basename(from).includes('lock') });
    await second.stop();
    for (const there of [folder, left]) {
      const edge = await startEdge(origin.url, { folder: there });
      expect((await edge.why('/hard')).here).to.equal(false);
      expect((await edge.why('/soft')).responses[0]).to.include({ freshness: 'stale' });
      expect((await edge.why('/kept')).responses[0]).to.include({ freshness: 'fresh' });
      expect(status(await ask(edge.port, 'GET', '/hard'))).to.match(/fwd=uri-miss/);
      expect(status(await ask(edge.port, 'GET', '/soft'))).to.match(/fwd=stale; fwd-status=304/);
      expect(status(await ask(edge.port, 'GET', '/kept'))).to.match(/edge-1; hit/);
      await edge.stop();
      await rm(there, { recursive: true });
    }
  });

  it('while viewers read: each gets one version whole, and who comes afterwards the new one', async () => {
    let version = 0;
    const versions = [patternOf(300_000, 7), patternOf(300_000, 8)];
    const origin = await startOrigin((req, res) => serveContent(versions[version] ?? Buffer.alloc(0), { ...FRESH, etag: '"same"' })(req, res));
    const edge = await startEdge(origin.url);
    await ask(edge.port, 'GET', '/a');
    const early = Array.from({ length: 10 }, () => connect(edge.port, '/a'));
    await Promise.all(early.map((reader) => reader.readTo(1000)));
    version = 1;
    expect(await edge.purged({ url: '/a' })).to.equal(1);
    const late = await Promise.all(Array.from({ length: 10 }, () => ask(edge.port, 'GET', '/a')));
    expect(late.every(({ body }) => body.equals(versions[1] ?? Buffer.alloc(0)))).to.equal(true);
    for (const reader of early) {
      await reader.readAll();
      expect(reader.received().subarray(-300_000).equals(versions[0] ?? Buffer.alloc(0))).to.equal(true);
    }
  });
});
