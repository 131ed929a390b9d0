// What an edge counts of its answers, for /metrics: by status, by what the cache did (the words of
// RFC 9211), and in octets. A count costs a look-up; nothing is worded before somebody asks.

import type { Layer } from '../net/handler.js';
import type { HttpHandler, HttpRequest, HttpResponse, HeaderFields } from '../net/http/message.js';
import { parseCacheStatus, type ForwardReason } from '../net/http/cache-status.js';

/** 'none': the answer was made here, and the cache had no part in it. */
export type CacheOutcome = 'hit' | ForwardReason | 'none';

export interface Tally {
  readonly requests: ReadonlyMap<CacheOutcome, ReadonlyMap<number, number>>;
  readonly collapsed: number;
  /** Of bodies: handed to the transport, or of those that are streamed, to the socket. */
  readonly octets: number;
  readonly layer: Layer<HttpHandler>;
}

const FORWARD: ReadonlySet<string> = new Set<ForwardReason>(['bypass', 'method', 'uri-miss', 'vary-miss', 'miss', 'request', 'stale', 'partial']);

const isForward = (word: string | undefined): word is ForwardReason => word !== undefined && FORWARD.has(word);

interface Told {
  readonly outcome: CacheOutcome;
  readonly collapsed: boolean;
}

const NOTHING: Told = { outcome: 'none', collapsed: false };

/** The cache's own word is the last (§2). */
function told(fields: HeaderFields): Told {
  const text = fields['cache-status'];
  const own = text === undefined ? undefined : parseCacheStatus(text)?.at(-1);
  if (own === undefined) return NOTHING;
  return { outcome: own.hit ? 'hit' : isForward(own.fwd) ? own.fwd : 'none', collapsed: own.collapsed };
}

export function createTally(): Tally {
  const requests = new Map<CacheOutcome, Map<number, number>>();
  /** Of answers that come again and again with the same fields. */
  const known = new WeakMap<HeaderFields, Told>();
  let collapsed = 0;
  let octets = 0;

  function toldOf(fields: HeaderFields): Told {
    const before = known.get(fields);
    if (before !== undefined) return before;
    const now = told(fields);
    if (Object.isFrozen(fields)) known.set(fields, now);
    return now;
  }

  function count(request: HttpRequest, response: HttpResponse): HttpResponse {
    const { outcome, collapsed: isCollapsed } = toldOf(response.fields);
    const byStatus = requests.get(outcome) ?? new Map<number, number>();
    if (byStatus.size === 0) requests.set(outcome, byStatus);
    byStatus.set(response.status, (byStatus.get(response.status) ?? 0) + 1);
    if (isCollapsed) collapsed += 1;
    const { body, finished } = response;
    if (body.kind === 'none' || request.method === 'HEAD') return response;
    if (body.kind === 'bytes') {
      octets += body.bytes.byteLength;
      return response;
    }
    return {
      ...response,
      finished: (outcomeOf) => {
        octets += outcomeOf.bytes;
        finished?.(outcomeOf);
      },
    };
  }

  return {
    requests,
    get collapsed() {
      return collapsed;
    },
    get octets() {
      return octets;
    },
    layer: (next) => (request) => {
      const response = next(request);
      return response instanceof Promise ? response.then((answer) => count(request, answer)) : count(request, response);
    },
  };
}
