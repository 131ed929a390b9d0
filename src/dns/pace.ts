// How much of what happens is told: all of it as long as somebody can read it, and of a flood a few
// lines a second and the number of the rest.

import type { Clock } from '../base/clock.js';

/** A class that begins all at once is heard whole. */
const BURST = 200;
/** About what eyes can follow. */
const PER_SECOND = 20;

export interface Pace {
  /** Whether this one is to be told. */
  take(): boolean;
}

/** `onRest` hears, once a second at most, how many were not told. */
export function createPace(onRest: (count: number) => void, clock: Clock): Pace {
  let left = BURST;
  let rest = 0;
  let ticking = false;
  const tick = (): void => {
    ticking = false;
    const count = rest;
    rest = 0;
    left = Math.min(BURST, left + PER_SECOND);
    if (count > 0) onRest(count);
    if (left < BURST) begin();
  };
  // No clock is read on the way of a query: a timer counts the seconds while there is anything to count.
  const begin = (): void => {
    ticking = true;
    clock.after(1000, tick);
  };
  return {
    take: () => {
      if (!ticking) begin();
      if (left > 0) {
        left -= 1;
        return true;
      }
      rest += 1;
      return false;
    },
  };
}
