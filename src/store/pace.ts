// Holds each answer of a store to a rate.

import type { Clock } from '../base/clock.js';
import type { HttpBody, HttpResponse } from '../net/http/message.js';
import { shape } from '../net/shape.js';

async function* each(slices: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* slices;
}

function streamOf(body: Exclude<HttpBody, { kind: 'none' }>): Extract<HttpBody, { kind: 'stream' }> {
  switch (body.kind) {
    case 'bytes':
      return { kind: 'stream', length: body.bytes.byteLength, open: () => each([body.bytes]) };
    case 'slices':
      return { kind: 'stream', length: body.length, open: () => each(body.slices) };
    case 'stream':
      return body;
  }
}

/** The answer with its body at this rate; undefined: as fast as it goes. */
export function pace(response: HttpResponse, rateBytesPerSecond: number | undefined, clock: Clock): HttpResponse {
  if (rateBytesPerSecond === undefined || response.body.kind === 'none') return response;
  const body = streamOf(response.body);
  return { ...response, body: { ...body, open: (signal) => shape(body.open(signal), rateBytesPerSecond, clock, signal) } };
}
