// An edge whose origin lies, or doesn't know HTTP: nothing of it passes for right, and nothing of it is kept.

import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { silentLog } from '../../../src/observe/log.js';
import { createHttpSource } from '../../../src/store/http-source.js';
import { renewParents } from '../../../src/store/traced-origin.js';
import { ask, type Answer } from './running-store.js';
import { patternOf, reply, useEdges, useOrigins } from './running-edge.js';

const CC = 'Cache-Control: max-age=60\r\n';
/** What the origin sends, before it closes; what comes of that: a status, or 'cut' where the client sees that the end is missing. */
const CASES: readonly [section: string, what: string, head: string, body: string, outcome: number | 'cut'][] = [
  ['9112 §6.3', 'two lengths', '200 OK\r\nContent-Length: 4\r\nContent-Length: 5', 'abcd', 502],
  ['9112 §6.3', 'a length and chunks', '200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked', '4\r\nabcd\r\n0\r\n\r\n', 502],
  ['9112 §6.1', 'a coding that isn\'t chunked', '200 OK\r\nTransfer-Encoding: gzip', 'abcd', 502],
  ['9112 §6.1', 'a coding within the chunks', '200 OK\r\nTransfer-Encoding: gzip, chunked', '4\r\nabcd\r\n0\r\n\r\n', 502],
  ['9112 §7.1', 'a bad chunk size', '200 OK\r\nTransfer-Encoding: chunked', '4\r\nabcd\r\nZZ\r\n\r\n', 'cut'],
  ['9112 §8', 'no last chunk', '200 OK\r\nTransfer-Encoding: chunked', '4\r\nabcd\r\n', 'cut'],
  ['9112 §7.1.2', 'a bad trailer', '200 OK\r\nTransfer-Encoding: chunked', '4\r\nabcd\r\n0\r\nbad trailer\r\n\r\n', 'cut'],
  ['9112 §8', 'fewer octets than announced', '200 OK\r\nContent-Length: 10', 'abcd', 'cut'],
  ['9112 §5.2', 'a folded line', '200 OK\r\nX: a\r\n b\r\nContent-Length: 2', 'ab', 502],
  ['9110 §5.5', 'a NUL in a value', '200 OK\r\nX: a\0b\r\nContent-Length: 2', 'ab', 502],
  ['9110 §15.3.7', '206 to a request without a range', '206 Partial Content\r\nETag: "a"\r\nContent-Range: bytes 0-3/100\r\nContent-Length: 4', 'abcd', 502],
  ['9110 §15.4.5', '304 to a request without a condition', '304 Not Modified\r\nETag: "a"', '', 502],
  ['9110 §15.2.2', 'an upgrade that nobody asked for', '101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade', 'abcd', 502],
  ['9110 §15', 'a status that there is not', '999 What\r\nContent-Length: 2', 'ab', 502],
];

