// A policy at work on a trace: a cache that holds no octets, only counts them.

import { systemClock } from '../../src/base/clock.js';
import type { EvictionPolicy } from '../../src/store/eviction/index.js';
import type { Trace } from './trace.js';

export interface HitRatio {
  /** Of all requests. */
  readonly objects: number;
  /** Of all octets that were asked for. */
  readonly octets: number;
}

export interface Replayed extends HitRatio {
  readonly microsecondsPerRequest: number;
}

export function replay({ sizes, requests }: Trace, policy: EvictionPolicy, cacheOctets: number): Replayed {
  const keys = sizes.map((_, object) => `object ${object}`);
  const numbers = new Map(keys.map((key, object) => [key, object]));
  const isKept = new Uint8Array(sizes.length);
  let used = 0;
  let hits = 0;
  let hitOctets = 0;
  let total = 0;
  const beganMs = systemClock.monotonic();
  for (const object of requests) {
    const size = sizes[object] as number;
    const key = keys[object] as string;
    total += size;
    if (isKept[object] === 1) {
      hits += 1;
      hitOctets += size;
      policy.touched(key);
      continue;
    }
    if (used + size > cacheOctets) {
      for (const victim of policy.victims()) {
        const gone = numbers.get(victim) as number;
        isKept[gone] = 0;
        used -= sizes[gone] as number;
        if (used + size <= cacheOctets) break;
      }
    }
    isKept[object] = 1;
    used += size;
    policy.added(key, size);
  }
  const microseconds = (systemClock.monotonic() - beganMs) * 1000;
  return { objects: hits / requests.length, octets: hitOctets / total, microsecondsPerRequest: microseconds / requests.length };
}
