// The HTTP/1.1 client: one connection a request, to the endpoint that the caller names, with no
// redirect, no retry and no decoding of its own. undici does the wire, and is loaded by the first
// request, so that a program which never asks starts without it.

import type { Socket } from 'node:net';
import type * as Undici from 'undici';
import type { Clock } from '../../base/clock.js';
import { CdnError, messageOf, systemCode } from '../../base/errors.js';
import { formatEndpoint, unmapIPv4, type Endpoint } from '../address.js';
import { dispatch, type Arriving } from './client-dispatch.js';
import { framingFault, HeadFault, MAX_HEAD_BYTES, recordOf, watchHead, type HeadWatch } from './client-head.js';
import type { HeaderFields } from './message.js';

export interface HttpClientRequest {
  /** Where to connect; what the URL says is the caller's business. */
  readonly endpoint: Endpoint;
  /** HTTPS: the certificate must be for this name. `ca`: PEM of who may have signed it, in place of the system's. */
  readonly tls?: { readonly servername: string; readonly ca?: string };
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The Host field. */
  readonly host: string;
  readonly fields?: HeaderFields;
  /** Gives the request up, the body too; what was waited for rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Each of the three: 5000 unless told. The idle time counts while the body is being waited for, not while its reader is busy. */
  readonly connectTimeoutMs?: number;
  readonly headTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
}

/** Milliseconds since the request began. */
export interface Timing {
  /** When there was a connection, TLS included. */
  readonly connectedMs: number;
  /** When the head of the response had come. */
  readonly headMs: number;
}

export interface HttpClientResponse {
  readonly status: number;
  readonly fields: HeaderFields;
  /**
   * The octets as sent, at the reader's pace; can be read once. Throws CdnError INCOMPLETE (details:
   * received, expected) if the connection ends or falls silent before the body does, PEER_PROTOCOL if
   * its framing is broken. Read it to the end, leave its loop, or call discard().
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Both ends of the connection that was used. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Absent where no wire was: in tests. */
  readonly timing?: Timing;
  /** Gives the body up and closes the connection. */
  discard(): void;
}

export interface HttpClient {
  /** Throws ConnectError if nobody answers, CdnError PEER_PROTOCOL if the answer isn't HTTP, or its head contradicts itself. */
  request(request: HttpClientRequest): Promise<HttpClientResponse>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** Nobody answered at an endpoint: `code` is the system's (ECONNREFUSED …), TLS's, or ETIMEDOUT. The caller knows which party it was. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: string;
  readonly endpoint: Endpoint;

  constructor(code: string, message: string, endpoint: Endpoint, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.endpoint = endpoint;
  }
}

const NO_OCTETS: AsyncIterable<Uint8Array> = (async function* () {})();

const endpointOf = (address: string | undefined, port: number | undefined): Endpoint => ({ address: unmapIPv4(address ?? ''), port: port ?? 0 });

/** One request's life: its timers, its abort, its socket, its end. */
interface Attempt {
  readonly controller: AbortController;
  readonly where: string;
  /** The connection, once there is one. */
  socket: Socket | undefined;
  /** What came of the head, while it is being waited for. */
  head: HeadWatch | undefined;
  local: Endpoint;
  remote: Endpoint;
  /** On the monotonic clock; the latter once there is a connection. */
  readonly begunMs: number;
  connectedMs: number;
  /** The other side said that it sends no more (FIN); a connection can also just break. */
  ended: boolean;
  /** Allows `ms` for the next step in place of the one before. */
  allow(ms: number, late: () => Error): void;
  /** Nothing is being waited for. */
  rest(): void;
  /** Closes the connection and lets go of the signal; calling it again does nothing. */
  cease(): void;
}

function notHttp(attempt: Attempt, error: unknown): CdnError {
  return new CdnError('PEER_PROTOCOL', `${attempt.where} answered with broken HTTP: ${messageOf(error)}`, { details: { peer: attempt.where }, cause: error });
}

