// The slices on disk, within bounds. A slice is there once the journal says so, and for as long as it is
// what was written: nothing that a crash, a full disk or a bad one does to the folder gives wrong octets.

import { crc32 } from 'node:zlib';
import type { Clock } from '../base/clock.js';
import { systemCode } from '../base/errors.js';
import type { Log } from '../observe/log.js';
import { blockOctets, freeOctets, openCacheFolder } from './disk/folder.js';
import { encodeObject, encodeObjectGone, encodeSlice, encodeSliceGone } from './disk/journal-record.js';
import { createJournal, replayJournal, type Replay } from './disk/journal.js';
import type { Lock } from './disk/lock.js';
import { createReplay, type Replayed } from './disk/replay.js';
import { createSliceFiles } from './disk/slice-files.js';
import { createTurns } from './disk/turns.js';
import { createTrouble, isFull } from './disk/trouble.js';
import type { EvictionPolicy } from './eviction/index.js';
import { NO_FILE, NO_SLICE, sliceLength, type KeptObject, type KeptSlice, type SliceFile } from './kept.js';

export interface DiskStoreOptions {
  readonly folder: string;
  /** Of files, each rounded up to whole blocks, and the journal. */
  readonly maxOctets: number;
  /** Whether what is kept must outlive the machine's going down, too; a process that is killed loses nothing either way. */
  readonly fsync: boolean;
  /** Of slices that wait to be written; more are not taken. */
  readonly queueOctets: number;
  readonly policy: EvictionPolicy;
  /** All that is kept anywhere. */
  readonly objects: () => Iterable<KeptObject>;
  /** It is on disk. */
  readonly written: (slice: KeptSlice) => void;
  /** It is not on disk any more. */
  readonly unwritten: (slice: KeptSlice, why: string) => void;
  /** It was taken, and could not be written. */
  readonly refused: (slice: KeptSlice) => void;
}

export interface DiskStore {
  readonly octets: number;
  readonly maxOctets: number;
  readonly objects: number;
  readonly slices: number;
  /** Slices that had to make room. */
  readonly evictions: number;
  /** Takes the folder and tells what is there. @throws CdnError CACHE_FOLDER */
  start(): Promise<Replayed>;
  /** Resolves when what was taken is written. */
  stop(): Promise<void>;
  /** Takes the slice, unless there is no room in the queue or the disk is not to be written to. */
  write(slice: KeptSlice, octets: Uint8Array): void;
  /** The same, when there is room in the queue. */
  settle(slice: KeptSlice, octets: Uint8Array): Promise<void>;
  /** The octets that were written; undefined for what is damaged, which is dropped. */
  read(slice: KeptSlice): Promise<Uint8Array | undefined>;
  touch(slice: KeptSlice): void;
  /** New metadata of an object. */
  changed(object: KeptObject): void;
  /** All of the object, at once and for good. */
  remove(object: KeptObject): void;
  /** Whatever goes next, to make room in an index that grew too large. False when nothing is left. */
  evictOne(): boolean;
  /** The same until it is within its own bounds and those of the index. */
  fit(isIndexWithin: () => boolean): void;
}

const WRITES_AT_A_TIME = 2;
const READS_AT_A_TIME = 16;
/** A journal is rewritten when it is twice as large as what it tells of, and larger than this or that part of all there is room for. */
const LEAST_REWRITE_OCTETS = 1 << 20;
const LEAST_REWRITE_PART = 8;
/** Of a slice in the journal. */
const SLICE_RECORD_OCTETS = 38;
/** When there is no room for what is new, a tenth of what is old goes, or this. */
const MOST_SHRINK_OCTETS = 64 << 20;
/** Of the room that others leave, some remains for them. */
const FREE_PART = 0.9;
/** The files of a run that was killed have lower numbers than those of the next. */
const NUMBERS_A_RUN = 1_000_000;
const QUIET_MS = 10_000;

