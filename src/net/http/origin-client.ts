// The client of an edge: keeps connections to one origin open between requests, one request at a time
// on each, and can tell a body that ended from one that was cut off. undici does the wire.

import type { Socket } from 'node:net';
import type { Client, Dispatcher } from 'undici';
import type * as Undici from 'undici';
import type { Clock } from '../../base/clock.js';
import { messageOf, systemCode } from '../../base/errors.js';
import { dispatch, type Arriving, type OnInterim } from './client-dispatch.js';
import { HeadFault, MAX_HEAD_BYTES, recordOf } from './client-head.js';
import type { HeaderFields } from './message.js';

export interface OriginRequest {
  readonly method: string;
  readonly target: string;
  /** Without Host, which is the origin's own. */
  readonly fields: HeaderFields;
  /** Its length, where it has one, stands in Content-Length. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  readonly onInterim?: (status: number, fields: HeaderFields) => void;
}

export interface OriginResponse {
  readonly status: number;
  readonly fields: HeaderFields;
  /** Lines of Set-Cookie; they aren't among the fields. */
  readonly cookies: readonly string[];
  /** Of the body, where it is told; of HEAD's what GET's would be. */
  readonly length: number | undefined;
  /** Read it to the end, leave its loop, or call discard(). Throws OriginError where it ends early. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly requestedMs: number;
  readonly receivedMs: number;
  /** Gives the body up, and with it the connection; nothing where the body has ended. */
  discard(): void;
}

/** The origin gave no answer, or not all of it. */
export class OriginError extends Error {
  override readonly name = 'OriginError';
  readonly kind: 'unreachable' | 'timeout' | 'closed' | 'protocol' | 'cut';

