// Who fetches which part: lanes take what nobody has, halve what another has still much of, and race each
// other for the tail. Pure; knows bytes, not connections.

import type { ByteRange } from '../net/http/range.js';
import type { ByteSet } from './byte-set.js';

/** A part under way; `lastPos` may be drawn in by another lane. */
export interface Part {
  /** The next byte that is due. */
  at: number;
  lastPos: number;
  /** Another lane fetches the same bytes. */
  raced: boolean;
}

export interface Assignments {
  /** A part for one more lane; undefined when there is nothing left to do for it. */
  next(): Part | undefined;
  /** The lane is done with it, or gave it up. */
  release(part: Part): void;
}

/** Less is not worth another request. */
export const LEAST_PART_OCTETS = 262_144;

/**
 * @param have what is here, now
 * @param within the bytes that are wanted, as far as is known
 * @param lanes how many there may be
 */
export function createAssignments(have: () => ByteSet, within: () => ByteRange, lanes: number): Assignments {
  const parts = new Set<Part>();

  function assign(firstPos: number, lastPos: number, raced = false): Part {
    const part = { at: firstPos, lastPos, raced };
    parts.add(part);
    return part;
  }

  /** The first range that is neither here nor under way. */
  function unassigned(): ByteRange | undefined {
    for (const gap of have().missing(within())) {
      let { firstPos } = gap;
      const inside = [...parts].filter((part) => part.at <= gap.lastPos && part.lastPos >= gap.firstPos).sort((a, b) => a.at - b.at);
      for (const part of inside) {
        if (part.at > firstPos) return { firstPos, lastPos: part.at - 1 };
        firstPos = Math.max(firstPos, part.lastPos + 1);
      }
      if (firstPos <= gap.lastPos) return { firstPos, lastPos: gap.lastPos };
    }
    return undefined;
  }

  const left = (part: Part): number => part.lastPos - part.at + 1;

  function largest(): Part | undefined {
    return [...parts].filter((part) => left(part) > 0).sort((a, b) => left(b) - left(a))[0];
  }

  return {
    next: () => {
      const gap = unassigned();
      if (gap !== undefined) return assign(gap.firstPos, gap.lastPos);
      const victim = largest();
      if (victim === undefined || lanes === 1) return undefined;
      if (left(victim) >= 2 * LEAST_PART_OCTETS) {
        const middle = victim.at + Math.ceil(left(victim) / 2);
        const part = assign(middle, victim.lastPos);
        victim.lastPos = middle - 1;
        return part;
      }
      if (victim.raced) return undefined;
      victim.raced = true;
      return assign(victim.at, victim.lastPos, true);
    },
    release: (part) => void parts.delete(part),
  };
}
