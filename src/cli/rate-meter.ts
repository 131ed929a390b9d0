// How fast bytes come: now, and over all of the time.

import type { Clock } from '../base/clock.js';

export interface RateMeter {
  advance(bytes: number): void;
  /** What has arrived since the beginning. */
  readonly bytes: number;
  /** Over the last seconds; undefined while there is nothing to tell it by. Looked at again and again. */
  current(): number | undefined;
  /** From the beginning to the last byte; undefined when no time has passed. */
  mean(): number | undefined;
  /** How long nothing has come, as far as was looked at. */
  idleMs(): number;
}

/** Long enough to be calm, short enough to show a change. */
const WINDOW_MS = 4000;
const STEP_MS = 250;

export function createRateMeter(clock: Clock): RateMeter {
  const began = clock.monotonic();
  const samples = [{ atMs: began, bytes: 0 }];
  let bytes = 0;
  let lastMs = began;
  let seen = 0;
  let seenMs = began;

  /** Sampled when looked at: bytes that arrive cost an addition, and the time. */
  function look(): number {
    const now = clock.monotonic();
    if (bytes !== seen) {
      seen = bytes;
      seenMs = now;
    }
    const last = samples.at(-1);
    if (last === undefined || now - last.atMs >= STEP_MS) samples.push({ atMs: now, bytes });
    while (samples.length > 2 && now - (samples[1]?.atMs ?? now) > WINDOW_MS) samples.shift();
    return now;
  }

  return {
    get bytes() {
      return bytes;
    },
    advance: (more) => {
      bytes += more;
      lastMs = clock.monotonic();
    },
    current: () => {
      const now = look();
      const first = samples[0];
      return first === undefined || now <= first.atMs ? undefined : ((bytes - first.bytes) * 1000) / (now - first.atMs);
    },
    mean: () => (lastMs <= began ? undefined : (bytes * 1000) / (lastMs - began)),
    idleMs: () => look() - seenMs,
  };
}
