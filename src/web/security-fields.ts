// What browsers must know of every answer, whoever made it.

import type { HttpHandler, HttpResponse } from '../net/http/message.js';

function secured(response: HttpResponse): HttpResponse {
  return {
    ...response,
    fields: { 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin', ...response.fields },
  };
}

export function securityFields(next: HttpHandler): HttpHandler {
  return (request) => {
    const answered = next(request);
    return answered instanceof Promise ? answered.then(secured) : secured(answered);
  };
}

/**
 * The policy of a page: nothing from anywhere but the portal, no script at all, and media from one
 * more place if the store plays to the browser directly.
 */
export function formatPagePolicy(mediaFrom: URL | undefined): string {
  // CSP §2.3.1 has no way to write an IPv6 address; browsers ignore a source that has one.
  const source = mediaFrom?.hostname.startsWith('[') === true ? mediaFrom.protocol : mediaFrom?.origin;
  const media = source === undefined ? "'self'" : `'self' ${source}`;
  return `default-src 'none'; style-src 'self'; img-src 'self'; media-src ${media}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
