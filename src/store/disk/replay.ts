// From the journal's records to what is kept: which objects, and which of their slices, are on disk.

import type { KeptObject, KeptSlice } from '../kept.js';
import { NO_FILE, NO_SLICE, createObject, createSlice, sliceLength } from '../kept.js';
import type { JournalRecord } from './journal-record.js';

export interface Replayed {
  readonly objects: Iterable<KeptObject>;
  readonly slices: Iterable<KeptSlice>;
  /** Numbers above these were never used. */
  readonly lastSerial: number;
  readonly lastFile: number;
}

/** Told all records in order, it has what is left of them. Of objects with one key the last one counts. */
export function createReplay(): { tell(record: JournalRecord, octets: number): void; done(): Replayed } {
  const objects = new Map<number, KeptObject>();
  const keys = new Map<string, KeptObject>();
  let lastSerial = 0;
  let lastFile = 0;

  const drop = (object: KeptObject | undefined): void => {
    if (!object) return;
    objects.delete(object.serial);
    if (keys.get(object.key) === object) keys.delete(object.key);
  };
  return {
    tell: (record, octets) => {
      lastSerial = Math.max(lastSerial, record.serial);
      const object = objects.get(record.serial);
      switch (record.kind) {
        case 'object': {
          if (object) {
            object.meta = record.meta;
            object.unread = record.unread;
            object.journalOctets = octets;
            return;
          }
          const fresh = createObject(record.serial, record.key, record.meta, 0);
          fresh.unread = record.unread;
          fresh.journalOctets = octets;
          drop(keys.get(record.key));
          objects.set(record.serial, fresh);
          keys.set(record.key, fresh);
          return;
        }
        case 'slice': {
          lastFile = Math.max(lastFile, record.file.number);
          if (!object || sliceLength(object.meta, record.slice) === 0) return;
          const slice = object.slices.get(record.slice) ?? createSlice(object, record.slice);
          slice.file = record.file;
          object.slices.set(record.slice, slice);
          return;
        }
        case 'slice-gone':
          object?.slices.delete(record.slice);
          return;
        case 'object-gone':
          drop(object);
      }
    },
    done: () => {
      const kept = [...objects.values()].filter(({ slices, meta }) => slices.size > 0 || meta.length === 0);
      for (const object of kept) {
        if (object.slices.size === 0) object.stand = { ...createSlice(object, NO_SLICE), file: NO_FILE };
        object.filed = Math.max(1, object.slices.size);
      }
      return { objects: kept, slices: slicesOf(kept), lastSerial, lastFile };
    },
  };
}

/** In the order in which they were written, which is that of their files. */
function slicesOf(objects: readonly KeptObject[]): readonly KeptSlice[] {
  return objects.flatMap(({ slices, stand }) => (stand ? [stand] : [...slices.values()])).sort((a, b) => (a.file?.number ?? 0) - (b.file?.number ?? 0));
}
