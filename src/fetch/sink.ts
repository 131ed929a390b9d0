// Puts arriving bytes where they belong. A file is written beside its final name, under a name of its
// own, so that two clients never write into each other; it gets its final name whole and synced, or never.

import { link, lstat, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../base/clock.js';
import { CdnError, systemCode } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { openDevice } from './device.js';
import { fileExists, type Target } from './target.js';
import { withSuffix } from './text.js';
import { diskError, type Sink } from './writing.js';

export interface SinkEnv {
  readonly clock: Clock;
  readonly random: Random;
}

/** File systems without hard links (FAT, some network shares) say one of these. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.length - done);
    done += bytesWritten;
  }
}

function beside(file: string, suffix: string): string {
  return path.join(path.dirname(file), withSuffix(path.basename(file), suffix));
}

/** Makes the new name durable; where folders can't be opened (Windows) the system sees to it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** Gives `from` the name `to` unless that is taken: a link fails where a rename would replace. */
async function moveToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw fileExists(to, ': it appeared while the download was under way');
    if (code === undefined || !NO_LINKS.includes(code)) throw error;
    if ((await lstat(to).catch(() => undefined)) !== undefined) throw fileExists(to, ': it appeared while the download was under way');
    await rename(from, to);
    return;
  }
  await unlink(from);
}

async function openFile(target: Target & { kind: 'file' }, random: Random): Promise<Sink> {
  const part = beside(target.path, `.${Buffer.from(random.bytes(4)).toString('hex')}.part`);
  const leftover = beside(target.path, '.part');
  const handle = await open(part, 'wx').catch((cause: unknown) => {
    throw diskError(part, cause);
  });
  let bytes = 0;

  const keep = async (as: 'part' | 'corrupt'): Promise<string | undefined> => {
    await handle.close().catch(() => undefined);
    if (bytes === 0) {
      await rm(part, { force: true });
      return undefined;
    }
    const kept = beside(target.path, `.${as}`);
    // Where the usual name can't be had, the bytes keep the name they have.
    return rename(part, kept).then(() => kept, () => part);
  };

  return {
    file: target.path,
    write: async (chunk) => {
      try {
        await writeAll(handle, chunk);
        bytes += chunk.length;
      } catch (cause) {
        throw diskError(target.path, cause);
      }
    },
    commit: async () => {
      try {
        await handle.sync();
        await handle.close();
        await (target.replace ? rename(part, target.path) : moveToNew(part, target.path));
      } catch (cause) {
        await keep('part');
        throw cause instanceof CdnError ? cause : diskError(target.path, cause);
      }
      await syncFolder(path.dirname(target.path));
      // What an earlier, interrupted run left of this very file is of no use any more.
      await unlink(leftover).catch(() => undefined);
    },
    keep,
  };
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
export async function openSink(target: Target, env: SinkEnv, signal: AbortSignal): Promise<Sink> {
  if (target.kind === 'file') return openFile(target, env.random);
  if (target.kind === 'device') return openDevice(target.path, env.clock, signal);
  return { file: undefined, write: (chunk) => untilAborted(target.write(chunk), signal), commit: () => Promise.resolve(), keep: () => Promise.resolve(undefined) };
}
