// The journal of a cache folder: one file that tells what is kept there, written at its end only, and
// rewritten beside itself when most of it is about what has gone. Appending is synchronous, on purpose:
// what was taken away has been taken away when the call returns, whatever kills the process afterwards.
// It costs one system call, a few microseconds.

import { closeSync, constants, fdatasync, fstatSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../../base/errors.js';
import type { KeptObject } from '../kept.js';
import { decodeRecord, encodeObject, encodeSlice, type JournalRecord } from './journal-record.js';

export interface Journal {
  /** On disk now: with the room ahead, and with what is being written beside it. */
  readonly octets: number;
  /** Of which tell of something. */
  readonly written: number;
  /** False after `destroy`, and until `adopt` or `rewrite`. */
  readonly isOpen: boolean;
  /** Goes on after the last record of what was replayed. @throws a system error */
  adopt(end: number): void;
  /** @throws a system error; what is there remains as it was. */
  append(record: Buffer): void;
  /** Writes what is kept as a new journal and puts that in place of this one. @throws a system error; this one stays as it was. */
  rewrite(objects: () => Iterable<KeptObject>): Promise<void>;
  /** Takes the whole journal away: nothing is found again after a crash, and so nothing that must not be. */
  destroy(): void;
  close(): void;
}

export const JOURNAL = 'cdn-journal';
const MAGIC = Buffer.from('cdn cache journal 1\n');
/** Room ahead is taken by writing zeros, so that a full disk still takes what is to be told of a purge. */
const AHEAD_OCTETS = 65_536;
const CHUNK_OCTETS = 1 << 20;
const PAUSE_OCTETS = 1 << 16;
const { O_RDWR, O_CREAT, O_TRUNC } = constants;

function writeAll(fd: number, octets: Buffer, position: number): void {
  for (let done = 0; done < octets.length; ) done += writeSync(fd, octets, done, octets.length - done, position + done);
}

export interface Replay {
  /** False: damaged, and nothing that was told may be believed. */
  readonly isSound: boolean;
  /** Where the last record ends; 0 when there is no journal. */
  readonly end: number;
}

/** Whole records only, told one by one, up to the end that a crash may leave. `read` gives what is at a place, and nothing behind the end. */
export async function readRecords(read: (position: number) => Promise<Uint8Array>, tell: (record: JournalRecord, octets: number) => void): Promise<Replay> {
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  let at = 0;
  let isLast = false;
  const readMore = async (): Promise<void> => {
    const more = await read(windowAt + window.length);
    isLast = more.length === 0;
    window = Buffer.concat([window.subarray(at), more]);
    windowAt += at;
    at = 0;
  };
  await readMore();
  if (!window.subarray(0, MAGIC.length).equals(MAGIC)) return { isSound: window.length === 0, end: 0 };
  at = MAGIC.length;
  for (;;) {
    const decoded = decodeRecord(window, at);
    if (decoded.kind === 'record') {
      tell(decoded.record, decoded.end - at);
      at = decoded.end;
    } else if (!isLast) await readMore();
    else return { isSound: decoded.kind === 'end', end: windowAt + at };
  }
}

/** Tells what the folder's journal holds, in order. @throws a system error */
export async function replayJournal(folder: string, tell: (record: JournalRecord, octets: number) => void): Promise<Replay> {
  let handle: FileHandle;
  try {
    handle = await open(path.join(folder, JOURNAL), 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { isSound: true, end: 0 };
    throw error;
  }
  try {
    return await readRecords(async (position) => {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK_OCTETS), 0, CHUNK_OCTETS, position);
      return buffer.subarray(0, bytesRead);
    }, tell);
  } finally {
    await handle.close();
  }
}

