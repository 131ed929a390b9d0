// An edge takes part in the trace of a request that it forwards: the origin's work is its child, and no longer
// the client's.

import type { Random } from '../base/random.js';
import { renewTraceparent } from '../observe/trace.js';
import type { Origin } from './http-source.js';

/** Gives what goes to the origin a parent of its own: an edge whose spans go nowhere is seen by its trace all the same. */
export function renewParents(origin: Origin, random: Random): Origin {
  return {
    url: origin.url,
    close: () => origin.close(),
    request: (request) => {
      const { traceparent, ...fields } = request.fields;
      const renewed = traceparent === undefined ? undefined : renewTraceparent(traceparent, random);
      return origin.request({ ...request, fields: renewed === undefined ? fields : { ...fields, traceparent: renewed } });
    },
  };
}
