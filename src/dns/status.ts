// The live view: every store's state, reason, part of the answers and load, over HTTP at /_cdn/health;
// and the switch that drains a store, for this machine only.

import type { Clock } from '../base/clock.js';
import { formatEndpoint, isLoopback } from '../net/address.js';
import { refuseMethod } from '../net/http/deliver.js';
import { jsonResponse, textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import type { HealthChecker } from './health.js';
import type { Router } from './router.js';
import type { Edge } from './routing-edge.js';

export interface StoreStatus {
  readonly id: string;
  readonly address: string;
  /** What routing makes of it: `drained` and `backup` are the administrator's, the others the checks'; `full` is up. */
  readonly state: 'up' | 'full' | 'down' | 'unchecked' | 'drained' | 'backup';
  /** The checks' word whatever the administrator's is. */
  readonly health: 'up' | 'down' | 'unchecked';
  readonly reason: string;
  /** Since when the checks say so, RFC 3339; null: there are no checks. */
  readonly since: string | null;
  /** How often they have changed their mind. */
  readonly changes: number;
  /** Part of the answers lately, 0 to 1. */
  readonly share: number;
  /** As it last reported; null: it didn't. */
  readonly transfers: number | null;
  readonly capacity: number | null;
  readonly rttMs: number | null;
  readonly weight: number;
  readonly region: string | null;
}

export interface RoutingStatus {
  readonly status: 'ok' | 'all stores down';
  readonly policies: readonly string[];
  readonly whenAllDown: string;
  readonly ttlSeconds: number;
  readonly uptimeSeconds: number;
  readonly stores: readonly StoreStatus[];
}

export interface StatusParts {
  readonly stores: readonly Edge[];
  readonly router: Router;
  readonly checker: HealthChecker | undefined;
  /** Beyond this router, where others route as well; done when they know. */
  drain?(id: string, drain: boolean): Promise<void>;
}

const NO_STORE = { 'cache-control': 'no-store' };

function stateOf(edge: Edge, router: Router, verdict: StoreStatus['health']): StoreStatus['state'] {
  if (router.isDrained(edge)) return 'drained';
  if (edge.backup === true) return 'backup';
  return verdict === 'up' && router.isFull(edge) ? 'full' : verdict;
}

function describeStore(edge: Edge, { router, checker }: StatusParts): StoreStatus {
  const health = checker?.report(edge.id);
  const verdict = health?.verdict ?? 'unchecked';
  const rttMs = health?.rttMs;
  return {
    id: edge.id,
    address: formatEndpoint(edge.endpoint),
    state: stateOf(edge, router, verdict),
    health: verdict,
    reason: health?.reason ?? 'health checks are off',
    since: health ? new Date(health.sinceMs).toISOString() : null,
    changes: health?.changes ?? 0,
    share: Math.round(router.shareOf(edge.id) * 1000) / 1000,
    transfers: health?.transfers ?? null,
    capacity: router.capacityOf(edge) ?? null,
    rttMs: rttMs === undefined ? null : Math.round(rttMs * 100) / 100,
    weight: edge.weight ?? 1,
    region: edge.region ?? null,
  };
}

/** `GET /_cdn/health`; `POST /_cdn/drain?store=ID&drain=true|false`. `current`: as it is at that moment. */
export function createStatusHandler(current: () => StatusParts, env: { readonly clock: Clock }): HttpHandler {
  const startedMs = env.clock.monotonic();
  const status = (): RoutingStatus => {
    const parts = current();
    const { policies, whenAllDown, ttlSeconds } = parts.router.rules;
    const stores = parts.stores.map((edge) => describeStore(edge, parts));
    const serving = stores.some(({ state }) => state === 'up' || state === 'full' || (state === 'unchecked' && !parts.checker));
    return { status: serving ? 'ok' : 'all stores down', policies, whenAllDown, ttlSeconds, uptimeSeconds: Math.floor((env.clock.monotonic() - startedMs) / 1000), stores };
  };
  return (request) => {
    const [path = '', query = ''] = request.target.split('?', 2);
    if (path === '/_cdn/drain') {
      const drained = drain(request, query, current());
      return drained instanceof Promise ? drained.then(() => jsonResponse(200, status(), NO_STORE)) : (drained ?? jsonResponse(200, status(), NO_STORE));
    }
    if (path !== '/_cdn/health') return textResponse(404, 'Here are /_cdn/health and /_cdn/drain.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(request.method, ['GET', 'HEAD']);
    const now = status();
    return jsonResponse(now.status === 'ok' ? 200 : 503, now, NO_STORE);
  };
}

/** Does it, or says why not. */
function drain(request: HttpRequest, query: string, { stores, router, drain: tell }: StatusParts): Promise<void> | HttpResponse | undefined {
  if (request.method !== 'POST') return refuseMethod(request.method, ['POST']);
  // A page in a browser of this machine could send a POST, but not without one of these.
  const fromPage = request.fields['origin'] !== undefined || request.fields['sec-fetch-site'] !== undefined;
  if (!isLoopback(request.peer.address) || fromPage) return textResponse(403, 'Stores are drained from this machine only, and not by pages.\n');
  const wanted = new URLSearchParams(query);
  const store = stores.find(({ id }) => id === wanted.get('store'));
  if (!store) return textResponse(404, `There is no such store; there are ${stores.map(({ id }) => id).join(', ')}.\n`);
  const drained = wanted.get('drain');
  if (drained !== 'true' && drained !== 'false') return textResponse(400, 'Say drain=true or drain=false.\n');
  router.setDrain(store.id, drained === 'true');
  return tell?.(store.id, drained === 'true');
}
