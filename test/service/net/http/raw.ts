// Talks to a server below HTTP: any octets in, all octets out, and how the connection ended.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../../../../src/base/clock.js';
import type { Endpoint } from '../../../../src/net/address.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../../src/net/http/server.js';
import type { HttpHandler } from '../../../../src/net/http/message.js';
import { createLog, type LogLine } from '../../../../src/observe/log.js';

export const LOOPBACK: Endpoint = { address: '127.0.0.1', port: 0 };

export interface RawAnswer {
  readonly octets: Buffer;
  /** 'end': the server closed in order; 'reset': it broke the connection. */
  readonly how: 'end' | 'reset';
}

/** Sends `octets` on a connection of its own and waits until the server closes it. `half`: closes the sending side behind them. */
export async function sendRaw(endpoint: Endpoint, octets: string | Buffer, options: { half?: boolean } = {}): Promise<RawAnswer> {
  const socket = connect(endpoint.port, endpoint.address);
  const received: Buffer[] = [];
  let how: RawAnswer['how'] = 'end';
  socket.on('data', (chunk) => received.push(chunk));
  socket.on('error', () => (how = 'reset'));
  if (options.half === true) socket.end(octets);
  else socket.write(octets);
  await new Promise((resolve) => socket.once('close', resolve));
  return { octets: Buffer.concat(received), how };
}

export interface RawResponse {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

function dechunk(octets: Buffer): { body: Buffer; end: number } {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = octets.indexOf('\r\n', at);
    if (lineEnd < 0) throw new Error('a chunk whose line is cut off');
    const size = Number.parseInt(octets.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (start + size + 2 > octets.length) throw new Error('a chunk that is cut off');
    parts.push(octets.subarray(start, start + size));
    at = start + size + 2;
    if (size === 0) return { body: Buffer.concat(parts), end: at };
  }
}

/** All responses in `octets`. `methods`: what each was the answer to; GET if left out. Throws if the last is cut off. */
export function parseResponses(octets: Buffer, methods: readonly string[] = []): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = octets;
  for (let index = 0; rest.length > 0; ) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) throw new Error(`a head that is cut off: ${rest.toString('latin1')}`);
    const [statusLine = '', ...lines] = rest.toString('latin1', 0, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const fields: Record<string, string> = {};
    for (const line of lines) fields[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
    rest = rest.subarray(headEnd + 4);
    const method = methods[index] ?? 'GET';
    let body: Buffer = Buffer.alloc(0);
    let used = 0;
    if (status >= 200) index += 1;
    if (method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304) {
      const length = fields['content-length'];
      if (fields['transfer-encoding'] === 'chunked') ({ body, end: used } = dechunk(rest));
      else {
        used = length === undefined ? rest.length : Number(length);
        if (used > rest.length) throw new Error(`a body that is cut off: ${rest.length} of ${used}`);
        body = rest.subarray(0, used);
      }
    }
    rest = rest.subarray(used);
    responses.push({ status, fields, body: body.toString('latin1') });
  }
  return responses;
}

export interface Bench {
  /** A server on a free port; stopped after the test. */
  serve(handler: HttpHandler, options?: Partial<HttpServerOptions>): Promise<HttpServer>;
  /** A peer that does with each connection what `run` says; closed after the test. */
  peer(run: (socket: Socket) => void): Promise<Endpoint>;
  /** Whatever the servers logged, oldest first. */
  readonly lines: LogLine[];
}

/** The two ways in which a server reads requests: every test of a server runs on both. */
export const WAYS = [
  { way: 'plain heads read directly', direct: true },
  { way: 'node’s parser from the first octet', direct: false },
] as const;

/** Call it in a `describe`. */
export function useBench(direct = true): Bench {
  const servers: HttpServer[] = [];
  const peers: { server: Server; sockets: Set<Socket> }[] = [];
  const lines: LogLine[] = [];
  const log = createLog((line) => lines.push(line));
  afterEach('stop the servers', async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop(0)));
    for (const { server, sockets } of peers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
    lines.length = 0;
  });
  return {
    lines,
    serve: async (handler, options = {}) => {
      const server = createHttpServer({ endpoint: LOOPBACK, direct, ...options }, handler, { clock: systemClock, log });
      servers.push(server);
      await server.start();
      return server;
    },
    peer: async (run) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        run(socket);
      });
      peers.push({ server, sockets });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new Error('no port');
      return { address: '127.0.0.1', port: bound.port };
    },
  };
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
