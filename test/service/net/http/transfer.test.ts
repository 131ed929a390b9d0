// One server on real sockets: bodies at the reader's pace, clients that leave, sources that fail.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { systemClock } from '../../../../src/base/clock.js';
import type { Endpoint } from '../../../../src/net/address.js';
import { textResponse, type HttpRequest, type HttpResponse, type TransferOutcome } from '../../../../src/net/http/message.js';
import { itWhen } from '../../../helpers/programs.js';
import { deferred, parseResponses, sendRaw, useBench, WAYS } from './raw.js';

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
const CHUNK = Buffer.alloc(65_536, 'x');
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

interface Watched {
  readonly response: HttpResponse;
  readonly outcome: Promise<TransferOutcome>;
  readonly closed: Promise<void>;
  outcomes: number;
  pulled: number;
  opened: number;
}

/** A streamed response that tells what becomes of it. */
function watch(length: number | undefined, source: (watched: Watched, signal: AbortSignal) => AsyncIterable<Uint8Array>): Watched {
  const outcome = deferred<TransferOutcome>();
  const closed = deferred();
  const watched: Watched = {
    outcome: outcome.promise,
    closed: closed.promise,
    outcomes: 0,
    pulled: 0,
    opened: 0,
    response: {
      status: 200,
      fields: {},
      finished: (result) => {
        watched.outcomes += 1;
        outcome.resolve(result);
      },
      body: {
        kind: 'stream',
        length,
        open: async function* (signal) {
          watched.opened += 1;
          try {
            for await (const chunk of source(watched, signal)) {
              watched.pulled += chunk.byteLength;
              yield chunk;
            }
          } finally {
            closed.resolve();
          }
        },
      },
    },
  };
  return watched;
}

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield CHUNK;
}

