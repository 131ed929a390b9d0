// Asking whether what is stored still holds (RFC 9111 §4.3), and what later answers change of it: a 304
// freshens (§4.3.4), HEAD updates or condemns (§4.3.5), an unsafe method invalidates (§4.4).

import { parseHttpDate } from './date.js';
import { matchesStrongly, matchesWeakly, parseEntityTag } from './etag.js';
import { endToEnd } from './forwarding.js';
import type { HeaderFields } from './message.js';

/** The condition that goes forward in place of the client's own (§4.3.1); empty when there is nothing to ask by. */
export function validationFields(stored: HeaderFields): Record<string, string> {
  const etag = stored['etag'];
  const modified = stored['last-modified'];
  const fields: Record<string, string> = {};
  if (etag !== undefined && parseEntityTag(etag) !== undefined) fields['if-none-match'] = etag;
  // §4.3.1: beside an entity tag, too, for who knows no tags.
  if (modified !== undefined && parseHttpDate(modified, 0) !== undefined) fields['if-modified-since'] = modified;
  return fields;
}

/** §3.2: fields that say how the stored octets are encoded or framed, and those that a 304 has of its own. */
const NOT_UPDATED: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type', 'content-range', 'age', 'cache-status', 'via', 'date', 'accept-ranges']);

/** §3.2: the stored fields with those that came later in their place. Date, Age and what passed on the way are of the later answer, too. */
export function freshenedFields(stored: HeaderFields, update: HeaderFields): HeaderFields {
  const fields = Object.assign(Object.create(null) as Record<string, string>, stored);
  // What the update doesn't have of these would be of the answer before it.
  for (const name of ['age', 'cache-status', 'via', 'date']) Reflect.deleteProperty(fields, name);
  for (const [name, value] of Object.entries(endToEnd(update))) {
    if (!NOT_UPDATED.has(name) || name === 'age' || name === 'cache-status' || name === 'via' || name === 'date') fields[name] = value;
  }
  Reflect.deleteProperty(fields, 'set-cookie');
  return fields;
}

/**
 * §4.3.4: whether a 304 is about this stored response: the same strong validator, or the same weak one,
 * or none at all where it was asked about nothing else.
 */
export function isFreshenedBy(stored: HeaderFields, update: HeaderFields): boolean {
  const [before, now] = [parseEntityTag(stored['etag'] ?? ''), parseEntityTag(update['etag'] ?? '')];
  if (now !== undefined) {
    if (before === undefined) return false;
    return now.weak ? matchesWeakly(before, now) : matchesStrongly(before, now) || (before.weak && matchesWeakly(before, now));
  }
  const modified = update['last-modified'];
  return modified === undefined || stored['last-modified'] === undefined || modified === stored['last-modified'];
}

/** §4.3.5: whether an answer to HEAD is about the stored response; 'differs' makes that stale. */
export function compareToHead(stored: { readonly fields: HeaderFields; readonly length: number }, head: HeaderFields): 'same' | 'differs' {
  for (const name of ['etag', 'last-modified'] as const) {
    if (head[name] !== undefined && head[name] !== stored.fields[name]) return 'differs';
  }
  const length = head['content-length'];
  return length !== undefined && Number(length) !== stored.length ? 'differs' : 'same';
}

/** RFC 9110 §9.2.1: every method but these may change what is there; so may one that nobody knows (§4.4). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * §4.4: the targets that a request which succeeded (2xx, 3xx) has made doubtful: its own, and those of
 * Location and Content-Location where they are of the same origin. `origin` is "http://host:port".
 */
export function invalidatedTargets(method: string, target: string, origin: string, response: { readonly status: number; readonly fields: HeaderFields }): readonly string[] {
  if (SAFE.has(method) || response.status < 200 || response.status >= 400) return [];
  const targets = new Set([target]);
  for (const name of ['location', 'content-location'] as const) {
    const reference = response.fields[name];
    if (reference === undefined || !URL.canParse(reference, origin + target)) continue;
    const url = new URL(reference, origin + target);
    // §4.4: never of another origin: anybody could empty anybody's cache.
    if (url.origin === origin) targets.add(url.pathname + url.search);
  }
  return [...targets];
}
