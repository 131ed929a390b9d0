// How often something was chosen lately: counts that lose half their worth each half-life.

import type { Clock } from '../base/clock.js';

export interface Tally {
  /** Makes the counts those of this moment of the monotonic clock. */
  age(nowMs: number): void;
  add(key: string, amount: number): void;
  of(key: string): number;
  total(): number;
  entries(): Iterable<readonly [key: string, count: number]>;
}

/** Few keys, known in advance: nothing is ever forgotten whole. `halfLifeMs` may change. */
export function createTally(halfLifeMs: () => number, env: { readonly clock: Clock }): Tally {
  const counts = new Map<string, { count: number }>();
  let total = 0;
  let agedMs = env.clock.monotonic();
  return {
    // In steps of a quarter of the half-life, all counts at once, so that an answer costs no logarithms.
    age: (nowMs) => {
      const stepMs = halfLifeMs() / 4;
      if (nowMs - agedMs < stepMs) return;
      const steps = Math.floor((nowMs - agedMs) / stepMs);
      agedMs += steps * stepMs;
      const factor = 0.5 ** (steps / 4);
      total *= factor;
      for (const counted of counts.values()) counted.count *= factor;
    },
    add: (key, amount) => {
      const counted = counts.get(key);
      if (counted) counted.count += amount;
      else counts.set(key, { count: amount });
      total += amount;
    },
    of: (key) => counts.get(key)?.count ?? 0,
    total: () => total,
    entries: () => [...counts].map(([key, { count }]) => [key, count]),
  };
}
