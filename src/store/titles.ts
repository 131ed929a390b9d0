// The folder's catalog, read again when the folder has changed.

import { stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.js';
import { scanFolder, type Catalog } from '../catalog/index.js';
import { isSettled } from './version.js';

export interface Titles {
  /** @throws CdnError FOLDER_UNREADABLE */
  current(): Promise<Catalog>;
}

export function createTitles(folder: string, clock: Clock): Titles {
  let known: { readonly stamp: string; readonly catalog: Catalog } | undefined;

  async function scan(): Promise<Catalog> {
    const beforeMs = clock.now();
    // Looked at before it is read: a change in between makes the next call read it again.
    const stats = await stat(folder, { bigint: true }).catch(() => undefined);
    const stamp = stats && [stats.dev, stats.ino, stats.mtimeNs, stats.ctimeNs].join(' ');
    if (known !== undefined && known.stamp === stamp) return known.catalog;
    const catalog = await scanFolder(folder);
    // A folder that has just changed may change again without a new stamp: not yet to be relied on.
    known = stats !== undefined && stamp !== undefined && isSettled(stats, beforeMs) ? { stamp, catalog } : undefined;
    return catalog;
  }

  return { current: scan };
}