for (const { way, direct } of WAYS) {
  describe(`the HTTP server: transfers: ${way}`, () => {
    const bench = useBench(direct);
    const sockets: Socket[] = [];

    afterEach('close the clients', () => {
      for (const socket of sockets.splice(0)) socket.destroy();
    });

    async function open(endpoint: Endpoint, octets: string): Promise<Socket> {
      const socket = connect(endpoint.port, endpoint.address);
      sockets.push(socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(octets);
      return socket;
    }

    /** Waits, without a clock of its own, until an idle connection was closed. */
    async function idleClose(endpoint: Endpoint): Promise<void> {
      const idle = await open(endpoint, '');
      idle.resume();
      await once(idle, 'close');
    }

    it('sends a stream of known length whole, and tells so once', async () => {
      const watched = watch(40 * CHUNK.length, () => chunks(40));
      const { endpoint } = await bench.serve(() => watched.response);
      const [response] = parseResponses((await sendRaw(endpoint, GET_AND_CLOSE)).octets);
      expect(response?.body.length).to.equal(40 * CHUNK.length);
      const outcome = await watched.outcome;
      expect(outcome).to.include({ complete: true, bytes: 40 * CHUNK.length });
      expect(outcome.durationMs).to.be.at.least(0);
      expect(watched.outcomes).to.equal(1);
    });

    it('opens no stream for HEAD, and tells that it is complete', async () => {
      const watched = watch(40 * CHUNK.length, () => chunks(40));
      const { endpoint } = await bench.serve(() => watched.response);
      const answer = await sendRaw(endpoint, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      expect(parseResponses(answer.octets, ['HEAD'])[0]?.fields['content-length']).to.equal(String(40 * CHUNK.length));
      expect(await watched.outcome).to.include({ complete: true, bytes: 0 });
      expect(watched.opened).to.equal(0);
    });

    it('answers a client that closed its sending side', async () => {
      const gate = deferred();
      const watched = watch(undefined, async function* () {
        await gate.promise;
        yield* chunks(3);
      });
      const { endpoint } = await bench.serve((request) => (request.target === '/' ? watched.response : textResponse(200, '')));
      const answer = sendRaw(endpoint, 'GET / HTTP/1.0\r\n\r\n', { half: true });
      // Once others have been answered, the server has seen that side close.
      for (let round = 0; round < 3; round += 1) await sendRaw(endpoint, 'GET /other HTTP/1.0\r\n\r\n');
      gate.resolve();
      expect(parseResponses((await answer).octets)[0]?.body.length).to.equal(3 * CHUNK.length);
    });

    it('reads no further ahead than a slow reader allows', async () => {
      const total = 4096;
      const watched = watch(total * CHUNK.length, () => chunks(total));
      const { endpoint } = await bench.serve((request) => (request.target === '/' ? watched.response : textResponse(200, 'x'.repeat(1_000_000))));
      const slow = await open(endpoint, GET);
      slow.pause();
      // Time enough to pull all of it, if nothing held it back.
      for (let round = 0; round < 30; round += 1) await sendRaw(endpoint, 'GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      expect(watched.opened).to.equal(1);
      // What the two sockets' buffers in the system take, and little more; 256 MiB would be all of it.
      expect(watched.pulled).to.be.below(32 * 1_048_576);
      let received = 0;
      slow.on('data', (chunk) => (received += chunk.length));
      slow.resume();
      expect(await watched.outcome).to.include({ complete: true, bytes: total * CHUNK.length });
      expect(received).to.be.above(watched.pulled / 2);
    });

    for (const [name, slices] of [['many slices', Array.from({ length: 64 }, () => CHUNK)], ['one large slice', [Buffer.concat(Array.from({ length: 64 }, () => CHUNK))]], ['no slice', []]] as const) {
      it(`sends a body of ${name} whole, and tells so once`, async () => {
        const outcomes: TransferOutcome[] = [];
        const length = slices.reduce((sum, slice) => sum + slice.length, 0);
        const { endpoint } = await bench.serve(() => ({ status: 200, fields: {}, body: { kind: 'slices', length, slices }, finished: (outcome) => outcomes.push(outcome) }));
        const slow = await open(endpoint, GET_AND_CLOSE);
        slow.pause();
        for (let round = 0; round < 3; round += 1) await sendRaw(endpoint, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        const octets: Buffer[] = [];
        slow.on('data', (chunk) => octets.push(chunk));
        slow.resume();
        await once(slow, 'close');
        expect(parseResponses(Buffer.concat(octets))[0]?.body).to.equal(Buffer.concat(slices).toString('latin1'));
        expect(outcomes.map(({ complete, bytes }) => [complete, bytes])).to.have.deep.members([[true, 0], [true, 0], [true, 0], [true, length]]);
      });
    }

    it('tells of slices to a client that vanishes that they were not all sent', async () => {
      const outcome = deferred<TransferOutcome>();
      const slices = Array.from({ length: 256 }, () => CHUNK);
      const { endpoint } = await bench.serve(() => ({ status: 200, fields: {}, body: { kind: 'slices', length: 256 * CHUNK.length, slices }, finished: (told) => outcome.resolve(told) }));
      const slow = await open(endpoint, GET);
      await once(slow, 'data');
      slow.pause();
      slow.resetAndDestroy();
      expect(await outcome.promise).to.include({ complete: false });
    });

    it('cuts a reader that takes nothing for the idle time', async () => {
      const watched = watch(undefined, () => chunks(Infinity));
      const { endpoint } = await bench.serve(() => watched.response, { idleTimeoutMs: 100 });
      const slow = await open(endpoint, GET);
      slow.pause();
      expect(await watched.outcome).to.include({ complete: false });
      await watched.closed;
    });

    it('cuts a reader that takes an octet now and then: it is one that takes less than the system’s buffer in the idle time', async () => {
      const watched = watch(undefined, () => chunks(Infinity));
      const { endpoint } = await bench.serve(() => watched.response, { idleTimeoutMs: 100 });
      const slow = await open(endpoint, GET);
      slow.pause();
      const trickle = setInterval(() => void slow.read(1), 10);
      try {
        expect(await watched.outcome).to.include({ complete: false });
        await watched.closed;
      } finally {
        clearInterval(trickle);
      }
    });

    it('does not hold the silence of a slow source against the client', async () => {
      const gate = deferred();
      const watched = watch(undefined, async function* () {
        yield CHUNK;
        await gate.promise;
        yield CHUNK;
      });
      const { endpoint } = await bench.serve(() => watched.response, { idleTimeoutMs: 50 });
      const answer = sendRaw(endpoint, GET_AND_CLOSE);
      for (let round = 0; round < 4; round += 1) await idleClose(endpoint);
      gate.resolve();
      expect(parseResponses((await answer).octets)[0]?.body.length).to.equal(2 * CHUNK.length);
    });

    it('ends the source, aborts the signal and tells once when the client vanishes', async () => {
      const aborted = deferred<unknown>();
      const watched = watch(undefined, () => chunks(Infinity));
      const { endpoint } = await bench.serve((request) => {
        request.signal.addEventListener('abort', () => aborted.resolve(request.signal.reason));
        return watched.response;
      });
      const client = await open(endpoint, GET);
      await once(client, 'data');
      client.destroy();
      expect(await aborted.promise).to.be.instanceOf(Error);
      await watched.closed;
      const outcome = await watched.outcome;
      expect(outcome.complete).to.equal(false);
      expect(outcome.bytes).to.be.above(0);
      expect(watched.outcomes).to.equal(1);
      expect(bench.lines.filter((line) => line.level === 'error')).to.deep.equal([]);
    });

    it('ends a source that waits for its own next octets, by the signal', async () => {
      const watched = watch(undefined, async function* (_, signal) {
        yield CHUNK;
        await systemClock.sleep(3_600_000, signal);
      });
      const { endpoint } = await bench.serve(() => watched.response);
      const client = await open(endpoint, GET);
      await once(client, 'data');
      client.resetAndDestroy();
      expect(await watched.outcome).to.include({ complete: false });
      await watched.closed;
    });

    it('lets a handler know that its client left before the answer', async () => {
      const started = deferred<HttpRequest>();
      const { endpoint } = await bench.serve(async (request) => {
        started.resolve(request);
        await systemClock.sleep(3_600_000, request.signal);
        return textResponse(200, 'late');
      });
      const client = await open(endpoint, GET);
      const request = await started.promise;
      client.resetAndDestroy();
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      // What the handler then throws is no failure of the service.
      await sendRaw(endpoint, 'nonsense\r\n\r\n');
      expect(bench.lines.filter((line) => line.level === 'error')).to.deep.equal([]);
    });

    const LIES: readonly { name: string; length: number; parts: readonly number[]; message: RegExp }[] = [
      { name: 'shorter than promised', length: 10, parts: [4, 5], message: /ended after 9 of the promised 10/ },
      { name: 'longer than promised, in one chunk', length: 10, parts: [4, 7], message: /longer than the promised 10/ },
      { name: 'longer than promised, in a chunk of its own', length: 10, parts: [4, 6, 1], message: /longer than the promised 10/ },
    ];
    for (const { name, length, parts, message } of LIES) {
      it(`breaks the connection under a body that is ${name}`, async () => {
        const watched = watch(length, async function* () {
          for (const part of parts) yield Buffer.alloc(part, 'x');
        });
        const { endpoint } = await bench.serve(() => watched.response);
        const { octets } = await sendRaw(endpoint, GET);
        // What was right still arrives, and is too little to be taken for the whole.
        expect(octets.toString('latin1')).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*content-length: 10\r\n[^]*\r\n\r\nx+$/);
        expect(() => parseResponses(octets)).to.throw('cut off');
        expect(await watched.outcome).to.include({ complete: false });
        await watched.closed;
        expect(watched.outcomes).to.equal(1);
        expect(bench.lines.map((line) => line.message).join('\n')).to.match(message);
        expect(bench.lines.filter((line) => line.level === 'error')).to.have.length(1);
      });
    }

    for (const length of [1_000_000, undefined]) {
      it(`breaks the connection when the source of ${length === undefined ? 'chunks' : 'a known length'} fails on the way`, async () => {
        const watched = watch(length, async function* () {
          yield CHUNK;
          throw new Error('the disk is gone');
        });
        const { endpoint } = await bench.serve(() => watched.response);
        const { octets } = await sendRaw(endpoint, GET);
        expect(octets.toString('latin1')).to.match(/^HTTP\/1\.1 200 OK\r\n/);
        expect(octets.length).to.be.above(CHUNK.length);
        expect(() => parseResponses(octets)).to.throw('cut off');
        expect(await watched.outcome).to.include({ complete: false });
        expect(bench.lines.filter((line) => line.level === 'error' && line.message.includes('the disk is gone'))).to.have.length(1);
      });
    }

    it('resets where only the close would mark the end', async () => {
      const gate = deferred();
      const watched = watch(undefined, async function* () {
        yield CHUNK;
        await gate.promise;
        throw new Error('the disk is gone');
      });
      const { endpoint } = await bench.serve(() => watched.response);
      const client = await open(endpoint, 'GET / HTTP/1.0\r\n\r\n');
      const ended: string[] = [];
      client.on('end', () => ended.push('end'));
      client.on('error', () => ended.push('error'));
      await once(client, 'data');
      gate.resolve();
      await new Promise((resolve) => client.once('close', resolve));
      expect(ended).to.deep.equal(['error']);
    });

    it('answers 500 when the source fails before its first octet', async () => {
      const watched = watch(10, async function* () {
        await Promise.reject(new Error('no such disk'));
        yield CHUNK;
      });
      const { endpoint } = await bench.serve(() => watched.response);
      const [response] = parseResponses((await sendRaw(endpoint, GET_AND_CLOSE)).octets);
      expect(response?.status).to.equal(500);
      expect(await watched.outcome).to.include({ complete: false, bytes: 0 });
    });

    const BUGS: Readonly<Record<string, () => HttpResponse | Promise<HttpResponse>>> = {
      'throws': () => {
        throw new Error('a bug');
      },
      'rejects': () => Promise.reject(new Error('a bug')),
      'gives a status that is none': () => textResponse(99, 'a bug'),
      'gives an interim status': () => textResponse(103, 'a bug'),
      'gives a field that cannot be sent': () => textResponse(200, '', { 'x-bug': 'a\r\nb: c' }),
      'fails to open its stream': () => ({
        status: 200,
        fields: {},
        body: {
          kind: 'stream',
          length: 1,
          open: () => {
            throw new Error('a bug');
          },
        },
      }),
    };
    for (const [name, handler] of Object.entries(BUGS)) {
      it(`answers 500, logs once and lives on when a handler ${name}`, async () => {
        const { endpoint } = await bench.serve((request) => (request.target === '/bug' ? handler() : textResponse(200, 'well')));
        const { octets } = await sendRaw(endpoint, `GET /bug HTTP/1.1\r\nHost: a\r\n\r\n${GET_AND_CLOSE}`);
        const responses = parseResponses(octets);
        expect(responses.map((response) => response.status)).to.deep.equal([500, 200]);
        expect(responses[0]?.body).to.equal('internal error\n');
        expect(bench.lines.filter((line) => line.level === 'error')).to.have.length(1);
      });
    }

    it('lives on when `finished` throws', async () => {
      const response: HttpResponse = {
        ...textResponse(200, 'well'),
        finished: () => {
          throw new Error('a bug');
        },
      };
      const { endpoint } = await bench.serve(() => response);
      expect(parseResponses((await sendRaw(endpoint, GET + GET_AND_CLOSE)).octets).map(({ status }) => status)).to.deep.equal([200, 200]);
    });

    itWhen(HAS_IPV6, 'IPv6', 'tells the handler both ends, without IPv4 in IPv6’s clothes', async () => {
      const seen: HttpRequest[] = [];
      const server = await bench.serve((request) => {
        seen.push(request);
        return textResponse(200, '');
      }, { endpoint: { address: '::', port: 0 } });
      const client = await open({ address: '127.0.0.1', port: server.endpoint.port }, GET_AND_CLOSE);
      const local = { address: '127.0.0.1', port: client.localPort };
      client.resume();
      await once(client, 'close');
      expect(seen[0]?.peer).to.deep.equal(local);
      expect(seen[0]?.local).to.deep.equal({ address: '127.0.0.1', port: server.endpoint.port });
    });
  });
}
