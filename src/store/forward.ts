// What goes to the origin of a client's request, and what comes back of the origin's answer. A request
// whose answer may be stored for others carries only what its key knows of, or what can't shape the answer.

import { endToEnd, appendVia } from '../net/http/forwarding.js';
import { formatHttpDate } from '../net/http/date.js';
import type { HeaderFields, HttpBody, HttpRequest, HttpResponse } from '../net/http/message.js';
import type { OriginResponse } from '../net/http/origin-client.js';
import { appendCacheStatus, formatCacheStatus, type CacheStatus } from '../net/http/cache-status.js';

/**
 * Sent along although others may get the answer: content negotiation (RFC 9110 §12.5), which an origin
 * answers with Vary; what marks a request as somebody's, so that storing its answer is judged by it.
 */
const SHARED: readonly string[] = ['accept', 'accept-encoding', 'accept-language', 'accept-charset', 'authorization', 'cookie', 'origin', 'traceparent', 'want-repr-digest'];

/** What clients say of where they come from: nobody here can vouch for it. */
const CLAIMED = /^(?:forwarded|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-.*|x-host)$/;

/** For a request whose answer may be stored: conditions and ranges are the cache's own. */
export function sharedFields(request: Pick<HttpRequest, 'fields'>, via: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name of SHARED) {
    const value = request.fields[name];
    if (value !== undefined) fields[name] = value;
  }
  fields['via'] = appendVia(request.fields['via'], via);
  return fields;
}

/** For a request that passes: all that is end-to-end (RFC 9110 §7.6.1), but for claims. */
export function passedFields(request: HttpRequest, via: string): Record<string, string> {
  const fields = endToEnd(request.fields);
  for (const name of Object.keys(fields)) {
    // RFC 9110 §6.5: trailers of a request end here, and aren't announced.
    if (name === 'host' || name === 'expect' || name === 'trailer' || CLAIMED.test(name)) Reflect.deleteProperty(fields, name);
  }
  fields['via'] = appendVia(request.fields['via'], via);
  // RFC 9110 §7.6.2
  const forwards = fields['max-forwards'];
  if (request.method === 'OPTIONS' && forwards !== undefined && /^\d{1,15}$/.test(forwards)) fields['max-forwards'] = String(Math.max(0, Number(forwards) - 1));
  return fields;
}

/** Somebody's own request: it joins no other, and none joins it. */
export function isPersonal(request: HttpRequest): boolean {
  return request.fields['authorization'] !== undefined || request.fields['cookie'] !== undefined;
}

/**
 * The origin's answer with what an intermediary adds. Trailers don't go on (RFC 9110 §6.5.1 lets them be
 * dropped), so that they aren't announced either.
 */
export function receivedFields(response: OriginResponse, via: string): Record<string, string> {
  const fields = endToEnd(response.fields);
  Reflect.deleteProperty(fields, 'trailer');
  Reflect.deleteProperty(fields, 'content-length');
  fields['via'] = appendVia(response.fields['via'], via);
  // RFC 9110 §6.6.1: who receives an answer without a Date gives it one.
  fields['date'] ??= formatHttpDate(response.receivedMs);
  return fields;
}

/** RFC 9110 §15.2: what the origin says before its answer goes to the one for whom it was asked, as an intermediary passes it on. */
export function interimTo({ interim }: HttpRequest, via: string): { readonly onInterim?: (status: number, fields: HeaderFields) => void } {
  if (interim === undefined) return {};
  return {
    onInterim: (status, given) => {
      const fields = endToEnd(given);
      // RFC 9110 §5.3: lines of Set-Cookie can't be joined, as those of a hint are.
      for (const name of ['trailer', 'content-length', 'set-cookie']) Reflect.deleteProperty(fields, name);
      fields['via'] = appendVia(given['via'], via);
      interim(status, fields);
    },
  };
}

function relayedBody(request: HttpRequest, response: OriginResponse): Pick<HttpResponse, 'body' | 'finished'> {
  if (response.status === 204 || response.status === 304) return { body: { kind: 'none' } };
  const body: HttpBody = { kind: 'stream', length: response.length, open: () => response.body };
  if (request.method === 'HEAD') return { body };
  const discard = (): void => response.discard();
  // Who asked may have left before the origin's head was here: nobody opens the body then.
  if (request.signal.aborted) discard();
  request.signal.addEventListener('abort', discard, { once: true });
  return { body, finished: discard };
}

/** Passes an answer on as it is. */
export function relay(request: HttpRequest, response: OriginResponse, via: string, cache: string, status: CacheStatus): HttpResponse {
  const fields = receivedFields(response, via);
  fields['cache-status'] = appendCacheStatus(response.fields['cache-status'], formatCacheStatus(cache, status));
  return {
    status: response.status,
    fields,
    ...(response.cookies.length === 0 ? {} : { cookies: response.cookies }),
    ...relayedBody(request, response),
  };
}
