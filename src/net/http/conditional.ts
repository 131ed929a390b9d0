// Preconditions (RFC 9110 §13) of a request, judged against the validators of the representation
// it selected, in the order of §13.2.2.

import { parseHttpDate } from './date.js';
import { matchesStrongly, matchesWeakly, parseEntityTag, parseEntityTags } from './etag.js';
import type { HttpRequest } from './message.js';

export interface Validators {
  /** As the ETag field has it. */
  readonly etag: string | undefined;
  readonly lastModifiedMs: number | undefined;
}

export type Precondition =
  /** `rangeApplies`: a Range field, if there is one, is to be honoured. */
  | { readonly kind: 'proceed'; readonly rangeApplies: boolean }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'failed' };

const FAILED: Precondition = { kind: 'failed' };

/** HTTP-dates have whole seconds; a file's time has more. */
function wholeSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000) * 1000;
}

/** §13.1.1: strong comparison. A field that can't be understood holds of nothing. */
function holdsIfMatch(field: string, current: Validators): boolean {
  const wanted = parseEntityTags(field);
  if (wanted === '*') return true;
  const etag = current.etag === undefined ? undefined : parseEntityTag(current.etag);
  return etag !== undefined && wanted?.some((tag) => matchesStrongly(tag, etag)) === true;
}

/** §13.1.2: weak comparison; false when any of the tags is the current one. */
function holdsIfNoneMatch(field: string, current: Validators): boolean {
  const known = parseEntityTags(field);
  if (known === '*') return false;
  const etag = current.etag === undefined ? undefined : parseEntityTag(current.etag);
  return etag === undefined || known?.some((tag) => matchesWeakly(tag, etag)) !== true;
}

/** §13.1.3, §13.1.4: a field that is no HTTP-date, or no modification date to hold it against, is no condition. */
function changedSince(field: string | undefined, current: Validators, nowMs: number): boolean | undefined {
  const lastModified = wholeSeconds(current.lastModifiedMs);
  const since = field === undefined ? undefined : parseHttpDate(field, nowMs);
  return since === undefined || lastModified === undefined ? undefined : lastModified > since;
}

/** §13.1.5: strong comparison of tags, exact and strong dates; anything else is false. */
function holdsIfRange(field: string, current: Validators, nowMs: number): boolean {
  const tag = parseEntityTag(field);
  if (tag !== undefined) {
    const etag = current.etag === undefined ? undefined : parseEntityTag(current.etag);
    return etag !== undefined && matchesStrongly(tag, etag);
  }
  const lastModified = wholeSeconds(current.lastModifiedMs);
  const date = parseHttpDate(field, nowMs);
  // §8.8.2.2: while the second of the last change isn't over, the same date can come to mean other octets.
  return date !== undefined && date === lastModified && nowMs - date >= 1000;
}

/**
 * What the request's preconditions make of it. To be asked only where the answer would otherwise be
 * 200 (§13.2.1: 404, 405 and their like come first). `nowMs` is the answer's Date.
 */
export function selectPrecondition(request: Pick<HttpRequest, 'method' | 'fields'>, current: Validators, nowMs: number): Precondition {
  const { method, fields } = request;
  const reads = method === 'GET' || method === 'HEAD';
  const ifMatch = fields['if-match'];
  const ifNoneMatch = fields['if-none-match'];

  // Steps 1 and 2 of §13.2.2: If-Unmodified-Since counts only where there is no If-Match.
  if (ifMatch !== undefined) {
    if (!holdsIfMatch(ifMatch, current)) return FAILED;
  } else if (changedSince(fields['if-unmodified-since'], current, nowMs) === true) {
    return FAILED;
  }

  // Steps 3 and 4: If-Modified-Since counts only where there is no If-None-Match, for GET and HEAD.
  if (ifNoneMatch !== undefined) {
    if (!holdsIfNoneMatch(ifNoneMatch, current)) return reads ? { kind: 'not-modified' } : FAILED;
  } else if (reads && changedSince(fields['if-modified-since'], current, nowMs) === false) {
    return { kind: 'not-modified' };
  }

  // Step 5. §14.2: Range is defined for GET only.
  const ifRange = fields['if-range'];
  return { kind: 'proceed', rangeApplies: method === 'GET' && (ifRange === undefined || holdsIfRange(ifRange, current, nowMs)) };
}
