// Whether the bytes that arrived are the bytes that were promised.

import { createHash } from 'node:crypto';
import { parseReprDigest } from '../net/http/digest.js';
import type { HeaderFields } from '../net/http/message.js';

export interface Verdict {
  /** Of what arrived, in hexadecimal. */
  readonly sha256: string;
  /** In hexadecimal; undefined when nothing was promised. */
  readonly promised: string | undefined;
  readonly matches: boolean;
}

export interface Verifier {
  add(chunk: Uint8Array): void;
  /** Called once, last. */
  finish(): Verdict;
}

/** A SHA-256; undefined when none is promised. 'unreadable': there is a promise, but no telling what of. */
export type DigestPromise = Uint8Array | 'unreadable' | undefined;

/** What a response promises for the whole representation (RFC 9530 §3). */
export function digestPromise(fields: HeaderFields): DigestPromise {
  const field = fields['repr-digest'];
  if (field === undefined) return undefined;
  const digest = parseReprDigest(field);
  return digest === undefined ? 'unreadable' : digest.sha256;
}

/** The SHA-256 that a response promises readably. */
export function promisedSha256(fields: HeaderFields): Uint8Array | undefined {
  const promise = digestPromise(fields);
  return promise === 'unreadable' ? undefined : promise;
}

export function createVerifier(promise: Uint8Array | undefined): Verifier {
  const hash = createHash('sha256');
  const promised = promise === undefined ? undefined : Buffer.from(promise).toString('hex');
  return {
    add: (chunk) => {
      hash.update(chunk);
    },
    finish: () => {
      const sha256 = hash.digest('hex');
      return { sha256, promised, matches: promised === undefined || promised === sha256 };
    },
  };
}
