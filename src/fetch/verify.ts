// What a response promises of the bytes.

import { parseReprDigest } from '../net/http/digest.js';
import type { HeaderFields } from '../net/http/message.js';

/** A SHA-256; undefined when none is promised. 'unreadable': there is a promise, but no telling what of. */
export type DigestPromise = Uint8Array | 'unreadable' | undefined;

/**
 * What a response promises for the whole representation (RFC 9530 §3). The content of a 200 is the whole,
 * so that its Content-Digest (§2) says the same where there is no Repr-Digest.
 */
export function digestPromise(fields: HeaderFields, status = 200): DigestPromise {
  const field = fields['repr-digest'] ?? (status === 200 ? fields['content-digest'] : undefined);
  if (field === undefined) return undefined;
  const digest = parseReprDigest(field);
  return digest === undefined ? 'unreadable' : digest.sha256;
}

/** The SHA-256 that a response promises readably. */
export function promisedSha256(fields: HeaderFields, status = 200): Uint8Array | undefined {
  const promise = digestPromise(fields, status);
  return promise === 'unreadable' ? undefined : promise;
}

/** The SHA-256 that a response promises of the content that it carries itself (RFC 9530 §2), a part or the whole; in hexadecimal. */
export function promisedContentSha256(fields: HeaderFields): string | undefined {
  const field = fields['content-digest'];
  const sha256 = field === undefined ? undefined : parseReprDigest(field)?.sha256;
  return sha256 === undefined ? undefined : Buffer.from(sha256).toString('hex');
}
