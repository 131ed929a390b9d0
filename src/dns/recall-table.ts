// A table of fixed size from questions to what is kept for them: each question has two places, and of
// two that are taken the one not asked for lately gives way. No flood of names makes it grow.

import type { OrdinaryQuery } from '../net/dns/ordinary.js';

export interface Kept {
  /** As OrdinaryQuery.sectionKey has it. */
  readonly section: Uint8Array;
  used: boolean;
}

export interface RecallTable<T extends Kept> {
  find(query: OrdinaryQuery): T | undefined;
  /** In place of what is kept for the same question, if anything is. */
  keep(query: OrdinaryQuery, kept: T): void;
}

/** A power of two. With answers of the usual size it is about 10 MB when it is full; none is larger than a datagram. */
const PLACES = 8192;
const NOWHERE = -1;

export function createRecallTable<T extends Kept>(places = PLACES): RecallTable<T> {
  const hashes = new Int32Array(places);
  const table = new Array<T | undefined>(places).fill(undefined);
  const placeOf = (query: OrdinaryQuery): number => {
    const { hash } = query;
    let at = hash & (places - 1);
    for (let attempt = 0; attempt < 2; attempt += 1, at ^= 1) {
      const kept = hashes[at] === hash ? table[at] : undefined;
      if (kept !== undefined && query.asks(kept.section)) return at;
    }
    return NOWHERE;
  };
  return {
    find: (query) => {
      const kept = table[placeOf(query)];
      if (kept !== undefined) kept.used = true;
      return kept;
    },
    keep: (query, kept) => {
      const first = query.hash & (places - 1);
      let at = placeOf(query);
      if (at === NOWHERE) {
        const free = [first, first ^ 1].find((place) => table[place]?.used !== true);
        // Both are in use: from now on they have to show it anew.
        if (free === undefined) for (const place of [first, first ^ 1]) (table[place] as T).used = false;
        at = free ?? first;
      }
      hashes[at] = query.hash;
      table[at] = kept;
    },
  };
}
