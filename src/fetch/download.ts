// The object's bytes: asked for, counted, hashed as they arrive, handed to the sink, and judged.

import { CdnError } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import { formatBytes } from '../base/units.js';
import { formatEndpoint } from '../net/address.js';
import { parseCacheStatus } from '../net/http/cache-status.js';
import { partyError, reasonOf, roleOf, type Reply, type Role } from './contact.js';
import { tellAnswer, type Get } from './http-get.js';
import type { FetchEvent } from './model.js';
import type { Asking } from './resolve.js';
import { printable } from './text.js';
import { createVerifier, digestPromise, promisedSha256, type Verdict } from './verify.js';
import type { Sink } from './writing.js';

export interface Received {
  readonly reply: Reply;
  readonly bytes: number;
  readonly verdict: Verdict;
  readonly transferMs: number;
}

/** Content-Length (RFC 9110 §8.6); undefined when the sender doesn't say. The transport has refused a malformed one. */
export function promisedLength(reply: Reply): number | undefined {
  const field = reply.response.fields['content-length'];
  return field !== undefined && /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}

/** RFC 9211: what the caches on the way did, the nearest first: "; cache store-1: hit, shield: fwd=uri-miss, stored". */
function describeCaches(field: string | undefined): string {
  const caches = field === undefined ? undefined : parseCacheStatus(field);
  if (caches === undefined || caches.length === 0) return '';
  const told = [...caches].reverse().map(({ cache, hit, fwd, stored, collapsed, detail }) => {
    const words = [hit ? 'hit' : `fwd=${fwd ?? 'unknown'}`, ...(stored ? ['stored'] : []), ...(collapsed ? ['collapsed'] : []), ...(detail === undefined ? [] : [detail])];
    return `${cache} ${words.join(' ')}`;
  });
  return `; cache: ${told.join(', ')}`;
}

function describe(reply: Reply): string {
  const length = promisedLength(reply);
  const type = reply.response.fields['content-type'] ?? 'unnamed type';
  const promise = digestPromise(reply.response.fields);
  const cache = describeCaches(reply.response.fields['cache-status']);
  const digest = promise === undefined ? 'no digest' : promise === 'unreadable' ? 'an unreadable digest' : 'sha-256';
  return `${length === undefined ? 'bytes' : formatBytes(length)} of ${type}, ${digest} promised${cache}`;
}

/** Messages 9 and 10, and 3-8 before them when the host is a name. */
export async function requestObject(url: URL, role: Role | undefined, fields: Readonly<Record<string, string>>, get: Get, asking: Asking, accept?: readonly number[]): Promise<Reply> {
  const wanted = { 'want-repr-digest': 'sha-256=10', accept: '*/*', ...fields };
  const reply = await get({ url, role: role ?? roleOf(url), fields: wanted, ...(accept === undefined ? {} : { accept }) }, asking);
  tellAnswer(reply, reply.response.status === 304 ? '' : describe(reply), asking);
  return reply;
}

function brokeOff(error: unknown, reply: Reply, bytes: number): CdnError {
  const expected = promisedLength(reply);
  const code = error instanceof CdnError ? error.code : 'INCOMPLETE';
  const amount = expected === undefined ? `${bytes} octets` : `${bytes} of ${expected} octets`;
  const reason = reasonOf(error, reply.party.endpoint);
  // The transport counts too; what it says needs no second count beside it.
  const what = code === 'INCOMPLETE' && error instanceof CdnError ? reason : `${amount} of the body arrived, then: ${reason}`;
  const failure = partyError(code, reply.party.role, reply.url, reply.party.endpoint, what, error);
  return new CdnError(code, failure.message, { details: { ...failure.details, received: bytes, expected }, suggestions: failure.suggestions, cause: error });
}

function mismatch(reply: Reply, verdict: Verdict): CdnError {
  const where = formatEndpoint(reply.party.endpoint);
  return new CdnError('DIGEST_MISMATCH', `${reply.party.role} ${where} sent other bytes than it promised for ${printable(reply.url.href)}: promised SHA-256 ${verdict.promised}, got ${verdict.sha256}`, {
    details: { party: reply.party.role, ...reply.party.endpoint, url: reply.url.href, promised: verdict.promised, sha256: verdict.sha256 },
    suggestions: [`curl -o /dev/null -D - -H 'Want-Repr-Digest: sha-256=10' http://${where}${reply.url.pathname}`],
  });
}

/** The same error, with a word on where the bytes are that did arrive. */
function withKept(error: unknown, kept: string | undefined, bytes: number): unknown {
  if (!(error instanceof CdnError) || kept === undefined) return error;
  return new CdnError(error.code, `${error.message}; ${formatBytes(bytes)} are kept in ${printable(kept)} (the next fetch begins anew)`, {
    details: { ...error.details, kept }, suggestions: error.suggestions, cause: error.cause ?? error,
  });
}

/**
 * Streams a response into the sink; commits it when all is right. Otherwise the sink's final name stays
 * free, and the error says where what arrived is kept.
 * @throws CdnError INCOMPLETE, DIGEST_MISMATCH, DISK_WRITE, FILE_EXISTS; the signal's reason
 */
export async function receive(reply: Reply, sink: Sink, onEvent: (event: FetchEvent) => void, clock: Clock, asking: Asking): Promise<Received> {
  const begun = clock.monotonic();
  const verifier = createVerifier(promisedSha256(reply.response.fields));
  const expected = promisedLength(reply);
  let bytes = 0;
  let verdict: Verdict | undefined;
  try {
    const body = reply.response.body[Symbol.asyncIterator]();
    for (;;) {
      const step = await body.next().catch((error: unknown) => {
        asking.signal.throwIfAborted();
        throw brokeOff(error, reply, bytes);
      });
      if (step.done === true) break;
      verifier.add(step.value);
      await sink.write(step.value);
      bytes += step.value.length;
      onEvent({ kind: 'received', bytes: step.value.length });
      asking.signal.throwIfAborted();
    }
    if (expected !== undefined && bytes !== expected) throw brokeOff(new Error('the end'), reply, bytes);
    verdict = verifier.finish();
    if (!verdict.matches) throw mismatch(reply, verdict);
    asking.signal.throwIfAborted();
  } catch (error) {
    reply.response.discard();
    const kept = await sink.keep(verdict?.matches === false ? 'corrupt' : 'part');
    throw withKept(error, kept, bytes);
  }
  const transferMs = clock.monotonic() - begun;
  if (verdict.promised !== undefined) onEvent({ kind: 'verified', sha256: verdict.sha256 });
  await sink.commit();
  if (sink.file !== undefined) onEvent({ kind: 'saved', file: sink.file });
  return { reply, bytes, verdict, transferMs };
}
