// Holds a stream to a rate: a token bucket, poured in small pieces, so that the flow is even and not
// a burst a second.

import type { Clock } from '../base/clock.js';

/** A piece is at most what the rate gives in this time, and the bucket never holds more. */
const SLICE_MS = 50;

/**
 * The octets of `source`, at most `rateBytesPerSecond` of them a second and never more than 50 ms'
 * worth at once; time in which the reader takes nothing isn't saved up. Ends the source when the
 * reader stops. Rejects with the signal's reason while it holds octets back.
 * @param rateBytesPerSecond more than 0; Infinity passes everything
 */
export async function* shape(source: AsyncIterable<Uint8Array>, rateBytesPerSecond: number, clock: Clock, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(rateBytesPerSecond > 0)) throw new RangeError(`not a rate: ${rateBytesPerSecond}`);
  if (rateBytesPerSecond === Infinity) {
    yield* source;
    return;
  }
  const perMs = rateBytesPerSecond / 1000;
  const capacity = Math.max(1, perMs * SLICE_MS);
  const largest = Math.floor(capacity);
  let tokens = capacity;
  let filledMs = clock.monotonic();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength; ) {
      const piece = chunk.subarray(at, at + largest);
      for (;;) {
        const nowMs = clock.monotonic();
        tokens = Math.min(capacity, tokens + (nowMs - filledMs) * perMs);
        filledMs = nowMs;
        // What rounding takes away must not cost one more sleep.
        if (tokens + 1e-6 >= piece.byteLength) break;
        await clock.sleep(Math.ceil((piece.byteLength - tokens) / perMs), signal);
      }
      tokens -= piece.byteLength;
      at += piece.byteLength;
      yield piece;
    }
  }
}
