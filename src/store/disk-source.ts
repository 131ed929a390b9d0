// Files of one folder, opened so that nothing outside it, and nothing but a regular file, is ever
// read, and read so that a file which changes meanwhile is noticed.

import { constants, type BigIntStats } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../base/clock.js';
import { systemCode } from '../base/errors.js';
import type { ByteRange } from '../net/http/range.js';
import { TICK_MS, isSameContent, isSettled, versionOf, type FileVersion } from './version.js';

export interface OpenFile {
  /** The last segment of its path. */
  readonly name: string;
  readonly version: FileVersion;
  /** Exactly the octets of `range`, or an error before the last of them: a file that changed or shrank is never passed off as whole. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Must be called; calling it again does nothing. */
  close(): Promise<void>;
}

export type Opening =
  | { readonly kind: 'file'; readonly file: OpenFile }
  | { readonly kind: 'absent' }
  /** There, but this process may not read it. */
  | { readonly kind: 'denied' }
  /** Being written to all the time: no validator of it would be strong. */
  | { readonly kind: 'unsettled' }
  /** The system has no more open files, or memory, to give just now. */
  | { readonly kind: 'busy' };

export interface DiskSource {
  /** Throws system errors that say nothing about the file (EIO …), and the signal's reason. */
  open(segments: readonly string[], signal: AbortSignal): Promise<Opening>;
}

// Not every system has every flag.
const flags: Readonly<Record<string, number>> = constants;
const { O_RDONLY = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = flags;
/** Each read is a way to another thread and back, and as much as a reader that has stopped has waiting. */
const CHUNK_OCTETS = 262_144;
const SETTLE_TRIES = 25;
const ABSENT: Opening = { kind: 'absent' };
const ABSENT_CODES: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL', 'ENXIO']);
const BUSY_CODES: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);
const DENIED_CODES: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

function isInside(folder: string, file: string): boolean {
  return file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}

/**
 * The true path of an open file, or undefined when it can't be told. `procFd` is where the system
 * lists this process's open files, if it does.
 */
export async function truePathOf(handle: FileHandle, candidate: string, stats: BigIntStats, procFd = '/proc/self/fd'): Promise<string | undefined> {
  try {
    // The kernel's own word on what was opened: no exchange of links afterwards can change it.
    return await readlink(path.join(procFd, String(handle.fd)));
  } catch {
    // Elsewhere: where the path leads now, believed only if that is the file that was opened.
    const real = await realpath(candidate);
    const there = await stat(real, { bigint: true });
    return there.dev === stats.dev && there.ino === stats.ino ? real : undefined;
  }
}

/** Waits until a change would show since a look at the file, of which `first` was at `lookedMs`; undefined if it doesn't come to rest. */
async function settle(handle: FileHandle, first: BigIntStats, lookedMs: number, clock: Clock, signal: AbortSignal): Promise<BigIntStats | undefined> {
  if (isSettled(first, lookedMs)) return first;
  for (let tries = 1; tries < SETTLE_TRIES; tries += 1) {
    await clock.sleep(TICK_MS, signal);
    const beforeMs = clock.now();
    const stats = await handle.stat({ bigint: true });
    if (isSettled(stats, beforeMs)) return stats;
  }
  return undefined;
}

function createOpenFile(name: string, handle: FileHandle, stats: BigIntStats): OpenFile {
  let closed: Promise<void> | undefined;

  async function readChunk(position: number, octets: number): Promise<Uint8Array> {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(octets), 0, octets, position);
    if (bytesRead === 0) throw new Error(`${name} was cut short while it was being sent`);
    return buffer.subarray(0, bytesRead);
  }

  return {
    name,
    version: versionOf(stats),
    async *read(range, signal) {
      let position = range.firstPos;
      while (position <= range.lastPos) {
        signal.throwIfAborted();
        const chunk = await readChunk(position, Math.min(CHUNK_OCTETS, range.lastPos - position + 1));
        position += chunk.length;
        // Looked at before the last octets go out: afterwards it couldn't be taken back.
        if (position > range.lastPos && !isSameContent(stats, await handle.stat({ bigint: true }))) {
          throw new Error(`${name} changed while it was being sent`);
        }
        yield chunk;
      }
    },
    close: () => (closed ??= handle.close()),
  };
}

/** Serves what is below `folder`, which may itself be a link that is turned elsewhere between two requests. */
export function createDiskSource(folder: string, clock: Clock): DiskSource {
  async function tryOpen(segments: readonly string[], signal: AbortSignal): Promise<Opening> {
    const root = await realpath(folder);
    const candidate = path.join(root, ...segments);
    // Before opening, since opening alone does things to a device; after it again, since it may have been exchanged.
    if (!(await stat(candidate)).isFile()) return ABSENT;
    // A FIFO exchanged for the file would hold a blocking open until someone writes to it.
    const handle = await open(candidate, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    let kept = false;
    try {
      const lookedMs = clock.now();
      const opened = await handle.stat({ bigint: true });
      if (!opened.isFile()) return ABSENT;
      const where = await truePathOf(handle, candidate, opened);
      if (where === undefined || !isInside(root, where)) return ABSENT;
      const stats = await settle(handle, opened, lookedMs, clock, signal);
      if (stats === undefined) return { kind: 'unsettled' };
      kept = true;
      return { kind: 'file', file: createOpenFile(segments.at(-1) ?? '', handle, stats) };
    } finally {
      if (!kept) await handle.close();
    }
  }

  return {
    open: async (segments, signal) => {
      try {
        return await tryOpen(segments, signal);
      } catch (error) {
        const code = systemCode(error);
        if (ABSENT_CODES.has(code)) return ABSENT;
        if (DENIED_CODES.has(code)) return { kind: 'denied' };
        if (BUSY_CODES.has(code)) return { kind: 'busy' };
        throw error;
      }
    },
  };
}
