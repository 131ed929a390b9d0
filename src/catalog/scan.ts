// A folder -> a catalog.

import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CdnError, messageOf, systemCode } from '../base/errors.js';
import { printable, shellWord } from '../base/printable.js';
import { mediaTypeOf } from '../net/http/media-type.js';
import { createCatalog, type Catalog } from './catalog.js';

/** Made when names are first compared: it takes as long as a small fetch. */
let byName: Intl.Collator | undefined;

/** "video2.mp4" before "video10.mp4"; equal only when identical. */
function compareNames(a: string, b: string): number {
  byName ??= new Intl.Collator('en', { numeric: true });
  return byName.compare(a, b) || (a < b ? -1 : Number(a > b));
}

export interface ScannedCatalog extends Catalog {
  /** Videos that are none to serve, and why. */
  readonly leftOut: readonly { readonly file: string; readonly why: string }[];
}

/** undefined for a file that can be served. */
async function objection(folder: string, name: string): Promise<string | undefined> {
  const file = path.join(folder, name);
  // To some systems it is a slash: no store gives such a name away.
  if (name.includes('\\')) return 'has a backslash in its name';
  try {
    const real = await realpath(file);
    // What a store never serves is no title: a link may not lead out of the folder.
    if (path.dirname(real) !== folder && !real.startsWith(path.join(folder, path.sep))) return 'leads outside the folder';
    return (await stat(real)).isFile() ? undefined : 'is no file';
  } catch (error) {
    return messageOf(error);
  }
}

/** What the system says of a folder that is none, in words. */
const WHY: Readonly<Record<string, string>> = { ENOENT: 'there is no such folder', ENOTDIR: 'it is no folder', EACCES: 'it may not be read' };

function unreadable(folder: string, cause: unknown): CdnError {
  const why = WHY[systemCode(cause) ?? ''] ?? messageOf(cause);
  // A shell leaves the ~ of --dir=~/films to the program, as one in quotes.
  const atHome = folder.startsWith('~/') ? [`--dir "$HOME"/${shellWord(folder.slice(2))}, since the shell has left the ~ as it is`] : [];
  return new CdnError('FOLDER_UNREADABLE', `cannot read the folder of videos ${printable(folder)}: ${why}`, {
    details: { folder },
    suggestions: atHome.length > 0 ? atHome : ['the same command with --dir and a folder that is there'],
    cause,
  });
}

/**
 * The videos (by media type) directly in `folder`, hidden files aside, in name order.
 * @throws CdnError FOLDER_UNREADABLE
 */
export async function scanFolder(folder: string): Promise<ScannedCatalog> {
  let names: string[];
  let real: string;
  try {
    names = await readdir(folder);
    real = await realpath(folder);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
  const videos = names.filter((name) => !name.startsWith('.') && mediaTypeOf(name).startsWith('video/')).sort(compareNames);
  const files: string[] = [];
  const leftOut: { file: string; why: string }[] = [];
  for (const file of videos) {
    const why = await objection(real, file);
    if (why === undefined) files.push(file);
    else leftOut.push({ file, why });
  }
  return { ...createCatalog(files), leftOut };
}
