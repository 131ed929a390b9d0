// One request for an object or a part of it, told as messages 9 and 10, and what is said when it fails.

import { CdnError } from '../base/errors.js';
import { formatBytes } from '../base/units.js';
import { formatEndpoint } from '../net/address.js';
import { partyError, reasonOf, roleOf, type Reply, type Role } from './contact.js';
import { tellAnswer, type Found, type Get, type GetRequest } from './http-get.js';
import type { Asking } from './resolve.js';
import { printable } from './text.js';
import { digestPromise } from './verify.js';

/** Content-Length (RFC 9110 §8.6); undefined when the sender doesn't say. The transport has refused a malformed one. */
export function promisedLength(reply: Reply): number | undefined {
  const field = reply.response.fields['content-length'];
  return field !== undefined && /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}

function describe(reply: Reply): string {
  const { status, fields } = reply.response;
  if (status === 304) return '';
  if (status === 416) return `there is ${printable(fields['content-range'] ?? 'no such range')}`;
  const length = promisedLength(reply);
  const type = fields['content-type'] ?? 'unnamed type';
  const promise = digestPromise(fields, status);
  const digest = promise === undefined ? 'no digest' : promise === 'unreadable' ? 'an unreadable digest' : 'sha-256';
  const part = status === 206 ? ` (${printable(fields['content-range'] ?? 'which part is not said', 80)})` : '';
  return `${length === undefined ? 'bytes' : formatBytes(length)} of ${type}${part}, ${digest} promised`;
}

export type ObjectRequest = Omit<GetRequest, 'role'> & { readonly role: Role | undefined };

/** Messages 9 and 10, and 3-8 before them when the host is a name. */
export async function requestObject(request: ObjectRequest, get: Get, asking: Asking): Promise<Found> {
  const { url, role, fields } = request;
  const wanted = { 'want-repr-digest': 'sha-256=10', accept: '*/*', ...fields };
  const reply = await get({ ...request, role: role ?? roleOf(url), fields: wanted }, asking);
  tellAnswer(reply, describe(reply), asking);
  return reply;
}

/** A body that came to no good end. */
export function brokeOff(error: unknown, reply: Reply, bytes: number): CdnError {
  const expected = promisedLength(reply);
  const code = error instanceof CdnError ? error.code : 'INCOMPLETE';
  const amount = expected === undefined ? `${bytes} octets` : `${bytes} of ${expected} octets`;
  const reason = reasonOf(error, reply.party.endpoint);
  // The transport counts too; what it says needs no second count beside it.
  const what = code === 'INCOMPLETE' && error instanceof CdnError ? reason : `${amount} of the body arrived, then: ${reason}`;
  const failure = partyError(code, reply.party.role, reply.url, reply.party.endpoint, what, error);
  return new CdnError(code, failure.message, { details: { ...failure.details, received: bytes, expected }, suggestions: failure.suggestions, cause: error });
}

/** The bytes are not the promised ones. `from`: whoever sent some of them. */
export function mismatch(reply: Reply, from: readonly { readonly endpoint: Reply['party']['endpoint']; readonly bytes: number }[], promised: string, sha256: string): CdnError {
  const where = formatEndpoint(reply.party.endpoint);
  const [only, ...others] = from;
  const who = only === undefined || others.length === 0
    ? `${reply.party.role} ${formatEndpoint(only?.endpoint ?? reply.party.endpoint)}`
    : from.map(({ endpoint, bytes }) => `${reply.party.role} ${formatEndpoint(endpoint)} (${formatBytes(bytes)})`).join(' or ');
  return new CdnError('DIGEST_MISMATCH', `${who} sent other bytes than promised for ${printable(reply.url.href)}: promised SHA-256 ${promised}, got ${sha256}`, {
    details: { party: reply.party.role, ...reply.party.endpoint, url: reply.url.href, promised, sha256, from: from.map(({ endpoint, bytes }) => ({ ...endpoint, bytes })) },
    suggestions: [`curl -o /dev/null -D - -H 'Want-Repr-Digest: sha-256=10' http://${where}${reply.url.pathname}`],
  });
}
