// The access log of a server is told of every answer once, whichever way its request was read.

import { connect } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { systemClock } from '../../../../src/base/clock.js';
import { createAccessLog } from '../../../../src/net/http/access-log.js';
import { textResponse, type HttpHandler } from '../../../../src/net/http/message.js';
import { sendRaw, useBench, WAYS } from './raw.js';

interface Line {
  readonly request?: string;
  readonly status: number;
  readonly bytes: number;
  readonly complete: boolean;
}

for (const { way, direct } of WAYS) {
  describe(`the access log, ${way}`, () => {
    const bench = useBench(direct);

    /** What is told comes with the end of an answer, which a client may see before: `told(n)` waits for n lines. */
    async function serve(handler: HttpHandler): Promise<{ port: number; address: string; told(count: number): Promise<readonly Line[]> }> {
      const lines: Line[] = [];
      let wake = (): void => undefined;
      const accessLog = createAccessLog('json', (line) => {
        lines.push(JSON.parse(line) as Line);
        wake();
      }, systemClock);
      const { endpoint } = await bench.serve(handler, { accessLog });
      return {
        ...endpoint,
        told: async (count) => {
          while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
          return lines.map(({ request, status, bytes, complete }) => ({ ...(request === undefined ? {} : { request }), status, bytes, complete }));
        },
      };
    }
    const get = (line: string, more = ''): string => `${line}\r\nHost: a.test\r\n${more}\r\n`;
    const CLOSE = 'Connection: close\r\n';

    it('has the request line as it came, the status and the octets of the body', async () => {
      const { told, ...endpoint } = await serve(({ method, target }) => (target === '/gone' ? { status: 304, fields: {}, body: { kind: 'none' } } : textResponse(method === 'HEAD' ? 404 : 200, 'hello')));
      await sendRaw(endpoint, get('GET /a?b HTTP/1.1') + get('HEAD /a HTTP/1.1') + get('GET http://b.test HTTP/1.1') + get('GET /gone HTTP/1.1') + get('GET /old HTTP/1.0'));
      expect(await told(5)).to.deep.equal([
        { request: 'GET /a?b HTTP/1.1', status: 200, bytes: 5, complete: true },
        { request: 'HEAD /a HTTP/1.1', status: 404, bytes: 0, complete: true },
        { request: 'GET http://b.test HTTP/1.1', status: 200, bytes: 5, complete: true },
        { request: 'GET /gone HTTP/1.1', status: 304, bytes: 0, complete: true },
        { request: 'GET /old HTTP/1.0', status: 200, bytes: 5, complete: true },
      ]);
    });

    it('has what was refused, and once only', async () => {
      const { told, ...endpoint } = await serve(() => textResponse(200, 'x'));
      await sendRaw(endpoint, `${get('GET / HTTP/1.1')}GET /two HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`);
      await sendRaw(endpoint, 'this is none\r\n\r\n');
      expect(await told(3)).to.deep.equal([
        { request: 'GET / HTTP/1.1', status: 200, bytes: 1, complete: true },
        { request: 'GET /two HTTP/1.1', status: 400, bytes: 31, complete: true },
        { status: 400, bytes: 28, complete: true },
      ]);
    });

    it('has the 500 that went out where a source failed, and a broken transfer as what it was', async () => {
      const { told, ...endpoint } = await serve(({ target }) => ({
        status: 200, fields: {},
        body: { kind: 'stream', length: 10, async *open() {
          if (target === '/late') yield Buffer.from('half.');
          throw new Error('the disk is gone');
        } },
      }));
      await sendRaw(endpoint, get('GET /early HTTP/1.1', CLOSE));
      await sendRaw(endpoint, get('GET /late HTTP/1.1', CLOSE));
      expect(await told(2)).to.deep.equal([
        { request: 'GET /early HTTP/1.1', status: 500, bytes: 15, complete: true },
        { request: 'GET /late HTTP/1.1', status: 200, bytes: 5, complete: false },
      ]);
    });

    it('has a client that left before the answer', async () => {
      let begun = (): void => undefined;
      const asked = new Promise<void>((resolve) => (begun = resolve));
      const { told, ...endpoint } = await serve((request) => {
        begun();
        return new Promise((_resolve, reject) => request.signal.addEventListener('abort', () => reject(new Error('gone')), { once: true }));
      });
      const socket = connect(endpoint.port, endpoint.address);
      await once(socket, 'connect');
      socket.write(get('GET /slow HTTP/1.1'));
      await asked;
      socket.resetAndDestroy();
      expect(await told(1)).to.deep.equal([{ request: 'GET /slow HTTP/1.1', status: 499, bytes: 0, complete: false }]);
    });
  });
}
