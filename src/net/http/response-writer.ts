// Writes one planned response on one connection: at the reader's pace, and never as a clean end
// when the body isn't the promised one.

import type { ServerResponse } from 'node:http';
import type { HttpBody } from './message.js';
import type { ResponsePlan } from './response-plan.js';

export type WriteResult =
  | { readonly kind: 'complete'; readonly bytes: number }
  /** The client left, or was cut off. */
  | { readonly kind: 'gone'; readonly bytes: number }
  /** The source failed. `headSent`: too late for another answer, the connection is broken off. */
  | { readonly kind: 'failed'; readonly bytes: number; readonly headSent: boolean; readonly error: unknown };

type StreamBody = Extract<HttpBody, { kind: 'stream' }>;

/** Resolves when the response's buffer has room again, or the signal aborts. */
function drained(res: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    res.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Resolves true when all of the response was handed to the system, false when the signal aborts first. */
function finished(res: ServerResponse, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const onGone = (): void => resolve(false);
    signal.addEventListener('abort', onGone);
    res.once('finish', () => {
      signal.removeEventListener('abort', onGone);
      resolve(true);
    });
    if (signal.aborted) resolve(false);
  });
}

async function end(res: ServerResponse, last: Uint8Array | undefined, bytes: number, signal: AbortSignal): Promise<WriteResult> {
  const done = finished(res, signal);
  if (last === undefined) res.end();
  else res.end(last);
  return { kind: (await done) ? 'complete' : 'gone', bytes };
}

/**
 * Ends the connection so that the client can tell that the body didn't end. What was written so far
 * still goes out, for a client that can go on from there; but where only the close marks the end of
 * the body, nothing short of a reset tells.
 */
function breakOff(res: ServerResponse, length: number | undefined): void {
  const delimitedByClose = length === undefined && !res.chunkedEncoding;
  if (delimitedByClose) res.socket?.resetAndDestroy();
  else res.socket?.destroySoon();
}

async function writeStream(res: ServerResponse, plan: ResponsePlan, body: StreamBody, signal: AbortSignal): Promise<WriteResult> {
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
      if (!res.headersSent) res.writeHead(plan.status, plan.fields);
      if (!res.write(chunk)) await drained(res, signal);
      if (signal.aborted) return { kind: 'gone', bytes };
    }
    if (body.length !== undefined && bytes < body.length) {
      throw new Error(`the body ended after ${bytes} of the promised ${body.length} octets`);
    }
    if (!res.headersSent) res.writeHead(plan.status, plan.fields);
    return await end(res, last, bytes, signal);
  } catch (error) {
    if (signal.aborted) return { kind: 'gone', bytes };
    const headSent = res.headersSent;
    if (headSent) breakOff(res, body.length);
    return { kind: 'failed', bytes, headSent, error };
  } finally {
    signal.removeEventListener('abort', onGone);
  }
}

async function writeSlices(res: ServerResponse, slices: readonly Uint8Array[], signal: AbortSignal): Promise<WriteResult> {
  let bytes = 0;
  for (const slice of slices.slice(0, -1)) {
    bytes += slice.byteLength;
    if (!res.write(slice)) await drained(res, signal);
    if (signal.aborted) return { kind: 'gone', bytes };
  }
  const last = slices.at(-1);
  return end(res, last, bytes + (last?.byteLength ?? 0), signal);
}

/**
 * Writes the response; never rejects. The head goes out with the first octets of a stream, so that a
 * source that can't even begin leaves room for an answer that says so.
 * @param signal aborts when the connection is gone
 */
export async function writeResponse(res: ServerResponse, plan: ResponsePlan, signal: AbortSignal): Promise<WriteResult> {
  if (signal.aborted) return { kind: 'gone', bytes: 0 };
  try {
    switch (plan.body.kind) {
      case 'none':
        res.writeHead(plan.status, plan.fields);
        return await end(res, undefined, 0, signal);
      case 'bytes':
        res.writeHead(plan.status, plan.fields);
        return await end(res, plan.body.bytes, plan.body.bytes.byteLength, signal);
      case 'slices':
        res.writeHead(plan.status, plan.fields);
        return await writeSlices(res, plan.body.slices, signal);
      case 'stream':
        return await writeStream(res, plan, plan.body, signal);
    }
  } catch (error) {
    return { kind: 'failed', bytes: 0, headSent: res.headersSent, error };
  }
}
