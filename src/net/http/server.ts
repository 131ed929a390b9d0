// The HTTP/1.1 server: connections, one exchange after the other on each, start and stop. Parsing is
// node's; which requests are taken is decided in request-head.ts, what is sent in response-plan.ts.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { messageOf, systemCode } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { unmapIPv4, type Endpoint } from '../address.js';
import { listenError } from '../listen.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from './message.js';
import { refusalFor, refuse, type Refusal } from './refuse.js';
import { admitRequest, type AnnouncedContent } from './request-head.js';
import { planResponse } from './response-plan.js';
import { writeResponse, type WriteResult } from './response-writer.js';

export interface HttpServer {
  /** Where it listens; the port is real once start() is done. */
  readonly endpoint: Endpoint;
  /** Throws CdnError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. */
  start(): Promise<void>;
  /**
   * Accepts no more, closes idle connections, lets running answers end for up to `graceMs`, then cuts
   * them. A second call with a shorter grace shortens it; 0 cuts at once. Resolves when all is closed.
   */
  stop(graceMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly endpoint: Endpoint;
  /** Who listens, in the words of an error message: "the store". */
  readonly role?: string;
  /** A request must have arrived whole this long after its first octet; after that, 408. */
  readonly headTimeoutMs?: number;
  /** A connection with nothing under way, or whose reader takes nothing, is closed after this. */
  readonly idleTimeoutMs?: number;
  /** A longer head gets 431. */
  readonly maxHeadBytes?: number;
  /** Further connections are closed as soon as they come, unanswered: an answer to each would cost what the limit saves. */
  readonly maxConnections?: number;
}

/** Content of a request is read and thrown away up to this; beyond it, 413. No handler takes any. */
const MAX_CONTENT_OCTETS = 65_536;
/** Requests that may wait for their turn on one connection; the next gets 503, and the connection ends. */
const MAX_PIPELINED = 100;

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly expectation: 'none' | 'continue' | 'unknown';
}

interface Connection {
  readonly socket: Socket;
  readonly waiting: Exchange[];
  /** What is being received or answered. */
  current: Exchange | undefined;
  /** The current request was taken whole, and is the handler's or its answer's turn. */
  answering: boolean;
  /** No further request is taken; the connection ends after the current answer. */
  closing: boolean;
  /** To be said after the answers that are due. */
  refusal: Refusal | undefined;
  refused: boolean;
}

/** Reads a request's content away. */
function readContent(req: IncomingMessage): Promise<'read' | 'too-long' | 'gone'> {
  return new Promise((resolve) => {
    let octets = 0;
    req.on('data', (chunk: Uint8Array) => {
      octets += chunk.byteLength;
      if (octets > MAX_CONTENT_OCTETS) resolve('too-long');
    });
    req.once('end', () => resolve('read'));
    req.once('close', () => resolve('gone'));
  });
}

const endpointOf = (address: string | undefined, port: number | undefined): Endpoint => ({ address: unmapIPv4(address ?? ''), port: port ?? 0 });

