// Repr-Digest and Want-Repr-Digest (RFC 9530), for SHA-256 only: what the store promises of a whole
// representation, and whether the client asked for the promise.

import { parseDictionary, type BareItem } from './structured.js';

export interface ReprDigest {
  /** 32 octets; absent when the field promises other algorithms only. */
  readonly sha256?: Uint8Array;
}

const ALGORITHM = 'sha-256'; // RFC 9530 §5
const SHA256_OCTETS = 32;

/** What the dictionary says of SHA-256; parameters don't count. */
function valueOf(members: ReturnType<typeof parseDictionary>): BareItem | undefined {
  const member = members?.get(ALGORITHM);
  return member?.kind === 'item' ? member.value : undefined;
}

/** undefined when the field is malformed: it then promises nothing. */
export function parseReprDigest(text: string): ReprDigest | undefined {
  const members = parseDictionary(text);
  if (members === undefined) return undefined;
  if (!members.has(ALGORITHM)) return {};
  const item = valueOf(members);
  // RFC 9530 §3: each value is a byte sequence; one of another length can't be a SHA-256.
  if (item?.kind !== 'bytes' || item.value.length !== SHA256_OCTETS) return undefined;
  return { sha256: item.value };
}

export function formatReprDigest(sha256: Uint8Array): string {
  return `${ALGORITHM}=:${Buffer.from(sha256).toString('base64')}:`;
}

/** Whether Want-Repr-Digest asks for SHA-256: a preference of 1-10; 0 is "not acceptable" (RFC 9530 §4). */
export function wantsReprDigest(text: string | undefined): boolean {
  const item = text === undefined ? undefined : valueOf(parseDictionary(text));
  return item?.kind === 'integer' && item.value >= 1 && item.value <= 10;
}
