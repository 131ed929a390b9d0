// How fast bytes may come, and how slow: a token bucket for --limit-rate, a watch for --speed-limit.

import type { Clock } from '../base/clock.js';

export interface Throttle {
  /** Milliseconds to wait after so many bytes. */
  spend(bytes: number): number;
}

/** What may come at once after a pause: so much time's worth. */
const BURST_MS = 100;

/** All who share it have the rate together. @param bytesPerSecond more than 0 */
export function createThrottle(bytesPerSecond: number, clock: Clock): Throttle {
  const perMs = bytesPerSecond / 1000;
  let tokens = perMs * BURST_MS;
  let filledMs = clock.monotonic();
  return {
    spend: (bytes) => {
      const now = clock.monotonic();
      tokens = Math.min(perMs * BURST_MS, tokens + (now - filledMs) * perMs) - bytes;
      filledMs = now;
      return tokens >= 0 ? 0 : Math.ceil(-tokens / perMs);
    },
  };
}

export interface SpeedLimit {
  readonly bytesPerSecond: number;
  /** For how long it must be slower. */
  readonly ms: number;
}

/** Calls `slow` once when less than the limit came within its time. */
export function watchSpeed(limit: SpeedLimit, clock: Clock, slow: (bytesPerSecond: number) => void): { came(bytes: number): void; stop(): void } {
  let bytes = 0;
  let stopTimer = arm();
  function arm(): () => void {
    return clock.after(limit.ms, () => {
      const rate = (bytes * 1000) / limit.ms;
      if (rate < limit.bytesPerSecond) return slow(rate);
      bytes = 0;
      stopTimer = arm();
    });
  }
  return {
    came: (more) => {
      bytes += more;
    },
    stop: () => stopTimer(),
  };
}
