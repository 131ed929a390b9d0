// The only place that reads the time or sets a timer. Everything else takes a Clock, so that a
// test can hold the hands.

/** Ends what was begun; calling it again does nothing. */
export type Stop = () => void;

export interface Clock {
  /** Wall time in milliseconds since 1970-01-01 UTC; may jump. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason if that aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`, unless stopped. Does not keep the process alive. */
  after(ms: number, run: () => void): Stop;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Milliseconds of a clock that never goes back and that all processes of this machine share: what one did before the other. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Calls `run` when everything that is due by now has had its turn. */
export function nextTurn(run: () => void): void {
  setImmediate(run);
}

/**
 * A signal that aborts after `ms` with `reason()`, or with the parent's reason as soon as the parent
 * aborts. Call `stop` when the work is over.
 */
export function deadline(clock: Clock, ms: number, reason: () => Error, parent?: AbortSignal): { signal: AbortSignal; stop: Stop } {
  const controller = new AbortController();
  const stopTimer = clock.after(ms, () => controller.abort(reason()));
  const onParent = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) onParent();
  parent?.addEventListener('abort', onParent, { once: true });
  return {
    signal: controller.signal,
    stop: () => {
      stopTimer();
      parent?.removeEventListener('abort', onParent);
    },
  };
}
