// Lines of a worker's access log on their way to the primary, which writes them: a batch at a time, within bounds.

import type { Clock, Stop } from '../base/clock.js';
import type { Log } from '../observe/log.js';

export interface SentLines {
  write(line: string): void;
  /** Resolves when all that was written is on its way. */
  stop(): Promise<void>;
}

/** A line waits so long at most; the file adds its own delay. */
const DELAY_MS = 50;
const BATCH_OCTETS = 65_536;
/** Waiting here, or for the primary to take them. */
const MAX_OCTETS = 4_194_304;

export function createSentLines(send: (lines: string, sent: () => void) => void, { clock, log }: { readonly clock: Clock; readonly log: Log }): SentLines {
  let waiting = '';
  let underWay = 0;
  let lost = 0;
  let stopTimer: Stop | undefined;
  let idle: (() => void) | undefined;
  let stopped = false;

  function flush(): void {
    stopTimer?.();
    stopTimer = undefined;
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    underWay += lines.length;
    send(lines, () => {
      underWay -= lines.length;
      if (underWay === 0) idle?.();
    });
    if (lost > 0) log.warn(`${lost} lines of the access log are lost: they came faster than they could be handed over`, { dropped: lost });
    lost = 0;
  }

  return {
    write: (line) => {
      if (waiting.length + underWay + line.length > MAX_OCTETS) {
        lost += 1;
        return;
      }
      waiting += line;
      if (stopped || waiting.length >= BATCH_OCTETS) flush();
      else stopTimer ??= clock.after(DELAY_MS, flush);
    },
    stop: async () => {
      // An answer that ended with the connection may be told of a moment later.
      stopped = true;
      flush();
      if (underWay > 0) await new Promise<void>((resolve) => (idle = resolve));
    },
  };
}
