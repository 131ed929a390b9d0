// SHA-256 of each version of a file, computed once, in the background, one file at a time.

import { createHash } from 'node:crypto';
import { deadline, type Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Log } from '../observe/log.js';
import type { DiskSource, OpenFile } from './disk-source.js';
import type { FileVersion } from './version.js';

export interface Digests {
  /** The digest if it has been computed. */
  known(version: FileVersion): Uint8Array | undefined;
  /** Has it computed some time: the file that is at `segments` by then, if that is not `version` any more. */
  schedule(segments: readonly string[], version?: FileVersion): void;
  /** Has it computed next, and waits; undefined if it takes too long, can't be computed or the signal aborts. */
  wait(segments: readonly string[], version: FileVersion, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Another process has computed it, from the same folder. */
  learn(etag: string, sha256: Uint8Array): void;
  /** Gives up what is under way; resolves when no file is open. */
  stop(): Promise<void>;
}

/** Versions remembered (the oldest give way), and files that may wait in the background. */
const MAX_KNOWN = 4096;
const MAX_WAITING = 4096;
/** RFC 9530 §4 makes the field a wish: who asks for the digest needs the bytes still more, and takes a party for dead after 5 s. */
const WAIT_MS = 3000;

interface Job {
  readonly segments: readonly string[];
  /** The version that was seen last, or is being read; undefined: whichever will be there. */
  etag: string | undefined;
  /** Resolves when there is nothing more to wait for, whatever came of it. */
  readonly done: Promise<void>;
  readonly finish: () => void;
}

function createJob(segments: readonly string[], etag: string | undefined): Job {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { segments, etag, done, finish };
}

async function hashFile(file: OpenFile, signal: AbortSignal): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of file.read({ firstPos: 0, lastPos: file.version.length - 1 }, signal)) hash.update(chunk);
  return hash.digest();
}

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `computed`: is told of each that this process has computed. */
export function createDigests(source: DiskSource, env: { clock: Clock; log: Log }, computed: (etag: string, sha256: Uint8Array) => void = () => undefined): Digests {
  const sums = new Map<string, Uint8Array>();
  /** One job a path; those that somebody waits for come first. */
  const urgent = new Map<string, Job>();
  const background = new Map<string, Job>();
  let current: { readonly key: string; readonly job: Job; readonly abort: AbortController } | undefined;
  let worker: Promise<void> | undefined;
  let stopped = false;

  function remember(etag: string, sha256: Uint8Array): void {
    sums.set(etag, sha256);
    const oldest = sums.keys().next();
    if (sums.size > MAX_KNOWN && oldest.done !== true) sums.delete(oldest.value);
  }

  async function compute(job: Job, signal: AbortSignal): Promise<void> {
    const opening = await source.open(job.segments, signal);
    if (opening.kind !== 'file') return;
    const { file } = opening;
    try {
      const { etag } = file.version;
      job.etag = etag;
      if (sums.has(etag)) return;
      const sha256 = await hashFile(file, signal);
      remember(etag, sha256);
      computed(etag, sha256);
    } finally {
      await file.close();
    }
  }

  async function work(): Promise<void> {
    for (;;) {
      const queue = urgent.size > 0 ? urgent : background;
      const next = queue.entries().next();
      if (next.done === true || stopped) {
        worker = undefined;
        return;
      }
      const [key, job] = next.value;
      queue.delete(key);
      const abort = new AbortController();
      current = { key, job, abort };
      try {
        await compute(job, abort.signal);
      } catch (error) {
        // A digest is a courtesy: without it the file is served all the same.
        env.log.debug(`no digest of ${key}: ${messageOf(error)}`);
      }
      current = undefined;
      job.finish();
    }
  }

  function enqueue(segments: readonly string[], etag: string | undefined, queue: Map<string, Job>): Job {
    const key = segments.join('/');
    if (current?.key === key) {
      const reading = current.job.etag;
      if (etag === undefined || reading === undefined || reading === etag) return current.job;
      // Of a file that was replaced, the old version's digest is of no use any more.
      current.abort.abort(new Error('the file was replaced'));
    }
    const job = urgent.get(key) ?? background.get(key) ?? createJob(segments, etag);
    if (etag !== undefined) job.etag = etag;
    if (!urgent.has(key)) {
      background.delete(key);
      queue.set(key, job);
    }
    worker ??= work();
    return job;
  }

  return {
    known: (version) => sums.get(version.etag),
    schedule: (segments, version) => {
      if (stopped || background.size >= MAX_WAITING || (version !== undefined && sums.has(version.etag))) return;
      enqueue(segments, version?.etag, background);
    },
    wait: async (segments, version, signal) => {
      if (!stopped && !signal.aborted && !sums.has(version.etag)) {
        const { done } = enqueue(segments, version.etag, urgent);
        const limit = deadline(env.clock, WAIT_MS, () => new Error('no digest in time'), signal);
        await Promise.race([done, aborted(limit.signal)]);
        limit.stop();
      }
      return sums.get(version.etag);
    },
    learn: remember,
    stop: async () => {
      stopped = true;
      current?.abort.abort(new Error('the store stops'));
      for (const job of [...urgent.values(), ...background.values()]) job.finish();
      urgent.clear();
      background.clear();
      await worker;
    },
  };
}
