// Traces of what viewers ask for, made from a seed: popularity by Zipf's law, sizes as a CDN has them,
// and scans on request. The same numbers on every machine.

import { createSeededRandom, type Random } from '../../src/base/random.js';

export interface Trace {
  readonly name: string;
  /** Octets of each object, by number. */
  readonly sizes: readonly number[];
  /** Numbers of the objects, in the order in which they are asked for. */
  readonly requests: Uint32Array;
  /** Of all objects that are popular: a cache holds a part of these. */
  readonly octets: number;
}

export interface TraceOptions {
  readonly alpha: number;
  readonly objects: number;
  readonly requests: number;
  /** Films that are watched through once each, and nobody else wants, amid the rest. */
  readonly scans: number;
}

const RESOLUTION = 1 << 30;
const SLICE_OCTETS = 1 << 20;
const SLICES_A_FILM = 400;

/** From about 1 kB to a slice of 1 MiB, half of them below 30 kB. */
function sizeOf(random: Random): number {
  const sum = Array.from({ length: 6 }, () => random.int(RESOLUTION) / RESOLUTION).reduce((a, b) => a + b) - 3;
  return Math.max(200, Math.min(SLICE_OCTETS, Math.round(30_000 * Math.exp(sum * 2.5))));
}

/** Numbers from 0 with probability in proportion to 1 / (n + 1)^alpha. */
function createZipf(count: number, alpha: number, random: Random): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let number = 0; number < count; number += 1) sums[number] = sum += 1 / (number + 1) ** alpha;
  return () => {
    const sought = (random.int(RESOLUTION) / RESOLUTION) * sum;
    let low = 0;
    for (let high = count - 1; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) > sought) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

export function createTrace({ alpha, objects, requests, scans }: TraceOptions): Trace {
  const random = createSeededRandom(1);
  const popular = createZipf(objects, alpha, random);
  const sizes = Array.from({ length: objects }, () => sizeOf(random));
  const octets = sizes.reduce((a, b) => a + b);
  const asked: number[] = [];
  // A film's slices come one after the other, each after some requests for other things.
  const every = scans > 0 ? Math.floor(requests / (scans * SLICES_A_FILM)) : Infinity;
  for (let turn = 1; asked.length < requests; turn += 1) {
    asked.push(popular());
    if (turn % every !== 0 || sizes.length >= objects + scans * SLICES_A_FILM) continue;
    asked.push(sizes.length);
    sizes.push(SLICE_OCTETS);
  }
  return { name: `Zipf ${alpha.toFixed(1)}${scans > 0 ? ` with ${scans} films` : ''}`, sizes, requests: Uint32Array.from(asked), octets };
}