export function createHttpServer(options: HttpServerOptions, handler: HttpHandler, env: { clock: Clock; log: Log }): HttpServer {
  const { clock, log } = env;
  const { headTimeoutMs = 10_000, idleTimeoutMs = 30_000, maxHeadBytes = 16_384, maxConnections = 8192 } = options;
  const connections = new Map<Socket, Connection>();
  let endpoint = options.endpoint;
  let stopping = false;

  const server = createServer({
    insecureHTTPParser: false,
    // Judged in request-head.ts, together with duplicates, which node would drop.
    requireHostHeader: false,
    maxHeaderSize: maxHeadBytes,
    headersTimeout: headTimeoutMs,
    requestTimeout: headTimeoutMs,
    connectionsCheckingInterval: Math.max(10, Math.min(1000, headTimeoutMs / 4)),
    keepAliveTimeout: idleTimeoutMs,
    noDelay: true,
  });
  // The head's size is limited in octets; a limit on lines would drop the rest of them in silence.
  server.maxHeadersCount = 0;
  server.timeout = idleTimeoutMs;
  server.maxConnections = maxConnections;
  // A client that closes its own side after the request (`nc -N`) still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true });

  function end(connection: Connection, refusal: Refusal, withBody = true): void {
    connection.refused = true;
    connection.waiting.length = 0;
    log.debug(`refused a request: ${refusal.why}`, { status: refusal.status, peer: connection.socket.remoteAddress });
    refuse(connection.socket, refusal, clock, withBody);
  }

  async function answer(request: HttpRequest): Promise<HttpResponse> {
    try {
      const eventual = handler(request);
      return eventual instanceof Promise ? await eventual : eventual;
    } catch (error) {
      return failure(request, error);
    }
  }

  function failure(request: HttpRequest, error: unknown): HttpResponse {
    const facts = { method: request.method, target: request.target, peer: request.peer.address, error: messageOf(error) };
    // Who asked is gone: that the work for it failed is what was wanted.
    if (request.signal.aborted) log.debug(`gave up ${request.method} ${request.target}`, facts);
    else log.error(`${request.method} ${request.target} failed: ${messageOf(error)}`, { ...facts, stack: error instanceof Error ? error.stack : undefined });
    return textResponse(500, 'internal error\n');
  }

  async function send(connection: Connection, exchange: Exchange, request: HttpRequest, response: HttpResponse, startedMs: number): Promise<void> {
    const { res } = exchange;
    if (connection.closing) res.setHeader('connection', 'close');
    let result: WriteResult;
    try {
      result = await writeResponse(res, planResponse(request.method, response), request.signal);
    } catch (error) {
      result = { kind: 'failed', bytes: 0, headSent: false, error };
    }
    try {
      response.finished?.({ complete: result.kind === 'complete', bytes: result.bytes, durationMs: clock.monotonic() - startedMs });
    } catch (error) {
      log.error(`after ${request.method} ${request.target}: ${messageOf(error)}`, { error: messageOf(error) });
    }
    if (result.kind !== 'failed') return;
    const instead = failure(request, result.error);
    if (!result.headSent) await writeResponse(res, planResponse(request.method, instead), request.signal);
  }

  async function exchangeOn(connection: Connection, exchange: Exchange): Promise<void> {
    const { req, res, expectation } = exchange;
    const { socket } = connection;
    const startedMs = clock.monotonic();
    const withBody = req.method !== 'HEAD';
    const admission = admitRequest({
      method: req.method ?? '',
      target: req.url ?? '',
      versionMajor: req.httpVersionMajor,
      versionMinor: req.httpVersionMinor,
      rawFields: req.rawHeaders,
    }, maxHeadBytes);
    if (admission.kind === 'refused') return end(connection, admission, withBody);
    // RFC 9110 §10.1.1: an expectation other than 100-continue is 417.
    if (expectation === 'unknown') return end(connection, { status: 417, why: 'cannot meet that expectation' }, withBody);
    const tooLong = { status: 413, why: `no content of more than ${MAX_CONTENT_OCTETS} octets` };
    if (isTooLong(admission.content)) return end(connection, tooLong, withBody);
    if (admission.content.kind !== 'none') {
      if (expectation === 'continue') res.writeContinue();
      const outcome = await readContent(req);
      if (connection.refused || outcome === 'gone') return;
      if (outcome === 'too-long') return end(connection, tooLong, withBody);
    }
    req.resume();
    // Node's parser, once it saw an upgrade, loses what follows: no further request on this connection.
    if (admission.fields['upgrade'] !== undefined) connection.closing = true;
    connection.answering = true;
    const gone = new AbortController();
    let written = false;
    res.once('finish', () => (written = true));
    res.once('close', () => {
      if (!written) gone.abort(new Error('the client is gone'));
    });
    // A write to a connection that is just being lost; `close` tells about it.
    res.on('error', () => undefined);
    if (socket.destroyed) return;
    const request: HttpRequest = {
      method: req.method ?? '',
      target: admission.target,
      fields: admission.fields,
      peer: endpointOf(socket.remoteAddress, socket.remotePort),
      local: endpointOf(socket.localAddress, socket.localPort),
      signal: gone.signal,
    };
    await send(connection, exchange, request, await answer(request), startedMs);
  }

  function isTooLong(content: AnnouncedContent): boolean {
    return content.kind === 'length' && content.octets > MAX_CONTENT_OCTETS;
  }

  // One exchange at a time: a client that sends many requests at once costs one handler.
  async function work(connection: Connection): Promise<void> {
    for (let next = connection.waiting.shift(); next; next = connection.waiting.shift()) {
      // Node gives a response its socket when its turn has come, and never after one that closes the connection.
      if (next.res.socket === null) connection.closing = true;
      if (connection.closing) break;
      connection.current = next;
      connection.answering = false;
      await exchangeOn(connection, next);
      if (connection.refused || connection.socket.destroyed) return;
    }
    connection.current = undefined;
    connection.answering = false;
    if (connection.refusal) end(connection, connection.refusal);
    else if (connection.closing) connection.socket.destroySoon();
  }

  function take(req: IncomingMessage, res: ServerResponse, expectation: Exchange['expectation']): void {
    const connection = connections.get(req.socket);
    if (!connection || connection.refused || connection.refusal || connection.closing) return;
    if (connection.waiting.length >= MAX_PIPELINED) {
      connection.refusal = { status: 503, why: 'too many requests at once on one connection' };
      return;
    }
    connection.waiting.push({ req, res, expectation });
    if (connection.current) return;
    work(connection).catch((error: unknown) => {
      log.error(`a connection failed: ${messageOf(error)}`, { stack: error instanceof Error ? error.stack : undefined });
      connection.socket.destroy();
    });
  }

  server.on('request', (req, res) => take(req, res, 'none'));
  server.on('checkContinue', (req, res) => take(req, res, 'continue'));
  server.on('checkExpectation', (req, res) => take(req, res, 'unknown'));

  /** For what the parser can't go on after: at once, or after the answers that are due. */
  function giveUp(socket: Socket, refusal: Refusal | undefined): void {
    const connection = connections.get(socket);
    if (!connection || connection.refused) return;
    if (refusal === undefined) {
      socket.destroy();
      return;
    }
    const last = connection.waiting.at(-1) ?? connection.current;
    if (!last || (last === connection.current && !last.req.complete)) {
      end(connection, refusal);
      return;
    }
    connection.refusal ??= refusal;
    if (!last.req.complete) connection.waiting.pop();
  }

  server.on('clientError', (error: Error, socket) => {
    // Octets after a request that asked for the close: nobody reads them, and the close comes anyway.
    if (!(socket instanceof Socket) || systemCode(error) === 'HPE_CLOSED_CONNECTION') return;
    const refusal = refusalFor(error);
    // A connection opened ahead of need, as browsers do, and never used: nothing to answer to.
    giveUp(socket, refusal?.status === 408 && socket.bytesRead === 0 ? undefined : refusal);
  });
  server.on('connect', (req) => giveUp(req.socket, { status: 501, why: 'this is no proxy' }));

  server.on('connection', (socket) => {
    connections.set(socket, { socket, waiting: [], current: undefined, answering: false, closing: stopping, refusal: undefined, refused: false });
    socket.on('error', () => undefined);
    socket.once('close', () => connections.delete(socket));
  });

  server.on('timeout', (socket) => {
    const connection = connections.get(socket);
    // While the handler or the source takes its time, the silence isn't the client's.
    if (connection?.answering === true && socket.writableLength === 0) socket.setTimeout(idleTimeoutMs);
    else {
      if (connection?.answering === true) log.debug('cut a client off that took nothing', { peer: socket.remoteAddress, idleTimeoutMs });
      socket.destroy();
    }
  });

  let toldFullMs = -Infinity;
  server.on('drop', () => {
    if (clock.monotonic() - toldFullMs < 10_000) return;
    toldFullMs = clock.monotonic();
    log.warn(`turned connections away: ${maxConnections} are open`, { maxConnections });
  });

  return {
    get endpoint() {
      return endpoint;
    },
    start: () =>
      new Promise((resolve, reject) => {
        const onError = (error: Error): void => reject(listenError(options.role ?? 'the HTTP server', options.endpoint, error));
        stopping = false;
        server.once('error', onError);
        server.listen({ host: options.endpoint.address, port: options.endpoint.port }, () => {
          server.off('error', onError);
          server.on('error', (error) => log.error(`the HTTP server: ${messageOf(error)}`, { error: messageOf(error) }));
          const bound = server.address();
          if (typeof bound === 'object' && bound !== null) endpoint = { address: options.endpoint.address, port: bound.port };
          resolve();
        });
      }),
    stop: async (graceMs) => {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections.values()) {
        connection.closing = true;
        if (graceMs <= 0 || !connection.current) connection.socket.destroy();
      }
      const stopTimer = clock.after(graceMs, () => {
        for (const socket of connections.keys()) socket.destroy();
      });
      await closed;
      stopTimer();
    },
  };
}
