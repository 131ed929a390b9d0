// The client of an edge, on real connections to a server whose every answer a test decides.

import { expect } from 'chai';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../../../../src/base/clock.js';
import { createOriginClient, OriginError, type OriginClient, type OriginResponse } from '../../../../src/net/http/origin-client.js';

async function textOf({ body }: OriginResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('the client of an edge', () => {
  let server: Server;
  let client: OriginClient;
  let connections = 0;
  const slow: ServerResponse[] = [];
  const ask = (method: string, target: string): Promise<OriginResponse> => client.request({ method, target, fields: {}, signal: new AbortController().signal });

  beforeEach(async () => {
    connections = 0;
    server = createServer((req, res) => {
      if (req.url !== '/slow') return void res.writeHead(200, { 'content-length': 5 }).end(req.method === 'HEAD' ? undefined : 'hello');
      slow.push(res.writeHead(200, { 'content-length': 8 }));
      res.write('half');
    });
    server.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = createOriginClient({ url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) }, { clock: systemClock });
  });
  afterEach(async () => {
    await client.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });

  it('an answer that has ended and is given up leaves alone whoever has its connection now', async () => {
    const first = await ask('GET', '/a');
    expect(await textOf(first)).to.equal('hello');
    const second = await ask('GET', '/slow');
    expect(connections, 'one connection for both').to.equal(1);
    first.discard();
    for (const res of slow.splice(0)) res.end('half');
    expect(await textOf(second)).to.equal('halfhalf');
  });

  it('an answer without content that is given up leaves no dead connection to the next', async () => {
    for (let count = 0; count < 3; count += 1) {
      const head = await ask('HEAD', '/a');
      // By then its end was seen.
      await ask('GET', '/a').then(textOf);
      head.discard();
      expect(await textOf(await ask('GET', '/a'))).to.equal('hello');
    }
  });

  describe('with one connection, which is in use', () => {
    function only(clock: Clock): void {
      client = createOriginClient({ url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), maxConnections: 1 }, { clock });
    }

    it('has the next wait no longer than for a head, and serves the one after', async () => {
      await client.close();
      only({ ...systemClock, after: (_ms, run) => systemClock.after(1, run) });
      const first = await ask('GET', '/slow');
      const failed = await ask('GET', '/a').then(() => undefined, (error: unknown) => error);
      expect(failed).to.be.instanceOf(OriginError).and.include({ kind: 'timeout' });
      const third = ask('GET', '/a');
      first.discard();
      expect(await textOf(await third)).to.equal('hello');
      expect(await textOf(await ask('GET', '/a'))).to.equal('hello');
    });

    it('has nobody wait who is gone', async () => {
      await client.close();
      only(systemClock);
      const first = await ask('GET', '/slow');
      const gone = new AbortController();
      const second = client.request({ method: 'GET', target: '/a', fields: {}, signal: gone.signal });
      gone.abort(new Error('the client is gone'));
      expect(await second.then(() => undefined, (error: unknown) => error)).to.equal(gone.signal.reason);
      const third = ask('GET', '/a');
      first.discard();
      expect(await textOf(await third)).to.equal('hello');
    });
  });
});
