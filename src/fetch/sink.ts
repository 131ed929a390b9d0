// Where arriving bytes belong: a file, a device or pipe, or the standard output.

import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import { openAppendFile } from './append-file.js';
import { openDevice } from './device.js';
import { openPartFile, type PartFileOptions } from './part-file.js';
import type { Target } from './target.js';
import type { Sink } from './writing.js';

export interface SinkEnv {
  readonly clock: Clock;
  readonly random: Random;
}

/** What is waited for may never come: a reader of the standard output that has stopped reading. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** @throws CdnError DISK_WRITE */
export async function openSink(target: Target, options: PartFileOptions, env: SinkEnv, signal: AbortSignal): Promise<Sink> {
  if (target.kind === 'file') return openPartFile(target, options, env);
  if (target.kind === 'partial') return openAppendFile(target, options.fsync === true);
  if (target.kind === 'device') return openDevice(target.path, env.clock, signal);
  return {
    file: undefined,
    fd: undefined,
    leftover: undefined,
    write: (chunk) => untilAborted(target.write(chunk), signal),
    begin: () => undefined,
    note: () => undefined,
    commit: () => Promise.resolve(),
    keep: () => Promise.resolve(undefined),
  };
}
