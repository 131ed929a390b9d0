// Files that are asked for again and again, whole in memory: octets and validator of one look at the
// disk, never of two, and never believed for longer than a second without another look.

import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Eventual } from '../net/handler.js';
import type { Log } from '../observe/log.js';
import type { DiskSource, OpenFile } from './disk-source.js';
import type { FileVersion } from './version.js';

export interface HotFile {
  readonly name: string;
  readonly version: FileVersion;
  /** All of its octets, each slice but the last of SLICE_OCTETS. */
  readonly slices: readonly Uint8Array[];
}

export interface HotFiles {
  /** The file as it was at most VALID_MS ago, later where that has to be looked up first; undefined when it isn't in memory. */
  find(key: string): Eventual<HotFile | undefined>;
  /** This version was asked for; from the second time on it is worth its memory. */
  asked(key: string, segments: readonly string[], etag: string, octets: number): void;
  usage(): { readonly files: number; readonly octets: number; readonly maxOctets: number };
  /** Gives up what is being read; resolves when no file is open. */
  stop(): Promise<void>;
}

export const SLICE_OCTETS = 1_048_576;
/** A change of a file shows after this long at the latest. */
export const VALID_MS = 1000;
/** A file that was touched less than this ago is being worked on. */
export const REST_MS = 2000;
/** Entry, key, version and slice headers. */
const OVERHEAD_OCTETS = 1024;
/** No single file takes more than this part of the memory. */
const LARGEST_PART = 0.5;
const MAX_ASKED = 4096;
const MAX_WAITING = 16;

interface Entry {
  readonly file: HotFile;
  readonly segments: readonly string[];
  readonly octets: number;
  checkedMs: number;
  checking: Promise<HotFile | undefined> | undefined;
}

/** The octets of `range`, without a copy. */
export function cutSlices(slices: readonly Uint8Array[], range: { readonly firstPos: number; readonly lastPos: number }): readonly Uint8Array[] {
  const first = Math.floor(range.firstPos / SLICE_OCTETS);
  const last = Math.floor(range.lastPos / SLICE_OCTETS);
  return slices.slice(first, last + 1).map((slice, index) => {
    const start = (first + index) * SLICE_OCTETS;
    return slice.subarray(Math.max(0, range.firstPos - start), range.lastPos - start + 1);
  });
}

async function readSlices(file: OpenFile, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const { length } = file.version;
  const slices: Uint8Array[] = [];
  for (let at = 0; at < length; at += SLICE_OCTETS) slices.push(new Uint8Array(Math.min(SLICE_OCTETS, length - at)));
  let position = 0;
  for await (const chunk of file.read({ firstPos: 0, lastPos: length - 1 }, signal)) {
    for (let taken = 0; taken < chunk.length; ) {
      const offset = position % SLICE_OCTETS;
      const part = chunk.subarray(taken, taken + SLICE_OCTETS - offset);
      slices[Math.floor(position / SLICE_OCTETS)]?.set(part, offset);
      taken += part.length;
      position += part.length;
    }
  }
  return slices;
}

export function createHotFiles(source: DiskSource, maxOctets: number, env: { clock: Clock; log: Log }): HotFiles {
  const { clock, log } = env;
  /** The one that was checked longest ago comes first; those in use are checked every second. */
  const entries = new Map<string, Entry>();
  const askedOnce = new Map<string, string>();
  const waiting = new Map<string, readonly string[]>();
  const stopped = new AbortController();
  let octets = 0;
  let worker: Promise<void> | undefined;

  function drop(key: string, entry: Entry): void {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    octets -= entry.octets;
  }

  function keep(key: string, entry: Entry): void {
    const before = entries.get(key);
    if (before !== undefined) drop(key, before);
    for (const [oldest, victim] of entries) {
      if (octets + entry.octets <= maxOctets) break;
      drop(oldest, victim);
    }
    entries.set(key, entry);
    octets += entry.octets;
  }

  async function open(segments: readonly string[]): Promise<OpenFile | undefined> {
    const opening = await source.open(segments, stopped.signal);
    return opening.kind === 'file' ? opening.file : undefined;
  }

  /** Looks at the disk as a request would. */
  async function check(key: string, entry: Entry): Promise<HotFile | undefined> {
    const lookedMs = clock.monotonic();
    const now = await open(entry.segments).catch(() => undefined);
    await now?.close();
    entry.checking = undefined;
    if (now?.version.etag !== entry.file.version.etag) {
      drop(key, entry);
      return undefined;
    }
    entry.checkedMs = lookedMs;
    if (entries.delete(key)) entries.set(key, entry);
    return entry.file;
  }

  async function load(key: string, segments: readonly string[]): Promise<void> {
    const lookedMs = clock.monotonic();
    const file = await open(segments);
    if (file === undefined) return;
    try {
      const { version } = file;
      const size = version.length + OVERHEAD_OCTETS;
      if (size > maxOctets * LARGEST_PART || clock.now() - version.changedMs < REST_MS) return;
      const slices = await readSlices(file, stopped.signal);
      keep(key, { file: { name: file.name, version, slices }, segments, octets: size, checkedMs: lookedMs, checking: undefined });
    } finally {
      await file.close();
    }
  }

  async function work(): Promise<void> {
    for (let next = waiting.entries().next(); next.done !== true && !stopped.signal.aborted; next = waiting.entries().next()) {
      const [key, segments] = next.value;
      try {
        await load(key, segments);
      } catch (error) {
        // It is served from the disk all the same.
        log.debug(`${key} is not kept in memory: ${messageOf(error)}`);
      }
      waiting.delete(key);
    }
    worker = undefined;
  }

  return {
    find: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (clock.monotonic() - entry.checkedMs < VALID_MS) return entry.file;
      return (entry.checking ??= check(key, entry));
    },
    asked: (key, segments, etag, length) => {
      if (stopped.signal.aborted || length === 0 || length + OVERHEAD_OCTETS > maxOctets * LARGEST_PART) return;
      if (askedOnce.get(key) !== etag) {
        askedOnce.set(key, etag);
        const oldest = askedOnce.keys().next();
        if (askedOnce.size > MAX_ASKED && oldest.done !== true) askedOnce.delete(oldest.value);
        return;
      }
      if (waiting.has(key) || waiting.size >= MAX_WAITING) return;
      waiting.set(key, segments);
      worker ??= work();
    },
    usage: () => ({ files: entries.size, octets, maxOctets }),
    stop: async () => {
      stopped.abort(new Error('the store stops'));
      await worker;
      for (const { checking } of entries.values()) await checking;
      entries.clear();
      octets = 0;
    },
  };
}
