// Parts of a file that runs left which were killed before they could note what they had: nothing can go on
// from them, and nobody but the user may say that they are of no use.

import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../base/clock.js';
import { journalledPart } from './leftover.js';
import { beside } from './naming.js';

export interface Orphan {
  readonly file: string;
  readonly bytes: number;
}

/** Somebody may be at it who has no journal, because another has it. */
const UNTOUCHED_MS = 60_000;

/** Looks through a folder once, however many of its files are asked for. */
export function createOrphanage(clock: Pick<Clock, 'now'>): (file: string) => readonly Orphan[] {
  const folders = new Map<string, readonly string[]>();

  function partsIn(folder: string): readonly string[] {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    let names: readonly string[] = [];
    try {
      names = readdirSync(folder).filter((name) => /\.[0-9a-f]{8}\.part$/.test(name));
    } catch {
      // A folder that may be written to and not be read tells nothing.
    }
    folders.set(folder, names);
    return names;
  }

  return (file) => {
    const folder = path.dirname(file);
    const begin = path.basename(beside(file, '.00000000.part')).replace(/00000000\.part$/, '');
    const mine = partsIn(folder).filter((name) => name.startsWith(begin) && name.length === begin.length + '00000000.part'.length);
    if (mine.length === 0) return [];
    const told = journalledPart(beside(file, '.part.journal'));
    return mine.filter((name) => name !== told).flatMap((name) => {
      const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
      return found?.isFile() !== true || clock.now() - found.mtimeMs < UNTOUCHED_MS ? [] : [{ file: path.join(folder, name), bytes: found.size }];
    });
  };
}
