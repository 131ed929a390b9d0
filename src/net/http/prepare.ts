// An answer that is complete in memory, ready to be sent: planned by response-plan.ts, its head as
// octets. The head of an answer that comes again and again is formed once.

import type { HeaderFields, HttpBody, HttpResponse } from './message.js';
import { planResponse } from './response-plan.js';
import { formatHead } from './response-head.js';

export interface Prepared {
  /** Without the transport's own fields and the blank line. */
  readonly head: Buffer;
  /** What is sent; never a stream. */
  readonly slices: readonly Uint8Array[];
  /** It has a Date of its own. */
  readonly dated: boolean;
  /** Octets of all slices. */
  readonly octets: number;
}

const NO_SLICES: readonly Uint8Array[] = [];

function slicesOf(body: HttpBody): readonly Uint8Array[] | undefined {
  switch (body.kind) {
    case 'none':
      return NO_SLICES;
    case 'bytes':
      return [body.bytes];
    case 'slices':
      return body.slices;
    case 'stream':
      return undefined;
  }
}

interface Known {
  readonly status: number;
  readonly body: HttpBody;
  readonly prepared: Prepared;
}

/**
 * Prepares answers; undefined for one whose body is yet to be read. Frozen fields that come with the
 * same status and the very same body again are not planned again. @throws as planResponse and formatHead
 */
export function createPreparer(): (method: string, response: HttpResponse) => Prepared | undefined {
  const known = new WeakMap<HeaderFields, Known>();
  return (method, response) => {
    const { status, fields, body } = response;
    const before = method === 'GET' ? known.get(fields) : undefined;
    if (before?.body === body && before.status === status) return before.prepared;
    const plan = planResponse(method, response);
    const slices = slicesOf(plan.body);
    if (slices === undefined) return undefined;
    const octets = slices.reduce((sum, slice) => sum + slice.byteLength, 0);
    const prepared = { head: Buffer.from(formatHead(plan.status, plan.fields, plan.cookies), 'latin1'), dated: plan.fields['date'] !== undefined, slices, octets };
    if (method === 'GET' && Object.isFrozen(fields)) known.set(fields, { status, body, prepared });
    return prepared;
  };
}
