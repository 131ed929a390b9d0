// What the flags of `cdn store` do to strangers, seen from outside.

import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { useProcesses } from '../helpers/process.js';

describe('cdn store and strangers', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const sockets: Socket[] = [];
  afterEach('close sockets', () => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function start(args: readonly string[]): Promise<number> {
    const store = startCdn(['store', '--listen', '127.0.0.1:0', ...args]);
    const found = await store.printed(/Running on http:\/\/127\.0\.0\.1:(\d+)/);
    return Number(found[1]);
  }
  const statusOf = (port: number, host: string, path = '/video1'): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ port, path, host: '127.0.0.1', headers: { host } }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
      }).once('error', reject).end();
    });

  it('--serve-host: its own addresses, the catalog’s names and what was said; 421 for others', async () => {
    const port = await start(['--serve-host', 'cdn.example', '--serve-host', '*.films.example', '--memory', '0']);
    const asked = [`127.0.0.1:${port}`, 'localhost', 'file1.hercdn.com', 'CDN.example', 'a.films.example', 'evil.test'];
    const statuses: (number | undefined)[] = [];
    for (const host of asked) statuses.push(await statusOf(port, host));
    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 421]);
    expect(await statusOf(port, 'evil.test', '/_cdn/health')).to.equal(200);
  });

  it('--max-connections: as many as that', async () => {
    const port = await start(['--max-connections', '2']);
    for (let count = 0; count < 2; count += 1) {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.write('GET /video1 HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0\r\n\r\n');
      await once(socket, 'data');
    }
    const third = connect(port, '127.0.0.1');
    sockets.push(third);
    third.on('error', () => undefined);
    third.resume();
    await once(third, 'close');
    expect(third.bytesRead).to.equal(0);
  });

  for (const [flag, value] of [['--serve-host', 'a/b'], ['--max-connections', '0'], ['--memory', '10'], ['--cache-fsync', 'sometimes']] as const) {
    it(`${flag} ${value} is no such thing: exit 2`, async () => {
      const done = await runCdn(['store', flag, value]);
      expect([done.code, done.stderr.includes(`${flag}: expected`)], done.stderr).to.deep.equal([2, true]);
    });
  }
});
