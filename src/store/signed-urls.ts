// Lets in what was signed, and takes the signature off: what is behind this layer, the memory, the key
// of the cache and the origin, never sees one.

import type { Clock } from '../base/clock.js';
import type { Layer } from '../net/handler.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import { checkTarget, type SigningKey } from '../net/http/signed-url.js';

/** The keys as of now. */
export type SigningKeys = () => readonly SigningKey[];

/** Its signal is asked for as the request's own is: where nobody wants one, none is made. */
function withTarget(request: HttpRequest, target: string): HttpRequest {
  const { method, fields, peer, local, interim, content } = request;
  return {
    method, target, fields, peer, local,
    get signal() {
      return request.signal;
    },
    ...(interim === undefined ? {} : { interim }),
    ...(content === undefined ? {} : { content }),
  };
}

const refuse = (why: string): HttpResponse => textResponse(403, `Forbidden: ${why}.\n`, { 'cache-control': 'no-store' });

/** 403 for whatever carries no grant (RFC 9110 §15.5.4). Without keys, everything is let through. */
export function createSignedUrls(keys: SigningKeys | undefined, clock: Clock): Layer<HttpHandler> {
  if (keys === undefined) return (next) => next;
  return (next) => (request) => {
    // A grant is to read: nobody may delete at an origin what he was let see.
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse('a signed URL is for GET and HEAD');
    const checked = checkTarget(request.target, request.peer.address, keys(), clock.now());
    return checked.kind === 'granted' ? next(withTarget(request, checked.target)) : refuse(checked.why);
  };
}