/** What is kept, as records, in chunks that hold nobody up. */
function* encodeAll(objects: Iterable<KeptObject>): Iterable<Buffer> {
  let records: Buffer[] = [MAGIC];
  let octets = MAGIC.length;
  const add = (record: Buffer): void => {
    records.push(record);
    octets += record.length;
  };
  for (const object of objects) {
    if (object.journalOctets === 0) continue;
    add(encodeObject(object));
    for (const slice of object.slices.values()) if (slice.file) add(encodeSlice(slice, slice.file));
    if (octets < PAUSE_OCTETS) continue;
    yield Buffer.concat(records);
    records = [];
    octets = 0;
  }
  yield Buffer.concat(records);
}

/** A journal that is not open until it was written for the first time. */
export function createJournal(folder: string, { fsync, onError }: { readonly fsync: boolean; readonly onError: (error: unknown) => void }): Journal {
  const file = path.join(folder, JOURNAL);
  const beside = `${file}.new`;
  let fd: number | undefined;
  let end = 0;
  let allocated = 0;
  /** What is appended while a new journal is being written. */
  let meanwhile: Buffer[] | undefined;
  let besideOctets = 0;
  let isSyncing = false;

  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  const remove = (name: string): void => {
    try {
      unlinkSync(name);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') onError(error);
    }
  };
  const takeRoom = (to: number): void => {
    if (to + AHEAD_OCTETS / 2 <= allocated) return;
    try {
      if (fd !== undefined) writeAll(fd, Buffer.alloc(Math.max(to, allocated) + AHEAD_OCTETS - allocated), allocated);
      allocated = Math.max(to, allocated) + AHEAD_OCTETS;
    } catch (error) {
      if (to > allocated) throw error;
    }
  };
  /** One at a time; what is appended meanwhile waits for the next. */
  const sync = (): void => {
    if (!fsync || isSyncing || fd === undefined) return;
    isSyncing = true;
    const upTo = end;
    fdatasync(fd, (error) => {
      isSyncing = false;
      // Closed in between: the new one was synced as a whole.
      if (error && systemCode(error) !== 'EBADF') onError(error);
      else if (end > upTo) sync();
    });
  };
  const append = (record: Buffer): void => {
    meanwhile?.push(record);
    if (fd === undefined) return;
    takeRoom(end + record.length);
    try {
      writeAll(fd, record, end);
    } catch (error) {
      // What the next record does not cover would be damage.
      writeAll(fd, Buffer.alloc(record.length), end);
      throw error;
    }
    end += record.length;
    sync();
  };
  const rewrite = async (objects: () => Iterable<KeptObject>): Promise<void> => {
    meanwhile = [];
    let handle: FileHandle | undefined;
    try {
      handle = await open(beside, O_RDWR | O_CREAT | O_TRUNC, 0o600);
      for (const chunk of encodeAll(objects())) {
        await handle.writeFile(chunk);
        besideOctets += chunk.length;
      }
      await handle.sync();
      const newFd = openSync(beside, O_RDWR);
      try {
        const rest = Buffer.concat(meanwhile);
        writeAll(newFd, rest, besideOctets);
        if (fsync) fsyncSync(newFd);
        renameSync(beside, file);
        close();
        fd = newFd;
        end = allocated = besideOctets + rest.length;
      } catch (error) {
        closeSync(newFd);
        throw error;
      }
    } finally {
      meanwhile = undefined;
      besideOctets = 0;
      await handle?.close();
    }
    takeRoom(end);
  };

  return {
    adopt: (from) => {
      fd = openSync(file, O_RDWR);
      end = from;
      allocated = fstatSync(fd).size;
      // A record that was not written whole would be damage behind the next one.
      writeAll(fd, Buffer.alloc(allocated - end), end);
      remove(beside);
    },
    append,
    rewrite,
    close,
    get octets() {
      return allocated + besideOctets;
    },
    get written() {
      return end;
    },
    get isOpen() {
      return fd !== undefined;
    },
    destroy: () => {
      close();
      end = allocated = 0;
      remove(file);
    },
  };
}
