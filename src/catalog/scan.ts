// A folder -> a catalog.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { CdnError, messageOf } from '../base/errors.js';
import { mediaTypeOf } from '../net/http/media-type.js';
import { createCatalog, type Catalog } from './catalog.js';

const byName = new Intl.Collator('en', { numeric: true });

/** "video2.mp4" before "video10.mp4"; equal only when identical. */
function compareNames(a: string, b: string): number {
  return byName.compare(a, b) || (a < b ? -1 : Number(a > b));
}

/**
 * The videos (by media type) directly in `folder`, hidden files aside, in name order.
 * @throws CdnError FOLDER_UNREADABLE
 */
export async function scanFolder(folder: string): Promise<Catalog> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new CdnError('FOLDER_UNREADABLE', `cannot read the folder of videos ${folder}: ${messageOf(cause)}`, {
      details: { folder },
      suggestions: ['choose another folder with --dir FOLDER'],
      cause,
    });
  }
  const videos = names.filter((name) => !name.startsWith('.') && mediaTypeOf(name).startsWith('video/')).sort(compareNames);
  const files: string[] = [];
  for (const name of videos) {
    const found = await stat(path.join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true) files.push(name);
  }
  return createCatalog(files);
}
