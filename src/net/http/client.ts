// The HTTP/1.1 client: a request to the endpoint that the caller names, over a connection of its own
// unless told, with no redirect, no retry and no decoding of its own.

import type { Clock } from '../../base/clock.js';
import { formatEndpoint, type Endpoint } from '../address.js';
import { ConnectError, dial, type Tunnel } from '../dial.js';
import type { Pipe, TlsOptions } from '../pipe.js';
import { exchange, type Exchange, type Take } from './exchange.js';
import { createIdleConnections } from './idle-connections.js';
import type { HeaderFields } from './message.js';
import { formatRequestHead } from './request-text.js';
import type { ResponseHead } from './wire-head.js';

export { ConnectError } from '../dial.js';
export type { Take } from './exchange.js';

export interface HttpClientRequest {
  /** Where to connect; what the URL says is the caller's business. */
  readonly endpoint: Endpoint;
  /** Where else the same server is: tried in a staggered race behind `endpoint` (RFC 8305). */
  readonly alternatives?: readonly Endpoint[];
  /** HTTPS: the certificate must be for this name. `ca`: PEM of who may have signed it, in place of the system's. */
  readonly tls?: TlsOptions;
  /** The endpoints are a proxy's, and this is what it shall connect to. */
  readonly tunnel?: Tunnel;
  /** The address of this machine to speak from. */
  readonly localAddress?: string;
  readonly method: string;
  /** Path and query; for a proxy that forwards, the whole URL. */
  readonly target: string;
  /** The Host field. */
  readonly host: string;
  readonly fields?: HeaderFields;
  /** Sent with it, in ASCII; Content-Length comes by itself. */
  readonly content?: string;
  /** Take a connection that an earlier request left open, and leave this one so. */
  readonly reuse?: boolean;
  /** Hears of each address where nobody was. */
  readonly onUnreachable?: (error: ConnectError) => void;
  /** Gives the request up, the body too; what was waited for rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Each of the three: 5000 unless told. The idle time counts while the body is being waited for, not while its reader is busy. */
  readonly connectTimeoutMs?: number;
  readonly headTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
}

