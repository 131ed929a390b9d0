// An answer that is complete in memory, ready to be sent: planned by response-plan.ts, its head as
// octets. The head of an answer that comes again and again is formed once, and a small one is kept whole.

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
  /** It comes again and again. */
  readonly lasting: boolean;
}

export interface Preparer {
  /**
   * Prepares an answer; undefined for one whose body is yet to be read. Frozen fields that come with the
   * same status and the very same body again are not planned again. @throws as planResponse and formatHead
   */
  prepare(method: string, response: HttpResponse): Prepared | undefined;
  /** The whole of a small answer in one piece, `end` behind its head. */
  join(prepared: Prepared, end: Buffer): Buffer;
}

const NO_SLICES: readonly Uint8Array[] = [];
/** Answers that are kept whole: those that were asked for last. */
const MAX_JOINED = 256;

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

interface Joined {
  readonly end: Buffer;
  readonly octets: Buffer;
}

function joinAnew({ head, slices, octets }: Prepared, end: Buffer): Buffer {
  const joined = Buffer.allocUnsafe(head.length + end.length + octets);
  head.copy(joined);
  end.copy(joined, head.length);
  let at = head.length + end.length;
  for (const slice of slices) {
    joined.set(slice, at);
    at += slice.byteLength;
  }
  return joined;
}

export function createPreparer(): Preparer {
  const known = new WeakMap<HeaderFields, Known>();
  const joined = new Map<Prepared, Joined>();

  function keepJoined(prepared: Prepared, end: Buffer, octets: Buffer): void {
    joined.delete(prepared);
    const oldest = joined.keys().next();
    if (joined.size >= MAX_JOINED && oldest.done !== true) joined.delete(oldest.value);
    joined.set(prepared, { end, octets });
  }

  return {
    prepare: (method, response) => {
      const { status, fields, body } = response;
      const before = method === 'GET' ? known.get(fields) : undefined;
      if (before?.body === body && before.status === status) return before.prepared;
      const plan = planResponse(method, response);
      const slices = slicesOf(plan.body);
      if (slices === undefined) return undefined;
      const octets = slices.reduce((sum, slice) => sum + slice.byteLength, 0);
      const lasting = method === 'GET' && Object.isFrozen(fields);
      const prepared = { head: Buffer.from(formatHead(plan.status, plan.fields, plan.cookies), 'latin1'), dated: plan.fields['date'] !== undefined, slices, octets, lasting };
      if (lasting) known.set(fields, { status, body, prepared });
      return prepared;
    },
    join: (prepared, end) => {
      const before = joined.get(prepared);
      if (before?.end === end) return before.octets;
      const octets = joinAnew(prepared, end);
      if (prepared.lasting) keepJoined(prepared, end, octets);
      return octets;
    },
  };
}
