// The HTTP/1.1 server: listens, limits, starts and stops. Plain requests are read by plain-head.ts, all
// others by node's parser; which are taken is decided in request-head.ts, what is sent in
// response-plan.ts, and in which turn in direct-connection.ts and connection.ts.

import { createServer } from 'node:http';
import { Socket } from 'node:net';
import type { Clock, Stop } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { isLoopback, unmapIPv4, type Endpoint } from '../address.js';
import { clientOf, createPlaces, type Holder } from '../tcp-places.js';
import { listenError } from '../listen.js';
import type { AccessLog } from './access-log.js';
import { createConnection, type Connection } from './connection.js';
import { DirectConnection } from './direct-connection.js';
import type { HttpHandler } from './message.js';
import { createPreparer } from './prepare.js';
import { refusalFor } from './refuse.js';
import { createHeadEnds } from './response-head.js';

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
  /** What requests carry goes to the handler, up to so many octets; undefined: the handler takes nothing. */
  readonly maxContentOctets?: number;
  /** Further connections are closed as soon as they come, unanswered: an answer to each would cost what the limit saves. */
  readonly maxConnections?: number;
  /**
   * Of those, for one client: an IPv4 address, or an IPv6 network of 64 bits. One that has its share makes
   * room by the oldest of its own connections that is idle, or is turned away. A quarter unless said, and
   * then loopback has no such limit, since a proxy on this machine has all its clients behind it.
   */
  readonly maxConnectionsPerClient?: number;
  /** With the other workers of a cluster (node:cluster): they answer on one address and port. */
  readonly shared?: boolean;
  /** False: node's parser reads every request, also the plainest. */
  readonly direct?: boolean;
  /** Is told of every answer, also of refusals. */
  readonly accessLog?: AccessLog | undefined;
}

/** That connections are turned away is said once in this time. */
const TELL_FULL_MS = 10_000;

