// A short answer straight to the socket, for what never became a request, and the end of that
// connection.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { systemCode } from '../../base/errors.js';

export interface Refusal {
  readonly status: number;
  readonly why: string;
}

/** How long a refused client may go on sending before it is cut off. */
const LINGER_MS = 1000;

/**
 * Answers with `status` and one line of text, and closes. The socket is read from for a moment
 * longer: closing it over unread octets would reset the connection, and the client might never see
 * the answer (RFC 9112 §9.6). Octets of the text that were sent; undefined where no answer could be given.
 */
export function refuse(socket: Socket, refusal: Refusal, clock: Clock, withBody = true): number | undefined {
  // An answer before this one closes the connection already.
  if (!socket.writable) {
    socket.destroySoon();
    return undefined;
  }
  const body = `${refusal.why}\n`;
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
    `date: ${new Date(clock.now()).toUTCString()}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${withBody ? body : ''}`);
  socket.resume();
  const stop = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', stop);
  socket.once('end', () => socket.destroySoon());
  return withBody ? Buffer.byteLength(body) : 0;
}

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ \r\n]+ HTTP\/1\.[01]\r?\n/;

/** The line in which node's parser stopped: `rawPacket` is what it was given, `bytesParsed` how far it came. */
function lineOf(error: Error): string {
  if (!('rawPacket' in error && error.rawPacket instanceof Uint8Array && 'bytesParsed' in error && typeof error.bytesParsed === 'number')) return '';
  const { rawPacket, bytesParsed } = error;
  const start = rawPacket.subarray(0, bytesParsed).lastIndexOf(0x0a) + 1;
  return Buffer.from(rawPacket.subarray(start, start + 1024)).toString('latin1');
}

/** What to answer to an error of node's parser; undefined when the connection itself failed and there is nobody to answer. */
export function refusalFor(error: Error): Refusal | undefined {
  const code = systemCode(error);
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, why: 'the request did not arrive in time' };
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, why: 'the head of the request is too large' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, why: 'the chunk extensions are too large' };
    case 'HPE_INVALID_METHOD':
      // The parser knows a list of methods and stops at any other; RFC 9110 §9.1: a method nobody knows is 501.
      return REQUEST_LINE.test(lineOf(error))
        ? { status: 501, why: 'no such method' }
        : { status: 400, why: 'this is not an HTTP request' };
    default:
      return code?.startsWith('HPE_') === true ? { status: 400, why: 'this is not an HTTP request' } : undefined;
  }
}
