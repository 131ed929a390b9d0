// How often something was chosen lately: counts that lose half their worth each half-life.

import type { Clock } from '../base/clock.js';

export interface Tally {
  add(key: string, amount: number): void;
  of(key: string): number;
  total(): number;
}

/** Few keys, known in advance: nothing is ever forgotten whole. `halfLifeMs` may change. */
export function createTally(halfLifeMs: () => number, env: { readonly clock: Clock }): Tally {
  const counts = new Map<string, number>();
  let total = 0;
  let agedMs = env.clock.monotonic();
  // Aged in steps of a quarter of the half-life, all at once, so that an answer costs no logarithms.
  const age = (): void => {
    const stepMs = halfLifeMs() / 4;
    const steps = Math.floor((env.clock.monotonic() - agedMs) / stepMs);
    if (steps < 1) return;
    agedMs += steps * stepMs;
    const factor = 0.5 ** (steps / 4);
    total *= factor;
    for (const [key, count] of counts) counts.set(key, count * factor);
  };
  return {
    add: (key, amount) => {
      age();
      counts.set(key, (counts.get(key) ?? 0) + amount);
      total += amount;
    },
    of: (key) => {
      age();
      return counts.get(key) ?? 0;
    },
    total: () => {
      age();
      return total;
    },
  };
}
