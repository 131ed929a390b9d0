// What all places where bytes can go have in common: how they are written to, and why they can't be, in words.

import { CdnError, messageOf, systemCode } from '../base/errors.js';
import type { ByteRange } from '../net/http/range.js';
import { printable } from './text.js';
import type { Version } from './version.js';

/** What an earlier run left of this very file. */
export interface Leftover {
  /** undefined when nobody knows: an answer says what it may be a part of, and nothing proves it but a digest. */
  readonly version: Version | undefined;
  readonly have: readonly ByteRange[];
}

export interface Sink {
  /** The final name; undefined for standard output. */
  readonly file: string | undefined;
  /** The open file, where bytes may come in any order and be read again; undefined where they go by. */
  readonly fd: number | undefined;
  readonly leftover: Leftover | undefined;
  /** Bytes must come from the first to the last, though there is an `fd`. */
  readonly inOrder?: boolean;
  /** Resolves, or returns, when the chunk is with the system. Where there is no `fd`, chunks come in order. */
  write(chunk: Uint8Array, at: number): void | Promise<void>;
  /** From now on bytes are this version's; what is there of another is forgotten. `have`: what stays. `octets`: how long the file will be, if known. */
  begin(version: Version, have: readonly ByteRange[], octets: number | undefined): void;
  /** These bytes are there now; may be noted for a later run. */
  note(have: readonly ByteRange[]): void;
  /** All has arrived and is right: it gets its final name. On failure what arrived stays apart, as after `keep`. */
  commit(): Promise<void>;
  /** Ends without success. What arrived stays beside the target as NAME.part or NAME.corrupt. */
  keep(as: 'part' | 'corrupt', have: readonly ByteRange[]): Promise<Kept | undefined>;
}

export interface Kept {
  readonly file: string;
  /** Whether the next run can go on from it. */
  readonly resumable: boolean;
  /** What there is to say of it, where it is not what is usual. */
  readonly told?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EFBIG: 'the file would be too large for this file system',
  EPIPE: 'its reader has left',
  ENAMETOOLONG: 'its name is too long',
};

export function diskError(file: string, cause: unknown, reason?: string): CdnError {
  const why = reason ?? REASONS[systemCode(cause) ?? ''] ?? messageOf(cause);
  return new CdnError('DISK_WRITE', `cannot write ${printable(file)}: ${why}`, { details: { file }, suggestions: ['the same command with -o FILE, to write elsewhere'], cause });
}
