// The journal beside a partial file: which version its bytes belong to and which of them are there, as
// lines that each carry a checksum, so that a line cut off by a kill or a crash is no line.

import { crc32 } from 'node:zlib';
import type { ByteRange } from '../net/http/range.js';
import type { Owner } from './owner.js';
import type { Version } from './version.js';

export interface JournalHead {
  /** Whose ETag it is: an entity tag means something for one URL only (RFC 9110 §8.8.3). */
  readonly url: string;
  /** The file that holds the bytes, in the same folder. */
  readonly data: string;
  readonly version: Version;
  /** Where the file's first byte stands in the representation. */
  readonly offset: number;
  /** The boot in which the ranges were noted: in the same one, all that was ever written is there. */
  readonly boot: string | undefined;
  /** Nobody had the file's usual name, NAME.part, when its run ended in order: it has that name now, unless it was killed before. */
  readonly usual?: boolean;
  /** Who writes; undefined when nobody does. */
  readonly owner: Owner | undefined;
}

export interface JournalNote {
  /** Written; there for everybody as long as the system runs. */
  readonly have: readonly ByteRange[];
  /** Synced to the disk before this was noted; there after a power failure too. */
  readonly durable: readonly ByteRange[];
}

export interface Journal {
  readonly head: JournalHead;
  readonly note: JournalNote;
}

const VERSION = 1;
const EMPTY: JournalNote = { have: [], durable: [] };

function formatLine(value: unknown): string {
  const text = JSON.stringify(value);
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** undefined for a line that is not as it was written. */
function parseLine(line: string): unknown {
  const match = /^([0-9a-f]{8}) (.*)$/.exec(line);
  if (match === null || crc32(match[2] ?? '') !== Number.parseInt(match[1] ?? '', 16)) return undefined;
  return JSON.parse(match[2] ?? '') as unknown;
}

const pairs = (ranges: readonly ByteRange[]): readonly (readonly [number, number])[] => ranges.map(({ firstPos, lastPos }) => [firstPos, lastPos]);
const unpair = (list: readonly (readonly [number, number])[]): readonly ByteRange[] => list.map(([firstPos, lastPos]) => ({ firstPos, lastPos }));

export function formatHead(head: JournalHead): string {
  return formatLine({ journal: VERSION, ...head });
}

export function formatNote(note: JournalNote): string {
  return formatLine({ have: pairs(note.have), durable: pairs(note.durable) });
}

/** What a journal says: its head and the last of its whole lines; undefined when it is none, or not of this kind. */
export function parseJournal(text: string): Journal | undefined {
  const [first = '', ...lines] = text.split('\n');
  // The checksum says that this is what was written here, in this form.
  const head = parseLine(first) as (JournalHead & { readonly journal: number }) | undefined;
  if (head?.journal !== VERSION) return undefined;
  let note = EMPTY;
  for (const line of lines) {
    const parsed = parseLine(line) as { have: readonly [number, number][]; durable: readonly [number, number][] } | undefined;
    // Behind a broken line nothing is to be believed: it may be of an older life of these sectors.
    if (parsed === undefined) break;
    note = { have: unpair(parsed.have), durable: unpair(parsed.durable) };
  }
  return { head, note };
}
