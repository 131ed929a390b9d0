// The folder of the portal's copies: made at the first one, removed at the end.

import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CdnError, messageOf, systemCode } from '../base/errors.js';

/** A file of its own, written and read at the same time. */
export interface ScratchFile {
  write(octets: Uint8Array, position: number): Promise<void>;
  /** Exactly `length` octets; throws if the file is shorter. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Closes and deletes it. */
  remove(): Promise<void>;
}

export interface Scratch {
  /** Fails now rather than at the first viewer, if nothing can be written there. */
  prepare(): Promise<void>;
  createFile(): Promise<ScratchFile>;
  /** Deletes everything. */
  remove(): Promise<void>;
}

/** @throws CdnError DISK_WRITE from every method that writes */
export function createScratch(parent: string = os.tmpdir()): Scratch {
  let folder: Promise<string> | undefined;
  let count = 0;

  const makeFolder = (): Promise<string> => mkdtemp(path.join(parent, 'cdn-web-'));

  return {
    async prepare() {
      try {
        folder ??= makeFolder();
        await folder;
      } catch (cause) {
        folder = undefined;
        throw diskError(`make a folder in ${parent}`, cause);
      }
    },
    async createFile() {
      count += 1;
      const name = `copy${count}`;
      try {
        folder ??= makeFolder();
        return await createFile(path.join(await folder, name)).catch(async (error: unknown) => {
          // Systems clean their folder for temporary files while a portal runs for weeks.
          if (systemCode(error) !== 'ENOENT') throw error;
          folder = makeFolder();
          return createFile(path.join(await folder, name));
        });
      } catch (cause) {
        folder = undefined;
        throw diskError(`make a file in ${parent}`, cause);
      }
    },
    async remove() {
      const made = await folder?.catch(() => undefined);
      folder = undefined;
      if (made !== undefined) await rm(made, { recursive: true, force: true });
    },
  };
}

async function createFile(name: string): Promise<ScratchFile> {
  const handle = await open(name, 'wx+', 0o600);
  let removed: Promise<void> | undefined;
  return {
    async write(octets, position) {
      for (let done = 0; done < octets.length; ) {
        try {
          const { bytesWritten } = await handle.write(octets, done, octets.length - done, position + done);
          done += bytesWritten;
        } catch (cause) {
          throw diskError(`write to ${name}`, cause);
        }
      }
    },
    async read(position, length) {
      const octets = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(octets, done, length - done, position + done);
        if (bytesRead === 0) throw new CdnError('DISK_WRITE', `cannot read back octet ${position + done} of ${name}: the file is shorter`);
        done += bytesRead;
      }
      return octets;
    },
    remove() {
      removed ??= Promise.all([handle.close(), rm(name, { force: true })]).then(() => undefined);
      return removed;
    },
  };
}

function diskError(attempt: string, cause: unknown): CdnError {
  return new CdnError('DISK_WRITE', `cannot ${attempt}: ${messageOf(cause)}`, {
    details: { system: systemCode(cause) },
    suggestions: ['free some space there, or choose another folder with TMPDIR=FOLDER cdn web'],
    cause,
  });
}
