// Cache-Status (RFC 9211) for what an edge answers before the cache has its turn: that no copy and no
// origin had a part in it, and why.

import type { Layer } from '../net/handler.js';
import { formatCacheStatus } from '../net/http/cache-status.js';
import type { HttpHandler, HttpResponse } from '../net/http/message.js';

const DETAIL: Readonly<Record<number, string>> = { 204: 'options', 403: 'not-signed', 405: 'method-not-allowed', 421: 'not-our-host', 503: 'at-capacity' };

export function createOwnStatus(id: string): Layer<HttpHandler> {
  const told = (response: HttpResponse): HttpResponse => {
    if (response.fields['cache-status'] !== undefined) return response;
    const detail = DETAIL[response.status];
    return { ...response, fields: { ...response.fields, 'cache-status': formatCacheStatus(id, detail === undefined ? {} : { detail }) } };
  };
  return (next) => (request) => {
    const response = next(request);
    return response instanceof Promise ? response.then(told) : told(response);
  };
}
