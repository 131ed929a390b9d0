// Heads that follow each other on one connection: each request has the fields that it came with, and no
// other's, however much they look alike.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { textResponse, type HttpHandler } from '../../../../src/net/http/message.js';
import { deferred, parseResponses, sendRaw, useBench, WAYS } from './raw.js';

const echo: HttpHandler = ({ method, target, fields }) => textResponse(200, '', { 'x-seen': JSON.stringify({ method, target, ...fields }) });
const HOST = 'Host: a\r\n';
const LONG = `X-Long: ${'l'.repeat(2000)}\r\n`;

/** Each looks like the one before it, or is more, or less, or the one before that again. */
const HEADS: readonly { readonly head: string; readonly seen: Readonly<Record<string, string>> }[] = [
  { head: `GET /1 HTTP/1.1\r\n${HOST}X-A: 1\r\n\r\n`, seen: { method: 'GET', target: '/1', host: 'a', 'x-a': '1' } },
  { head: `GET /1 HTTP/1.1\r\n${HOST}X-A: 1\r\n\r\n`, seen: { method: 'GET', target: '/1', host: 'a', 'x-a': '1' } },
  { head: `GET /22 HTTP/1.1\r\n${HOST}X-A: 1\r\n\r\n`, seen: { method: 'GET', target: '/22', host: 'a', 'x-a': '1' } },
  { head: `GET /22 HTTP/1.1\r\n${HOST}X-A: 2\r\n\r\n`, seen: { method: 'GET', target: '/22', host: 'a', 'x-a': '2' } },
  { head: `GET / HTTP/1.1\r\n${HOST}X-A: 2\r\nX-B: 3\r\n\r\n`, seen: { method: 'GET', target: '/', host: 'a', 'x-a': '2', 'x-b': '3' } },
  { head: `GET / HTTP/1.1\r\n${HOST}\r\n`, seen: { method: 'GET', target: '/', host: 'a' } },
  { head: `GET / HTTP/1.1\r\n${HOST}${LONG}\r\n`, seen: { method: 'GET', target: '/', host: 'a', 'x-long': 'l'.repeat(2000) } },
  { head: `GET /X-Long: HTTP/1.1\r\n${HOST}\r\n`, seen: { method: 'GET', target: '/X-Long:', host: 'a' } },
  { head: `HEAD /h HTTP/1.1\r\n${HOST}\r\n`, seen: { method: 'HEAD', target: '/h', host: 'a' } },
  { head: `GET /last HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, seen: { method: 'GET', target: '/last', host: 'a', connection: 'close' } },
];

const methods = HEADS.map(({ seen }) => seen['method'] ?? '');
const seenIn = (octets: Buffer): unknown[] => parseResponses(octets, methods).map(({ fields }) => JSON.parse(fields['x-seen'] ?? '') as unknown);
const expected = HEADS.map(({ seen }) => seen);

for (const { way, direct } of WAYS) {
  describe(`the HTTP server: heads in a row: ${way}`, () => {
    const bench = useBench(direct);
    let client: Socket | undefined;
    afterEach('close the client', () => client?.destroy());

    /** One after the other, each when the last was answered; all that came back. */
    async function ask(port: number, heads: readonly string[]): Promise<Buffer> {
      const socket = (client = connect(port, '127.0.0.1'));
      const received: Buffer[] = [];
      const closed = once(socket, 'close');
      socket.on('data', (chunk) => received.push(chunk));
      for (const [index, head] of heads.entries()) {
        socket.write(head);
        if (index < heads.length - 1) await once(socket, 'data');
      }
      await closed;
      return Buffer.concat(received);
    }

    it('are told apart when each waits for the answer to the one before', async () => {
      const { endpoint } = await bench.serve(echo);
      expect(seenIn(await ask(endpoint.port, HEADS.map(({ head }) => head)))).to.deep.equal(expected);
    });

    it('are told apart when they come all at once', async () => {
      const { endpoint } = await bench.serve(echo);
      const { octets } = await sendRaw(endpoint, HEADS.map(({ head }) => head).join(''));
      expect(seenIn(octets)).to.deep.equal(expected);
    });

    it('are told apart wherever the octets are cut', async () => {
      const { endpoint } = await bench.serve(echo);
      const [first, second] = HEADS;
      const last = HEADS.at(-1);
      if (first === undefined || second === undefined || last === undefined) throw new Error('no heads');
      for (let cut = 1; cut < last.head.length; cut += 7) {
        // The begin of the last comes with the second, its end after the answer to that.
        const octets = await ask(endpoint.port, [first.head, `${second.head}${last.head.slice(0, cut)}`, last.head.slice(cut)]);
        expect(parseResponses(octets).map(({ fields }) => JSON.parse(fields['x-seen'] ?? '') as unknown)).to.deep.equal([first.seen, second.seen, last.seen]);
      }
    });

    it('judge the second as the first: a fragment in the target is 400, whatever came before', async () => {
      const { endpoint } = await bench.serve(echo);
      const octets = await ask(endpoint.port, [`GET /1 HTTP/1.1\r\n${HOST}\r\n`, `GET /1#2 HTTP/1.1\r\n${HOST}\r\n`]);
      expect(parseResponses(octets).map(({ status }) => status)).to.deep.equal([200, 400]);
    });

    it('are measured whole: one that is too long by its target is 431, whatever came before', async () => {
      const { endpoint } = await bench.serve(echo, { maxHeadBytes: 200 });
      const octets = await ask(endpoint.port, [`GET /1 HTTP/1.1\r\n${HOST}\r\n`, `GET /${'1'.repeat(190)} HTTP/1.1\r\n${HOST}\r\n`]);
      expect(parseResponses(octets).map(({ status }) => status)).to.deep.equal([200, 431]);
    });

    it('are all answered when the client closes its side behind them, however late the first answer is', async () => {
      const closed = deferred();
      const { endpoint } = await bench.serve(async ({ target }) => {
        await closed.promise;
        return textResponse(200, target);
      });
      const socket = (client = connect(endpoint.port, '127.0.0.1'));
      const received: Buffer[] = [];
      socket.on('data', (chunk) => received.push(chunk));
      socket.end(['/1', '/2', '/3'].map((target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`).join(''));
      await once(socket, 'finish');
      // The server has had its turns to see the end.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      closed.resolve();
      await once(socket, 'close');
      expect(parseResponses(Buffer.concat(received)).map(({ body }) => body)).to.deep.equal(['/1', '/2', '/3']);
    });
  });
}
