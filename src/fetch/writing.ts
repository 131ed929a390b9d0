// What all places where bytes can go have in common: how they are written to, and why they can't be, in words.

import { CdnError, messageOf, systemCode } from '../base/errors.js';
import { printable } from './text.js';

export interface Sink {
  /** The final name; undefined for standard output. */
  readonly file: string | undefined;
  /** Resolves when the chunk is with the system. */
  write(chunk: Uint8Array): Promise<void>;
  /** All has arrived and is right: it gets its final name. On failure what arrived stays apart, as after `keep`. */
  commit(): Promise<void>;
  /** Ends without success. What arrived stays beside the target as NAME.part or NAME.corrupt; resolves with that path. */
  keep(as: 'part' | 'corrupt'): Promise<string | undefined>;
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
