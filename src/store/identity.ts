// Fields that every answer of a store carries: which store it was, and leave for players in pages
// of other origins to read what they need.

import type { Layer } from '../net/handler.js';
import type { HeaderFields, HttpHandler, HttpResponse } from '../net/http/message.js';

export const METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

const ALLOW = METHODS.join(', ');

/** "hercdn (store-1)": a product and a comment (RFC 9110 §10.2.4, §5.6.5). */
export function formatServer(id: string): string {
  const comment = id.replace(/[^\x20-\x7e]/g, '?').replace(/[()\\]/g, String.raw`\$&`);
  return `hercdn (${comment})`;
}

/** Answers OPTIONS, too: a page's question beforehand (Fetch §4.8), or anybody's. */
export function createIdentity(id: string): Layer<HttpHandler> {
  const common = {
    server: formatServer(id),
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'accept-ranges, age, cache-status, content-length, content-range, date, etag, repr-digest, server',
  };
  const preflight = {
    'access-control-allow-methods': ALLOW,
    'access-control-allow-headers': 'if-match, if-modified-since, if-none-match, if-range, if-unmodified-since, range, traceparent, want-repr-digest',
    'access-control-max-age': '86400',
  };
  /** Of fields that come again and again, which are frozen. */
  const known = new WeakMap<HeaderFields, HeaderFields>();
  function fieldsWithCommon(fields: HeaderFields): HeaderFields {
    const before = known.get(fields);
    if (before !== undefined) return before;
    if (!Object.isFrozen(fields)) return { ...fields, ...common };
    const together = Object.freeze({ ...fields, ...common });
    known.set(fields, together);
    return together;
  }
  /** Of answers that come again and again, which are frozen, too. */
  const answers = new WeakMap<HttpResponse, HttpResponse>();
  function withCommon(response: HttpResponse): HttpResponse {
    const before = answers.get(response);
    if (before !== undefined) return before;
    const together = { ...response, fields: fieldsWithCommon(response.fields) };
    if (Object.isFrozen(response)) answers.set(response, Object.freeze(together));
    return together;
  }
  return (next) => (request) => {
    if (request.method !== 'OPTIONS') {
      const response = next(request);
      return response instanceof Promise ? response.then(withCommon) : withCommon(response);
    }
    const asked = request.fields['access-control-request-method'] === undefined ? {} : preflight;
    return withCommon({ status: 204, fields: { allow: ALLOW, ...asked }, body: { kind: 'none' } });
  };
}
