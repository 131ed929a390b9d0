// The files of the slices: one each, under a number that is its name, in 256 folders. A file says nothing
// of itself; what the journal doesn't name is not there.

import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemCode } from '../../base/errors.js';

export interface SliceFiles {
  /** @throws a system error; nothing is left of the file then. */
  write(number: number, octets: Uint8Array): Promise<void>;
  /** So many octets; undefined when there are fewer. @throws a system error */
  read(number: number, octets: number): Promise<Uint8Array | undefined>;
  /** In its own time, and not to be waited for: a file that stays is swept when the folder is next opened. */
  remove(number: number): void;
  /** Removes files that nothing knows of, and leaves alone what is none of ours. */
  sweep(isKnown: (number: number) => boolean): Promise<void>;
  /** Resolves when no removal is under way. */
  settled(): Promise<void>;
}

export const SLICES = 'cdn-slices';
/** Descriptors as numbers: half the cost of file handles, for three calls a slice. */
const [open, write, read, close, fsync, unlink, mkdir] = [promisify(fs.open), promisify(fs.write), promisify(fs.read), promisify(fs.close), promisify(fs.fsync), promisify(fs.unlink), promisify(fs.mkdir)] as const;
const FOLDER = /^[0-9a-f]{2}$/;
const FILE = /^[0-9a-f]{1,12}$/;
const { O_WRONLY, O_RDONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = fs.constants;
const REMOVALS_AT_A_TIME = 2;

export function createSliceFiles(folder: string, options: { readonly fsync: boolean }): SliceFiles {
  const slices = path.join(folder, SLICES);
  const folderOf = (number: number): string => path.join(slices, (number % 256).toString(16).padStart(2, '0'));
  const fileOf = (number: number): string => path.join(folderOf(number), number.toString(16));
  const doomed: number[] = [];
  let removals = 0;
  const waiting: (() => void)[] = [];

  const create = async (number: number): Promise<number> => {
    const flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
    try {
      return await open(fileOf(number), flags, 0o600);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      // Its folder, and that one only: a cache folder that was taken away is not made again unasked.
      await mkdir(folderOf(number), { mode: 0o700 }).catch((reason: unknown) => {
        if (systemCode(reason) !== 'EEXIST') throw reason;
      });
      return open(fileOf(number), flags, 0o600);
    }
  };
  const syncFolder = async (name: string): Promise<void> => {
    const fd = await open(name, O_RDONLY);
    try {
      await fsync(fd);
    } finally {
      await close(fd);
    }
  };
  const removeNext = (): void => {
    const number = doomed.pop();
    if (number === undefined) {
      removals -= 1;
      if (removals === 0) for (const done of waiting.splice(0)) done();
      return;
    }
    fs.unlink(fileOf(number), removeNext);
  };
  const remove = (number: number): void => {
    doomed.push(number);
    if (removals >= REMOVALS_AT_A_TIME) return;
    removals += 1;
    removeNext();
  };

  return {
    remove,
    settled: () => (removals === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    write: async (number, octets) => {
      let fd: number | undefined;
      try {
        fd = await create(number);
        for (let done = 0; done < octets.length; ) done += (await write(fd, octets, done, octets.length - done, done)).bytesWritten;
        if (options.fsync) await fsync(fd);
        // Some file systems tell only now that there was no room.
        const open = fd;
        fd = undefined;
        await close(open);
        if (options.fsync) await syncFolder(folderOf(number));
      } catch (error) {
        if (fd !== undefined) await close(fd).catch(() => undefined);
        await unlink(fileOf(number)).catch(() => undefined);
        throw error;
      }
    },
    read: async (number, octets) => {
      const fd = await open(fileOf(number), O_RDONLY | O_NOFOLLOW);
      try {
        // Not from the pool: it would be kept in memory as long as any of its neighbours.
        const buffer = Buffer.allocUnsafeSlow(octets);
        for (let done = 0; done < octets; ) {
          const { bytesRead } = await read(fd, buffer, done, octets - done, done);
          if (bytesRead === 0) return undefined;
          done += bytesRead;
        }
        return buffer;
      } finally {
        await close(fd);
      }
    },
    sweep: async (isKnown) => {
      for (const name of (await fs.promises.readdir(slices)).filter((entry) => FOLDER.test(entry))) {
        const files = await fs.promises.readdir(path.join(slices, name)).catch(() => []);
        for (const file of files.filter((entry) => FILE.test(entry))) {
          const number = Number.parseInt(file, 16);
          if (number % 256 === Number.parseInt(name, 16) && number.toString(16) === file && !isKnown(number)) remove(number);
        }
      }
    },
  };
}
