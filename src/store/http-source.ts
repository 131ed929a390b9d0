// The origin of an edge: one or several servers that have the same objects, asked in their order. A
// server that fails is asked last for a while. Only these are ever contacted.

import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { createOriginClient, OriginError, type OriginClient, type OriginClientOptions, type OriginRequest, type OriginResponse } from '../net/http/origin-client.js';
import type { Log } from '../observe/log.js';

/** What an edge pulls from; the shield of an edge is one as well. */
export interface Origin {
  /** Of the first of them: where its objects are, to themselves. */
  readonly url: string;
  /** Throws OriginError where none of them answers, or the signal's reason. */
  request(request: OriginRequest): Promise<OriginResponse>;
  close(): Promise<void>;
}

export interface HttpSourceOptions extends Omit<OriginClientOptions, 'url'> {
  /** At least one. */
  readonly urls: readonly URL[];
}

/** A server that failed is asked only after the others for so long. */
const AVOID_MS = 10_000;
/** Answers of a gateway that has lost its own origin: another server may do better (RFC 9110 §15.6). */
const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);

interface Server {
  readonly client: OriginClient;
  /** On the monotonic clock. */
  avoidUntilMs: number;
}

export function createHttpSource(options: HttpSourceOptions, env: { readonly clock: Clock; readonly log: Log }): Origin {
  const { urls, ...common } = options;
  const servers: readonly Server[] = urls.map((url) => ({ client: createOriginClient({ ...common, url }, env), avoidUntilMs: -Infinity }));

  function inOrder(): readonly Server[] {
    const nowMs = env.clock.monotonic();
    const good = servers.filter((server) => server.avoidUntilMs <= nowMs);
    return [...good, ...servers.filter((server) => !good.includes(server))];
  }

  function fails(server: Server, why: string): void {
    const nowMs = env.clock.monotonic();
    if (server.avoidUntilMs <= nowMs) env.log.warn(`origin ${server.client.url}: ${why}`, { origin: server.client.url, why });
    server.avoidUntilMs = nowMs + AVOID_MS;
  }

  /** RFC 9110 §9.2.2: what is idempotent, and has no body that is used up, may be tried again. */
  const mayRepeat = (request: OriginRequest): boolean => request.body === undefined && (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS');

  async function ask(server: Server, request: OriginRequest): Promise<OriginResponse> {
    try {
      return await server.client.request(request);
    } catch (error) {
      // RFC 9112 §9.3.1: a connection that was kept open may be closed just as it is used again.
      if (!(error instanceof OriginError && error.kind === 'closed' && mayRepeat(request))) throw error;
      return await server.client.request(request);
    }
  }

  /** A body that breaks off tells of its server, too. */
  async function* watched(server: Server, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* body;
    } catch (error) {
      if (error instanceof OriginError) fails(server, messageOf(error));
      throw error;
    }
  }

  return {
    url: urls[0]?.origin ?? '',
    request: async (request) => {
      const order = inOrder();
      let last: unknown = new OriginError('unreachable', 'there is no origin');
      for (const [index, server] of order.entries()) {
        const isLast = index === order.length - 1;
        try {
          const response = await ask(server, request);
          if (!GATEWAY_ERRORS.has(response.status)) server.avoidUntilMs = -Infinity;
          if (!GATEWAY_ERRORS.has(response.status) || isLast || !mayRepeat(request)) return { ...response, body: watched(server, response.body) };
          fails(server, `answered ${response.status}`);
          response.discard();
        } catch (error) {
          if (!(error instanceof OriginError)) throw error;
          fails(server, messageOf(error));
          // A connection that was never made took no request with it.
          if (!mayRepeat(request) && error.kind !== 'unreachable') throw error;
          last = error;
        }
      }
      throw last;
    },
    close: async () => {
      await Promise.all(servers.map(({ client }) => client.close()));
    },
  };
}
