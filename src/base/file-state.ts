// Files that were read and may change: whether they are still what they were.

import { stat } from 'node:fs/promises';
import type { Clock, Stop } from './clock.js';

export interface FileState {
  readonly files: readonly string[];
  /** They differ from when this was made, and no longer from the last look: a file that still changes is still being written. */
  hasChanged(): Promise<boolean>;
}

/** What the files are like now. To be made before they are read: then a change while they are read is found, too. */
export async function openFileState(files: readonly string[]): Promise<FileState> {
  const read = await describe(files);
  let seen = read;
  return {
    files,
    hasChanged: async () => {
      const now = await describe(files);
      const settled = now === seen;
      seen = now;
      return settled && now !== read;
    },
  };
}

/** Different when one was written, replaced or removed. */
async function describe(files: readonly string[]): Promise<string> {
  const each = files.map(async (file) => {
    try {
      const { ino, size, mtimeMs } = await stat(file);
      return `${file} ${ino} ${size} ${mtimeMs}`;
    } catch {
      return `${file} is not there`;
    }
  });
  return (await Promise.all(each)).join('\n');
}

/** Runs `work`, which never rejects, again and again, `ms` after it has ended, until stopped. */
export function repeat(ms: number, work: () => Promise<void>, env: { readonly clock: Clock }): Stop {
  let stopped = false;
  let stop: Stop = () => undefined;
  const next = (): void => {
    if (!stopped) stop = env.clock.after(ms, () => void work().then(next));
  };
  next();
  return () => {
    stopped = true;
    stop();
  };
}
