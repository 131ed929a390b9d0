// From addresses to a connection: several are tried in a staggered race (RFC 8305, "Happy Eyeballs"), the
// first that is there wins; through a proxy where one was named.

import { connect as connectTcp } from 'node:net';
import type { Clock } from '../base/clock.js';
import { messageOf, systemCode } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from './address.js';
import { openPipe, openTlsInside, type Opening, type Pipe, type TlsOptions } from './pipe.js';

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

export interface Tunnel {
  /** "example.com:443": what the proxy is to connect to (RFC 9110 §9.3.6). */
  readonly authority: string;
  readonly authorization: string | undefined;
}

export interface DialOptions {
  /** Best first; at least one. */
  readonly endpoints: readonly Endpoint[];
  readonly localAddress?: string;
  readonly tls?: TlsOptions;
  /** The endpoints are a proxy's, and TLS is to be spoken with whom it connects to. */
  readonly tunnel?: Tunnel;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Hears of each address that was not there. */
  readonly onFailed?: (error: ConnectError) => void;
}

/** RFC 8305 §5: "Connection Attempt Delay", 250 ms recommended. */
const STAGGER_MS = 250;
const MAX_TUNNEL_HEAD = 16_384;

/** RFC 8305 §4: the families take turns, the first one's family first. */
export function interleaveFamilies(addresses: readonly string[]): readonly string[] {
  const first = addresses[0]?.includes(':') ?? false;
  const [same, other] = [addresses.filter((address) => address.includes(':') === first), addresses.filter((address) => address.includes(':') !== first)];
  return same.flatMap((address, index) => [address, ...other.slice(index, index + 1)]).concat(other.slice(same.length));
}

/** A proxy's tunnel, and TLS in it. */
function openTunnel(endpoint: Endpoint, tunnel: Tunnel, options: DialOptions): Opening {
  const { tls, localAddress } = options;
  const socket = connectTcp({ host: endpoint.address, port: endpoint.port, ...(localAddress === undefined ? {} : { localAddress }) });
  let inner: Opening | undefined;
  const ready = new Promise<Pipe>((resolve, reject) => {
    let head = '';
    const fail = (message: string, code: string): void => {
      socket.destroy();
      reject(Object.assign(new Error(message), { code }));
    };
    socket.on('error', reject);
    socket.once('close', () => fail('the proxy closed the connection', 'ECONNRESET'));
    socket.once('connect', () => {
      const authorization = tunnel.authorization === undefined ? '' : `Proxy-Authorization: ${tunnel.authorization}\r\n`;
      socket.write(`CONNECT ${tunnel.authority} HTTP/1.1\r\nHost: ${tunnel.authority}\r\n${authorization}\r\n`, 'latin1');
    });
    const onData = (octets: Buffer): void => {
      head += octets.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) {
        if (head.length > MAX_TUNNEL_HEAD) fail('the proxy sends a head without end', 'EPROTO');
        return;
      }
      socket.off('data', onData);
      const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
      // RFC 9110 §9.3.6: any 2xx, and the octets behind its head are the tunnel's; TLS waits for the client to begin.
      if (status?.startsWith('2') !== true) return fail(`the proxy answered CONNECT with ${status ?? 'no HTTP'}`, 'EPROXY');
      if (head.length > end + 4) return fail('the proxy sent octets that nobody can have sent', 'EPROTO');
      inner = openTlsInside(socket, tunnel.authority.replace(/:\d+$/, ''), tls ?? { servername: '' });
      inner.ready.then(resolve, reject);
    };
    socket.on('data', onData);
  });
  ready.catch(() => undefined);
  return {
    ready,
    cancel: () => {
      inner?.cancel();
      socket.destroy();
    },
  };
}

function begin(endpoint: Endpoint, options: DialOptions): Opening {
  const { tunnel, tls, localAddress } = options;
  if (tunnel !== undefined) return openTunnel(endpoint, tunnel, options);
  return openPipe({ endpoint, ...(tls === undefined ? {} : { tls }), ...(localAddress === undefined ? {} : { localAddress }) });
}

function refusal(endpoint: Endpoint, error: unknown): ConnectError {
  return new ConnectError(systemCode(error) ?? 'UNKNOWN', `cannot connect to ${formatEndpoint(endpoint)}: ${messageOf(error)}`, endpoint, error);
}

/**
 * Resolves with the first connection that is made; the others are given up. Rejects with the last
 * ConnectError, or the signal's reason.
 */
export function dial(options: DialOptions, clock: Clock): Promise<Pipe> {
  const { endpoints, timeoutMs, signal, onFailed } = options;
  return new Promise((resolve, reject) => {
    const underWay = new Map<Endpoint, Opening>();
    const waiting = [...endpoints];
    let stopStagger = (): void => undefined;
    let over = false;

    const finish = (settle: () => void): void => {
      if (over) return;
      over = true;
      stopStagger();
      stopTimer();
      signal.removeEventListener('abort', onAbort);
      for (const opening of underWay.values()) opening.cancel();
      settle();
    };
    const onAbort = (): void => finish(() => reject(signal.reason as Error));
    const stopTimer = clock.after(timeoutMs, () => {
      const late = [...underWay.keys()].map((endpoint) => new ConnectError('ETIMEDOUT', `${formatEndpoint(endpoint)} did not take a connection within ${timeoutMs} ms`, endpoint));
      for (const error of late) onFailed?.(error);
      finish(() => reject(late.at(-1) ?? new Error('nobody was asked')));
    });
    const failed = (endpoint: Endpoint, error: unknown): void => {
      if (over) return;
      underWay.delete(endpoint);
      const why = refusal(endpoint, error);
      onFailed?.(why);
      // §5: the next need not wait for its turn.
      if (waiting.length > 0) next();
      else if (underWay.size === 0) finish(() => reject(why));
    };
    const next = (): void => {
      stopStagger();
      const endpoint = waiting.shift();
      if (endpoint === undefined || over) return;
      const opening = begin(endpoint, options);
      underWay.set(endpoint, opening);
      if (waiting.length > 0) stopStagger = clock.after(STAGGER_MS, next);
      opening.ready.then(
        (pipe) => {
          if (over) return pipe.destroy();
          underWay.delete(endpoint);
          finish(() => resolve(pipe));
        },
        (error: unknown) => failed(endpoint, error),
      );
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    next();
  });
}
