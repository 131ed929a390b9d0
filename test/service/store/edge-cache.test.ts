// An edge as a shared cache: what it answers from what it keeps, what it asks the origin, and what it
// says about it in Cache-Status.

import { expect } from 'chai';
import { ask, type Answer } from './running-store.js';
import { createAdjustableClock, patternOf, reply, serveContent, useEdges, useOrigins } from './running-edge.js';

const status = (answer: Answer): string => (answer.fields['cache-status'] ?? '').replace(/; ttl=-?\d+/, '');
const CONTENT = patternOf(10_000);
const ETAG = { etag: '"v1"', 'cache-control': 'max-age=60' };

describe('an edge as a shared cache', () => {
  const startOrigin = useOrigins();
  const startEdge = useEdges();

  it('asks once, and answers from what it keeps', async () => {
    const origin = await startOrigin(serveContent(CONTENT, { ...ETAG, 'content-type': 'video/mp4', 'x-own': 'kept' }));
    const edge = await startEdge([origin.url]);
    const first = await ask(edge.port, 'GET', '/a');
    expect(first.status).to.equal(200);
    expect(first.body.equals(CONTENT)).to.equal(true);
    expect(status(first)).to.equal('edge-1; fwd=uri-miss; stored');
    const second = await ask(edge.port, 'GET', '/a');
    expect(status(second)).to.equal('edge-1; hit');
    expect(second.body.equals(CONTENT)).to.equal(true);
    expect(second.fields).to.include({ 'content-type': 'video/mp4', 'x-own': 'kept', etag: '"v1"', 'content-length': '10000', date: first.fields['date'] });
    expect(second.fields['via']).to.match(/^1\.1 edge-1-[0-9a-f]{8}$/);
    expect(Number(second.fields['age'])).to.be.within(0, 5);
    expect(origin.asked).to.deep.equal(['GET /a']);
  });

  it('conditions, ranges and HEAD are answered from here', async () => {
    const origin = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([origin.url]);
    await ask(edge.port, 'GET', '/a');
    const notModified = await ask(edge.port, 'GET', '/a', ['If-None-Match: "v1"']);
    expect([notModified.status, status(notModified)]).to.deep.equal([304, 'edge-1; hit']);
    expect((await ask(edge.port, 'GET', '/a', ['If-Match: "v2"'])).status).to.equal(412);
    const part = await ask(edge.port, 'GET', '/a', ['Range: bytes=100-199']);
    expect([part.status, part.fields['content-range'], part.body.equals(CONTENT.subarray(100, 200))]).to.deep.equal([206, 'bytes 100-199/10000', true]);
    expect((await ask(edge.port, 'GET', '/a', ['Range: bytes=10000-'])).status).to.equal(416);
    const head = await ask(edge.port, 'HEAD', '/a');
    expect([head.status, head.fields['content-length'], head.body.length, status(head)]).to.deep.equal([200, '10000', 0, 'edge-1; hit']);
    expect(origin.asked).to.deep.equal(['GET /a']);
  });

  it('what no rule allows is not kept, and says why', async () => {
    const origin = await startOrigin((req, res) => {
      const cacheControl = new URL(req.url ?? '', 'http://x.test').searchParams.get('cc');
      reply(res, 'hello', cacheControl === null ? {} : { 'cache-control': cacheControl });
    });
    const edge = await startEdge([origin.url]);
    for (const [query, why] of [['', 'no-rule'], ['?cc=no-store', 'no-store'], ['?cc=private', 'private'], ['?cc=max-age=9;public', 'malformed-cache-control']]) {
      for (let round = 0; round < 2; round += 1) {
        const answer = await ask(edge.port, 'GET', `/x${query ?? ''}`);
        expect([answer.status, status(answer)]).to.deep.equal([200, `edge-1; fwd=uri-miss; detail=${why ?? ''}`]);
      }
    }
    expect(origin.asked).to.have.length(8);
  });

  it('a stale answer is validated: one 304 freshens it for all', async () => {
    const clock = createAdjustableClock();
    const origin = await startOrigin(serveContent(CONTENT, ETAG), clock);
    const edge = await startEdge([origin.url], { clock });
    await ask(edge.port, 'GET', '/a');
    clock.forward(61);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(edge.port, 'GET', '/a')));
    expect(answers.every(({ body }) => body.equals(CONTENT))).to.equal(true);
    expect(answers.filter((answer) => status(answer) === 'edge-1; fwd=stale; fwd-status=304')).to.have.length(1);
    // The others waited along, or came when it was over.
    expect(answers.map(status)).to.satisfy((all: string[]) => all.every((one) => /^edge-1; (hit|fwd=stale; fwd-status=304(; collapsed)?)$/.test(one)));
    expect(origin.asked).to.have.length(2);
    expect(origin.requests[1]?.headers['if-none-match']).to.equal('"v1"');
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit');
  });

  it('a stale answer that was replaced is replaced here', async () => {
    const clock = createAdjustableClock();
    let etag = '"v1"';
    let content = CONTENT;
    const origin = await startOrigin((req, res) => serveContent(content, { etag, 'cache-control': 'max-age=60' })(req, res), clock);
    const edge = await startEdge([origin.url], { clock });
    await ask(edge.port, 'GET', '/a');
    etag = '"v2"';
    content = patternOf(5000, 7);
    clock.forward(61);
    const answer = await ask(edge.port, 'GET', '/a');
    expect([status(answer), answer.body.equals(content)]).to.deep.equal(['edge-1; fwd=stale; stored', true]);
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit');
  });

  it('HEAD is passed on where nothing is kept, and updates what is (RFC 9111 §4.3.5)', async () => {
    const clock = createAdjustableClock();
    let etag = '"v1"';
    const origin = await startOrigin((req, res) => serveContent(CONTENT, { etag, 'cache-control': 'max-age=60' })(req, res), clock);
    const edge = await startEdge([origin.url], { clock });
    const cold = await ask(edge.port, 'HEAD', '/a');
    expect([cold.status, cold.fields['content-length'], status(cold)]).to.deep.equal([200, '10000', 'edge-1; fwd=uri-miss']);
    await ask(edge.port, 'GET', '/a');
    clock.forward(61);
    expect(status(await ask(edge.port, 'HEAD', '/a'))).to.equal('edge-1; fwd=stale; fwd-status=304');
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit');
    clock.forward(61);
    etag = '"v2"';
    expect((await ask(edge.port, 'HEAD', '/a')).fields['etag']).to.equal('"v2"');
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; fwd=uri-miss; stored');
  });

  it('stale while revalidating: at once, and validated behind (RFC 5861 §3)', async () => {
    const clock = createAdjustableClock();
    const origin = await startOrigin(serveContent(CONTENT, { etag: '"v1"', 'cache-control': 'max-age=60, stale-while-revalidate=30' }), clock);
    const edge = await startEdge([origin.url], { clock });
    await ask(edge.port, 'GET', '/a');
    clock.forward(70);
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit; detail=stale-while-revalidate');
    while (origin.asked.length < 2) await ask(edge.port, 'GET', '/a');
    while (status(await ask(edge.port, 'GET', '/a')) !== 'edge-1; hit');
    expect(origin.asked).to.have.length(2);
  });

  it('a dead origin: stale where a directive allows it, otherwise 502 that says so', async () => {
    const clock = createAdjustableClock();
    const origin = await startOrigin((req, res) => serveContent(CONTENT, { etag: '"v1"', 'cache-control': req.url === '/may' ? 'max-age=60, stale-if-error=100' : 'max-age=60' })(req, res), clock);
    const edge = await startEdge([origin.url], { clock });
    await ask(edge.port, 'GET', '/may');
    await ask(edge.port, 'GET', '/mustnt');
    await origin.kill();
    expect(status(await ask(edge.port, 'GET', '/may'))).to.equal('edge-1; hit');
    clock.forward(100);
    const stale = await ask(edge.port, 'GET', '/may');
    expect([stale.status, status(stale), stale.body.equals(CONTENT)]).to.deep.equal([200, 'edge-1; fwd=stale; detail=stale-if-error', true]);
    expect(stale.fields['cache-status']).to.match(/ttl=-\d+/);
    const refused = await ask(edge.port, 'GET', '/mustnt');
    expect([refused.status, status(refused)]).to.deep.equal([502, 'edge-1; fwd=stale; detail=origin-unreachable']);
    expect(refused.body.toString()).to.match(/^No answer from the origin: cannot connect to http:\/\/127\.0\.0\.1:\d+/);
    expect((await ask(edge.port, 'GET', '/cold')).status).to.equal(502);
    clock.forward(100);
    expect((await ask(edge.port, 'GET', '/may')).status).to.equal(502);
  });

  it('an origin that answers 500 counts as failing (RFC 5861 §4)', async () => {
    const clock = createAdjustableClock();
    let broken = false;
    const origin = await startOrigin((req, res) => (broken ? void res.writeHead(500).end('broken') : serveContent(CONTENT, { etag: '"v1"', 'cache-control': 'max-age=60, stale-if-error=100' })(req, res)));
    const edge = await startEdge([origin.url], { clock });
    await ask(edge.port, 'GET', '/a');
    broken = true;
    clock.forward(70);
    const stale = await ask(edge.port, 'GET', '/a');
    expect([stale.status, status(stale)]).to.deep.equal([200, 'edge-1; fwd=stale; fwd-status=500; detail=stale-if-error']);
  });

  it('an origin that takes too long is 504', async () => {
    const origin = await startOrigin(() => undefined);
    const edge = await startEdge([origin.url], { headTimeoutMs: 50 });
    const answer = await ask(edge.port, 'GET', '/a');
    expect([answer.status, status(answer)]).to.deep.equal([504, 'edge-1; fwd=uri-miss; detail=origin-timeout']);
  });

  it('several origins: the next one where one fails', async () => {
    const dead = await startOrigin(() => undefined);
    await dead.kill();
    const busy = await startOrigin((_req, res) => void res.writeHead(503).end());
    const good = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([dead.url, busy.url, good.url]);
    expect((await ask(edge.port, 'GET', '/a')).body.equals(CONTENT)).to.equal(true);
    expect((await ask(edge.port, 'GET', '/b')).body.equals(CONTENT)).to.equal(true);
    expect([busy.asked.length, good.asked.length]).to.deep.equal([1, 2]);
  });

  it('variants are kept apart, and told by vary-miss (RFC 9111 §4.1)', async () => {
    const origin = await startOrigin((req, res) => reply(res, `in ${String(req.headers['accept-language'])}`, { vary: 'Accept-Language', 'cache-control': 'max-age=60' }));
    const edge = await startEdge([origin.url]);
    const inLanguage = async (language: string): Promise<string> => {
      const answer = await ask(edge.port, 'GET', '/a', [`Accept-Language: ${language}`]);
      return `${answer.body.toString()} ${status(answer)}`;
    };
    expect(await inLanguage('de')).to.equal('in de edge-1; fwd=uri-miss; stored');
    expect(await inLanguage('en')).to.equal('in en edge-1; fwd=vary-miss; stored');
    expect(await inLanguage('DE')).to.equal('in de edge-1; hit');
    expect(await inLanguage('en')).to.equal('in en edge-1; hit');
  });

  it('what isn\'t in the key doesn\'t reach the origin', async () => {
    const origin = await startOrigin((req, res) => reply(res, JSON.stringify(req.headers), { 'cache-control': 'max-age=60' }));
    const edge = await startEdge([origin.url]);
    const poison = ['X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: x', 'Forwarded: host=evil.test', 'X-Original-URL: /evil', 'X-Anything: evil', 'User-Agent: evil', 'Connection: X-Hop', 'X-Hop: evil'];
    const answer = await ask(edge.port, 'GET', '/a', poison);
    expect(answer.body.toString()).to.not.contain('evil');
    expect(JSON.parse(answer.body.toString())).to.include({ host: `127.0.0.1:${origin.port}` });
  });

  it('somebody\'s own answers stay his', async () => {
    const origin = await startOrigin((req, res) => {
      const fields: Record<string, string | string[]> = { 'cache-control': req.url === '/public' ? 'public, max-age=60' : 'max-age=60' };
      if (req.url === '/session') fields['set-cookie'] = ['a=1; Path=/', 'b=2'];
      reply(res, req.headers.authorization ?? req.headers.cookie ?? 'nobody', fields);
    });
    const edge = await startEdge([origin.url]);
    expect(status(await ask(edge.port, 'GET', '/a', ['Authorization: me']))).to.equal('edge-1; fwd=uri-miss; detail=authorization');
    expect(status(await ask(edge.port, 'GET', '/a', ['Cookie: me']))).to.equal('edge-1; fwd=uri-miss; detail=cookie');
    expect((await ask(edge.port, 'GET', '/a')).body.toString()).to.equal('nobody');
    expect(status(await ask(edge.port, 'GET', '/public', ['Authorization: me']))).to.equal('edge-1; fwd=uri-miss; stored');
    expect(status(await ask(edge.port, 'GET', '/public'))).to.equal('edge-1; hit');
    expect(status(await ask(edge.port, 'GET', '/session'))).to.equal('edge-1; fwd=uri-miss; detail=set-cookie');
    const response = await fetch(`http://127.0.0.1:${edge.port}/session`);
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1; Path=/', 'b=2']);
  });

  it('other methods pass, content and all, and what they change is forgotten (RFC 9111 §4.4)', async () => {
    const received: string[] = [];
    const origin = await startOrigin((req, res) => {
      if (req.method === 'GET') return serveContent(CONTENT, ETAG)(req, res);
      const parts: Buffer[] = [];
      req.on('data', (part: Buffer) => parts.push(part));
      req.on('end', () => {
        received.push(`${String(req.method)} ${String(req.headers['content-length'] ?? req.headers['transfer-encoding'])} ${Buffer.concat(parts).length}`);
        res.writeHead(201, { location: '/b' }).end('made');
      });
      return undefined;
    });
    const edge = await startEdge([origin.url]);
    await ask(edge.port, 'GET', '/a');
    await ask(edge.port, 'GET', '/b');
    const body = patternOf(300_000);
    const response = await fetch(`http://127.0.0.1:${edge.port}/a`, { method: 'PUT', body });
    expect([response.status, await response.text(), response.headers.get('cache-status')]).to.deep.equal([201, 'made', 'edge-1; fwd=method']);
    const chunked = await fetch(`http://127.0.0.1:${edge.port}/c`, { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' });
    expect(chunked.status).to.equal(201);
    await chunked.text();
    expect(received).to.deep.equal(['PUT 300000 300000', 'POST chunked 300000']);
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; fwd=uri-miss; stored');
    expect(status(await ask(edge.port, 'GET', '/b'))).to.equal('edge-1; fwd=uri-miss; stored');
  });

  it('OPTIONS says what is allowed where the edge is meant, and counts down otherwise (RFC 9110 §7.6.2); TRACE is refused', async () => {
    const origin = await startOrigin((req, res) => reply(res, `${String(req.method)} ${String(req.headers['max-forwards'])}`));
    const edge = await startEdge([origin.url]);
    expect((await ask(edge.port, 'OPTIONS', '*')).status).to.equal(204);
    expect((await ask(edge.port, 'OPTIONS', '/a', ['Max-Forwards: 0'])).status).to.equal(204);
    expect((await ask(edge.port, 'OPTIONS', '/a', ['Max-Forwards: 3'])).body.toString()).to.equal('OPTIONS 2');
    expect((await ask(edge.port, 'TRACE', '/a')).status).to.equal(405);
    expect(origin.asked).to.deep.equal(['OPTIONS /a']);
  });

  it('only-if-cached is 504 where nothing is (RFC 9111 §5.2.1.7)', async () => {
    const origin = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([origin.url]);
    const answer = await ask(edge.port, 'GET', '/a', ['Cache-Control: only-if-cached']);
    expect([answer.status, status(answer)]).to.deep.equal([504, 'edge-1; fwd=uri-miss; detail=only-if-cached']);
    await ask(edge.port, 'GET', '/a');
    expect((await ask(edge.port, 'GET', '/a', ['Cache-Control: only-if-cached'])).status).to.equal(200);
    expect(origin.asked).to.deep.equal(['GET /a']);
  });

  it('negative answers and redirections are kept for as long as they say', async () => {
    const origin = await startOrigin((req, res) => (req.url === '/moved' ? reply(res, '', { location: '/x', 'cache-control': 'max-age=9' }, 301) : reply(res, 'none\n', { 'cache-control': 'max-age=5' }, 404)));
    const edge = await startEdge([origin.url]);
    for (let round = 0; round < 2; round += 1) {
      const none = await ask(edge.port, 'GET', '/none', ['Range: bytes=0-1', 'If-None-Match: *']);
      expect([none.status, none.body.toString()]).to.deep.equal([404, 'none\n']);
      expect((await ask(edge.port, 'GET', '/moved')).fields['location']).to.equal('/x');
    }
    expect(origin.asked).to.have.length(2);
  });

  it('a loop of stores is noticed', async () => {
    let port = 0;
    const origin = await startOrigin((req, res) => {
      fetch(`http://127.0.0.1:${port}/a`, { headers: { via: req.headers.via ?? '' } }).then(async (answer) => res.writeHead(answer.status).end(await answer.text()), () => res.destroy());
    });
    const edge = await startEdge([origin.url]);
    ({ port } = edge);
    expect((await ask(edge.port, 'GET', '/a')).status).to.equal(508);
  });

  it('fields of the connection, and trailers, end here (RFC 9110 §7.6.1, §6.5)', async () => {
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { connection: 'X-Hop', 'x-hop': '1', trailer: 'X-Sum', 'cache-control': 'max-age=60' });
      res.write('hel');
      res.addTrailers({ 'X-Sum': '5' });
      res.end('lo');
    });
    const edge = await startEdge([origin.url]);
    for (let round = 0; round < 2; round += 1) {
      const response = await fetch(`http://127.0.0.1:${edge.port}/a`);
      expect(await response.text()).to.equal('hello');
      expect([response.headers.get('x-hop'), response.headers.get('trailer')]).to.deep.equal([null, null]);
    }
  });
});
