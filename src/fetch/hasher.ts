// The SHA-256 of a file while it arrives, in whatever order: small files here, large ones in a thread of
// their own that follows the writer.

import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { HashOrder } from './hash-worker.js';

export interface Hasher {
  /** A piece was written at `at`; the file is whole up to `frontier`. */
  arrived(piece: Uint8Array, at: number, frontier: number): void;
  /** Of the first `length` bytes, in hexadecimal. Called once, last. */
  finish(length: number): Promise<string>;
  /** Gives it up. */
  stop(): void;
}

/** Up to here a thread would cost more than it spares. */
const INLINE_OCTETS = 4_194_304;
/** The thread is told of progress in steps of this. */
const STEP_OCTETS = 4_194_304;

const workerFile = new URL(import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js', import.meta.url);

/** For bytes that come in order and can't be read again. */
export function createStreamHasher(): Hasher {
  const hash = createHash('sha256');
  return {
    arrived: (piece) => void hash.update(piece),
    finish: () => Promise.resolve(hash.digest('hex')),
    stop: () => undefined,
  };
}

function hashHere(fd: number, length: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(length, 262_144));
  for (let at = 0; at < length; ) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, length - at), at);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    at += count;
  }
  return hash.digest('hex');
}

/** For a file that can be read at `fd`. */
export function createFileHasher(fd: number): Hasher {
  let inline = createHash('sha256');
  let hashed = 0;
  let worker: Worker | undefined;
  let failure: Error | undefined;
  let told = 0;

  function order(upTo: number, last: boolean): void {
    if (worker === undefined) {
      worker = new Worker(workerFile);
      worker.on('error', (error) => (failure = error));
      // Nobody waits for a thread that nobody asks.
      worker.unref();
    }
    told = upTo;
    worker.postMessage({ fd, upTo, last } satisfies HashOrder);
  }

  function inWorker(length: number): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      order(length, true);
      if (failure !== undefined) reject(failure);
      worker?.ref();
      worker?.once('error', reject);
      worker?.once('message', (digest: string) => resolve(digest));
    }).finally(() => void worker?.terminate());
  }

  return {
    arrived: (piece, at, frontier) => {
      if (worker === undefined && at === hashed && frontier <= INLINE_OCTETS) {
        inline.update(piece);
        hashed += piece.length;
      } else if (frontier - told >= STEP_OCTETS) order(frontier, false);
    },
    finish: (length) => {
      if (worker === undefined && hashed === length) return Promise.resolve(inline.digest('hex'));
      if (worker === undefined && length <= INLINE_OCTETS) return Promise.resolve(hashHere(fd, length));
      return inWorker(length);
    },
    stop: () => {
      void worker?.terminate();
      worker = undefined;
      inline = createHash('sha256');
    },
  };
}
