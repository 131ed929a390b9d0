// Long work in small steps: a generator that yields when somebody else may have a turn.

import type { Clock } from '../base/clock.js';

export type Steps<T> = Generator<void, T, void>;

/** Items between two yields: some milliseconds of work at most. */
export const STEP = 256;

/** How long the event loop is held at a time: short beside what a resolver waits, long beside what a turn costs. */
const TURN_MS = 10;

/** All of it at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Between turns whoever waits is served. */
export async function finishInTurns<T>(steps: Steps<T>, clock: Clock): Promise<T> {
  for (let endsAt = clock.monotonic() + TURN_MS; ; ) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (clock.monotonic() < endsAt) continue;
    await clock.sleep(0);
    endsAt = clock.monotonic() + TURN_MS;
  }
}
