// How many transfers a store has under way at a time: of this process, or of several that answer as one.

import type { Eventual } from '../net/handler.js';
import type { Gauges } from './health.js';

export interface TransferPlaces {
  /** Whether there is room for one more transfer, which then is under way until `leave`. */
  take(): Eventual<boolean>;
  leave(): void;
}

/** Whom several processes ask for a place; see StoreShare. */
export interface PlacesElsewhere {
  readonly takePlace: (() => Promise<boolean>) | undefined;
  leavePlace(): void;
}

export function createTransferPlaces(gauges: Gauges, capacity: number, elsewhere?: PlacesElsewhere): TransferPlaces {
  const take = (): boolean => {
    if (gauges.transfers >= capacity) return false;
    gauges.transfers += 1;
    return true;
  };
  const leave = (): void => {
    gauges.transfers -= 1;
  };
  const ask = elsewhere?.takePlace;
  if (elsewhere === undefined || ask === undefined) return { take, leave };
  return {
    take: async () => {
      if (!(await ask())) return false;
      gauges.transfers += 1;
      return true;
    },
    leave: () => {
      leave();
      elsewhere.leavePlace();
    },
  };
}
