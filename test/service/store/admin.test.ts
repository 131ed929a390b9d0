// The administrator's door of an edge: who may come in, what is understood, what is told.

import { request } from 'node:http';
import { expect } from 'chai';
import { itWith } from '../../helpers/programs.js';
import { useProcesses } from '../../helpers/process.js';
import { useAdminEdges } from './running-admin.js';
import { createAdjustableClock, patternOf, reply, serveContent, useOrigins } from './running-edge.js';
import { ask } from './running-store.js';

const TOKEN = 'correct-horse-battery';
const FRESH = { 'cache-control': 'max-age=60' };

/** One request with exactly these fields; the status, and the fields of the answer. */
function knock(port: number, method: string, target: string, headers: Readonly<Record<string, string>>, content?: string): Promise<{ readonly status: number | undefined; readonly fields: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path: target, headers, agent: false }, (response) => {
      response.resume().once('end', () => resolve({ status: response.statusCode, fields: response.headers }));
    });
    sent.once('error', reject).end(content);
  });
}

describe("an edge's admin listener", () => {
  const startOrigin = useOrigins();
  const startEdge = useAdminEdges();
  const { run } = useProcesses();
  const JSON_TYPE = { 'content-type': 'application/json' };

  for (const [authorization, status] of [
    [undefined, 401], ['Bearer wrong-horse-battery', 401], [`Bearer ${TOKEN}x`, 401], [`Bearer ${TOKEN.slice(0, -1)}`, 401], ['Bearer ', 401], [`Basic ${TOKEN}`, 401], [TOKEN, 401],
    [`Bearer ${TOKEN}`, 200], [`bearer  ${TOKEN}`, 200],
  ] as const) {
    it(`with a token: Authorization ${authorization ?? 'missing'} gets ${status}, for whatever it asks`, async () => {
      const origin = await startOrigin((_req, res) => reply(res, 'x', FRESH));
      const edge = await startEdge(origin.url, { token: TOKEN });
      await ask(edge.port, 'GET', '/a');
      const fields = authorization === undefined ? {} : { authorization };
      for (const target of ['/metrics', '/why?url=/a']) {
        const answer = await knock(edge.adminPort, 'GET', target, fields);
        expect(answer.status, target).to.equal(status);
        if (status === 401) expect(answer.fields['www-authenticate']).to.match(/^Bearer realm="cdn"/);
      }
      expect((await knock(edge.adminPort, 'POST', '/purge', { ...fields, ...JSON_TYPE }, '{"url":"/a"}')).status).to.equal(status);
      expect((await edge.why('/a')).here).to.equal(status === 401);
    });
  }

  const own = { host: '127.0.0.1:40727' };
  for (const [what, fields, status] of [
    ['a form', { ...own, 'content-type': 'text/plain' }, 415],
    ['a form without a type', { ...own }, 415],
    ['a script of another origin', { ...own, ...JSON_TYPE, origin: 'http://evil.example' }, 403],
    ['a sandboxed page', { ...own, ...JSON_TYPE, origin: 'null' }, 403],
    ['a page of another port', { ...own, ...JSON_TYPE, origin: 'http://127.0.0.1:8080' }, 403],
    ['whatever a browser sends', { ...own, ...JSON_TYPE, 'sec-fetch-site': 'same-origin' }, 403],
    ["a name that somebody's DNS made stand for this machine", { ...JSON_TYPE, host: 'rebound.example:40727' }, 403],
    ['an address that is none of this machine', { ...JSON_TYPE, host: '192.0.2.1' }, 403],
    ['localhost', { ...JSON_TYPE, host: 'LOCALHOST:1' }, 200],
    ['the address of IPv6', { ...JSON_TYPE, host: '[::1]:40727' }, 200],
    ['a program', { ...own, 'content-type': 'application/json; charset=utf-8' }, 200],
  ] as const) {
    it(`without a token: ${what} gets ${status}`, async () => {
      const origin = await startOrigin((_req, res) => reply(res, 'x', FRESH));
      const edge = await startEdge(origin.url);
      await ask(edge.port, 'GET', '/a');
      expect((await knock(edge.adminPort, 'POST', '/purge', fields, '{"url":"/a"}')).status).to.equal(status);
      expect((await edge.why('/a')).here).to.equal(status !== 200);
    });
  }

  it('lets no page ask leave: a preflight gets nothing to go by', async () => {
    const origin = await startOrigin((_req, res) => reply(res, 'x', FRESH));
    for (const options of [{}, { token: TOKEN }]) {
      const edge = await startEdge(origin.url, options);
      const { status, fields } = await knock(edge.adminPort, 'OPTIONS', '/purge', { origin: 'http://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,authorization' });
      expect(status).to.be.oneOf([401, 403]);
      expect(Object.keys(fields).filter((name) => name.startsWith('access-control'))).to.deep.equal([]);
    }
  });

  it('understands what it documents, and says what is wrong with all else', async () => {
    const origin = await startOrigin((_req, res) => reply(res, 'x', FRESH));
    const edge = await startEdge(origin.url);
    await ask(edge.port, 'GET', '/a');
    for (const [wish, why] of [
      ['', 'no JSON'], ['{"url":', 'no JSON'], ['[]', 'no JSON object'], ['null', 'no JSON object'],
      [{}, 'Exactly one'], [{ url: '/a', tag: 'b' }, 'Exactly one'], [{ soft: true }, 'Exactly one'],
      [{ url: '/a', soft: 'yes' }, '"soft" is true or false'], [{ url: '/a', sofft: true }, 'no member "sofft"'],
      [{ url: '' }, 'isn\'t empty'], [{ url: 7 }, 'is a text'], [{ url: 'a' }, 'begins with "/"'], [{ prefix: 'ftp://x/' }, 'begins with "/"'], [{ tag: 'a b' }, 'no space'],
    ] as const) {
      const { status, body } = await edge.purge(wish);
      expect([status, body], JSON.stringify(wish)).to.satisfy(([code, text]: [number, string]) => code === 400 && text.includes(why));
    }
    expect((await edge.purge('x'.repeat(70_000))).status).to.equal(413);
    expect((await edge.why('/a')).here).to.equal(true);
    for (const [method, target, status] of [['GET', '/purge', 405], ['DELETE', '/metrics', 405], ['GET', '/', 404], ['GET', '/why', 400], ['GET', '/why?url=a', 400]] as const) {
      expect((await knock(edge.adminPort, method, target, own)).status, `${method} ${target}`).to.equal(status);
    }
    // The door is not in the wall: clients of the edge find none of this.
    expect((await ask(edge.port, 'GET', '/metrics')).body.toString()).to.equal('x');
  });

  it('why: what is here, where, how fresh, by which rule, and how often it was served', async () => {
    const clock = createAdjustableClock();
    const origin = await startOrigin(serveContent(patternOf(200_000), { 'cache-control': 'max-age=60, stale-if-error=30', etag: '"v1"', 'surrogate-key': 'film film-1' }), clock);
    const edge = await startEdge(origin.url, { clock });
    expect(await edge.why('/a')).to.deep.equal({ target: '/a', here: false, underWay: false, responses: [], removals: [] });
    await ask(edge.port, 'GET', '/a', ['Range: bytes=70000-70009']);
    await ask(edge.port, 'GET', '/a', ['Range: bytes=70000-70009']);
    clock.forward(10);
    const { responses: [response] } = await edge.why('http://any.example/a');
    expect(response).to.deep.include({ vary: [], status: 200, freshness: 'fresh', rule: 'max-age', lifetimeSeconds: 60, purgedSoftly: null, octets: 200_000, hits: 1, tags: ['film', 'film-1'], etag: '"v1"' });
    expect(response?.slices).to.deep.equal({ memory: 1, disk: 0, missing: 3 });
    expect(response?.ageSeconds).to.be.within(10, 15);
    clock.forward(60);
    expect((await edge.why('/a')).responses[0]).to.include({ freshness: 'stale-if-error' });
    clock.forward(60);
    expect((await edge.why('/a')).responses[0]).to.include({ freshness: 'stale' });
    // Looking is no use of it.
    expect((await edge.why('/a')).responses[0]?.hits).to.equal(1);
  });

  it('why: each variant, and what became of what is gone', async () => {
    const origin = await startOrigin((req, res) => reply(res, 'x'.repeat(30_000), { ...FRESH, ...(req.url === '/v' ? { vary: 'accept-language, dnt' } : {}) }));
    const edge = await startEdge(origin.url, { memoryOctets: 4_194_304 });
    await ask(edge.port, 'GET', '/v', ['Accept-Language: de', 'DNT: 1']);
    await ask(edge.port, 'GET', '/v', ['Accept-Language: en']);
    expect((await edge.why('/v')).responses.map(({ vary }) => vary)).to.deep.equal([['accept-language: en', 'dnt'], ['accept-language: de', 'dnt: 1']]);
    await edge.purged({ prefix: '/v' });
    expect((await edge.why('/v')).removals.map(({ why }) => why)).to.deep.equal(['purged by prefix /v']);
    await ask(edge.port, 'GET', '/old');
    for (let count = 0; count < 200; count += 1) await ask(edge.port, 'GET', `/other-${count}`);
    expect((await edge.why('/old')).removals[0]?.why).to.equal('evicted by S3-FIFO to make room in memory');
  });

  it('metrics: what was answered and how, what was filled, kept and purged', async () => {
    const origin = await startOrigin((req, res) => (req.url === '/gone' ? reply(res, 'no', {}, 404) : reply(res, 'x'.repeat(1000), FRESH)));
    const edge = await startEdge(origin.url);
    for (const target of ['/a', '/a', '/a', '/b', '/gone']) await ask(edge.port, 'GET', target);
    await ask(edge.port, 'HEAD', '/a');
    await ask(edge.port, 'GET', '/_cdn/health');
    await edge.purged({ url: '/a' });
    const text = await edge.metrics();
    const lines = text.split('\n');
    expect(lines.pop()).to.equal('');
    for (const line of lines) expect(line).to.match(/^(# (HELP|TYPE) cdn_[a-z_]+ .+|cdn_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \d+(\.\d+)?)$/);
    for (const line of [
      'cdn_requests_total{status="200",cache="hit"} 3', 'cdn_requests_total{status="200",cache="uri-miss"} 2', 'cdn_requests_total{status="404",cache="uri-miss"} 1', 'cdn_requests_total{status="200",cache="none"} 1',
      'cdn_fills_total{outcome="done"} 2', 'cdn_fill_bytes_total 2000', 'cdn_cache_objects{tier="memory"} 1', 'cdn_cache_slices{tier="memory"} 1', 'cdn_cache_max_bytes{tier="memory"} 64000000',
      'cdn_purges_total{by="url"} 1', 'cdn_purged_objects_total 1', 'cdn_transfers 0',
    ]) expect(lines, text).to.include(line);
    const body = Number(lines.find((line) => line.startsWith('cdn_response_body_bytes_total '))?.split(' ')[1]);
    // Four bodies of the object and one of the 404, besides that of the health check.
    expect(body).to.be.within(4002, 4800);
  });

  itWith('curl', 'curl as the documentation has it', async () => {
    const origin = await startOrigin((_req, res) => reply(res, 'x', FRESH));
    const edge = await startEdge(origin.url, { token: TOKEN });
    await ask(edge.port, 'GET', '/a');
    const door = `http://127.0.0.1:${edge.adminPort}`;
    const done = await run('curl', ['-sS', '-H', `Authorization: Bearer ${TOKEN}`, '--json', '{"url":"/a"}', `${door}/purge`]);
    expect(done.stdout, done.stderr).to.equal('{"purged":1,"url":"/a","soft":false}\n');
    const refused = await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', `${door}/metrics`]);
    expect(refused.stdout).to.equal('401');
  });
});
