// Every answer of an edge says in Cache-Status (RFC 9211) what the cache had to do with it.

import { request } from 'node:http';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createHttpServer, type HttpServer } from '../../../src/net/http/server.js';
import { silentLog } from '../../../src/observe/log.js';
import { createEdge, type Edge, type EdgeOptions } from '../../../src/store/edge.js';
import { reply, useOrigins } from './running-edge.js';

describe('Cache-Status of what an edge answers by itself', () => {
  const startOrigin = useOrigins();
  const running: { readonly edge: Edge; readonly server: HttpServer }[] = [];
  afterEach('stop edges', async () => {
    for (const { edge, server } of running.splice(0)) {
      await server.stop(0);
      await edge.stop();
    }
  });

  async function start(over: Partial<EdgeOptions>): Promise<number> {
    const origin = await startOrigin((_req, res) => reply(res, 'ok', { 'cache-control': 'max-age=60' }));
    const env = { clock: systemClock, random: systemRandom, log: silentLog };
    const edge = createEdge({ origins: [origin.url], id: 'edge-1', cache: { memoryOctets: 8_000_000 }, sliceOctets: 65_536, ...over }, env);
    await edge.start();
    const server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, edge.handler, env);
    await server.start();
    running.push({ edge, server });
    return server.endpoint.port;
  }
  const ask = (port: number, method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly [number | undefined, string | undefined]> =>
    new Promise((resolve, reject) => {
      request({ port, method, path, host: '127.0.0.1', headers }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve([answer.statusCode, answer.headers['cache-status']?.toString()]));
      }).once('error', reject).end();
    });

  for (const [what, over, asked, told] of [
    ['OPTIONS *', {}, ['OPTIONS', '*'], [204, 'edge-1; detail=options']],
    ['TRACE', {}, ['TRACE', '/a'], [405, 'edge-1; detail=method-not-allowed']],
    ['a host that isn’t ours', { hosts: ['ours.test'] }, ['GET', '/a', { host: 'other.test' }], [421, 'edge-1; detail=not-our-host']],
    ['what isn’t signed', { signingKeys: () => [] }, ['GET', '/a'], [403, 'edge-1; detail=not-signed']],
    ['no room for one more', { capacity: 0 }, ['GET', '/a'], [503, 'edge-1; detail=at-capacity']],
    ['another method', {}, ['POST', '/a'], [200, 'edge-1; fwd=method']],
    ['health, with which no cache has to do', {}, ['GET', '/_cdn/health'], [200, undefined]],
  ] as const) {
    it(`${what}: ${told[1] ?? 'none'}`, async () => {
      const port = await start(over);
      const [method, path, headers] = asked;
      expect(await ask(port, method, path, headers)).to.deep.equal(told);
    });
  }
});
