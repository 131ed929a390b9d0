// Files for the portal's copies. They lose their names as soon as they are open, so that nothing is
// left behind, not even by a portal that is killed with gigabytes in hand.

import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CdnError, messageOf, systemCode } from '../base/errors.js';

/** A file of its own, written and read at the same time. */
export interface ScratchFile {
  /** @throws CdnError DISK_WRITE */
  write(octets: Uint8Array, position: number): Promise<void>;
  /** Exactly `length` octets; throws if the file is shorter. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Closes it, and gives its room back. */
  remove(): Promise<void>;
}

export interface Scratch {
  /** @throws CdnError DISK_WRITE */
  createFile(): Promise<ScratchFile>;
  /** Deletes what still has a name. */
  remove(): Promise<void>;
}

/** Files in folders of their own within `parent`, the system's folder for temporary files by default. */
export function createScratch(parent: string = os.tmpdir()): Scratch {
  /** Where the system doesn't let an open file lose its name. */
  const left = new Set<string>();
  const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

  async function openUnnamed(): Promise<{ handle: FileHandle; folder: string }> {
    const folder = await mkdtemp(path.join(parent, 'cdn-web-'));
    left.add(folder);
    try {
      return { handle: await open(path.join(folder, 'copy'), 'wx+', 0o600), folder };
    } finally {
      await removeFolder(folder).then(
        () => left.delete(folder),
        () => undefined,
      );
    }
  }

  return {
    async createFile() {
      try {
        const { handle, folder } = await openUnnamed();
        return scratchFile(handle, parent, async () => {
          if (left.delete(folder)) await removeFolder(folder);
        });
      } catch (cause) {
        throw diskError(`make a file in ${parent}`, cause);
      }
    },
    async remove() {
      await Promise.allSettled([...left].map(removeFolder));
      left.clear();
    },
  };
}

function scratchFile(handle: FileHandle, parent: string, removeRest: () => Promise<void>): ScratchFile {
  let removed: Promise<void> | undefined;
  return {
    async write(octets, position) {
      for (let done = 0; done < octets.length; ) {
        try {
          const { bytesWritten } = await handle.write(octets, done, octets.length - done, position + done);
          done += bytesWritten;
        } catch (cause) {
          throw diskError(`write to a file in ${parent}`, cause);
        }
      }
    },
    async read(position, length) {
      const octets = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(octets, done, length - done, position + done);
        if (bytesRead === 0) throw new Error(`a file in ${parent} is shorter than what was written to it`);
        done += bytesRead;
      }
      return octets;
    },
    remove() {
      removed ??= handle.close().then(removeRest);
      return removed;
    },
  };
}

/** Whether giving room back may help: no space left, or no more of it for this user. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof CdnError && error.code === 'DISK_WRITE' && (error.details['system'] === 'ENOSPC' || error.details['system'] === 'EDQUOT');
}

function diskError(attempt: string, cause: unknown): CdnError {
  return new CdnError('DISK_WRITE', `cannot ${attempt}: ${messageOf(cause)}`, {
    details: { system: systemCode(cause) },
    suggestions: ['free some space there, or choose another folder with TMPDIR=FOLDER cdn web'],
    cause,
  });
}
