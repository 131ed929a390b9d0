// A cache folder: whether it is one to work in. What is in it and not of our names is left alone.

import { mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/clock.js';
import { CdnError, messageOf, systemCode } from '../../base/errors.js';
import { lockFolder, type Lock } from './lock.js';
import { SLICES } from './slice-files.js';

export const FORMAT_FILE = 'cdn-cache';
/** Of what is in the folder; a change that older programs would misread takes the next number. */
const FORMAT = 'cdn cache folder, format 1\n';

/** What a file of so many octets takes is a multiple of this. */
export function blockOctets(folder: string): number {
  const { bsize } = statfsSync(folder);
  return bsize >= 512 && bsize <= 1 << 20 ? bsize : 4096;
}

/** How much more the file system would take from us. */
export function freeOctets(folder: string): number {
  const { bsize, bavail } = statfsSync(folder);
  return bsize * bavail;
}

function checkFormat(folder: string): void {
  const file = path.join(folder, FORMAT_FILE);
  let text: string | undefined;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  if (text === undefined || text === '') writeFileSync(file, FORMAT, { mode: 0o600, flush: true });
  else if (text !== FORMAT) {
    throw new CdnError('CACHE_FOLDER', `the cache folder ${folder} is "${text.slice(0, 60).trim()}", which this program doesn't know`, {
      details: { dir: folder },
      suggestions: ['choose another folder with --cache-dir FOLDER'],
    });
  }
}

/** Makes the folder if need be and takes it for this process. @throws CdnError CACHE_FOLDER */
export function openCacheFolder(folder: string, clock: Clock): Lock {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const locking = lockFolder(folder, clock);
    if (locking.kind === 'held') {
      const { pid, host } = locking.by;
      throw new CdnError('CACHE_FOLDER', `the cache folder ${folder} is in use by process ${pid} on ${host}`, {
        details: { dir: folder, pid, host },
        suggestions: ['stop that process, or choose another folder with --cache-dir FOLDER'],
      });
    }
    try {
      checkFormat(folder);
      mkdirSync(path.join(folder, SLICES), { recursive: true, mode: 0o700 });
    } catch (error) {
      locking.lock.release();
      throw error;
    }
    return locking.lock;
  } catch (error) {
    if (error instanceof CdnError) throw error;
    throw new CdnError('CACHE_FOLDER', `could not use ${folder} as the cache folder: ${messageOf(error)}`, {
      details: { dir: folder, code: systemCode(error) },
      suggestions: ['choose another folder with --cache-dir FOLDER'],
      cause: error,
    });
  }
}
