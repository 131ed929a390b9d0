// What an earlier run left beside a target: found, and taken over by one run only.

import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ByteRange } from '../net/http/range.js';
import { overlap } from './byte-set.js';
import { parseJournal, type Journal } from './journal.js';
import { currentBoot, isAlive } from './owner.js';

/** Whether a file of a journal's name may be one, whole or as a power failure left it: nothing, or zeros, or the beginning of a line. */
function mayBeJournal(file: string): boolean {
  try {
    return /^(?:[0-9a-f]{8} \{|\0*$)/.test(readFileSync(file, 'latin1'));
  } catch {
    return false;
  }
}

function readJournal(file: string): Journal | undefined {
  try {
    return parseJournal(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isHeld(journal: Journal): boolean {
  const { owner, boot } = journal.head;
  return owner !== undefined && boot === currentBoot() && isAlive(owner);
}

/** In the same life of the machine all that was written is there; after another, what was synced. */
function trusted({ head, note }: Journal): readonly ByteRange[] {
  return head.boot !== undefined && head.boot === currentBoot() ? note.have : note.durable;
}

function taken(name: string, own: string): boolean {
  try {
    renameSync(name, own);
    return true;
  } catch {
    return false;
  }
}

/** What of the file at `own` can be gone on from. */
function usable(own: string, journal: Journal): readonly ByteRange[] {
  const { nlink, size } = statSync(own);
  // A run that was killed while it gave its file the final name may have left it both: what is written to one is written to the other.
  if (nlink > 1) return [];
  return overlap(trusted(journal), [{ firstPos: 0, lastPos: size - 1 }]);
}

/** The name of the data that the journal at `file` tells of; undefined without a journal. */
export function journalledPart(file: string): string | undefined {
  return readJournal(file)?.head.data;
}

export interface Claimed {
  readonly journal: Journal;
  /** What can be gone on from. */
  readonly have: readonly ByteRange[];
}

export type Claim =
  | { readonly kind: 'claimed'; readonly claimed: Claimed }
  /** Another process is at it. */
  | { readonly kind: 'held' }
  | { readonly kind: 'none' };

/**
 * Takes what the journal at `file` tells of for oneself: its bytes are at `own` then. Of several that try at
 * the same time one succeeds: the journal is moved away, and a name can be moved once.
 * @param own, aside free names in the same folder
 */
export function claimLeftover(file: string, own: string, aside: string): Claim {
  const found = readJournal(file);
  if (found !== undefined && isHeld(found)) return { kind: 'held' };
  if (!mayBeJournal(file)) return { kind: 'none' };
  try {
    renameSync(file, aside);
  } catch {
    return { kind: 'none' };
  }
  const journal = readJournal(aside);
  if (journal !== undefined && isHeld(journal)) {
    // Between the look and the move another run made a journal of its own: it gets it back.
    renameSync(aside, file);
    return { kind: 'held' };
  }
  rmSync(aside, { force: true });
  if (journal === undefined) return { kind: 'none' };
  const folder = path.dirname(file);
  // A run that ended in order gave the data its usual name, after its last word in the journal, if it was free. One
  // that was killed did not: what has that name is somebody else's.
  const names = [path.join(folder, path.basename(journal.head.data)), ...(journal.head.owner === undefined && journal.head.usual === true ? [file.replace(/\.journal$/, '')] : [])];
  if (!names.some((name) => taken(name, own))) return { kind: 'none' };
  return { kind: 'claimed', claimed: { journal, have: usable(own, journal) } };
}

/** Puts a journal where there is none; false when there is one. `aside`: a free name in the same folder. */
export function placeJournal(file: string, aside: string, text: string): boolean {
  try {
    writeFileSync(aside, text, { flag: 'wx' });
    linkSync(aside, file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
}
