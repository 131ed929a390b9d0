// Requests are read in two ways, directly or by node's parser. Whatever a client sends, nobody can
// tell from the answers which of the two it was, and no handler from the request.

import { expect } from 'chai';
import { createSeededRandom } from '../../src/base/random.js';
import { textResponse, type HttpHandler } from '../../src/net/http/message.js';
import { sendRaw, useBench } from '../service/net/http/raw.js';

const echo: HttpHandler = ({ method, target, fields, signal }) => textResponse(200, JSON.stringify({ method, target, fields, aborted: signal.aborted }));
const later: HttpHandler = async (request) => {
  await new Promise((resolve) => setImmediate(resolve));
  return echo(request);
};

const H = 'Host: a\r\n';
/** Heads that are plain, almost plain, and anything but. */
const HEADS: readonly string[] = [
  `GET / HTTP/1.1\r\n${H}\r\n`,
  `HEAD /x?y=%00 HTTP/1.1\r\n${H}\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \t \r\nZ:\t b \t\r\nx:c\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: \xe4\xff\x80\xa0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: a\x00b\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: a\x01b\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: a\x7fb\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: a\x0bb\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}: x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}\xe4: x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X : y\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: y\r\n z\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}X: y\r\n\tz: w\r\n\r\n`,
  `GET / HTTP/1.1\n${H}\r\n`,
  'GET / HTTP/1.1\r\nHost: a\n\r\n',
  'GET / HTTP/1.1\nHost: a\n\n',
  'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n',
  `GET  / HTTP/1.1\r\n${H}\r\n`,
  `GET / HTTP/1.1 \r\n${H}\r\n`,
  `GET /\t HTTP/1.1\r\n${H}\r\n`,
  `GET /a b HTTP/1.1\r\n${H}\r\n`,
  `GET /\xe4 HTTP/1.1\r\n${H}\r\n`,
  `GET /a#b HTTP/1.1\r\n${H}\r\n`,
  `GET /<|>"\\^\`{} HTTP/1.1\r\n${H}\r\n`,
  `GET / HTTP/1.0\r\n${H}\r\n`,
  `GET / HTTP/1.2\r\n${H}\r\n`,
  `GET / http/1.1\r\n${H}\r\n`,
  `GET http://b/x HTTP/1.1\r\n${H}\r\n`,
  `GET * HTTP/1.1\r\n${H}\r\n`,
  `GETS / HTTP/1.1\r\n${H}\r\n`,
  `HEA / HTTP/1.1\r\n${H}\r\n`,
  `\r\nGET / HTTP/1.1\r\n${H}\r\n`,
  `GET / HTTP/1.1\r\n${H}${H}\r\n`,
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n',
  `GET / HTTP/1.1\r\n${H}__proto__: x\r\nconstructor: y\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection: Keep-Alive\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection: CLOSE\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection: close\r\nConnection: keep-alive\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection: te, close\r\nTE: trailers\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection: range\r\nRange: bytes=0-1\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Connection:\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Proxy-Connection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Keep-Alive: timeout=1\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`,
  `GET / HTTP/1.1\r\n${H}Content-Length: 3, 3\r\n\r\nabc`,
  `GET / HTTP/1.1\r\n${H}content-length : 3\r\n\r\nabc`,
  `GET / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Transfer-Encoding: identity\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Trailer: x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Expect: 100-continue\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Expect: more\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Upgrade: websocket\r\nConnection: upgrade\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Upgrade: h2c\r\n\r\n`,
  `GET / HTTP/1.1\r\n${H}Cookie: a=b\r\nCookie: c=d\r\nRange: bytes=0-1\r\nRange: bytes=2-3\r\n\r\n`,
  `GET /${'x'.repeat(16_300)} HTTP/1.1\r\n${H}\r\n`,
  `GET /${'x'.repeat(16_360)} HTTP/1.1\r\n${H}\r\n`,
  `GET / HTTP/1.1\r\n${H}${'a:b\r\n'.repeat(3200)}\r\n`,
  `GET / HTTP/1.1\r\n${H}${'a:b\r\n'.repeat(3300)}\r\n`,
  `GET / HTTP/1.1\r\n${H}X: ${' '.repeat(17_000)}\r\n\r\n`,
];

describe('the two ways of reading a request', () => {
  for (const [name, handler] of [['at once', echo], ['later', later]] as const) {
    describe(`answers ${name}`, () => {
      const direct = useBench(true);
      const parsed = useBench(false);

      async function compare(requests: readonly Buffer[]): Promise<number> {
        const [one, other] = [await direct.serve(handler), await parsed.serve(handler)];
        let answered = 0;
        for (const octets of requests) {
          const [left, right] = await Promise.all([one, other].map(async ({ endpoint }) => {
            const { octets: received, how } = await sendRaw(endpoint, octets, { half: true });
            // Node writes field names its own way; they are case-insensitive (RFC 9110 §5.1).
            return { how, text: received.toString('latin1').toLowerCase().replace(/^date: .*\r\n/gm, '') };
          }));
          expect(left, JSON.stringify(octets.toString('latin1').slice(0, 500))).to.deep.equal(right);
          answered += (left?.text.split('http/1.1 200 ok').length ?? 1) - 1;
        }
        return answered;
      }

      it('alike on heads plain and odd', async () => {
        expect(await compare(HEADS.map((head) => Buffer.from(head, 'latin1')))).to.be.greaterThan(20);
      });

      it('alike when another request comes behind', async () => {
        await compare(HEADS.map((head) => Buffer.from(`${head}GET /next HTTP/1.1\r\n${H}\r\n`, 'latin1')));
      });

      it('alike when a plain one comes before', async () => {
        await compare(HEADS.map((head) => Buffer.from(`GET /first HTTP/1.1\r\n${H}\r\n${head}`, 'latin1')));
      });

      it('alike on heads that are damaged at random', async () => {
        const random = createSeededRandom(9110);
        const damaged = Array.from({ length: 300 }, () => {
          let octets = Buffer.from(`GET /a?b HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nConnection: keep-alive\r\n\r\n${HEADS[random.int(8)] ?? ''}`, 'latin1');
          for (let damage = random.int(3); damage >= 0; damage -= 1) {
            const at = random.int(octets.length);
            const by = random.int(2) === 0 ? Buffer.from(random.bytes(random.int(3))) : Buffer.from(['\r\n', '\n', ' ', ':', '\t', '\r', 'a'][random.int(7)] ?? '');
            octets = Buffer.concat([octets.subarray(0, at), by, octets.subarray(at + random.int(4))]);
          }
          return octets;
        });
        expect(await compare(damaged)).to.be.greaterThan(50);
      });
    });
  }
});
