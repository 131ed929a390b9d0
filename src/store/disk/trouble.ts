// What a disk that fails means: nothing is written for a while, one line in the log says why, and one
// more when all is well again.

import type { Clock, Stop } from '../../base/clock.js';
import { messageOf, systemCode } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';

export interface Trouble {
  /** Nothing is to be written now. */
  readonly isPaused: boolean;
  /** Something could not be written: pauses, and after a while tries `recover`. */
  failed(error: unknown): void;
  stop(): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export interface TroubleOptions {
  readonly folder: string;
  /** Resolves to whether all is as it was before; false: it works, and is still to be watched. Rejects while it doesn't work. */
  readonly recover: () => Promise<boolean>;
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');

export function createTrouble({ folder, recover }: TroubleOptions, { clock, log }: { readonly clock: Clock; readonly log: Log }): Trouble {
  let isPaused = false;
  let isTold = false;
  let pauseMs = FIRST_PAUSE_MS;
  let stopTimer: Stop | undefined;
  let isStopped = false;

  const later = (): void => {
    stopTimer?.();
    if (!isStopped) stopTimer = clock.after(pauseMs, () => void attempt());
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };
  const attempt = async (): Promise<void> => {
    try {
      const isWell = await recover();
      isPaused = false;
      if (!isWell) {
        later();
        return;
      }
      pauseMs = FIRST_PAUSE_MS;
      if (isTold) log.info(`The cache folder ${folder} takes what is written again`, { dir: folder });
      isTold = false;
    } catch {
      isPaused = true;
      later();
    }
  };

  return {
    get isPaused() {
      return isPaused;
    },
    failed: (error) => {
      const wasPaused = isPaused;
      isPaused = true;
      if (!isTold) {
        isTold = true;
        const what = isFull(error) ? 'is full: what is new is kept in memory, and on disk in place of what is old' : `can't be written to (${messageOf(error)}): what is new is kept in memory only`;
        log.warn(`The cache folder ${folder} ${what}, until that changes`, { dir: folder, code: systemCode(error) });
      }
      if (!wasPaused) later();
    },
    stop: () => {
      isStopped = true;
      stopTimer?.();
    },
  };
}

export { isFull };
