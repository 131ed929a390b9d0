// The content of a response out of the octets of a connection, by its framing (RFC 9112 §6 and §7),
// without copying any of it.

import { printable } from '../../base/printable.js';
import type { Framing } from './wire-head.js';

export interface BodyReader {
  /** The content in these octets, in order, as views of them. Throws BodyFault where the framing is broken. */
  pieces(octets: Buffer): Iterable<Buffer>;
  /** All of it has come. */
  readonly complete: boolean;
  /** Octets that came behind the end: nobody asked for them. */
  readonly surplus: number;
  /** Whether the connection's orderly end is the end of the content. */
  readonly endsByClose: boolean;
}

/** Of a body: its framing can't be read. */
export class BodyFault extends Error {
  override readonly name = 'BodyFault';
}

const MAX_LINE = 16_384;
const MAX_TRAILER = 65_536;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t -~\x80-\xff]*)?$/; // §7.1: chunk extensions are passed over

function lengthReader(length: number): BodyReader {
  let left = length;
  let surplus = 0;
  return {
    *pieces(octets) {
      const piece = octets.length <= left ? octets : octets.subarray(0, left);
      left -= piece.length;
      surplus += octets.length - piece.length;
      if (piece.length > 0) yield piece;
    },
    get complete() {
      return left === 0;
    },
    get surplus() {
      return surplus;
    },
    endsByClose: false,
  };
}

function closeReader(): BodyReader {
  return {
    *pieces(octets) {
      yield octets;
    },
    complete: false,
    surplus: 0,
    endsByClose: true,
  };
}

function chunkedReader(): BodyReader {
  let state: 'size' | 'data' | 'after-data' | 'trailer' | 'done' = 'size';
  let line = '';
  let left = 0;
  let trailer = 0;
  let surplus = 0;

  /** Takes up to the end of a line; undefined while it has not come. Returns the index behind it. */
  function takeLine(octets: Buffer, at: number): { readonly text: string | undefined; readonly at: number } {
    const end = octets.indexOf(0x0a, at);
    line += octets.toString('latin1', at, end === -1 ? octets.length : end);
    if (line.length > MAX_LINE) throw new BodyFault('a chunk line without end');
    if (end === -1) return { text: undefined, at: octets.length };
    const text = line.replace(/\r$/, '');
    line = '';
    return { text, at: end + 1 };
  }

  function acceptLine(text: string): void {
    if (state === 'after-data') {
      if (text !== '') throw new BodyFault('a chunk longer than it said');
      state = 'size';
    } else if (state === 'trailer') {
      trailer += text.length;
      if (trailer > MAX_TRAILER) throw new BodyFault('trailer fields without end');
      // §7.1.2: trailer fields say nothing here that the head has not said.
      if (text === '') state = 'done';
    } else {
      const size = CHUNK_SIZE.exec(text)?.[1];
      if (size === undefined) throw new BodyFault(`a chunk size that is none: ${printable(text.slice(0, 40))}`);
      left = Number.parseInt(size, 16);
      state = left === 0 ? 'trailer' : 'data';
    }
  }

  return {
    *pieces(octets) {
      for (let at = 0; at < octets.length; ) {
        if (state === 'done') {
          surplus += octets.length - at;
          return;
        }
        if (state === 'data') {
          const piece = octets.subarray(at, at + left);
          at += piece.length;
          left -= piece.length;
          if (left === 0) state = 'after-data';
          yield piece;
        } else {
          const taken = takeLine(octets, at);
          at = taken.at;
          if (taken.text !== undefined) acceptLine(taken.text);
        }
      }
    },
    get complete() {
      return state === 'done';
    },
    get surplus() {
      return surplus;
    },
    endsByClose: false,
  };
}

export function createBodyReader(framing: Framing): BodyReader {
  switch (framing.kind) {
    case 'none':
      return lengthReader(0);
    case 'length':
      return lengthReader(framing.length);
    case 'chunked':
      return chunkedReader();
    case 'close':
      return closeReader();
  }
}
