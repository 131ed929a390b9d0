// Writes one planned response on one connection: at the reader's pace, and never as a clean end
// when the body isn't the promised one.

import type { HttpBody } from './message.js';
import type { Outlet } from './outlet.js';
import type { ResponsePlan } from './response-plan.js';

export type WriteResult =
  | { readonly kind: 'complete'; readonly bytes: number }
  /** The client left, or was cut off. */
  | { readonly kind: 'gone'; readonly bytes: number }
  /** The source failed. `headSent`: too late for another answer, the connection is broken off. */
  | { readonly kind: 'failed'; readonly bytes: number; readonly headSent: boolean; readonly error: unknown };

type StreamBody = Extract<HttpBody, { kind: 'stream' }>;

/** Resolves when there is room again, or the signal aborts. */
function drained(outlet: Outlet, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = outlet.onDrained(done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Resolves true when all of the response was handed to the system, false when the signal aborts first. */
function finish(outlet: Outlet, last: Uint8Array | undefined, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const onGone = (): void => resolve(false);
    signal.addEventListener('abort', onGone);
    outlet.end(last, () => {
      signal.removeEventListener('abort', onGone);
      resolve(true);
    });
    if (signal.aborted) resolve(false);
  });
}

async function end(outlet: Outlet, last: Uint8Array | undefined, bytes: number, signal: AbortSignal): Promise<WriteResult> {
  return { kind: (await finish(outlet, last, signal)) ? 'complete' : 'gone', bytes };
}

async function writeStream(outlet: Outlet, plan: ResponsePlan, body: StreamBody, signal: AbortSignal): Promise<WriteResult> {
  const iterator = body.open(signal)[Symbol.asyncIterator]();
  const closeSource = async (): Promise<void> => {
    await iterator.return?.();
  };
  const onGone = (): void => {
    // Not awaited: a source that is waiting for something may take its time to close.
    closeSource().catch(() => undefined);
  };
  signal.addEventListener('abort', onGone, { once: true });
  if (signal.aborted) onGone();
  let bytes = 0;
  // The chunk that completes the length waits for the source's end, so that a source which goes on
  // afterwards is still seen as a break.
  let last: Uint8Array | undefined;
  try {
    for (;;) {
      const step = await iterator.next();
      if (signal.aborted) return { kind: 'gone', bytes };
      if (step.done === true) break;
      const chunk = step.value;
      if (chunk.byteLength === 0) continue;
      bytes += chunk.byteLength;
      if (body.length !== undefined && bytes > body.length) {
        bytes -= chunk.byteLength + (last?.byteLength ?? 0);
        onGone();
        throw new Error(`the body is longer than the promised ${body.length} octets`);
      }
      if (bytes === body.length) {
        last = chunk;
        continue;
      }
      if (!outlet.headSent) outlet.begin(plan);
      if (!outlet.write(chunk)) await drained(outlet, signal);
      if (signal.aborted) return { kind: 'gone', bytes };
    }
    if (body.length !== undefined && bytes < body.length) {
      throw new Error(`the body ended after ${bytes} of the promised ${body.length} octets`);
    }
    if (!outlet.headSent) outlet.begin(plan);
    return await end(outlet, last, bytes, signal);
  } catch (error) {
    if (signal.aborted) return { kind: 'gone', bytes };
    const headSent = outlet.headSent;
    if (headSent) outlet.breakOff(body.length);
    return { kind: 'failed', bytes, headSent, error };
  } finally {
    signal.removeEventListener('abort', onGone);
  }
}

async function writeSlices(outlet: Outlet, slices: readonly Uint8Array[], signal: AbortSignal): Promise<WriteResult> {
  let bytes = 0;
  for (const slice of slices.slice(0, -1)) {
    bytes += slice.byteLength;
    if (!outlet.write(slice)) await drained(outlet, signal);
    if (signal.aborted) return { kind: 'gone', bytes };
  }
  const last = slices.at(-1);
  return end(outlet, last, bytes + (last?.byteLength ?? 0), signal);
}

/**
 * Writes the response; never rejects. The head goes out with the first octets of a stream, so that a
 * source that can't even begin leaves room for an answer that says so.
 * @param signal aborts when the connection is gone
 */
export async function writeResponse(outlet: Outlet, plan: ResponsePlan, signal: AbortSignal): Promise<WriteResult> {
  if (signal.aborted) return { kind: 'gone', bytes: 0 };
  try {
    switch (plan.body.kind) {
      case 'none':
        outlet.begin(plan);
        return await end(outlet, undefined, 0, signal);
      case 'bytes':
        outlet.begin(plan);
        return await end(outlet, plan.body.bytes, plan.body.bytes.byteLength, signal);
      case 'slices':
        outlet.begin(plan);
        return await writeSlices(outlet, plan.body.slices, signal);
      case 'stream':
        return await writeStream(outlet, plan, plan.body, signal);
    }
  } catch (error) {
    return { kind: 'failed', bytes: 0, headSent: outlet.headSent, error };
  }
}
