// How an edge fetches and keeps large objects: slice by slice, once each, one version at a time.

import { expect } from 'chai';
import type { ServerResponse } from 'node:http';
import { ask, useSlowReaders, type Answer } from './running-store.js';
import { patternOf, reply, serveContent, useEdges, useOrigins } from './running-edge.js';

const SLICE = 65_536;
const LENGTH = SLICE * 20 + 1234;
const CONTENT = patternOf(LENGTH);
const ETAG = { etag: '"v1"', 'cache-control': 'max-age=60' };
const status = (answer: Answer): string => (answer.fields['cache-status'] ?? '').replace(/; ttl=-?\d+/, '');
const range = (first: number, last: number): readonly string[] => [`Range: bytes=${first}-${last}`];

describe('an edge and large objects', () => {
  const startOrigin = useOrigins();
  const startEdge = useEdges();
  const openReader = useSlowReaders();

  it('a seek into a cold object fetches the slices asked for, and no others', async () => {
    const origin = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    const answer = await ask(edge.port, 'GET', '/a', range(SLICE * 10 + 5, SLICE * 12 + 7));
    expect([answer.status, answer.fields['content-range'], status(answer)]).to.deep.equal([206, `bytes ${SLICE * 10 + 5}-${SLICE * 12 + 7}/${LENGTH}`, 'edge-1; fwd=uri-miss; stored']);
    expect(answer.body.equals(CONTENT.subarray(SLICE * 10 + 5, SLICE * 12 + 8))).to.equal(true);
    expect(origin.asked).to.deep.equal([`GET /a bytes=${SLICE * 10}-${SLICE * 11 - 1}`, `GET /a bytes=${SLICE * 11}-${SLICE * 13 - 1}`]);
    expect(origin.requests[1]?.headers['if-match']).to.equal('"v1"');
    const again = await ask(edge.port, 'GET', '/a', range(SLICE * 11, SLICE * 12));
    expect([status(again), origin.asked.length]).to.deep.equal(['edge-1; hit', 2]);
    const beside = await ask(edge.port, 'GET', '/a', range(SLICE * 12, SLICE * 13));
    expect([status(beside), beside.body.equals(CONTENT.subarray(SLICE * 12, SLICE * 13 + 1))]).to.deep.equal(['edge-1; fwd=partial; stored', true]);
    expect(origin.asked.slice(2)).to.deep.equal([`GET /a bytes=${SLICE * 13}-${SLICE * 14 - 1}`]);
  });

  it('what is missing around what is there is fetched, the whole is right', async () => {
    const origin = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    await ask(edge.port, 'GET', '/a', range(SLICE * 5, SLICE * 5));
    const whole = await ask(edge.port, 'GET', '/a');
    expect([whole.status, whole.body.equals(CONTENT), status(whole)]).to.deep.equal([200, true, 'edge-1; fwd=partial; stored']);
    expect(origin.asked.slice(1)).to.deep.equal([`GET /a bytes=0-${SLICE * 5 - 1}`, `GET /a bytes=${SLICE * 6}-${LENGTH - 1}`]);
    expect(status(await ask(edge.port, 'GET', '/a'))).to.equal('edge-1; hit');
  });

  it('HEAD of what is here in part is a hit: nothing has to be fetched for it (RFC 9211 §2.1)', async () => {
    const origin = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    await ask(edge.port, 'GET', '/a', range(0, 0));
    const head = await ask(edge.port, 'HEAD', '/a');
    expect([head.status, head.fields['content-length'], status(head), origin.asked.length]).to.deep.equal([200, String(LENGTH), 'edge-1; hit', 1]);
  });

  it('suffixes and several ranges of a cold object', async () => {
    const origin = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    const suffix = await ask(edge.port, 'GET', '/a', ['Range: bytes=-100']);
    expect([suffix.status, suffix.body.equals(CONTENT.subarray(-100))]).to.deep.equal([206, true]);
    expect(origin.asked).to.deep.equal(['GET /a bytes=-1', `GET /a bytes=${SLICE * 20}-${LENGTH - 1}`]);
    const several = await ask(edge.port, 'GET', '/b', [`Range: bytes=${SLICE * 3}-${SLICE * 3 + 9},-10`]);
    expect([several.status, several.complete]).to.deep.equal([206, true]);
    expect(several.fields['content-type']).to.match(/^multipart\/byteranges/);
    expect(several.body.includes(CONTENT.subarray(SLICE * 3, SLICE * 3 + 10))).to.equal(true);
    expect(several.body.includes(CONTENT.subarray(-10))).to.equal(true);
    const beyond = await ask(edge.port, 'GET', '/c', range(LENGTH, LENGTH + 5));
    expect([beyond.status, beyond.fields['content-range']]).to.deep.equal([416, `bytes */${LENGTH}`]);
  });

  it('many viewers, one fill; each reads along while it comes', async () => {
    const waiting: (() => void)[] = [];
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { ...ETAG, 'content-length': LENGTH }).write(CONTENT.subarray(0, SLICE * 2 + 10));
      waiting.push(() => res.end(CONTENT.subarray(SLICE * 2 + 10)));
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    const readers = Array.from({ length: 20 }, () => openReader(edge.port, '/a'));
    // All of them have what has come, before the rest has.
    await Promise.all(readers.map((reader) => reader.readTo(SLICE * 2)));
    expect(origin.asked).to.deep.equal(['GET /a']);
    for (const run of waiting) run();
    await Promise.all(readers.map((reader) => reader.readAll()));
    for (const reader of readers) expect(reader.received().subarray(-LENGTH).equals(CONTENT)).to.equal(true);
    expect(origin.asked).to.deep.equal(['GET /a']);
  });

  it('a length nobody tells: passed on as it comes, to all, and kept when it is complete', async () => {
    const open: ServerResponse[] = [];
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { 'cache-control': 'max-age=60' }).write(CONTENT.subarray(0, SLICE + 10));
      open.push(res);
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    const get = async (): Promise<Buffer> => Buffer.from(await (await fetch(`http://127.0.0.1:${edge.port}/a`)).arrayBuffer());
    const first = openReader(edge.port, '/a');
    await first.readTo(SLICE);
    const others = Promise.all([get(), get()]);
    const second = openReader(edge.port, '/a');
    await second.readTo(SLICE);
    for (const res of open) res.end(CONTENT.subarray(SLICE + 10));
    for (const body of await others) expect(body.equals(CONTENT)).to.equal(true);
    await Promise.all([first.readAll(), second.readAll()]);
    expect(origin.asked).to.deep.equal(['GET /a']);
    const kept = await ask(edge.port, 'GET', '/a', range(SLICE, SLICE + 9));
    expect([kept.status, status(kept), kept.body.equals(CONTENT.subarray(SLICE, SLICE + 10))]).to.deep.equal([206, 'edge-1; hit', true]);
  });

  it('more than can be held, and no validator: passed through whole, and not kept', async () => {
    const origin = await startOrigin((req, res) => {
      if (req.url === '/told') res.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': LENGTH }).end(CONTENT);
      else res.writeHead(200, { 'cache-control': 'max-age=60' }).end(CONTENT);
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE, maxWholeOctets: SLICE * 4 });
    for (const path of ['/told', '/untold', '/told', '/untold']) {
      const response = await fetch(`http://127.0.0.1:${edge.port}${path}`);
      expect(Buffer.from(await response.arrayBuffer()).equals(CONTENT)).to.equal(true);
    }
    expect(origin.asked).to.have.length(4);
  });

  it('an origin that knows no ranges, or has no strong validator: the range is cut from the whole', async () => {
    const origin = await startOrigin((req, res) => {
      if (req.url === '/weak') return serveContent(CONTENT, { etag: 'W/"v1"', 'cache-control': 'max-age=60' })(req, res);
      res.writeHead(200, { ...ETAG, 'content-length': LENGTH }).end(CONTENT);
      return undefined;
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    for (const path of ['/weak', '/none']) {
      const answer = await ask(edge.port, 'GET', path, range(SLICE * 3, SLICE * 4));
      expect([answer.status, answer.body.equals(CONTENT.subarray(SLICE * 3, SLICE * 4 + 1))]).to.deep.equal([206, true]);
      expect(status(await ask(edge.port, 'GET', path, range(5, 9)))).to.equal('edge-1; hit');
    }
    expect(origin.asked.map((line) => line.split(' ').slice(0, 2).join(' '))).to.deep.equal(['GET /weak', 'GET /weak', 'GET /none']);
  });

  it('of what can\'t be had in parts and is partly gone, all is fetched again', async () => {
    const origin = await startOrigin((req, res) => serveContent(CONTENT, { 'cache-control': 'max-age=60', ...(req.url === '/b' ? { etag: '"b"' } : {}) })(req, res));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE, memoryOctets: 4_000_000 });
    for (let round = 0; round < 3; round += 1) {
      for (const path of ['/a', '/b', '/c', '/d']) {
        const answer = await ask(edge.port, 'GET', path);
        expect([answer.status, answer.complete, answer.body.equals(CONTENT)], `${path} ${status(answer)}`).to.deep.equal([200, true, true]);
      }
    }
  });

  it('versions are never mixed: a slice of another one heals by fetching anew', async () => {
    let content = CONTENT;
    let etag = '"v1"';
    const origin = await startOrigin((req, res) => serveContent(content, { etag, 'cache-control': 'max-age=60' })(req, res));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    await ask(edge.port, 'GET', '/a', range(0, 9));
    content = patternOf(LENGTH, 99);
    etag = '"v2"';
    // Slice 0 is of the first version, and still fresh; slice 1 can only be had of the second.
    const answer = await ask(edge.port, 'GET', '/a', range(SLICE, SLICE + 9));
    expect([answer.status, answer.fields['etag'], answer.body.equals(content.subarray(SLICE, SLICE + 10))]).to.deep.equal([206, '"v2"', true]);
    const first = await ask(edge.port, 'GET', '/a', range(0, 9));
    expect([first.fields['etag'], first.body.equals(content.subarray(0, 10))]).to.deep.equal(['"v2"', true]);
  });

  it('a version that changes in the middle of an answer breaks it off', async () => {
    let content = CONTENT;
    let etag = '"v1"';
    const origin = await startOrigin((req, res) => serveContent(content, { etag, 'cache-control': 'max-age=60' })(req, res));
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    await ask(edge.port, 'GET', '/a', range(0, 9));
    content = patternOf(LENGTH, 99);
    etag = '"v2"';
    const whole = await ask(edge.port, 'GET', '/a');
    // Slice 0 had gone out already: what came is of one version, and shows that it isn't all.
    expect(whole.complete).to.equal(false);
    expect(CONTENT.subarray(0, whole.body.length).equals(whole.body)).to.equal(true);
    const again = await ask(edge.port, 'GET', '/a');
    expect([again.complete, again.body.equals(content)]).to.deep.equal([true, true]);
  });

  it('an origin that breaks off: the rest is asked for again, of another origin too', async () => {
    let broken = 0;
    const flaky = await startOrigin((_req, res) => {
      broken += 1;
      res.writeHead(200, { ...ETAG, 'content-length': LENGTH }).write(CONTENT.subarray(0, SLICE * 3 + 100), () => res.destroy());
    });
    const good = await startOrigin(serveContent(CONTENT, ETAG));
    const edge = await startEdge([flaky.url, good.url], { sliceOctets: SLICE });
    const answer = await ask(edge.port, 'GET', '/a');
    expect([answer.status, answer.complete, answer.body.equals(CONTENT)]).to.deep.equal([200, true, true]);
    expect(broken).to.be.greaterThan(0);
  });

  it('a fill that fails wakes all who wait for it, and nothing partial passes for whole', async () => {
    const origin = await startOrigin((req, res) => {
      const fields = req.url === '/untold' ? {} : { 'content-length': LENGTH };
      res.writeHead(200, { 'cache-control': 'max-age=60', ...fields }).write(CONTENT.subarray(0, SLICE * 3 + 100), () => setImmediate(() => res.destroy()));
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    for (const path of ['/told', '/untold']) {
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, async () => (await fetch(`http://127.0.0.1:${edge.port}${path}`)).arrayBuffer()));
      expect(outcomes.map((outcome) => outcome.status)).to.deep.equal(Array.from({ length: 10 }, () => 'rejected'));
      expect([...edge.cache.keys()]).to.deep.equal([]);
    }
  });

  it('nobody left to read: the fill stops, what came is kept', async () => {
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { ...ETAG, 'content-length': LENGTH }).write(CONTENT.subarray(0, SLICE * 2));
      const gone = new Promise((resolve) => res.once('close', resolve));
      setImmediate(() => res.write(CONTENT.subarray(SLICE * 2, SLICE * 3)));
      void gone;
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    const closed = new Promise((resolve) => void origin.requests[0]?.socket.once('close', resolve));
    const reader = openReader(edge.port, '/a');
    await reader.readTo(1000);
    reader.socket.destroy();
    void closed;
    // The edge has at least the first slices, whole.
    while (edge.cache.where('/a', edge.cache.find('/a')?.version ?? '', 1) === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect((await ask(edge.port, 'GET', '/a', range(0, SLICE - 1))).body.equals(CONTENT.subarray(0, SLICE))).to.equal(true);
  });

  it('a reader that takes nothing holds back the origin, not the memory', async () => {
    let sent = 0;
    const large = SLICE * 400;
    const origin = await startOrigin((_req, res) => {
      res.writeHead(200, { ...ETAG, 'content-length': large });
      const more = (): void => {
        while (sent < large) {
          sent += SLICE;
          if (!res.write(Buffer.alloc(SLICE))) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    });
    const edge = await startEdge([origin.url], { sliceOctets: SLICE });
    const reader = openReader(edge.port, '/a');
    await reader.readTo(1000);
    let before = -1;
    // Until no more is taken from the origin.
    while (sent !== before) {
      before = sent;
      for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    // Buffers of two sockets and the edge's window, and not 26 MB.
    expect(sent).to.be.lessThan(large * 0.8);
    await reader.readAll();
    expect(reader.received().length).to.be.greaterThan(large);
  });

  it('no store but its own origins is ever asked, whatever the request names', async () => {
    const origin = await startOrigin((req, res) => reply(res, req.headers.host ?? '', { 'cache-control': 'max-age=60' }));
    const other = await startOrigin((_req, res) => reply(res, 'other'));
    const edge = await startEdge([origin.url]);
    const answer = await ask(edge.port, 'GET', `http://127.0.0.1:${other.port}/x`);
    expect(answer.body.toString()).to.equal(`127.0.0.1:${origin.port}`);
    expect(other.asked).to.deep.equal([]);
  });
});
