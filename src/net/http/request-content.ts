// What a request carries, for handlers that take it: read at their pace, bounded, and never taken for
// whole when it isn't.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpContent } from './message.js';
import type { AnnouncedContent } from './request-head.js';

/** A request that carries more than the server takes. */
export class ContentTooLong extends Error {
  override readonly name = 'ContentTooLong';
}

/** `awaited`: the client sends it only when it is told to go on (RFC 9110 §10.1.1). */
export function createContent(req: IncomingMessage, res: ServerResponse, announced: AnnouncedContent, maxOctets: number, awaited: boolean): HttpContent | undefined {
  if (announced.kind === 'none') return undefined;
  return {
    length: announced.kind === 'length' ? announced.octets : undefined,
    async *read() {
      if (awaited) res.writeContinue();
      let octets = 0;
      for await (const chunk of req as AsyncIterable<Uint8Array>) {
        octets += chunk.byteLength;
        if (octets > maxOctets) throw new ContentTooLong(`the content is longer than ${maxOctets} octets`);
        yield chunk;
      }
      // RFC 9112 §8: a message that ended early is incomplete.
      if (!req.complete) throw new Error('the client broke off within its request');
    },
  };
}
