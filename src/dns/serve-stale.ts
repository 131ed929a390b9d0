// Expired answers for when there is no better one in time (RFC 8767).

import type { Clock } from '../base/clock.js';
import type { Eventual } from '../net/handler.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import type { Failure } from './cache.js';
import type { Resolution } from './resolve.js';

/** §5: the client response timer. */
const PATIENCE_MS = 1800;

/**
 * `fresh`: a failure remembered, or a way to ask. Whoever is asked goes on after the client has got what
 * is expired, and the cache learns of it.
 */
export function answerInTime(fresh: Resolution | (() => Promise<Resolution>), expired: Resolution | undefined, clock: Clock): Eventual<Resolution> {
  const usable = expired?.stale === true && expired.failure === undefined ? expired : undefined;
  if (typeof fresh !== 'function') return usable ? stale(usable, fresh) : fresh;
  const asked = fresh();
  if (!usable) return asked;
  return new Promise((done, fail) => {
    const stop = clock.after(PATIENCE_MS, () => done(stale(usable, undefined)));
    asked.then((resolution) => {
      stop();
      done(resolution.failure === undefined ? resolution : stale(usable, resolution));
    }, fail);
  });
}

/** What stands in for an answer that failed, or for one that is late. */
function stale(expired: Resolution, failed: Resolution | undefined): Resolution {
  return { ...expired, staleBecause: failed?.failure ?? LATE, exchanges: failed?.exchanges ?? [] };
}

const LATE: Failure = { infoCode: EXTENDED_ERROR.OTHER, text: `no answer within ${PATIENCE_MS} ms` };