/** Milliseconds since the request began. */
export interface Timing {
  /** When there was a connection, TLS included; the connection of an earlier request is there at once. */
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

export interface TransferResponse extends HttpClientResponse {
  /**
   * In place of `body`, for who wants it fast: `take` is shown each piece where it arrived, without a copy.
   * Resolves when all has come, and rejects as `body` throws, or with what `take` threw.
   */
  drain(take: Take): Promise<void>;
}

export interface HttpClient {
  /** Throws ConnectError if nobody answers, CdnError PEER_PROTOCOL if the answer isn't HTTP, or its head contradicts itself. */
  request(request: HttpClientRequest): Promise<HttpClientResponse>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** The same, whose responses can be drained. */
export interface TransferClient extends HttpClient {
  request(request: HttpClientRequest): Promise<TransferResponse>;
}

/** Connections of one kind can stand in for each other. */
function kindOf(request: HttpClientRequest, endpoint: Endpoint): string {
  const { tls, tunnel, localAddress } = request;
  return JSON.stringify([formatEndpoint(endpoint), tls?.servername, tls?.ca, tls?.insecure, tunnel?.authority, tunnel?.authorization, localAddress]);
}

/** A body that is pulled: the next piece is taken from the connection when it is asked for. */
async function* pull(drain: (take: Take) => Promise<void>, discard: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: { resolve(piece: Uint8Array | undefined): void; reject(error: unknown): void } = { resolve: () => undefined, reject: () => undefined };
  let release = (): void => undefined;
  const nextPiece = (): Promise<Uint8Array | undefined> => {
    const piece = new Promise<Uint8Array | undefined>((resolve, reject) => (waiting = { resolve, reject }));
    // Who is busy with the last piece hears of a failure when it asks for the next.
    piece.catch(() => undefined);
    return piece;
  };
  let piece = nextPiece();
  try {
    drain((octets) => {
      waiting.resolve(Buffer.from(octets));
      return new Promise((resolve) => (release = resolve));
    }).then(
      () => waiting.resolve(undefined),
      (error: unknown) => waiting.reject(error),
    );
    for (;;) {
      const octets = await piece;
      if (octets === undefined) return;
      piece = nextPiece();
      yield octets;
      release();
    }
  } finally {
    discard();
  }
}

export function createHttpClient(env: { clock: Clock }): TransferClient {
  const { clock } = env;
  const idle = createIdleConnections();
  const underWay = new Set<AbortController>();

  async function connect(request: HttpClientRequest, signal: AbortSignal): Promise<Pipe> {
    const { endpoint, alternatives = [], tls, tunnel, localAddress, connectTimeoutMs = 5000, onUnreachable } = request;
    return dial({
      endpoints: [endpoint, ...alternatives], timeoutMs: connectTimeoutMs, signal,
      ...(tls === undefined ? {} : { tls }), ...(tunnel === undefined ? {} : { tunnel }), ...(localAddress === undefined ? {} : { localAddress }),
      ...(onUnreachable === undefined ? {} : { onFailed: onUnreachable }),
    }, clock);
  }

  /** On a connection that was left open, or on a new one where that turns out to be gone (RFC 9112 §9.3.1). */
  async function ask(request: HttpClientRequest, head: string, signal: AbortSignal, connected: () => void): Promise<{ pipe: Pipe; talk: Exchange; head: ResponseHead }> {
    const { headTimeoutMs = 5000, idleTimeoutMs = 5000, method } = request;
    const options = { method, head, headTimeoutMs, idleTimeoutMs, signal };
    for (const endpoint of request.reuse === true ? [request.endpoint, ...(request.alternatives ?? [])] : []) {
      for (let pipe = idle.take(kindOf(request, endpoint)); pipe !== undefined; pipe = idle.take(kindOf(request, endpoint))) {
        connected();
        const talk = exchange(pipe, options, clock);
        try {
          return { pipe, talk, head: await talk.head };
        } catch (error) {
          pipe.destroy();
          const stale = error instanceof ConnectError && error.code === 'ECONNRESET' && !talk.answered;
          if (!stale) throw error;
        }
      }
    }
    const pipe = await connect(request, signal);
    connected();
    const talk = exchange(pipe, options, clock);
    try {
      return { pipe, talk, head: await talk.head };
    } catch (error) {
      pipe.destroy();
      throw error;
    }
  }

  async function request(given: HttpClientRequest): Promise<TransferResponse> {
    given.signal?.throwIfAborted();
    const { content } = given;
    const text = content === undefined ? formatRequestHead(given) : formatRequestHead({ ...given, fields: { ...given.fields, 'content-length': String(content.length) } }) + content;
    const began = clock.monotonic();
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(given.signal?.reason);
    given.signal?.addEventListener('abort', onAbort, { once: true });
    underWay.add(controller);
    const cease = (): void => {
      underWay.delete(controller);
      given.signal?.removeEventListener('abort', onAbort);
    };
    let connectedMs = 0;
    const { pipe, talk, head } = await ask(given, text, controller.signal, () => (connectedMs = clock.monotonic() - began)).catch((error: unknown) => {
      cease();
      throw error;
    });
    const release = (): void => {
      cease();
      if (given.reuse === true && talk.reusable) idle.put(kindOf(given, pipe.remote), pipe);
      else pipe.destroy();
    };
    const drain = (take: Take): Promise<void> => talk.drain(take).finally(release);
    const discard = (): void => {
      cease();
      if (!talk.reusable || given.reuse !== true) pipe.destroy();
    };
    // Nothing is to come: the connection is free at once.
    if (head.framing.kind === 'none') await drain(() => undefined);
    return {
      status: head.status,
      fields: head.fields,
      body: { [Symbol.asyncIterator]: () => (head.framing.kind === 'none' ? nothing() : pull(drain, discard)) },
      drain: head.framing.kind === 'none' ? () => Promise.resolve() : drain,
      local: pipe.local,
      remote: pipe.remote,
      timing: { connectedMs, headMs: clock.monotonic() - began },
      discard,
    };
  }

  return {
    request,
    close: async () => {
      for (const controller of underWay) controller.abort(new Error('the client was closed'));
      idle.close();
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
