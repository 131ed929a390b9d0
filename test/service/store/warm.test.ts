// POST /warm: what is asked for is pulled through, whole, and stays; and what isn't, is said to be not.

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { expect } from 'chai';
import { useTempFolders } from '../../helpers/temp.js';
import { useAdminEdges } from './running-admin.js';
import { patternOf, reply, serveContent, useOrigins } from './running-edge.js';

const FRESH = { 'cache-control': 'max-age=600', etag: '"v1"' };
const SLICE = 65_536;

describe('warming an edge', () => {
  const startOrigin = useOrigins();
  const startEdge = useAdminEdges();
  const tempFolder = useTempFolders();
  const get = async (port: number, target: string, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly octets: Buffer; readonly cacheStatus: string }> => {
    const answer = await fetch(`http://127.0.0.1:${port}${target}`, { headers });
    return { octets: Buffer.from(await answer.arrayBuffer()), cacheStatus: answer.headers.get('cache-status') ?? '' };
  };

  it('pulls it through whole: the next who asks gets a hit, and the origin hears of nothing', async () => {
    const film = patternOf(SLICE * 5 + 17);
    const origin = await startOrigin(serveContent(film, FRESH));
    const edge = await startEdge(origin.url);
    expect(await edge.warm({ url: `http://any.test/film?x=1` })).to.include({ target: '/film?x=1', outcome: 'stored', status: 200, octets: film.length, storedOctets: film.length, why: null });
    expect(origin.asked).to.deep.equal(['GET /film?x=1']);
    const { octets, cacheStatus } = await get(edge.port, '/film?x=1');
    expect([octets.equals(film), cacheStatus.startsWith("edge-1; hit;")]).to.deep.equal([true, true]);
    expect(await edge.warm({ url: '/film?x=1' })).to.include({ outcome: 'hit', storedOctets: film.length });
    expect(origin.asked).to.have.length(1);
  });

  it('fetches what is missing only', async () => {
    const film = patternOf(SLICE * 4);
    const origin = await startOrigin(serveContent(film, FRESH));
    const edge = await startEdge(origin.url);
    await get(edge.port, '/film', { range: 'bytes=0-9' });
    expect(await edge.warm({ url: '/film' })).to.include({ outcome: 'stored', octets: film.length, storedOctets: film.length });
    expect(origin.asked).to.deep.equal([`GET /film bytes=0-${SLICE - 1}`, `GET /film bytes=${SLICE}-${SLICE * 4 - 1}`]);
  });

  it('keeps on disk what is larger than the memory', async () => {
    const film = patternOf(SLICE * 160);
    const origin = await startOrigin(serveContent(film, FRESH));
    const edge = await startEdge(origin.url, { memoryOctets: 6_000_000, folder: await tempFolder() });
    expect(await edge.warm({ url: '/film' })).to.include({ outcome: 'stored', storedOctets: film.length });
    const { octets } = await get(edge.port, '/film');
    expect([octets.equals(film), origin.asked.length]).to.deep.equal([true, 1]);
  });

  it('says that there is no room, where there is none', async () => {
    const film = patternOf(SLICE * 160);
    const origin = await startOrigin(serveContent(film, FRESH));
    const edge = await startEdge(origin.url, { memoryOctets: 6_000_000 });
    const warmed = await edge.warm({ url: '/film' });
    expect(warmed).to.include({ outcome: 'not-stored', why: 'there is no room here for all of it' });
    expect(warmed).to.have.property('storedOctets').within(1, 6_000_000);
  });

  it('what may not be stored is not, with the reason, and isn’t read to its end', async () => {
    let sent = 0;
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { 'cache-control': 'no-store', 'content-length': 1_000_000_000 });
      const more = (): void => {
        while (!res.destroyed && res.write(Buffer.alloc(SLICE))) sent += SLICE;
      };
      res.on('drain', more);
      more();
    });
    const edge = await startEdge(origin.url);
    expect(await edge.warm({ url: '/film' })).to.include({ outcome: 'not-stored', status: 200, octets: 0, storedOctets: 0, why: 'no-store' });
    expect(sent).to.be.lessThan(100_000_000);
  });

  it('without a length it is stored when all has come', async () => {
    const origin = await startOrigin((_req, res) => void res.writeHead(200, FRESH).end(patternOf(SLICE * 2 + 5)));
    const edge = await startEdge(origin.url);
    const first = edge.warm({ url: '/a' });
    expect(await first).to.include({ outcome: 'stored', storedOctets: SLICE * 2 + 5 });
    expect((await get(edge.port, '/a')).cacheStatus).to.match(/; hit;/);
  });

  it('what the origin refuses, breaks off or can’t be asked for has failed', async () => {
    const origin = await startOrigin((req, res) => {
      if (req.url === '/none') return reply(res, 'no', {}, 404);
      res.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 100_000 }).write('half');
      setImmediate(() => res.destroy());
    });
    const edge = await startEdge(origin.url);
    expect(await edge.warm({ url: '/none' })).to.include({ outcome: 'failed', status: 404 });
    expect(await edge.warm({ url: '/half' })).to.include({ outcome: 'failed', storedOctets: 0 });
    await origin.kill();
    expect(await edge.warm({ url: '/any' })).to.include({ outcome: 'failed', status: 502, why: 'answered 502 (origin-unreachable)' });
  });

  it('warms the variant that the fields choose', async () => {
    const origin = await startOrigin((req, res) => reply(res, `for ${req.headers['accept-language'] ?? 'all'}`, { ...FRESH, vary: 'accept-language' }));
    const edge = await startEdge(origin.url);
    expect(await edge.warm({ url: '/a', fields: { 'Accept-Language': 'de' } })).to.include({ outcome: 'stored' });
    expect((await get(edge.port, '/a', { 'accept-language': 'de' })).cacheStatus).to.match(/; hit;/);
    expect((await get(edge.port, '/a', { 'accept-language': 'en' })).cacheStatus).to.match(/fwd=vary-miss/);
  });

  it('is given up when the administrator leaves', async () => {
    let closed = (): void => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { 'cache-control': 'max-age=60', etag: '"v"', 'content-length': 100_000_000 }).write(Buffer.alloc(SLICE * 20));
      res.once('close', closed);
    });
    const edge = await startEdge(origin.url);
    const asking = httpRequest({ port: edge.adminPort, path: '/warm', method: 'POST', headers: { 'content-type': 'application/json' } });
    asking.on('error', () => undefined);
    asking.end('{"url":"/film"}');
    const [answer] = await once(asking, 'response') as [NodeJS.ReadableStream];
    await once(answer, 'data');
    while (origin.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    asking.socket?.resetAndDestroy();
    await gone;
  });

  for (const [wish, said] of [
    [{}, '"url" is a path'], [{ url: 'film' }, '"url" is a path'], [[], 'no JSON object'], [{ url: '/a', soft: true }, 'no member "soft"'],
    [{ url: '/a', fields: { cookie: 'a=b' } }, '"cookie" is no field that chooses a variant'], [{ url: '/a', fields: { accept: 'a\r\nb' } }, 'no text of one line'],
    [{ url: '/a', fields: [] }, '"fields" is an object'],
  ] as const) {
    it(`${JSON.stringify(wish)} is refused`, async () => {
      const edge = await startEdge(new URL('http://127.0.0.1:9'));
      expect(await edge.warm(wish)).to.be.a('string').that.includes(said);
    });
  }
});