/** Why no head came. */
function headError(attempt: Attempt, endpoint: Endpoint, error: unknown): unknown {
  if (attempt.controller.signal.aborted) return attempt.controller.signal.reason;
  const code = systemCode(error) ?? 'UNKNOWN';
  if (code === 'UND_ERR_INVALID_ARG') return error;
  if (attempt.socket === undefined) return new ConnectError(code, `cannot connect to ${attempt.where}: ${messageOf(error)}`, endpoint, error);
  const closed = code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
  if (closed && attempt.socket.bytesRead === 0) {
    return new ConnectError('ECONNRESET', `${attempt.where} closed the connection without an answer`, endpoint, error);
  }
  // No head has come, so there is no body of another length yet: undici says this of any head it can't parse.
  if (code !== 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return notHttp(attempt, error);
  return notHttp(attempt, new HeadFault(framingFault(attempt.head?.text ?? '') ?? 'a head that cannot be parsed', { cause: error }));
}

function incomplete(attempt: Attempt, received: number, expected: number | undefined, why: string, cause?: unknown): CdnError {
  const of = expected === undefined ? '' : ` of ${expected}`;
  return new CdnError('INCOMPLETE', `${attempt.where} ${why} after ${received}${of} octets of the body`, {
    details: { peer: attempt.where, received, expected },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Why a body didn't end well. */
function bodyError(attempt: Attempt, received: number, expected: number | undefined, error: unknown): unknown {
  if (attempt.controller.signal.aborted) return attempt.controller.signal.reason;
  // undici's parser also complains when the connection ends inside a chunk; that is an early end, not broken framing.
  if (error instanceof Error && error.name === 'HTTPParserError' && !attempt.ended) return notHttp(attempt, error);
  return incomplete(attempt, received, expected, 'closed the connection', error);
}

interface Framing {
  readonly expected: number | undefined;
  /** Nothing but the connection's close marks the end (RFC 9112 §6.3, rule 8). */
  readonly byClose: boolean;
}

async function* readBody(attempt: Attempt, body: AsyncIterable<Uint8Array>, framing: Framing, idleTimeoutMs: number): AsyncGenerator<Uint8Array, void, undefined> {
  const { expected } = framing;
  const iterator = body[Symbol.asyncIterator]();
  let received = 0;
  try {
    for (;;) {
      attempt.allow(idleTimeoutMs, () => incomplete(attempt, received, expected, `fell silent for ${idleTimeoutMs} ms`));
      const step = await iterator.next();
      attempt.rest();
      if (step.done === true) break;
      received += step.value.byteLength;
      yield step.value;
    }
    // undici takes a reset, too, for the end where only the close marks it.
    if (framing.byClose && !attempt.ended) throw new RangeError('the connection was reset');
    if (expected !== undefined && received !== expected) throw new RangeError('the body has another length');
  } catch (error) {
    throw bodyError(attempt, received, expected, error);
  } finally {
    attempt.cease();
  }
}

export function createHttpClient(env: { clock: Clock }): HttpClient {
  const { clock } = env;
  const underWay = new Set<Undici.Client>();
  let undici: Promise<typeof Undici> | undefined;

  function createAttempt(request: HttpClientRequest, close: () => void): Attempt {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(request.signal?.reason);
    if (request.signal?.aborted === true) onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    let stopTimer = (): void => undefined;
    return {
      controller,
      where: formatEndpoint(request.endpoint),
      socket: undefined,
      head: undefined,
      local: endpointOf(undefined, undefined),
      remote: request.endpoint,
      begunMs: clock.monotonic(),
      connectedMs: 0,
      ended: false,
      allow: (ms, late) => {
        stopTimer();
        stopTimer = clock.after(ms, () => controller.abort(late()));
      },
      rest: () => stopTimer(),
      cease: () => {
        stopTimer();
        request.signal?.removeEventListener('abort', onAbort);
        close();
      },
    };
  }

  return {
    request: async (request) => {
      const { endpoint, tls, connectTimeoutMs = 5000, headTimeoutMs = 5000, idleTimeoutMs = 5000 } = request;
      request.signal?.throwIfAborted();
      undici ??= import('undici');
      const { Client, buildConnector } = await undici;
      const attempt = createAttempt(request, () => {
        underWay.delete(client);
        client.destroy().catch(() => undefined);
      });
      const late = (what: string, ms: number) => () => new ConnectError('ETIMEDOUT', `${attempt.where} ${what} within ${ms} ms`, endpoint);
      const connect = buildConnector({
        timeout: 0,
        allowH2: false,
        maxCachedSessions: 0,
        // Ends a connection attempt that nobody answers; undici would leave it to the system's two minutes.
        signal: attempt.controller.signal,
        ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      });
      const client = new Client(`${tls ? 'https' : 'http'}://${formatEndpoint(endpoint)}`, {
        connect: (options, callback) => {
          connect({ ...options, ...(tls ? { servername: tls.servername } : {}) }, (...outcome) => {
            const [, socket] = outcome;
            if (socket) {
              attempt.socket = socket;
              attempt.connectedMs = clock.monotonic();
              attempt.head = watchHead(socket);
              attempt.local = endpointOf(socket.localAddress, socket.localPort);
              attempt.remote = endpointOf(socket.remoteAddress, socket.remotePort);
              socket.once('end', () => (attempt.ended = true));
              attempt.allow(headTimeoutMs, late('sent no head of an answer', headTimeoutMs));
            }
            callback(...outcome);
          });
        },
        // The timers here are the clock's.
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: MAX_HEAD_BYTES,
      });
      underWay.add(client);
      attempt.allow(connectTimeoutMs, late('did not take a connection', connectTimeoutMs));
      let response: Arriving;
      let fields: HeaderFields;
      try {
        const headers = { ...request.fields, host: request.host };
        response = await dispatch(client, { method: request.method, path: request.target, headers }, attempt.controller.signal);
        fields = recordOf(response.headers);
      } catch (error) {
        const why = headError(attempt, endpoint, error);
        attempt.cease();
        throw why;
      } finally {
        attempt.head?.stop();
      }
      attempt.rest();
      const hasBody = request.method !== 'HEAD' && response.status !== 204 && response.status !== 304;
      const length = fields['content-length'];
      const expected = length === undefined ? undefined : Number(length);
      const facts = {
        status: response.status,
        fields,
        local: attempt.local,
        remote: attempt.remote,
        timing: { connectedMs: attempt.connectedMs - attempt.begunMs, headMs: clock.monotonic() - attempt.begunMs },
        discard: () => attempt.cease(),
      };
      if (!hasBody) {
        attempt.cease();
        return { ...facts, body: NO_OCTETS };
      }
      const byClose = length === undefined && fields['transfer-encoding'] === undefined;
      return { ...facts, body: readBody(attempt, response.body, { expected, byClose }, idleTimeoutMs) };
    },
    close: async () => {
      await Promise.all([...underWay].map((client) => client.destroy()));
    },
  };
}
