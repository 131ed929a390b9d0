// What a shared cache may store (RFC 9111 §3), and which fields of it. Where the section leaves doubt,
// nothing is stored: the price is a request to the origin, and of the other mistake a stranger's page.

import { directivesOf, parseCacheControl, type CacheDirectives } from './cache-control.js';
import { freshnessLifetime, FRESHNESS, HEURISTICALLY_CACHEABLE, type FreshnessPolicy, type TimedResponse } from './freshness.js';
import { storedFields } from './forwarding.js';
import type { HeaderFields } from './message.js';
import { parseVary } from './vary.js';

export type Storage =
  /** `fields`: what is to be kept of the response's. */
  | { readonly kind: 'store'; readonly fields: HeaderFields }
  /** `why`: words for the detail of Cache-Status. */
  | { readonly kind: 'pass'; readonly why: string };

export interface StorableResponse extends TimedResponse {
  /** Lines of Set-Cookie, the one field that can't be joined (RFC 9110 §5.3). */
  readonly cookies: readonly string[];
}

const pass = (why: string): Storage => ({ kind: 'pass', why });

/** §5.2.2.3: statuses whose requirements for caches are met here: those of RFC 9110, but 206 and 304, which only add to what is stored. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 305, 307, 308, 400, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422, 426,
  500, 501, 502, 503, 504, 505,
]);

/** What stands against storing it, whatever stands for it. */
function obstacle(request: { readonly method: string; readonly fields: HeaderFields }, response: StorableResponse, directives: CacheDirectives, targeted: boolean): string | undefined {
  const { status, fields } = response;
  // §3: the method is understood. GET is the one that stores here; HEAD updates (§4.3.5).
  if (request.method !== 'GET') return 'method';
  if (status < 200) return 'interim';
  // §3: 206 is stored in slices, 304 freshens; neither is a response of its own here.
  if (status === 206 || status === 304) return 'partial';
  if (directives.malformed) return 'malformed-cache-control';
  // §5.2.2.3: must-understand overrules no-store for who understands the status.
  if (directives.mustUnderstand && !UNDERSTOOD.has(status)) return 'status-not-understood';
  if (directives.noStore && !directives.mustUnderstand) return 'no-store';
  if (parseCacheControl(request.fields['cache-control']).noStore) return 'request-no-store'; // §5.2.1.5
  if (directives.private === '*') return 'private'; // §3, §5.2.2.7
  const vary = parseVary(fields['vary']);
  if (vary === '*') return 'vary-all'; // §4.1: nothing would ever match it
  // §3.5; §5.2.2.7 etc.: each of the three allows it.
  const shared = directives.public || directives.mustRevalidate || directives.sMaxage !== undefined;
  if (request.fields['authorization'] !== undefined && !shared) return 'authorization';
  // Stricter than RFC 9111, which has no rule for Cookie: what a cookie may have shaped is its owner's, unless
  // the origin keeps them apart, or says to shared caches in particular that it is for all (§5.2.2.9, §5.2.2.10; RFC 9213 §3.1).
  const forAll = directives.public || directives.sMaxage !== undefined || (targeted && directives.maxAge !== undefined);
  if (request.fields['cookie'] !== undefined && !vary.includes('cookie') && !forAll) return 'cookie';
  // RFC 6265 lets Set-Cookie be cached, and a shared session is the worst that can happen here: only a
  // response that takes the field out of what is shared (private="set-cookie" or no-cache="set-cookie") is stored.
  if (response.cookies.length > 0 && !withheld(directives).has('set-cookie')) return 'set-cookie';
  return undefined;
}

/** §5.2.2.4, §5.2.2.7: fields that only the first requester may see without asking again. */
function withheld(directives: CacheDirectives): ReadonlySet<string> {
  const names = new Set<string>();
  for (const scope of [directives.private, directives.noCache]) {
    if (scope !== undefined && scope !== '*') for (const name of scope) names.add(name);
  }
  return names;
}

/** §3: at least one of these must be there. */
function hasGround(response: TimedResponse, directives: CacheDirectives, targeted: boolean): boolean {
  return (
    directives.public || directives.sMaxage !== undefined || directives.maxAge !== undefined ||
    (!targeted && response.fields['expires'] !== undefined) || HEURISTICALLY_CACHEABLE.has(response.status)
  );
}

/** Whether a response may be stored, and what of it. */
export function selectStorage(
  request: { readonly method: string; readonly fields: HeaderFields }, response: StorableResponse, policy: FreshnessPolicy = FRESHNESS,
): Storage {
  const { directives, targeted } = directivesOf(response.fields);
  const why = obstacle(request, response, directives, targeted);
  if (why !== undefined) return pass(why);
  if (!hasGround(response, directives, targeted)) return pass('no-rule');
  const fresh = freshnessLifetime(response, policy).ms > 0 && directives.noCache !== '*';
  const validators = response.fields['etag'] !== undefined || response.fields['last-modified'] !== undefined;
  // §3 would let it be stored; without lifetime and validator there is nothing to be done with it.
  if (!fresh && !validators) return pass(directives.noCache === '*' ? 'no-cache' : 'no-rule');
  return { kind: 'store', fields: storedFields(response.fields, withheld(directives)) };
}
