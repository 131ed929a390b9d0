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

/** The SHA-256 that a response promises for the whole representation (RFC 9530 §3); a malformed field promises nothing. */
export function promisedSha256(fields: HeaderFields): Uint8Array | undefined {
  const field = fields['repr-digest'];
  return field === undefined ? undefined : parseReprDigest(field)?.sha256;
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
