// The client against peers on real sockets, good and bad.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { expect } from 'chai';
import { systemClock } from '../../../../src/base/clock.js';
import { CdnError } from '../../../../src/base/errors.js';
import { createSeededRandom } from '../../../../src/base/random.js';
import type { Endpoint } from '../../../../src/net/address.js';
import { ConnectError, createHttpClient, type HttpClientRequest, type HttpClientResponse, type TransferClient } from '../../../../src/net/http/client.js';
import { textResponse } from '../../../../src/net/http/message.js';
import { freePort } from '../../../helpers/free-port.js';
import { CERTIFICATE, KEY } from './certificate.js';
import { deferred, useBench } from './raw.js';

async function textOf(response: HttpClientResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of response.body) parts.push(chunk);
  return Buffer.concat(parts).toString('latin1');
}

describe('the HTTP client', () => {
  const bench = useBench();
  let client: TransferClient;

  beforeEach(() => {
    client = createHttpClient({ clock: systemClock });
  });
  afterEach('close the client', () => client.close());

  function get(endpoint: Endpoint, over: Partial<HttpClientRequest> = {}): Promise<HttpClientResponse> {
    return client.request({ endpoint, method: 'GET', target: '/', host: 'file1.hiscinema.com:40721', ...over });
  }

  /** A peer that answers the first octets of each request with these. */
  function answering(octets: string, then: (socket: Socket) => void = (socket) => socket.end()): Promise<Endpoint> {
    return bench.peer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from(octets, 'latin1'));
        then(socket);
      });
    });
  }

  async function failure(attempt: Promise<unknown>): Promise<Error> {
    try {
      await attempt;
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
    throw new Error('nothing failed');
  }

  describe('a request', () => {
    it('goes to the endpoint, with the Host and the fields that were given', async () => {
      const { endpoint } = await bench.serve((request) => textResponse(203, JSON.stringify([request.method, request.target, request.fields])));
      const response = await get(endpoint, { target: '/a%20b?c', fields: { range: 'bytes=0-1' } });
      expect(response.status).to.equal(203);
      const [method, target, fields] = JSON.parse(await textOf(response)) as [string, string, Record<string, string>];
      expect([method, target]).to.deep.equal(['GET', '/a%20b?c']);
      expect(fields).to.include({ host: 'file1.hiscinema.com:40721', range: 'bytes=0-1' });
    });

    it('tells both ends of the connection it used', async () => {
      const seen: Endpoint[] = [];
      const { endpoint } = await bench.serve((request) => {
        seen.push(request.peer);
        return textResponse(200, '');
      });
      const response = await get(endpoint);
      expect(response.local).to.deep.equal(seen[0]);
      expect(response.remote).to.deep.equal(endpoint);
      response.discard();
    });

    it('follows no redirect and undoes no coding', async () => {
      const { endpoint } = await bench.serve(() => ({ ...textResponse(302, 'no gzip'), fields: { location: '/other', 'content-encoding': 'gzip' } }));
      const response = await get(endpoint);
      expect(response.status).to.equal(302);
      expect(await textOf(response)).to.equal('no gzip');
    });

    it('has the fields in lower case, lines of one name joined', async () => {
      const response = await get(await answering('HTTP/1.1 200 OK\r\nX-A: 1\r\nX-a: 2\r\nConstructor: 3\r\nContent-Length: 0\r\n\r\n'));
      expect({ ...response.fields }).to.deep.equal({ 'x-a': '1, 2', constructor: '3', 'content-length': '0' });
    });

    it('skips interim answers', async () => {
      const response = await get(await answering('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
      expect([response.status, await textOf(response)]).to.deep.equal([200, 'hi']);
    });

    const EMPTY: readonly [string, string, string][] = [
      ['HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n'],
      ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n'],
    ];
    for (const [name, method, octets] of EMPTY) {
      it(`of ${name} has an empty body at once`, async () => {
        const response = await get(await answering(octets, () => undefined), { method });
        expect(await textOf(response)).to.equal('');
      });
    }

    const BODIES: readonly [string, string][] = [
      ['of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
      ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
      ['up to the close', 'HTTP/1.1 200 OK\r\n\r\nhello'],
      ['up to the close, from HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ];
    for (const [name, octets] of BODIES) {
      it(`gives a body ${name}`, async () => {
        expect(await textOf(await get(await answering(octets)))).to.equal('hello');
      });
    }

    it('takes a large body at the reader’s pace', async () => {
      let pulled = 0;
      const total = 2048;
      const { endpoint } = await bench.serve((request) =>
        request.target === '/'
          ? {
              status: 200,
              fields: {},
              body: {
                kind: 'stream',
                length: undefined,
                open: async function* () {
                  for (; pulled < total; pulled += 1) yield Buffer.alloc(65_536);
                },
              },
            }
          : textResponse(200, 'x'.repeat(1_000_000)),
      );
      const response = await get(endpoint);
      // Time enough for all of it, if nothing held it back.
      for (let round = 0; round < 20; round += 1) await textOf(await get(endpoint, { target: '/other' }));
      expect(pulled).to.be.below(total / 2);
      let received = 0;
      for await (const chunk of response.body) received += chunk.byteLength;
      expect(received).to.equal(total * 65_536);
    });
  });

  describe('nobody there', () => {
    it('is a ConnectError that names the endpoint', async () => {
      const endpoint = { address: '127.0.0.1', port: await freePort() };
      const error = await failure(get(endpoint));
      expect(error).to.be.instanceOf(ConnectError);
      expect(error).to.deep.include({ code: 'ECONNREFUSED', endpoint });
      expect(error.message).to.contain(`127.0.0.1:${endpoint.port}`);
    });

    it('is a ConnectError when the head doesn’t come in time', async () => {
      const endpoint = await bench.peer(() => undefined);
      const error = await failure(get(endpoint, { headTimeoutMs: 50 }));
      expect(error).to.be.instanceOf(ConnectError).and.to.include({ code: 'ETIMEDOUT' });
      expect(error.message).to.contain('sent no head of an answer within 50 ms');
    });

    for (const [name, leave] of [['closes', 'end'], ['resets', 'resetAndDestroy']] as const) {
      it(`is a ConnectError when the peer ${name} without a word`, async () => {
        const endpoint = await answering('', (socket) => socket[leave]());
        const error = await failure(get(endpoint));
        expect(error).to.be.instanceOf(ConnectError).and.to.include({ code: 'ECONNRESET' });
      });
    }
  });

  describe('broken HTTP is PEER_PROTOCOL', () => {
    const BROKEN: readonly [string, string][] = [
      ['no status line', 'how do you do\r\n\r\n'],
      ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['half a head', 'HTTP/1.1 200 OK\r\nCont'],
      ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`],
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
      ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
      ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello'],
      ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
      ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n'],
    ];
    for (const [name, octets] of BROKEN) {
      it(name, async () => {
        const endpoint = await answering(octets);
        const error = await failure(get(endpoint).then(textOf));
        expect(error).to.be.instanceOf(CdnError).and.to.include({ code: 'PEER_PROTOCOL' });
        expect(error.message).to.contain(`127.0.0.1:${endpoint.port}`);
      });
    }
  });

  describe('a head that contradicts itself is PEER_PROTOCOL, and the error says where', () => {
    const HEADS: readonly [string, string, RegExp][] = [
      ['two lengths', 'Content-Length: 5\r\nContent-Length: 6', /more than one Content-Length: 5, 6$/],
      ['two lengths in one line', 'Content-Length: 5, 6', /more than one Content-Length: 5, 6$/],
      ['a length beyond 2^53', 'Content-Length: 9007199254740993', /a Content-Length beyond what can be counted \(2\^53 - 1\): 9007199254740993$/],
      ['a length beyond 2^64', 'Content-Length: 99999999999999999999999', /a Content-Length beyond what can be counted .*: 99999999999999999999999$/],
      ['a length with a blank in it', 'Content-Length: 5 5', /a Content-Length that is no number: 5 5$/],
      ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked', /a Content-Length beside a Transfer-Encoding$/],
      ...['Location', 'Content-Type', 'ETag', 'Content-Range', 'Last-Modified'].map((name): [string, string, RegExp] =>
        [`two of ${name}`, `${name}: a\r\n${name.toLowerCase()}: b\u009b2J`, new RegExp(`two different values of ${name}: a and b\\\\x9b2J$`)]),
    ];
    for (const [name, fields, message] of HEADS) {
      it(name, async () => {
        const error = await failure(get(await answering(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n${fields}\r\n\r\nhello`)).then(textOf));
        expect(error).to.be.instanceOf(CdnError).and.to.include({ code: 'PEER_PROTOCOL' });
        expect(error.message).to.match(message);
      });
    }

    it('but the same value twice is that value, and a dictionary’s lines are joined', async () => {
      const response = await get(await answering('HTTP/1.1 200 OK\r\nETag: "a"\r\netag: "a"\r\nRepr-Digest: a=1\r\nRepr-Digest: b=2\r\nContent-Length: 5\r\n\r\nhello'));
      expect({ ...response.fields }).to.deep.equal({ etag: '"a"', 'repr-digest': 'a=1, b=2', 'content-length': '5' });
      expect(await textOf(response)).to.equal('hello');
    });

    it('and a head that is broken elsewhere is not blamed on its good length', async () => {
      const error = await failure(get(await answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nno colon\r\n\r\nhello')).then(textOf));
      expect(error).to.include({ code: 'PEER_PROTOCOL' });
      expect(error.message).not.to.match(/Content-Length|length/i);
    });
  });

  describe('a body that ends early is INCOMPLETE', () => {
    const EARLY: readonly [string, string, number | undefined][] = [
      ['before its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', 9],
      ['before its length, after Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhello', 9],
      ['before its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', undefined],
      ['before its last chunk, after Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', undefined],
      ['inside a chunk', 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello', undefined],
    ];
    for (const [name, octets, expected] of EARLY) {
      it(name, async () => {
        const error = await failure(get(await answering(octets)).then(textOf));
        expect(error).to.be.instanceOf(CdnError).and.to.include({ code: 'INCOMPLETE' });
        expect(error).to.have.property('details').that.includes({ received: 5, expected });
      });
    }

    for (const head of ['Content-Length: 9\r\n', 'Transfer-Encoding: chunked\r\n', '']) {
      it(`by a reset: ${head.trim() || 'up to the close'}`, async () => {
        const gate = deferred();
        const endpoint = await answering(`HTTP/1.1 200 OK\r\n${head}\r\n5\r\nhe`, (socket) => void gate.promise.then(() => socket.resetAndDestroy()));
        const response = await get(endpoint);
        const error = await failure(
          (async () => {
            for await (const chunk of response.body) if (chunk.byteLength > 0) gate.resolve();
          })(),
        );
        expect(error).to.include({ code: 'INCOMPLETE' });
      });
    }

    it('and what came before is not lost on a reader who comes late', async () => {
      const { endpoint: other } = await bench.serve(() => textResponse(200, 'x'.repeat(1_000_000)));
      const gone = deferred();
      const response = await get(await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', (socket) => socket.once('close', () => gone.resolve()).end()));
      await gone.promise;
      await textOf(await get(other));
      const error = await failure(textOf(response));
      expect(error).to.have.property('details').that.includes({ received: 5, expected: 9 });
    });

    it('by silence', async () => {
      const endpoint = await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', () => undefined);
      const error = await failure(get(endpoint, { idleTimeoutMs: 50 }).then(textOf));
      expect(error).to.include({ code: 'INCOMPLETE' });
      expect(error.message).to.contain('fell silent for 50 ms after 5 of 9 octets');
    });
  });

  describe('giving up', () => {
    it('rejects with the signal’s reason before, while connecting and while waiting', async () => {
      const reason = new Error('enough');
      expect(await failure(get({ address: '127.0.0.1', port: 1 }, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
      const asked = deferred();
      const endpoint = await bench.peer((socket) => socket.once('data', () => asked.resolve()));
      const controller = new AbortController();
      const attempt = failure(get(endpoint, { signal: controller.signal }));
      await asked.promise;
      controller.abort(reason);
      expect(await attempt).to.equal(reason);
    });

    it('rejects the body with the signal’s reason, and closes the connection', async () => {
      const left = deferred();
      const endpoint = await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', (socket) => socket.once('close', () => left.resolve()));
      const controller = new AbortController();
      const response = await get(endpoint, { signal: controller.signal });
      const reason = new Error('enough');
      const reading = failure(
        (async () => {
          for await (const chunk of response.body) if (chunk.byteLength > 0) controller.abort(reason);
        })(),
      );
      expect(await reading).to.equal(reason);
      await left.promise;
    });

    for (const way of ['discard()', 'leaving the loop', 'close()'] as const) {
      it(`${way} closes the connection`, async () => {
        const left = deferred();
        const endpoint = await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', (socket) => socket.once('close', () => left.resolve()));
        const response = await get(endpoint);
        if (way === 'discard()') response.discard();
        else if (way === 'close()') await client.close();
        else {
          for await (const chunk of response.body) {
            expect(chunk.byteLength).to.equal(5);
            break;
          }
        }
        await left.promise;
      });
    }

    it('closes the connection after the last octet', async () => {
      const left = deferred();
      const endpoint = await answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', (socket) => socket.once('close', () => left.resolve()));
      expect(await textOf(await get(endpoint))).to.equal('hello');
      await left.promise;
    });
  });

  describe('HTTPS', () => {
    let server: TlsServer | undefined;
    afterEach('stop the TLS server', () => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

    async function serveTls(answer: string | Buffer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'): Promise<Endpoint> {
      server = createTlsServer({ cert: CERTIFICATE, key: KEY }, (socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(answer));
      });
      server.on('tlsClientError', () => undefined);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new Error('no port');
      return { address: '127.0.0.1', port: bound.port };
    }

    it('trusts the name and the signer it was told', async () => {
      const response = await get(await serveTls(), { tls: { servername: 'store.hercdn.test', ca: CERTIFICATE } });
      expect(await textOf(response)).to.equal('hello');
    });

    for (const framing of ['a length', 'chunks'] as const) {
      // One read of the socket may hold several records, and TLS shows them all, also to who asked for a pause.
      it(`leaves a piece alone until its taker is done with it: ${framing}`, async () => {
        const sent = Buffer.from(createSeededRandom(3).bytes(300_000));
        const chunks = Array.from({ length: 100 }, (_, index) => Buffer.concat([Buffer.from('bb8\r\n'), sent.subarray(3000 * index, 3000 * (index + 1)), Buffer.from('\r\n')]));
        const [head, body] = framing === 'chunks' ? ['Transfer-Encoding: chunked', Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')])] : ['Content-Length: 300000', sent];
        const endpoint = await serveTls(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), body]));
        const response = await client.request({ endpoint, method: 'GET', target: '/', host: 'store.hercdn.test', tls: { servername: 'store.hercdn.test', ca: CERTIFICATE } });
        const taken: Buffer[] = [];
        await response.drain(async (piece) => {
          await setImmediate();
          taken.push(Buffer.from(piece));
        });
        expect(Buffer.concat(taken).equals(sent)).to.equal(true);
      });
    }

    it('refuses a certificate that nobody vouches for', async () => {
      const error = await failure(get(await serveTls(), { tls: { servername: 'store.hercdn.test' } }));
      expect(error).to.be.instanceOf(ConnectError).and.to.include({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    });

    it('refuses a certificate for another name', async () => {
      const error = await failure(get(await serveTls(), { tls: { servername: 'other.hercdn.test', ca: CERTIFICATE } }));
      expect(error).to.be.instanceOf(ConnectError).and.to.include({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    });

    it('gives up a handshake that doesn’t end within the time to connect', async () => {
      const left = deferred();
      const endpoint = await bench.peer((socket) => {
        socket.resume();
        socket.once('close', () => left.resolve());
      });
      const error = await failure(get(endpoint, { tls: { servername: 'store.hercdn.test' }, connectTimeoutMs: 50 }));
      expect(error).to.be.instanceOf(ConnectError).and.to.include({ code: 'ETIMEDOUT' });
      expect(error.message).to.contain('did not take a connection within 50 ms');
      await left.promise;
    });
  });
});
