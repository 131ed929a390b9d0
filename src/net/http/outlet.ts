// A connection as an answer sees it, whichever way its request was read: a head, octets at the
// reader's pace, an end. Here the way by node's http; the other one is in direct-outlet.ts.

import type { ServerResponse } from 'node:http';
import type { Stop } from '../../base/clock.js';
import type { ResponsePlan } from './response-plan.js';

export interface Outlet {
  readonly headSent: boolean;
  /** Forms the head, which goes out with the first octets. @throws for one that cannot be sent */
  begin(plan: ResponsePlan): void;
  /** False when the buffer is full: wait for `onDrained`. */
  write(octets: Uint8Array): boolean;
  /** Calls `run` when there is room again; stops to once called off. */
  onDrained(run: () => void): Stop;
  /** Calls `run` when all was handed to the system; never, if the connection is lost first. */
  end(last: Uint8Array | undefined, run: () => void): void;
  /**
   * Ends the connection so that the client can tell that the body didn't end. What was written so far
   * still goes out, for a client that can go on from there; but where only the close marks the end of
   * the body, nothing short of a reset tells.
   * @param length of the body, if that was promised
   */
  breakOff(length: number | undefined): void;
}

/** @param isLast asked when the head is formed: whether the connection ends after this answer */
export function createNodeOutlet(res: ServerResponse, isLast: () => boolean): Outlet {
  return {
    get headSent() {
      return res.headersSent;
    },
    begin(plan) {
      if (isLast()) res.setHeader('connection', 'close');
      if (plan.cookies.length > 0) res.setHeader('set-cookie', plan.cookies);
      res.writeHead(plan.status, plan.fields);
    },
    write: (octets) => res.write(octets),
    onDrained(run) {
      res.on('drain', run);
      return () => res.off('drain', run);
    },
    end(last, run) {
      res.once('finish', run);
      if (last === undefined) res.end();
      else res.end(last);
    },
    breakOff(length) {
      if (length === undefined && !res.chunkedEncoding) res.socket?.resetAndDestroy();
      else res.socket?.destroySoon();
    },
  };
}
