// The only place that makes chance: unguessable in the product, repeatable in a test.

import { randomBytes, randomInt } from 'node:crypto';

export interface Random {
  /** A whole number, 0 <= n < below; below is at most 2^48 - 1. */
  int(below: number): number;
  bytes(count: number): Uint8Array;
}

/** From the operating system's generator: fit for DNS IDs and ports (RFC 5452 §9.2). */
export const systemRandom: Random = {
  int: (below) => randomInt(below),
  bytes: (count) => randomBytes(count),
};

/** The same numbers for the same seed (mulberry32); for tests and benchmarks only. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    int: (below) => Math.floor(next() * below),
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)),
  };
}
