// A device or a pipe as the place where bytes go. Nothing here may block: a call that waits for the other
// end holds a thread of the pool, which no signal ends and the process's exit waits for.

import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../base/clock.js';
import { systemCode } from '../base/errors.js';
import { diskError, type Sink } from './writing.js';

/** A shell starts both ends of a pipe at about the same time; the reader may be the later one. */
const READER_WAIT_MS = 1000;
const LONGEST_PAUSE_MS = 32;
/** Windows has no such flag, and no such pipes. */
const FLAGS = constants.O_WRONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/** 1, 2, 4 … 32, 32, 32 milliseconds. */
function createPause(clock: Clock, signal: AbortSignal): () => Promise<void> {
  let nextMs = 1;
  return () => {
    const ms = nextMs;
    nextMs = Math.min(2 * ms, LONGEST_PAUSE_MS);
    return clock.sleep(ms, signal);
  };
}

async function isPipe(file: string): Promise<boolean> {
  return stat(file).then((entry) => entry.isFIFO(), () => false);
}

async function openReady(file: string, clock: Clock, signal: AbortSignal): Promise<FileHandle> {
  const until = clock.monotonic() + READER_WAIT_MS;
  const pause = createPause(clock, signal);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await open(file, FLAGS);
    } catch (cause) {
      // fifo(7): a pipe that nobody has open for reading; sockets and absent hardware say ENXIO as well.
      const unread = systemCode(cause) === 'ENXIO' && (await isPipe(file));
      if (!unread) throw diskError(file, cause);
      if (clock.monotonic() >= until) throw diskError(file, cause, 'it is a pipe, and nobody reads from it');
    }
    await pause();
  }
}

/**
 * Opens a device or a pipe that is there, to be written as it is and never renamed to. An abort of the
 * signal ends whatever is waited for, with its reason.
 * @throws CdnError DISK_WRITE, also when nobody reads from a pipe for a second
 */
export async function openDevice(file: string, clock: Clock, signal: AbortSignal): Promise<Sink> {
  const handle = await openReady(file, clock, signal);

  async function write(chunk: Uint8Array): Promise<void> {
    let pause = createPause(clock, signal);
    let done = 0;
    while (done < chunk.length) {
      signal.throwIfAborted();
      const written = await handle.write(chunk, done, chunk.length - done).then(
        ({ bytesWritten }) => bytesWritten,
        (cause: unknown) => {
          // Full: its reader is slower than the network.
          if (systemCode(cause) === 'EAGAIN') return 0;
          throw diskError(file, cause);
        },
      );
      done += written;
      if (written === 0) await pause();
      else pause = createPause(clock, signal);
    }
  }

  return {
    file,
    fd: undefined,
    leftover: undefined,
    write,
    begin: () => undefined,
    note: () => undefined,
    commit: () => handle.close(),
    keep: async () => {
      await handle.close().catch(() => undefined);
      return undefined;
    },
  };
}
