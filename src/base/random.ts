// The only place that makes chance: unguessable in the product, repeatable in a test.

import { randomBytes, randomInt } from 'node:crypto';

export interface Random {
  /** A whole number, 0 <= n < below; below is at most 2^48 - 1. */
  int(below: number): number;
  bytes(count: number): Uint8Array;
}

/** One call of the generator costs as much for all of these as for a few of them. */
const POOL_OCTETS = 1024;
let pool = Buffer.alloc(0);

/** No octet is given twice. */
function fromPool(count: number): Uint8Array {
  if (count > POOL_OCTETS / 4) return randomBytes(count);
  if (pool.length < count) pool = randomBytes(POOL_OCTETS);
  const octets = Uint8Array.from(pool.subarray(0, count));
  pool = pool.subarray(count);
  return octets;
}

/** From the operating system's generator: fit for DNS IDs and ports (RFC 5452 §9.2). */
export const systemRandom: Random = {
  int: (below) => randomInt(below),
  bytes: fromPool,
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
