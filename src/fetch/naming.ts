// Names of files beside a target, and how one takes another's name without replacing what is there.

import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../base/errors.js';
import { fileExists } from './target.js';
import { withSuffix } from './text.js';

/** File systems without hard links (FAT, some network shares) say one of these. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** "film.mp4" and ".part" -> "film.mp4.part", in the same folder; the name is cut where the two are too long. */
export function beside(file: string, suffix: string): string {
  return path.join(path.dirname(file), withSuffix(path.basename(file), suffix));
}

/** Makes the new name durable; where folders can't be opened (Windows) the system sees to it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** Gives `from` the name `to` unless that is taken: a link fails where a rename would replace. @throws CdnError FILE_EXISTS */
export function moveToNew(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') throw fileExists(to, ': it appeared while the download was under way');
    if (code === undefined || !NO_LINKS.includes(code)) throw error;
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) throw fileExists(to, ': it appeared while the download was under way');
    renameSync(from, to);
    return;
  }
  unlinkSync(from);
}
