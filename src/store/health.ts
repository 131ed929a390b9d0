// `/_cdn/`: what a store says of itself. No object can have such a path.

import type { Clock } from '../base/clock.js';
import type { Layer } from '../net/handler.js';
import { refuseMethod } from '../net/http/deliver.js';
import { jsonResponse, textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import { METHODS } from './identity.js';

/** What the other processes that answer as the same store have. */
export interface Elsewhere {
  readonly transfers: number;
  readonly refused: number;
}

export interface Gauges {
  /** Answers with content of objects that are under way. */
  transfers: number;
  /** Answered 503 since the start, because there was no room for one more. */
  refused: number;
  /** On the monotonic clock; undefined before the start. */
  startedMs: number | undefined;
}

const NO_STORE = { 'cache-control': 'no-store' };

export interface HealthParts {
  readonly store: { readonly id: string; readonly capacity: number | undefined };
  readonly gauges: Gauges;
  readonly elsewhere?: (() => Elsewhere) | undefined;
  /** What else is told; rejects when the store can't do its work. */
  look(): Promise<Readonly<Record<string, unknown>>>;
  /** The reason, where `look` rejects: "folder unreadable". */
  readonly trouble: string;
}

/** `GET /_cdn/health`: 200 when the store can do its work, also when it is full, 503 when it can't; the load with either. */
export function createHealth({ store, gauges, elsewhere, look, trouble }: HealthParts, clock: Clock): Layer<HttpHandler> {
  async function answer(request: HttpRequest, path: string): Promise<HttpResponse> {
    if (path !== '/_cdn/health') return textResponse(404, 'Here is only /_cdn/health.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(request.method, METHODS);
    const now = clock.monotonic();
    const others = elsewhere?.() ?? { transfers: 0, refused: 0 };
    const transfers = gauges.transfers + others.transfers;
    const refused = gauges.refused + others.refused;
    const facts = { ...store, uptimeSeconds: Math.floor((now - (gauges.startedMs ?? now)) / 1000), transfers, refused, full: transfers >= (store.capacity ?? Infinity) };
    try {
      return jsonResponse(200, { status: 'ok', ...(await look()), ...facts }, NO_STORE);
    } catch {
      return jsonResponse(503, { status: trouble, ...facts }, NO_STORE);
    }
  }
  return (next) => (request) => {
    const path = request.target.startsWith('/_cdn') ? /^[^?]*/.exec(request.target)?.[0] ?? '' : '';
    return path === '/_cdn' || path.startsWith('/_cdn/') ? answer(request, path) : next(request);
  };
}
