// One server on real sockets: how it starts and stops, and what it bears of its clients' connections.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { CdnError } from '../../../../src/base/errors.js';
import { systemClock } from '../../../../src/base/clock.js';
import { createSeededRandom } from '../../../../src/base/random.js';
import type { Endpoint } from '../../../../src/net/address.js';
import { textResponse, type HttpHandler, type HttpResponse } from '../../../../src/net/http/message.js';
import { createHttpServer } from '../../../../src/net/http/server.js';
import { silentLog } from '../../../../src/observe/log.js';
import { deferred, LOOPBACK, parseResponses, sendRaw, useBench, type Deferred, WAYS } from './raw.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const hello: HttpHandler = (request) => textResponse(200, `hello ${request.target}`);

/** A body of ten octets, the last five behind a gate. */
function gated(gate: Deferred<void>): HttpResponse {
  return {
    status: 200,
    fields: {},
    body: {
      kind: 'stream',
      length: 10,
      open: async function* () {
        yield Buffer.from('01234');
        await gate.promise;
        yield Buffer.from('56789');
      },
    },
  };
}

for (const { way, direct } of WAYS) {
  describe(`the HTTP server: connections: ${way}`, () => {
    const bench = useBench(direct);
    const sockets: Socket[] = [];

    afterEach('close the clients', () => {
      for (const socket of sockets.splice(0)) socket.destroy();
    });

    interface Client {
      readonly socket: Socket;
      text(): string;
      readonly closed: Promise<void>;
    }

    async function open(endpoint: Endpoint, octets = ''): Promise<Client> {
      const socket = connect(endpoint.port, endpoint.address);
      sockets.push(socket);
      let text = '';
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      await once(socket, 'connect');
      socket.write(octets);
      return { socket, text: () => text, closed };
    }

    async function refusesConnections(endpoint: Endpoint): Promise<boolean> {
      const socket = connect(endpoint.port, endpoint.address);
      sockets.push(socket);
      return new Promise((resolve) => {
        socket.once('connect', () => resolve(false));
        socket.once('error', () => resolve(true));
      });
    }

    describe('start', () => {
      it('says its real port', async () => {
        const server = createHttpServer({ endpoint: LOOPBACK }, hello, { clock: systemClock, log: silentLog });
        expect(server.endpoint).to.deep.equal(LOOPBACK);
        await server.start();
        try {
          expect(server.endpoint.address).to.equal('127.0.0.1');
          expect(server.endpoint.port).to.be.above(0);
        } finally {
          await server.stop(0);
        }
      });

      async function failure(endpoint: Endpoint): Promise<CdnError> {
        try {
          await bench.serve(hello, { endpoint, role: 'the store' });
        } catch (error) {
          if (error instanceof CdnError) return error;
          throw error;
        }
        throw new Error('it started');
      }

      it('fails with ADDRESS_IN_USE where another listens', async () => {
        const { endpoint } = await bench.serve(hello);
        const error = await failure(endpoint);
        expect(error.code).to.equal('ADDRESS_IN_USE');
        expect(error.message).to.equal(`the store cannot listen on 127.0.0.1:${endpoint.port}: the port is in use`);
        expect(error.suggestions[0]).to.equal('the same command with --listen 127.0.0.1:0, for a free port');
        expect(error.details).to.include({ address: '127.0.0.1', port: endpoint.port });
      });

      it('fails with ADDRESS_UNAVAILABLE where the address is not this machine’s', async () => {
        // RFC 5737: an address for documentation, that no interface has.
        const error = await failure({ address: '192.0.2.1', port: 0 });
        expect(error.code).to.equal('ADDRESS_UNAVAILABLE');
        expect(error.message).to.contain('192.0.2.1:0');
      });
    });

    describe('requests on one connection', () => {
      it('answers pipelined requests in their order, one handler at a time', async () => {
        let running = 0;
        let most = 0;
        const { endpoint } = await bench.serve(async (request) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          return textResponse(200, request.target);
        });
        const requests = Array.from({ length: 50 }, (_, index) => `GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
        const responses = parseResponses((await sendRaw(endpoint, requests + GET_AND_CLOSE)).octets);
        expect(responses.map(({ body }) => body)).to.deep.equal([...Array.from({ length: 50 }, (_, index) => `/${index}`), '/']);
        expect(most).to.equal(1);
      });

      it('answers so many at once and no more', async () => {
        let handled = 0;
        const { endpoint } = await bench.serve(async () => {
          handled += 1;
          await new Promise((resolve) => setImmediate(resolve));
          return textResponse(200, '');
        });
        const responses = parseResponses((await sendRaw(endpoint, GET.repeat(2000))).octets);
        expect(responses.at(-1)?.status).to.equal(503);
        expect(responses.slice(0, -1).every(({ status }) => status === 200)).to.equal(true);
        expect(handled).to.equal(responses.length - 1);
        expect(handled).to.be.within(100, 150);
      });

      it('answers what is right before it refuses what is not', async () => {
        const { endpoint } = await bench.serve(async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return textResponse(200, 'well');
        });
        const responses = parseResponses((await sendRaw(endpoint, `${GET}${GET}nonsense\r\n\r\n${GET}`)).octets);
        expect(responses.map(({ status }) => status)).to.deep.equal([200, 200, 400]);
      });

      it('answers what is right before it refuses content that breaks off', async () => {
        const { endpoint } = await bench.serve(async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return textResponse(200, 'well');
        });
        const responses = parseResponses((await sendRaw(endpoint, `${GET}POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz`)).octets);
        expect(responses.map(({ status }) => status)).to.deep.equal([200, 400]);
      });

      it('finishes a transfer although the next request is half-sent and late', async () => {
        const gate = deferred();
        const { endpoint } = await bench.serve(() => gated(gate), { headTimeoutMs: 60 });
        const client = await open(endpoint, `${GET}GET /half HTT`);
        // Others get their 408 meanwhile.
        for (let round = 0; round < 3; round += 1) await sendRaw(endpoint, 'GET / HTT');
        gate.resolve();
        await client.closed;
        expect(parseResponses(Buffer.from(client.text())).map(({ status, body }) => [status, body.slice(0, 10)])).to.deep.equal([
          [200, '0123456789'],
          [408, 'the reques'],
        ]);
      });

      it('asks no handler for what follows an answer that only the close ends', async () => {
        const targets: string[] = [];
        const { endpoint } = await bench.serve((request) => {
          targets.push(request.target);
          return { status: 200, fields: {}, body: { kind: 'stream', length: undefined, open: async function* () { yield Buffer.from('hello'); } } };
        });
        const keepAlive = (target: string): string => `GET ${target} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`;
        const { octets } = await sendRaw(endpoint, keepAlive('/1') + keepAlive('/2'));
        expect(parseResponses(octets).map(({ body }) => body)).to.deep.equal(['hello']);
        expect(targets).to.deep.equal(['/1']);
      });

      it('drops what follows a request that asked for the close', async () => {
        const targets: string[] = [];
        const { endpoint } = await bench.serve((request) => {
          targets.push(request.target);
          return textResponse(200, 'x'.repeat(100_000));
        });
        const { octets, how } = await sendRaw(endpoint, `${GET_AND_CLOSE}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
        expect(parseResponses(octets)).to.have.length(1);
        expect(how).to.equal('end');
        expect(targets).to.deep.equal(['/']);
      });
    });

    it('lives through damaged requests of every kind', async () => {
      const { endpoint } = await bench.serve(hello);
      const random = createSeededRandom(9112);
      const good = Buffer.from(`POST /a?b HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${GET}`);
      for (let round = 0; round < 300; round += 1) {
        let octets = Buffer.from(good);
        for (let damage = random.int(4); damage >= 0; damage -= 1) {
          const at = random.int(octets.length);
          const length = random.int(10);
          const by = Buffer.from(random.bytes(random.int(10)));
          octets = Buffer.concat([octets.subarray(0, at), by, octets.subarray(at + length)]);
          if (octets.length === 0) octets = Buffer.from(good);
        }
        const answer = await sendRaw(endpoint, octets, { half: true });
        // Whatever comes back is whole answers, in order.
        for (const { status } of parseResponses(answer.octets)) expect([200, 400, 413, 417, 431, 501, 505]).to.include(status);
      }
      expect(parseResponses((await sendRaw(endpoint, GET_AND_CLOSE)).octets)[0]?.status).to.equal(200);
      expect(bench.lines.filter(({ level }) => level !== 'debug')).to.deep.equal([]);
    });

    describe('time', () => {
      for (const half of ['GET / HTTP/1.1\r\nHost: a\r\nX-', 'G', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf`]) {
        it(`says 408 to ${JSON.stringify(half.slice(0, 20))}… and no more`, async () => {
          const { endpoint } = await bench.serve(hello, { headTimeoutMs: 80 });
          const responses = parseResponses((await sendRaw(endpoint, half)).octets);
          expect(responses.map(({ status }) => status)).to.deep.equal([408]);
          expect(responses[0]?.fields['connection']).to.equal('close');
        });
      }

      it('closes a connection that never says a word, without one', async () => {
        const { endpoint } = await bench.serve(hello, { headTimeoutMs: 80 });
        const { octets, how } = await sendRaw(endpoint, '');
        expect([octets.length, how]).to.deep.equal([0, 'end']);
      });

      it('closes an idle connection after its answers, without another', async () => {
        const { endpoint } = await bench.serve(hello, { idleTimeoutMs: 80 });
        const { octets, how } = await sendRaw(endpoint, GET);
        expect(parseResponses(octets).map(({ status }) => status)).to.deep.equal([200]);
        expect(how).to.equal('end');
      });

      it('bears many half-sent heads at once, and answers others meanwhile', async () => {
        const { endpoint } = await bench.serve(hello, { headTimeoutMs: 200 });
        const halves = Promise.all(Array.from({ length: 100 }, () => sendRaw(endpoint, 'GET / HTTP/1.1\r\nHos')));
        expect(parseResponses((await sendRaw(endpoint, GET_AND_CLOSE)).octets)[0]?.status).to.equal(200);
        for (const { octets } of await halves) expect(parseResponses(octets)[0]?.status).to.equal(408);
      });
    });

    it('turns connections beyond its limit away, and takes new ones when there is room', async () => {
      const { endpoint } = await bench.serve(hello, { maxConnections: 2 });
      const [first] = [await open(endpoint), await open(endpoint)];
      const { octets } = await sendRaw(endpoint, GET);
      expect(octets.length).to.equal(0);
      expect(bench.lines.map(({ level, message }) => [level, message])).to.deep.equal([['warn', 'turned connections away: 2 are open']]);
      first.socket.end(GET_AND_CLOSE);
      await first.closed;
      expect(parseResponses((await sendRaw(endpoint, GET_AND_CLOSE)).octets)[0]?.status).to.equal(200);
    });

    describe('one client', () => {
      const from = async (endpoint: Endpoint, localAddress: string, octets: string): Promise<Client> => {
        const socket = connect({ port: endpoint.port, host: endpoint.address, localAddress });
        sockets.push(socket);
        let text = '';
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => (text += chunk.toString('latin1')));
        await once(socket, 'connect');
        socket.write(octets);
        return { socket, text: () => text, closed };
      };

      it('that has its share makes room by its oldest idle connection, not at the cost of others', async () => {
        const { endpoint } = await bench.serve(hello, { maxConnectionsPerClient: 2 });
        const other = await from(endpoint, '127.0.0.2', GET);
        const first = await from(endpoint, '127.0.0.1', GET);
        await once(first.socket, 'data');
        await from(endpoint, '127.0.0.1', GET);
        const third = await from(endpoint, '127.0.0.1', GET_AND_CLOSE);
        await Promise.all([first.closed, third.closed]);
        expect(parseResponses(Buffer.from(third.text()))[0]?.status).to.equal(200);
        expect(other.socket.closed).to.equal(false);
      });

      it('that has its share and needs all of it is turned away, and others are not', async () => {
        const gate = deferred();
        const { endpoint } = await bench.serve((request) => (request.target === '/' ? gated(gate) : hello(request)), { maxConnectionsPerClient: 2 });
        const busy = [await from(endpoint, '127.0.0.1', GET), await from(endpoint, '127.0.0.1', GET)];
        for (const { socket } of busy) await once(socket, 'data');
        const third = await from(endpoint, '127.0.0.1', GET);
        await third.closed;
        expect(third.text()).to.equal('');
        expect(bench.lines.map(({ level, message }) => [level, message])).to.deep.equal([['warn', 'turned connections away: 127.0.0.1 has its share']]);
        const other = await from(endpoint, '127.0.0.2', 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        await other.closed;
        expect(parseResponses(Buffer.from(other.text()))[0]?.status).to.equal(200);
        gate.resolve();
      });
    });

    describe('stop', () => {
      it('lets a running answer end, accepts nobody and closes what is idle', async () => {
        const gate = deferred();
        const server = await bench.serve((request) => (request.target === '/' ? gated(gate) : hello(request)));
        const { endpoint } = server;
        const running = await open(endpoint, GET);
        await once(running.socket, 'data');
        const idle = await open(endpoint, 'GET /idle HTTP/1.1\r\nHost: a\r\n\r\n');
        await once(idle.socket, 'data');
        const half = await open(endpoint, 'GET / HTTP/1.1\r\nHo');
        const stopped = server.stop(3_600_000);
        await Promise.all([idle.closed, half.closed]);
        expect(await refusesConnections(endpoint)).to.equal(true);
        gate.resolve();
        await Promise.all([stopped, running.closed]);
        expect(parseResponses(Buffer.from(running.text()))[0]?.body).to.equal('0123456789');
      });

      it('says Connection: close with an answer that begins during the grace', async () => {
        const gate = deferred();
        const asked = deferred();
        const server = await bench.serve(async () => {
          asked.resolve();
          await gate.promise;
          return textResponse(200, 'late');
        });
        const client = await open(server.endpoint, GET);
        await asked.promise;
        const stopped = server.stop(3_600_000);
        gate.resolve();
        await Promise.all([stopped, client.closed]);
        expect(parseResponses(Buffer.from(client.text()))[0]).to.deep.include({ status: 200, body: 'late' });
        expect(parseResponses(Buffer.from(client.text()))[0]?.fields['connection']).to.equal('close');
      });

      for (const [name, cut] of [['a second call cuts', true], ['the grace runs out', false]] as const) {
        it(`breaks running answers when ${name}`, async () => {
          const gate = deferred();
          const server = await bench.serve(() => gated(gate));
          const running = await open(server.endpoint, GET);
          await once(running.socket, 'data');
          const stopped = server.stop(cut ? 3_600_000 : 30);
          if (cut) await server.stop(0);
          await Promise.all([stopped, running.closed]);
          expect(() => parseResponses(Buffer.from(running.text()))).to.throw('cut off');
          gate.resolve();
        });
      }

      it('waits for no client that was refused and stays', async () => {
        const server = await bench.serve(hello);
        const socket = connect({ port: server.endpoint.port, host: '127.0.0.1', allowHalfOpen: true });
        sockets.push(socket);
        socket.write(`GET * HTTP/1.1\r\nHost: a\r\n\r\n`);
        await once(socket, 'data');
        await server.stop(3_600_000);
      });

      it('is harmless before start and after stop', async () => {
        const server = createHttpServer({ endpoint: LOOPBACK }, hello, { clock: systemClock, log: silentLog });
        await server.stop(1000);
        await server.start();
        await server.stop(1000);
        await server.stop(0);
      });
    });
  });
}