export function createHttpServer(options: HttpServerOptions, handler: HttpHandler, env: { clock: Clock; log: Log }): HttpServer {
  const { clock, log } = env;
  const { headTimeoutMs = 10_000, idleTimeoutMs = 30_000, maxHeadBytes = 16_384, maxConnections = 16_384, direct = true, shared = false, maxContentOctets, accessLog } = options;
  const open = new Map<Socket, Pick<Connection, 'finish' | 'answering'>>();
  /** Those of them that are read without node's parser. */
  const plain = new Map<Socket, DirectConnection>();
  /** Those that it reads. */
  const parsed = new WeakMap<Socket, Connection>();
  /** How often time limits are looked at. */
  const checkMs = Math.ceil(Math.max(10, Math.min(1000, headTimeoutMs / 4, idleTimeoutMs / 4)));
  let endpoint = options.endpoint;

  const server = createServer({
    insecureHTTPParser: false,
    // Judged in request-head.ts, together with duplicates, which node would drop.
    requireHostHeader: false,
    maxHeaderSize: maxHeadBytes,
    headersTimeout: headTimeoutMs,
    // An upload takes its time; one that stands still is ended by the idle time.
    requestTimeout: maxContentOctets === undefined ? headTimeoutMs : 0,
    connectionsCheckingInterval: checkMs,
    keepAliveTimeout: idleTimeoutMs,
    noDelay: true,
  });
  // The head's size is limited in octets; a limit on lines would drop the rest of them in silence.
  server.maxHeadersCount = 0;
  server.timeout = idleTimeoutMs;
  // In a cluster node would hand one too many back, to be offered again and again while all workers are full.
  if (!shared) server.maxConnections = maxConnections;
  // A client that closes its own side after the request (`nc -N`) still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true });

  // Both ways lead to the same handler and the same plan; only the reading of heads differs.
  const readByNode = server.listeners('connection');
  server.removeAllListeners('connection');
  function handOver(socket: Socket): void {
    const connection = createConnection(socket, { maxHeadBytes, maxContentOctets }, { handler, clock, log, accessLog });
    plain.delete(socket);
    parsed.set(socket, connection);
    open.set(socket, connection);
    for (const listener of readByNode) listener.call(server, socket);
    if (socket.isPaused()) socket.resume();
  }
  const directEnv = { handler, clock, log, accessLog, ends: createHeadEnds(clock, idleTimeoutMs), preparer: createPreparer(), handOver };
  let toldFullMs = -Infinity;
  function tellTurnedAway(why: string): void {
    if (clock.monotonic() - toldFullMs < TELL_FULL_MS) return;
    toldFullMs = clock.monotonic();
    log.warn(`turned connections away: ${why}`, { maxConnections });
  }

  const places = createPlaces({ total: Infinity, perClient: options.maxConnectionsPerClient ?? Math.ceil(maxConnections / 4) });
  /** False when this client has its share of connections and none to spare. */
  function hasPlace(socket: Socket): boolean {
    const address = unmapIPv4(socket.remoteAddress ?? '');
    if (options.maxConnectionsPerClient === undefined && isLoopback(address)) return true;
    const holder: Holder = { client: clientOf(address), isIdle: () => open.get(socket)?.answering === false, evict: () => socket.destroy() };
    if (!places.take(holder)) return false;
    socket.once('close', () => places.release(holder));
    return true;
  }
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    if (shared && open.size >= maxConnections) {
      socket.destroy();
      tellTurnedAway(`${maxConnections} are open`);
      return;
    }
    if (!hasPlace(socket)) {
      socket.destroy();
      tellTurnedAway(`${unmapIPv4(socket.remoteAddress ?? '')} has its share`);
      return;
    }
    socket.once('close', () => open.delete(socket));
    if (!direct) return handOver(socket);
    const connection = new DirectConnection(socket, { maxHeadBytes, headTimeoutMs, idleTimeoutMs }, directEnv);
    open.set(socket, connection);
    plain.set(socket, connection);
    socket.once('close', () => plain.delete(socket));
  });
  server.on('request', (req, res) => parsed.get(req.socket)?.take({ req, res, expectation: 'none' }));
  server.on('checkContinue', (req, res) => parsed.get(req.socket)?.take({ req, res, expectation: 'continue' }));
  server.on('checkExpectation', (req, res) => parsed.get(req.socket)?.take({ req, res, expectation: 'unknown' }));
  server.on('connect', (req) => parsed.get(req.socket)?.giveUp({ status: 501, why: 'this is no proxy' }));

  server.on('clientError', (error: Error, socket) => {
    if (!(socket instanceof Socket)) return;
    const refusal = refusalFor(error);
    // A connection opened ahead of need, as browsers do, and never used: nothing to answer to.
    if (refusal === undefined || (refusal.status === 408 && socket.bytesRead === 0)) socket.destroy();
    else parsed.get(socket)?.giveUp(refusal);
  });

  server.on('timeout', (socket: Socket) => {
    const answering = parsed.get(socket)?.answering === true;
    // While the handler or the source takes its time, the silence isn't the client's.
    if (answering && socket.writableLength === 0) {
      socket.setTimeout(idleTimeoutMs);
      return;
    }
    if (answering) log.debug('cut a client off that took nothing', { peer: socket.remoteAddress, idleTimeoutMs });
    socket.destroy();
  });

  let stopSweeping: Stop = () => undefined;
  /** One look at all of them now and then costs less than a timer for each, which every request would set anew. */
  function sweep(): void {
    const nowMs = clock.monotonic();
    for (const connection of plain.values()) connection.sweep(nowMs);
    stopSweeping = clock.after(checkMs, sweep);
  }

  server.on('drop', () => tellTurnedAway(`${maxConnections} are open`));

  server.on('error', (error) => {
    if (server.listening) log.error(`the HTTP server: ${messageOf(error)}`, { error: messageOf(error) });
  });

  return {
    get endpoint() {
      return endpoint;
    },
    start: () =>
      new Promise((resolve, reject) => {
        const onError = (error: Error): void => reject(listenError(options.role ?? 'the HTTP server', options.endpoint, error));
        server.once('error', onError);
        server.listen({ host: options.endpoint.address, port: options.endpoint.port, exclusive: !shared }, () => {
          server.off('error', onError);
          const bound = server.address();
          if (typeof bound === 'object' && bound !== null) endpoint = { address: options.endpoint.address, port: bound.port };
          if (direct) sweep();
          resolve();
        });
      }),
    stop: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cut = (): void => {
        for (const socket of open.keys()) socket.destroy();
      };
      for (const connection of open.values()) connection.finish();
      if (graceMs <= 0) cut();
      const stopTimer = clock.after(graceMs, cut);
      await closed;
      stopTimer();
      stopSweeping();
    },
  };
}
