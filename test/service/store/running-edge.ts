// An edge on a real socket, an origin whose every answer a test decides, and clients that keep what
// they got octet by octet. All of it is closed after each test.

import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { formatHttpDate } from '../../../src/net/http/date.js';
import { createHttpServer, type HttpServer } from '../../../src/net/http/server.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import type { CacheStore } from '../../../src/store/cache-store.js';
import { createHttpSource } from '../../../src/store/http-source.js';
import { createPullThrough, type PullThrough } from '../../../src/store/pull-through.js';
import { createCacheStore } from '../../../src/store/tiered-store.js';

export interface RunningOrigin {
  readonly port: number;
  readonly url: URL;
  /** Each request that came, as "GET /x" with its Range behind it. */
  readonly asked: readonly string[];
  readonly requests: readonly IncomingMessage[];
  /** Closes it, with what is under way. */
  kill(): Promise<void>;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Call it in a `describe`: the function it returns starts an origin. */
export function useOrigins(): (answer: RequestListener, clock?: Clock) => Promise<RunningOrigin> {
  const servers: Server[] = [];
  afterEach('stop origins', async () => {
    await Promise.all(servers.splice(0).map(closeServer));
  });
  return async (answer, clock = systemClock) => {
    const asked: string[] = [];
    const requests: IncomingMessage[] = [];
    const server = createServer((req, res) => {
      requests.push(req);
      asked.push([req.method, req.url, req.headers.range].filter((part) => part !== undefined).join(' '));
      res.setHeader('date', formatHttpDate(clock.now()));
      answer(req, res);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = (server.address() as AddressInfo).port;
    return { port: at, url: new URL(`http://127.0.0.1:${at}`), asked, requests, kill: () => closeServer(server) };
  };
}

export interface RunningEdge {
  readonly port: number;
  readonly cache: CacheStore;
  readonly lines: readonly LogLine[];
  readonly pullThrough: PullThrough;
  readonly server: HttpServer;
}

export interface EdgeOptions {
  readonly id?: string;
  readonly clock?: Clock;
  readonly sliceOctets?: number;
  readonly memoryOctets?: number;
  readonly maxWholeOctets?: number;
  readonly headTimeoutMs?: number;
  /** To the origin. */
  readonly maxConnections?: number;
  readonly direct?: boolean;
}

/** A clock whose hands a test can put forward; timers run as they do. */
export function createAdjustableClock(): Clock & { forward(seconds: number): void } {
  let offsetMs = 0;
  return { ...systemClock, now: () => systemClock.now() + offsetMs, forward: (seconds) => (offsetMs += seconds * 1000) };
}

/** Call it in a `describe`: the function it returns starts an edge of these origins. */
export function useEdges(): (urls: readonly URL[], options?: EdgeOptions) => Promise<RunningEdge> {
  const running: RunningEdge[] = [];
  afterEach('stop edges', async () => {
    for (const { server, pullThrough } of running.splice(0)) {
      await server.stop(0);
      await pullThrough.stop();
    }
  });
  return async (urls, options = {}) => {
    const { id = 'edge-1', clock = systemClock, sliceOctets = 1_048_576, memoryOctets = 64_000_000, maxWholeOctets = 8_000_000, headTimeoutMs, maxConnections, direct } = options;
    const lines: LogLine[] = [];
    const log = createLog((line) => lines.push(line));
    const env = { clock, log, random: systemRandom };
    const cache = createCacheStore({ memoryOctets }, env);
    const origin = createHttpSource({ urls, connectTimeoutMs: 1000, ...(headTimeoutMs === undefined ? {} : { headTimeoutMs }), ...(maxConnections === undefined ? {} : { maxConnections }) }, env);
    const pullThrough = createPullThrough({ cache, origin, id, sliceOctets, maxWholeOctets }, env);
    const server = createHttpServer(
      { endpoint: { address: '127.0.0.1', port: 0 }, maxContentOctets: 10_000_000, ...(direct === undefined ? {} : { direct }) },
      pullThrough.handler, { clock, log },
    );
    await server.start();
    const edge = { port: server.endpoint.port, cache, lines, pullThrough, server };
    running.push(edge);
    return edge;
  };
}

/** An answer whose length is told. */
export function reply(res: ServerResponse, text: string, fields: Readonly<Record<string, string | readonly string[]>> = {}, status = 200): void {
  res.writeHead(status, { ...fields, 'content-length': Buffer.byteLength(text) } as OutgoingHttpHeaders).end(text);
}

/** Octets that tell their place: no two slices are alike. */
export function patternOf(length: number, seed = 1): Buffer {
  const octets = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) octets.writeUInt32LE(Math.imul(at + seed, 2_654_435_761) >>> 0, at);
  return octets;
}

/** Answers GET, HEAD and ranges of `content` the way a file server does. */
export function serveContent(content: Buffer, fields: Readonly<Record<string, string>>): RequestListener {
  return (req, res) => {
    const match = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? '');
    const etag = fields['etag'];
    if (req.headers['if-match'] !== undefined && req.headers['if-match'] !== etag) return void res.writeHead(412).end();
    if (etag !== undefined && req.headers['if-none-match'] === etag) return void res.writeHead(304, fields).end();
    if (match === null) return void res.writeHead(200, { ...fields, 'content-length': content.length }).end(req.method === 'HEAD' ? undefined : content);
    const [, first = '', last = ''] = match;
    const from = first === '' ? Math.max(0, content.length - Number(last)) : Number(first);
    const to = first === '' || last === '' ? content.length - 1 : Math.min(Number(last), content.length - 1);
    if (from >= content.length) return void res.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    res.writeHead(206, { ...fields, 'content-range': `bytes ${from}-${to}/${content.length}`, 'content-length': to - from + 1 }).end(content.subarray(from, to + 1));
  };
}