describe('an edge of an origin that gives', () => {
  const startOrigin = useOrigins();
  const startEdge = useEdges();
  const isCut = ({ fields, body }: Answer): boolean => (fields['content-length'] === undefined ? !body.toString().endsWith('0\r\n\r\n') : body.length < Number(fields['content-length']));

  for (const [section, what, head, body, outcome] of CASES) {
    it(`${what}: ${outcome} (${section})`, async () => {
      const origin = await startOrigin((_, res) => void res.socket?.end(Buffer.from(`HTTP/1.1 ${head}\r\n${CC}\r\n${body}`, 'latin1')));
      const edge = await startEdge([origin.url]);
      for (let round = 1; round <= 2; round += 1) {
        const before = origin.asked.length;
        const answer = await ask(edge.port, 'GET', '/x');
        if (outcome === 'cut') expect([answer.status, isCut(answer)]).to.deep.equal([200, true]);
        else expect([answer.status, answer.fields['cache-status']]).to.satisfy(([code, told]: [number, string]) => code === outcome && /detail=origin-(?:protocol|closed)$/.test(told));
        expect(origin.asked.length, 'asked again').to.be.greaterThan(before);
      }
    });
  }

  it('content in a 204: none (RFC 9112 §6.3)', async () => {
    const origin = await startOrigin((_, res) => void res.socket?.end(`HTTP/1.1 204 No Content\r\n${CC}Content-Length: 4\r\n\r\nabcd`));
    const edge = await startEdge([origin.url]);
    for (const told of ['fwd=uri-miss; stored', 'hit']) {
      const answer = await ask(edge.port, 'GET', '/x');
      expect([answer.status, answer.body.length, answer.fields['cache-status']?.replace(/; ttl=\d+/, '')]).to.deep.equal([204, 0, `edge-1; ${told}`]);
    }
  });

  it('more than it announced: what it announced, and nothing of the rest is anybody\'s answer', async () => {
    const origin = await startOrigin((_, res) => void res.socket?.write(`HTTP/1.1 200 OK\r\n${CC}Content-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\n${CC}Content-Length: 4\r\n\r\nevil`));
    const edge = await startEdge([origin.url]);
    for (let count = 0; count < 8; count += 1) expect((await ask(edge.port, 'GET', `/${count % 4}`)).body.toString()).to.equal('good');
  });

  it('is told of a trace as one that the edge takes part in, and of none that is malformed (Trace Context §3.4)', async () => {
    const origin = await startOrigin((_, res) => void res.end('x'));
    const source = renewParents(createHttpSource({ urls: [origin.url] }, { clock: systemClock, log: silentLog }), systemRandom);
    const id = '4bf92f3577b34da6a3ce929d0e0e4736';
    for (const traceparent of [`00-${id}-00f067aa0ba902b7-01`, '00-nothing-of-the-kind-01', undefined]) {
      const response = await source.request({ method: 'GET', target: '/', fields: { accept: '*/*', ...(traceparent === undefined ? {} : { traceparent }) }, signal: new AbortController().signal });
      response.discard();
    }
    await source.close();
    const told = origin.requests.map(({ headers }) => headers['traceparent']);
    expect(told[0]).to.match(new RegExp(`^00-${id}-[0-9a-f]{16}-01$`)).and.not.include('00f067aa0ba902b7');
    expect(told.slice(1)).to.deep.equal([undefined, undefined]);
    expect(origin.requests.every(({ headers }) => headers.accept === '*/*')).to.equal(true);
  });

  describe('of ranges', () => {
    const content = patternOf(300_000);
    const lies: readonly [what: string, range: (from: number, to: number) => Readonly<Record<string, string>>][] = [
      ['others than were asked for', (from, to) => ({ 'content-range': `bytes ${from + 1}-${to + 1}/300000` })],
      ['no complete length', (from, to) => ({ 'content-range': `bytes ${from}-${to}/*` })],
      ['no place', () => ({})],
      ['a weak tag', (from, to) => ({ 'content-range': `bytes ${from}-${to}/300000`, etag: 'W/"a"' })],
      ['several parts', () => ({ 'content-type': 'multipart/byteranges; boundary=x' })],
    ];
    for (const [what, fields] of lies) {
      it(`${what}: the right octets all the same, by all of it`, async () => {
        const origin = await startOrigin((req, res) => {
          const match = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '');
          const base = { etag: '"a"', 'cache-control': 'max-age=60' };
          if (match === null) return void res.writeHead(200, { ...base, 'content-length': content.length }).end(content);
          const [from, to] = [Number(match[1]), Math.min(Number(match[2]), content.length - 1)];
          res.writeHead(206, { ...base, ...fields(from, to), 'content-length': to - from + 1 }).end(content.subarray(from, to + 1));
        });
        const edge = await startEdge([origin.url], { sliceOctets: 65_536 });
        const answer = await ask(edge.port, 'GET', '/x', ['Range: bytes=70000-200000']);
        expect([answer.status, answer.fields['content-range'], answer.body.equals(content.subarray(70_000, 200_001))]).to.deep.equal([206, 'bytes 70000-200000/300000', true]);
      });
    }
  });
});

describe('an edge whose clients leave before the origin answers', () => {
  const startOrigin = useOrigins();
  const startEdge = useEdges();

  for (const [way, direct] of [['plain heads read directly', true], ['node’s parser', false]] as const) {
    it(`has its connections to the origin back: ${way}`, async () => {
      const held: ServerResponse[] = [];
      const origin = await startOrigin((req, res) => (req.url === '/ok' ? reply(res, 'fine') : held.push(res)));
      const edge = await startEdge([origin.url], { maxConnections: 2, direct });
      const clients = ['/1', '/2'].map((target) => {
        const client = connect(edge.port, '127.0.0.1').on('error', () => undefined);
        client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
        return client;
      });
      const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      while (held.length < 2) await turn();
      for (const client of clients) client.resetAndDestroy();
      // The edge has had its turns to see it.
      for (let turns = 0; turns < 20; turns += 1) await turn();
      for (const res of held) reply(res, 'nobody wants it');
      expect((await ask(edge.port, 'GET', '/ok')).body.toString()).to.equal('fine');
    });
  }

  it('has no word of Node\'s about many who wait at once', async () => {
    const held: ServerResponse[] = [];
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const origin = await startOrigin((_, res) => held.push(res));
      const edge = await startEdge([origin.url]);
      const answers = Array.from({ length: 12 }, (_, index) => ask(edge.port, 'GET', `/${index}`));
      while (held.length < 12) await new Promise((resolve) => setImmediate(resolve));
      for (const res of held) reply(res, 'ok');
      for (const { status } of await Promise.all(answers)) expect(status).to.equal(200);
      expect(warnings).to.deep.equal([]);
    } finally {
      process.off('warning', onWarning);
    }
  });
});
