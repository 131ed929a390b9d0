// A representation and a request -> the answer: 200, 206, 304, 405, 412, 416 or 501 (RFC 9110).
// Everything that sends files or parts of them sends them through here.

import { selectPrecondition } from './conditional.js';
import { formatHttpDate } from './date.js';
import { textResponse, type HeaderFields, type HttpBody, type HttpRequest, type HttpResponse } from './message.js';
import { planMultipart } from './multipart.js';
import { formatContentRange, formatUnsatisfiedRange, rangeLength, selectRanges, type ByteRange } from './range.js';

export interface Representation {
  /** The complete length, in octets. */
  readonly length: number;
  /** As the ETag field has it, quotes and all; strong if it changes whenever an octet does. */
  readonly etag: string | undefined;
  readonly lastModifiedMs: number | undefined;
  readonly contentType: string;
  /** Further fields of a 200, in lower case: cache-control, repr-digest … */
  readonly fields?: HeaderFields;
  /** Exactly the octets of `range`, which is never empty; called once for each range that is sent. Throws rather than end early. */
  open(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The same octets where all of them are in memory already, so that the answer waits for nothing; undefined where they are not. */
  slices?(range: ByteRange): readonly Uint8Array[] | undefined;
}

/** RFC 9110 §9.3 and PATCH: methods that any server recognises, allowed or not. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** §15.5.6: 405 must say what is allowed. */
export function methodNotAllowed(allowed: readonly string[]): HttpResponse {
  const allow = allowed.join(', ');
  return textResponse(405, `This resource can be asked for with ${allow}.\n`, { allow });
}

/** 405 for a method that is known but not among `allowed`, 501 for one that isn't known at all (§15.6.2). */
export function refuseMethod(method: string, allowed: readonly string[]): HttpResponse {
  return KNOWN_METHODS.has(method) ? methodNotAllowed(allowed) : textResponse(501, 'This method is not known here.\n');
}

/** §15.4.5: describe content that a 304 doesn't have; the cache keeps those it stored. */
const NOT_IN_304 = new Set(['content-type', 'content-encoding', 'content-language', 'repr-digest']);

function notModified(representation: Representation): HttpResponse {
  const { etag, lastModifiedMs } = representation;
  const kept = Object.entries(representation.fields ?? {}).filter(([name]) => !NOT_IN_304.has(name));
  const fields: Record<string, string> = Object.fromEntries(kept);
  // §15.4.5: Last-Modified is of use only where there is no ETag.
  if (etag !== undefined) fields['etag'] = etag;
  else if (lastModifiedMs !== undefined) fields['last-modified'] = formatHttpDate(lastModifiedMs);
  return { status: 304, fields, body: { kind: 'none' } };
}

function rangeBody(representation: Representation, range: ByteRange): HttpBody {
  const slices = representation.slices?.(range);
  if (slices !== undefined) return { kind: 'slices', length: rangeLength(range), slices };
  return { kind: 'stream', length: rangeLength(range), open: (signal) => representation.open(range, signal) };
}

/**
 * The answer to GET or HEAD of `representation`; other methods are refused. `nowMs` is the time of
 * the answer. Ranges, conditions and If-Range are all seen to here.
 */
export function deliver(request: HttpRequest, representation: Representation, nowMs: number): HttpResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(request.method, ['GET', 'HEAD']);

  const precondition = selectPrecondition(request, representation, nowMs);
  if (precondition.kind === 'not-modified') return notModified(representation);
  if (precondition.kind === 'failed') return textResponse(412, 'The representation is not the one the request expects.\n');

  const { length, contentType } = representation;
  // A 206 to If-Range repeats these although §15.3.7 would spare them: the requester may be a
  // player's next connection that never saw the first answer.
  const fields: Record<string, string> = { ...representation.fields, 'content-type': contentType, 'accept-ranges': 'bytes' };
  if (representation.etag !== undefined) fields['etag'] = representation.etag;
  if (representation.lastModifiedMs !== undefined) {
    // §8.8.2.1: never later than the answer's own date.
    fields['last-modified'] = formatHttpDate(Math.min(representation.lastModifiedMs, nowMs));
  }

  const selection = selectRanges(precondition.rangeApplies ? request.fields['range'] : undefined, length);
  if (selection.kind === 'unsatisfiable') {
    return textResponse(416, `There are ${length} bytes, and none of them is in this range.\n`, {
      'content-range': formatUnsatisfiedRange(length), // §15.5.17
      'accept-ranges': 'bytes',
    });
  }
  if (selection.kind === 'whole') {
    if (length === 0) return { status: 200, fields, body: { kind: 'bytes', bytes: new Uint8Array() } };
    return { status: 200, fields, body: rangeBody(representation, { firstPos: 0, lastPos: length - 1 }) };
  }

  const [first, second] = selection.ranges;
  if (first !== undefined && second === undefined) {
    return { status: 206, fields: { ...fields, 'content-range': formatContentRange(first, length) }, body: rangeBody(representation, first) };
  }
  // §15.3.7.2: no Content-Range beside several parts, each has its own.
  const plan = planMultipart(selection.ranges, length, contentType);
  const slices = plan.slices((range) => representation.slices?.(range));
  return {
    status: 206,
    fields: { ...fields, 'content-type': plan.contentType },
    body: slices !== undefined ? { kind: 'slices', length: plan.length, slices } : { kind: 'stream', length: plan.length, open: (signal) => plan.stream((range) => representation.open(range, signal)) },
  };
}
