// Which version of a file is in front of us: from its identity, size and times, without reading it.

import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';

export interface FileVersion {
  /** Quoted; strong, provided the file had settled when it was looked at. */
  readonly etag: string;
  readonly length: number;
  readonly modifiedMs: number;
  /** When it was last touched in any way, by the file system's own clock (ctime). */
  readonly changedMs: number;
}

/**
 * A file system stamps a change with the time of its clock's last tick, up to 10 ms ago on Linux. A
 * file looked at within the tick of its last change may change again and keep its stamp.
 */
export const TICK_MS = 20;

export function versionOf(stats: BigIntStats): FileVersion {
  const identity = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
  // Hashed, since inode numbers are nobody's business; 132 bits of it.
  const opaque = createHash('sha256').update(identity).digest('base64url').slice(0, 22);
  return { etag: `"${opaque}"`, length: Number(stats.size), modifiedMs: Number(stats.mtimeNs / 1_000_000n), changedMs: Number(stats.ctimeNs / 1_000_000n) };
}

/**
 * Whether a change from now on is sure to show in the stamps: git's "racily clean" turned round.
 * `beforeMs` is the wall time before the file was looked at. The time of change (ctime) is the one
 * that nobody can set.
 */
export function isSettled(stats: BigIntStats, beforeMs: number): boolean {
  const ageMs = beforeMs - Number(stats.ctimeNs) / 1_000_000;
  // Far in the future only after the machine's clock was set back; no waiting helps then.
  return ageMs >= TICK_MS || ageMs < -1000;
}

/**
 * Whether an open file still holds the octets it held. A time of change that moved while the number
 * of names moved too is a file that was replaced or deleted: what we hold open is whole.
 */
export function isSameContent(before: BigIntStats, now: BigIntStats): boolean {
  return before.size === now.size && before.mtimeNs === now.mtimeNs && (before.ctimeNs === now.ctimeNs || before.nlink !== now.nlink);
}