export function createDiskStore(options: DiskStoreOptions, env: { readonly clock: Clock; readonly log: Log }): DiskStore {
  const { folder, maxOctets, policy } = options;
  const { clock, log } = env;
  const files = createSliceFiles(folder, options);
  const filed = new Map<string, KeptSlice>();
  const writes = createTurns(WRITES_AT_A_TIME);
  const reads = createTurns(READS_AT_A_TIME);
  const reading = new Map<KeptSlice, Promise<Uint8Array | undefined>>();
  const leastRewriteOctets = Math.min(LEAST_REWRITE_OCTETS, maxOctets / LEAST_REWRITE_PART);
  let block = 4096;
  let used = 0;
  let objects = 0;
  /** Of what is filed, how much stands for an object without slices. */
  let standing = 0;
  let live = 0;
  let queued = 0;
  let lastFile = 0;
  /** Below maxOctets while the file system has no room for that. */
  let limit = maxOctets;
  let isShort = false;
  let lock: Lock | undefined;
  let rewriting: Promise<void> | undefined;
  let damaged = 0;
  let evictions = 0;
  let toldDamagedMs = -Infinity;

  const costOf = (slice: KeptSlice): number => Math.ceil(sliceLength(slice.object.meta, slice.number) / block) * block;
  const trouble = createTrouble({ folder, recover: () => recover() }, env);
  const journal = createJournal(folder, { fsync: options.fsync, onError: (error) => trouble.failed(error) });
  const isUsable = (): boolean => lock !== undefined && !trouble.isPaused && journal.isOpen;

  /** Something that the journal must know to be gone. */
  const take = (record: Buffer): void => {
    try {
      journal.append(record);
    } catch (error) {
      // Better nothing after a crash than what was taken away.
      journal.destroy();
      trouble.failed(error);
    }
    tidy();
  };
  const rewrite = (): Promise<void> => {
    rewriting ??= journal.rewrite(options.objects).finally(() => {
      rewriting = undefined;
    });
    return rewriting;
  };
  const tidy = (): void => {
    if (!rewriting && isUsable() && journal.written > leastRewriteOctets && journal.written > 2 * live) rewrite().catch((error: unknown) => trouble.failed(error));
  };
  const account = (object: KeptObject, octets: number): void => {
    live += octets - object.journalOctets;
    object.journalOctets = octets;
  };
  const forgetObject = (object: KeptObject): void => {
    if (object.journalOctets === 0) return;
    account(object, 0);
    take(encodeObjectGone(object));
  };
  /** Of the tables; the journal is the caller's to tell. */
  const unfile = (slice: KeptSlice): void => {
    if (!slice.file) return;
    if (slice.file !== NO_FILE) files.remove(slice.file.number);
    slice.file = undefined;
    slice.object.filed -= 1;
    if (slice.object.filed === 0) objects -= 1;
    filed.delete(slice.id);
    if (slice.number === NO_SLICE) standing -= 1;
    used -= costOf(slice);
    live -= SLICE_RECORD_OCTETS;
  };
  const drop = (slice: KeptSlice, why: string): void => {
    if (!slice.file) return;
    // First the journal, then the file: what it names is there.
    if (slice.object.filed > 1) take(encodeSliceGone(slice));
    unfile(slice);
    if (slice.object.filed === 0) forgetObject(slice.object);
    options.unwritten(slice, why);
  };
  const evictOne = (): boolean => {
    for (const id of policy.victims()) {
      const slice = filed.get(id);
      if (!slice) continue;
      evictions += 1;
      drop(slice, `evicted by ${policy.name} to make room on disk`);
      return true;
    }
    return false;
  };
  /** With room for the copy that a rewritten journal is for a while. False when all of it is too little. */
  const makeRoom = (octets: number): boolean => {
    while (used + journal.octets + (rewriting ? 0 : live) + octets > limit) if (!evictOne()) return false;
    return true;
  };
  const file = (slice: KeptSlice): void => {
    filed.set(slice.id, slice);
    if (slice.number === NO_SLICE) standing += 1;
    used += costOf(slice);
    live += SLICE_RECORD_OCTETS;
    policy.added(slice.id, costOf(slice));
  };

  /** From here on it is there. @throws a system error, and it is not. */
  const commit = (slice: KeptSlice, named: SliceFile): void => {
    if (slice.object.journalOctets === 0) {
      const record = encodeObject(slice.object);
      journal.append(record);
      account(slice.object, record.length);
    }
    if (named !== NO_FILE) journal.append(encodeSlice(slice, named));
    slice.file = named;
    slice.object.filed += 1;
    if (slice.object.filed === 1) objects += 1;
    file(slice);
    options.written(slice);
  };
  /** An object without a body is a record of the journal. */
  const writeBare = (slice: KeptSlice): void => {
    if (!makeRoom(0)) return;
    try {
      commit(slice, NO_FILE);
      tidy();
    } catch (error) {
      if (isFull(error)) shrink();
      trouble.failed(error);
    }
  };
  const isWanted = (slice: KeptSlice): boolean => slice.queued !== undefined && !slice.file && isUsable();
  const writeOne = async (slice: KeptSlice, octets: Uint8Array): Promise<void> => {
    if (!isWanted(slice) || !makeRoom(costOf(slice))) return;
    const number = (lastFile += 1);
    try {
      await files.write(number, octets);
      if (!isWanted(slice) || !makeRoom(costOf(slice))) {
        files.remove(number);
        return;
      }
      commit(slice, { number, checksum: crc32(octets) });
      tidy();
    } catch (error) {
      files.remove(number);
      if (isFull(error)) shrink();
      trouble.failed(error);
    }
  };
  const write = (slice: KeptSlice, octets: Uint8Array): void => {
    if (slice.file || slice.queued || !isUsable() || queued + octets.byteLength > options.queueOctets) return;
    if (slice.number === NO_SLICE) {
      writeBare(slice);
      return;
    }
    slice.queued = octets;
    queued += octets.byteLength;
    void writes.run(() => writeOne(slice, octets)).finally(() => {
      slice.queued = undefined;
      queued -= octets.byteLength;
      if (!slice.file) options.refused(slice);
    });
  };
  /** The file system has less room than we may take: what is old goes, for what is new. */
  const shrink = (): void => {
    isShort = true;
    limit = Math.max(0, used + journal.octets - Math.max(16 * block, Math.min(used / 10, MOST_SHRINK_OCTETS)));
    makeRoom(0);
  };
  const recover = async (): Promise<boolean> => {
    if (!lock?.isOurs()) throw new Error('the lock is gone');
    if (!journal.isOpen) await rewrite();
    const probe = (lastFile += 1);
    await files.write(probe, new Uint8Array(block));
    files.remove(probe);
    if (isShort) limit = Math.min(maxOctets, used + journal.octets + freeOctets(folder) * FREE_PART);
    isShort = limit < maxOctets;
    return !isShort;
  };
  const tellDamaged = (slice: KeptSlice, why: string): void => {
    damaged += 1;
    if (clock.monotonic() - toldDamagedMs < QUIET_MS) return;
    toldDamagedMs = clock.monotonic();
    log.warn(`A slice in the cache folder ${folder} ${why} and was dropped: slice ${slice.number} of ${slice.object.key}`, { dir: folder, key: slice.object.key, slice: slice.number, droppedSoFar: damaged });
  };
  const readOne = async (slice: KeptSlice): Promise<Uint8Array | undefined> => {
    const named = slice.file;
    if (!named) return undefined;
    let why: string;
    try {
      const octets = await files.read(named.number, sliceLength(slice.object.meta, slice.number));
      if (octets && crc32(octets) === named.checksum) return octets;
      why = octets ? 'was damaged' : 'was cut short';
    } catch (error) {
      // The process has too many files open, which says nothing of this one.
      if (['EMFILE', 'ENFILE', 'ENOMEM'].includes(systemCode(error) ?? '')) return undefined;
      why = `could not be read (${systemCode(error) ?? String(error)})`;
    }
    if (slice.file !== named) return undefined;
    tellDamaged(slice, why);
    policy.removed(slice.id);
    drop(slice, `it ${why} on disk`);
    return undefined;
  };

  /** What the folder holds; nothing when its journal can't be believed. */
  const load = async (): Promise<{ readonly replayed: Replayed; readonly replay: Replay | undefined }> => {
    const { tell, done } = createReplay();
    try {
      const replay = await replayJournal(folder, tell);
      if (replay.isSound) return { replayed: done(), replay: replay.end > 0 ? replay : undefined };
      log.warn(`The journal of the cache folder ${folder} is damaged: the cache starts empty`, { dir: folder });
    } catch (error) {
      log.warn(`The journal of the cache folder ${folder} could not be read: the cache starts empty`, { dir: folder, code: systemCode(error) });
    }
    journal.destroy();
    return { replayed: createReplay().done(), replay: undefined };
  };

  return {
    maxOctets,
    evictOne,
    get octets() {
      return used + journal.octets;
    },
    get objects() {
      return objects;
    },
    get evictions() {
      return evictions;
    },
    get slices() {
      return filed.size - standing;
    },
    fit: (isIndexWithin) => {
      makeRoom(0);
      while (!isIndexWithin()) if (!evictOne()) return;
    },
    start: async () => {
      lock = openCacheFolder(folder, clock);
      block = blockOctets(folder);
      const { replayed, replay } = await load();
      for (const object of replayed.objects) {
        objects += 1;
        live += object.journalOctets;
      }
      for (const slice of replayed.slices) file(slice);
      const known = new Set([...replayed.slices].map((slice) => slice.file?.number));
      const first = replayed.lastFile + NUMBERS_A_RUN;
      lastFile = first;
      const swept = files.sweep((number) => known.has(number) || (replay !== undefined && number >= first)).catch((error: unknown) => trouble.failed(error));
      try {
        if (replay) journal.adopt(replay.end);
        else {
          // Nothing of what is there is known: it goes before its numbers come again.
          await swept.then(() => files.settled());
          await rewrite();
        }
      } catch (error) {
        journal.destroy();
        trouble.failed(error);
      }
      return replayed;
    },
    stop: async () => {
      await writes.settled();
      trouble.stop();
      await rewriting?.catch(() => undefined);
      await files.settled();
      journal.close();
      lock?.release();
      lock = undefined;
    },
    write,
    settle: async (slice, octets) => {
      // What waits before it is written when its own turn comes.
      while (!slice.file && !slice.queued && isUsable() && queued > 0 && queued + octets.byteLength > options.queueOctets) await writes.run(() => Promise.resolve());
      write(slice, octets);
    },
    read: (slice) => {
      const underWay = reading.get(slice);
      if (underWay) return underWay;
      const result = reads.run(() => readOne(slice)).finally(() => reading.delete(slice));
      reading.set(slice, result);
      return result;
    },
    touch: (slice) => policy.touched(slice.id),
    changed: (object) => {
      if (object.journalOctets === 0) return;
      const record = encodeObject(object);
      account(object, record.length);
      take(record);
      makeRoom(0);
    },
    remove: (object) => {
      if (object.journalOctets === 0) return;
      forgetObject(object);
      for (const slice of object.stand ? [object.stand] : object.slices.values()) {
        if (!slice.file) continue;
        policy.removed(slice.id);
        unfile(slice);
      }
    },
  };
}
