// A file that somebody else left half done, under its final name, as curl and wget do: gone on with in place,
// so that however this ends, it is a beginning of the whole as it was before.

import { closeSync, existsSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { CdnError } from '../base/errors.js';
import type { Target } from './target.js';
import { printable } from './text.js';
import { diskError, type Sink } from './writing.js';

const datasync = promisify(fdatasync);

/** So much of what is here is asked for again and compared: no proof, and yet most mix-ups end there. */
const COMPARED_OCTETS = 65_536;

function notItsBeginning(file: string, why: string, octets?: number): CdnError {
  return new CdnError('FILE_EXISTS', `cannot go on with ${printable(file)}, which ${octets === undefined ? 'stays as it was' : `has ${octets} octets now`}: ${why}`, {
    details: { file }, suggestions: ['the same command with --force and without -C, to replace it', 'the same command with -o FILE and without -C, to write another'],
  });
}

function openExisting(file: string): number {
  try {
    return openSync(file, 'r+');
  } catch (cause) {
    throw diskError(file, cause);
  }
}

/** @throws CdnError DISK_WRITE; USAGE when the file has fewer octets than are to be gone on from, or more than its size says are missing */
export function openAppendFile({ path: file, from }: Target & { kind: 'partial' }, fsync: boolean): Sink {
  // aria2 writes parts in any order: its file is as long as the whole, and has holes.
  if (existsSync(`${file}.aria2`)) {
    throw new CdnError('USAGE', `cannot go on with ${printable(file)}: ${printable(file)}.aria2 says that parts of it are missing, and only aria2 knows which`, { details: { file }, suggestions: ['aria2c -c URL   (goes on with it)'] });
  }
  const fd = openExisting(file);
  const size = fstatSync(fd).size;
  const held = from ?? size;
  if (held > size) {
    closeSync(fd);
    throw new CdnError('USAGE', `cannot go on at octet ${held} of ${printable(file)}: it has ${size}`, { details: { file, size }, suggestions: ['the same command with -C -, to go on at its end'] });
  }
  const known = Math.max(0, held - COMPARED_OCTETS);
  const have = known === 0 ? [] : [{ firstPos: 0, lastPos: known - 1 }];
  let written = held;
  /** What stands behind the octets that are gone on from; it goes when those are what the store sends, and not before. */
  let surplus = size - held;
  let begun = false;
  let closed = false;

  /** Of what is here already, only whether it is the same. */
  function compare(chunk: Uint8Array, at: number): void {
    const here = Buffer.alloc(chunk.length);
    const count = readSync(fd, here, 0, here.length, at);
    if (count !== chunk.length || here.compare(chunk) !== 0) throw notItsBeginning(file, `of its ${held} octets those from ${at} on are others than the store sends`);
  }

  function dropSurplus(): void {
    if (surplus > 0) ftruncateSync(fd, held);
    surplus = 0;
  }

  function write(chunk: Uint8Array, at: number): void {
    const same = Math.max(0, Math.min(chunk.length, held - at));
    if (same > 0) compare(chunk.subarray(0, same), at);
    if (same === chunk.length) return;
    try {
      dropSurplus();
      for (let done = same; done < chunk.length; ) done += writeSync(fd, chunk, done, chunk.length - done, at + done);
    } catch (cause) {
      throw diskError(file, cause);
    }
    written = Math.max(written, at + chunk.length);
  }

  function close(): void {
    if (!closed) closeSync(fd);
    closed = true;
  }

  return {
    file,
    fd,
    leftover: { version: undefined, have },
    inOrder: true,
    write,
    begin: (version) => {
      // To begin anew there is no other place here.
      if (begun) throw notItsBeginning(file, 'what came cannot be gone on with any more: nothing says that it is of the version that there is now', written);
      begun = true;
      if (version.length !== undefined && version.length < held) throw notItsBeginning(file, `it has ${held} octets, and the whole has ${version.length}`);
    },
    note: () => undefined,
    commit: async () => {
      try {
        dropSurplus();
        if (fsync) await datasync(fd);
      } catch (cause) {
        throw diskError(file, cause);
      } finally {
        close();
      }
    },
    keep: async (as) => {
      if (closed) return undefined;
      // Bytes that are not the promised ones don't stay behind those that were here.
      if (as === 'corrupt' && surplus === 0) ftruncateSync(fd, held);
      await datasync(fd).catch(() => undefined);
      close();
      if (as === 'corrupt') return { file, resumable: false, told: `${printable(file)} has the ${held + surplus} octets again that it had: they, or what came behind them, are of something else` };
      return written === held ? undefined : { file, resumable: true, told: `${printable(file)} has ${written} octets now (-C - goes on)` };
    },
  };
}