  constructor(kind: OriginError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

export interface OriginClient {
  /** "http://127.0.0.1:40721" */
  readonly url: string;
  /** Throws OriginError, or the signal's reason. */
  request(request: OriginRequest): Promise<OriginResponse>;
  close(): Promise<void>;
}

export interface OriginClientOptions {
  readonly url: URL;
  readonly connectTimeoutMs?: number;
  /** From the request to the head of its answer. */
  readonly headTimeoutMs?: number;
  /** Between two pieces of a body, while more is wanted. */
  readonly idleTimeoutMs?: number;
  /** Requests at a time; more wait for their turn, for as long as for a head. */
  readonly maxConnections?: number;
}

/** A connection with nothing under way is closed after this, before the origin's own 30 s are over. */
const KEEP_ALIVE_MS = 20_000;

/** One connection: it may break and be made anew, but has one request at a time. */
interface Line {
  readonly client: Client;
  socket: Socket | undefined;
  /** The other side said that it sends no more (FIN); a connection can also just break. */
  ended: boolean;
}

/** Aborts as the request's signal does, or by itself; released when the answer is over. */
interface Watch {
  readonly signal: AbortSignal;
  readonly released: boolean;
  abort(reason: Error): void;
  release(): void;
}

function createWatch(parent: AbortSignal): Watch {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent.reason);
  parent.addEventListener('abort', onAbort, { once: true });
  if (parent.aborted) onAbort();
  let released = false;
  return {
    signal: controller.signal,
    get released() {
      return released;
    },
    abort: (reason) => controller.abort(reason),
    release: () => {
      released = true;
      parent.removeEventListener('abort', onAbort);
    },
  };
}

const NO_OCTETS: AsyncIterable<Uint8Array> = (async function* () {})();

const TIMEOUTS: ReadonlySet<string> = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** undefined: it contradicts itself. Nobody needs it (RFC 9110 §15.2), and the answer is still to come. */
function interimFields(headers: Arriving['headers']): HeaderFields | undefined {
  try {
    return recordOf(headers);
  } catch (error) {
    if (error instanceof HeadFault) return undefined;
    throw error;
  }
}

/** Why no head came. */
function headError(url: string, line: Line, error: unknown): OriginError {
  const code = systemCode(error) ?? '';
  if (TIMEOUTS.has(code)) return new OriginError('timeout', `${url} did not answer in time`, error);
  if (line.socket === undefined) return new OriginError('unreachable', `cannot connect to ${url}: ${messageOf(error)}`, error);
  if (CLOSED.has(code)) return new OriginError('closed', `${url} closed the connection without an answer`, error);
  return new OriginError('protocol', `${url} answered with broken HTTP: ${messageOf(error)}`, error);
}

export function createOriginClient(options: OriginClientOptions, env: { readonly clock: Clock }): OriginClient {
  const { connectTimeoutMs = 3000, headTimeoutMs = 10_000, idleTimeoutMs = 10_000, maxConnections = 256 } = options;
  const url = options.url.origin;
  const idle: Line[] = [];
  const lines = new Set<Line>();
  /** In the order in which they came. */
  const waiting = new Set<(line: Line) => void>();
  let undici: Promise<typeof Undici> | undefined;
  let closed = false;

  async function createLine(): Promise<Line> {
    undici ??= import('undici');
    const { Client: LineClient, buildConnector } = await undici;
    const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
    const client = new LineClient(url, {
      connect: (target, callback) => {
        connect(target, (...outcome) => {
          const [, socket] = outcome;
          line.socket = socket ?? undefined;
          line.ended = false;
          socket?.once('end', () => (line.ended = true));
          callback(...outcome);
        });
      },
      headersTimeout: headTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
    });
    const line: Line = { client, socket: undefined, ended: false };
    return line;
  }

  async function openLine(): Promise<Line> {
    const line = await createLine();
    lines.add(line);
    return line;
  }

  /** Readers who take their time could have all connections: who waits isn't to wait for them for ever. */
  function waitForLine(signal: AbortSignal): Promise<Line> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(take);
        stopTimer();
        signal.removeEventListener('abort', onAbort);
      };
      const take = (line: Line): void => {
        leave();
        resolve(line);
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const stopTimer = env.clock.after(headTimeoutMs, () => {
        leave();
        reject(new OriginError('timeout', `${url} could not be asked: all of ${maxConnections} connections to it were in use for ${headTimeoutMs} ms`));
      });
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(take);
    });
  }

  async function takeLine(signal: AbortSignal): Promise<Line> {
    const free = idle.pop();
    if (free !== undefined) return free;
    return lines.size >= maxConnections ? waitForLine(signal) : openLine();
  }

  function giveBack(line: Line): void {
    if (closed) return drop(line);
    const [next] = waiting;
    if (next) next(line);
    else idle.push(line);
  }

  function drop(line: Line): void {
    if (!lines.delete(line)) return;
    line.client.destroy().catch(() => undefined);
    if (waiting.size > 0 && !closed) openLine().then(giveBack, () => undefined);
  }

  /** Passes the body on, and gives the connection back when it ended well. */
  async function* readBody(line: Line, arriving: Arriving, byClose: boolean, { signal, release }: Watch): AsyncGenerator<Uint8Array, void, undefined> {
    let whole = false;
    try {
      yield* arriving.body;
      // undici takes a reset, too, for the end where only the close marks it.
      if (byClose && !line.ended) throw new OriginError('cut', `${url} broke off within the body`);
      whole = true;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof OriginError) throw error;
      const late = TIMEOUTS.has(systemCode(error) ?? '');
      throw new OriginError(late ? 'timeout' : 'cut', `${url} ${late ? 'fell silent' : 'broke off'} within the body`, error);
    } finally {
      release();
      if (whole) giveBack(line);
      else drop(line);
    }
  }

  /** Of an answer without a body, which nobody reads. */
  async function finish(body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) if (chunk.byteLength > 0) return;
    } catch {
      // The line is dropped; the answer was complete before that.
    }
  }

  async function exchange(line: Line, request: OriginRequest, watch: Watch): Promise<OriginResponse> {
    const { signal } = watch;
    const { method, target: path, fields, body } = request;
    const dispatched: Dispatcher.DispatchOptions = { method, path, headers: { ...fields, host: options.url.host }, ...(body === undefined ? {} : { body: body as unknown as Exclude<Dispatcher.DispatchOptions['body'], undefined> }) };
    const tell = request.onInterim;
    const onInterim: OnInterim | undefined = tell && ((status, headers) => {
      const fields = interimFields(headers);
      if (fields !== undefined) tell(status, fields);
    });
    const requestedMs = env.clock.now();
    const arriving = await dispatch(line.client, dispatched, signal, onInterim);
    const receivedMs = env.clock.now();
    const { 'set-cookie': cookie, ...others } = arriving.headers;
    const answered = recordOf(others);
    const { 'content-length': length, 'transfer-encoding': coding } = answered;
    const hasBody = method !== 'HEAD' && arriving.status !== 204 && arriving.status !== 304;
    // RFC 9110 §15: there is no such status. RFC 9112 §6.1, §7: another coding than chunked wasn't asked for (TE), and nobody here undoes it.
    const broken = arriving.status > 599 ? `a status of ${arriving.status}` : hasBody && coding !== undefined && coding.toLowerCase() !== 'chunked' ? 'a transfer coding that nobody asked for' : undefined;
    if (broken !== undefined) throw new OriginError('protocol', `${url} answered with ${broken}`);
    const byClose = hasBody && length === undefined && coding === undefined;
    const reading = readBody(line, arriving, byClose, watch);
    if (!hasBody) void finish(reading);
    return {
      status: arriving.status,
      fields: answered,
      cookies: cookie === undefined ? [] : Array.isArray(cookie) ? cookie : [cookie],
      // RFC 9112 §6.3: what has no content has none, whatever is announced.
      length: method === 'HEAD' || hasBody ? (length === undefined ? undefined : Number(length)) : 0,
      body: hasBody ? reading : NO_OCTETS,
      requestedMs,
      receivedMs,
      discard: () => {
        // The connection is somebody else's by now, or waits for him.
        if (watch.released) return;
        watch.abort(new Error('given up'));
        watch.release();
        drop(line);
      },
    };
  }

  return {
    url,
    request: async (request) => {
      request.signal.throwIfAborted();
      const line = await takeLine(request.signal);
      const watch = createWatch(request.signal);
      try {
        return await exchange(line, request, watch);
      } catch (error) {
        watch.release();
        drop(line);
        if (watch.signal.aborted) throw watch.signal.reason;
        if (error instanceof OriginError) throw error;
        throw headError(url, line, error);
      }
    },
    close: async () => {
      closed = true;
      await Promise.all([...lines].map((line) => line.client.destroy()));
      lines.clear();
      idle.length = 0;
    },
  };
}
