// Which version of a representation bytes belong to, and when two answers speak of the same one: bytes
// of two versions are never joined.

import { parseEntityTag } from '../net/http/etag.js';
import type { HeaderFields } from '../net/http/message.js';
import { parseContentRange } from '../net/http/range.js';
import { promisedSha256 } from './verify.js';

export interface Version {
  /** A strong ETag, as sent. */
  readonly etag: string | undefined;
  /** The complete length. */
  readonly length: number | undefined;
  /** The SHA-256 of the whole, in hexadecimal, as promised. */
  readonly sha256: string | undefined;
}

/** RFC 9110 §8.8.1: only a strong validator says that every octet is the same. */
function strongTag(field: string | undefined): string | undefined {
  const tag = field === undefined ? undefined : parseEntityTag(field);
  return tag === undefined || tag.weak ? undefined : field;
}

/** What the head of a 200 or a 206 says of the version that it brings. */
export function versionOf(status: number, fields: HeaderFields): Version {
  const range = fields['content-range'] === undefined ? undefined : parseContentRange(fields['content-range']);
  const length = status === 206 ? range?.completeLength : fields['content-length'] === undefined ? undefined : Number(fields['content-length']);
  const sha256 = promisedSha256(fields, status);
  return { etag: strongTag(fields['etag']), length, sha256: sha256 === undefined ? undefined : Buffer.from(sha256).toString('hex') };
}

/**
 * Whether `found` is proven to be `held`. Two stores may give one file different ETags (docs/decisions, 4):
 * the digest decides where both promise one, the ETag otherwise.
 */
export function isSameVersion(held: Version, found: Version): boolean {
  if (held.length !== undefined && found.length !== undefined && held.length !== found.length) return false;
  if (held.sha256 !== undefined && found.sha256 !== undefined) return held.sha256 === found.sha256;
  return held.etag !== undefined && held.etag === found.etag;
}

/** Whether bytes of it can ever be joined with bytes of a later answer. */
export function canBeContinued(version: Version): boolean {
  return version.length !== undefined && (version.etag !== undefined || version.sha256 !== undefined);
}
