// A copy, complete or arriving -> the answer to a request for it.

import { Readable } from 'node:stream';
import { selectPrecondition } from '../net/http/conditional.js';
import { deliver } from '../net/http/deliver.js';
import { formatReprDigest } from '../net/http/digest.js';
import { parseEntityTag } from '../net/http/etag.js';
import { NO_BODY, textResponse, type HeaderFields, type HttpBody, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import type { Arrival } from './arrival.js';

/** A store's page or script must not become a page or script of the portal's. */
export function selectMediaFieldType(contentType: string): string {
  return /^(?:video|audio)\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*;[\t\x20-\x7e]*)?$/.test(contentType) ? contentType : 'application/octet-stream';
}

/** For GET and HEAD. The caller holds the copy until the answer is finished. */
export function deliverCopy(request: HttpRequest, copy: Arrival, nowMs: number): HttpResponse {
  const { head, length } = copy;
  const etag = head.etag !== undefined && parseEntityTag(head.etag) !== undefined ? head.etag : undefined;
  const validators = { etag, lastModifiedMs: head.lastModifiedMs };
  const contentType = selectMediaFieldType(head.contentType);
  const fields: HeaderFields = {
    'cache-control': 'no-cache',
    ...(head.sha256 === undefined ? {} : { 'repr-digest': formatReprDigest(head.sha256) }),
  };
  if (length !== undefined) return deliver(request, { length, ...validators, contentType, fields, open: (range, signal) => copy.read(range, signal) }, nowMs);

  // No range of a length nobody knows (RFC 9110 §14.4 wants to tell it): the whole, as it comes.
  const precondition = selectPrecondition(request, validators, nowMs);
  if (precondition.kind === 'failed') return textResponse(412, 'The representation is not the one the request expects.\n');
  if (precondition.kind === 'not-modified') return { status: 304, fields: etag === undefined ? {} : { etag }, body: NO_BODY };
  return {
    status: 200,
    fields: { ...fields, 'content-type': contentType, ...(etag === undefined ? {} : { etag }) },
    body: { kind: 'stream', length: undefined, open: (signal) => copy.read(undefined, signal) },
  };
}

/**
 * The answer to HEAD where there is no copy: only a transfer could tell its length, type and
 * validators, and RFC 9110 §9.3.2 lets HEAD omit what is determined only while generating content.
 */
export const UNKNOWN_MEDIA: HttpResponse = { status: 200, fields: { 'cache-control': 'no-cache' }, body: withoutContent() };

/** A body for HEAD alone, of a length that only GET would tell; never opened. */
export function withoutContent(): HttpBody {
  return { kind: 'stream', length: undefined, open: () => Readable.from([]) };
}

/**
 * The answer, once its first octets are at hand, so that a transfer which fails before a waiting
 * viewer got any of them can still be told as a failure of whoever failed. Rejects if it does.
 */
export async function primed(request: HttpRequest, response: HttpResponse): Promise<HttpResponse> {
  const { body } = response;
  if (request.method === 'HEAD' || body.kind !== 'stream') return response;
  const octets = body.open(request.signal)[Symbol.asyncIterator]();
  const first = await octets.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    if (first.done === true) return;
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => octets };
  }
  return { ...response, body: { ...body, open: all } };
}
