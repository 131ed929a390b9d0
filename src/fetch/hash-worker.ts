// A thread that hashes a file behind whoever writes it: told how far the file is whole from its start, it
// reads up to there.

import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

export interface HashOrder {
  readonly fd: number;
  /** The file is whole up to here. */
  readonly upTo: number;
  /** There is no more: answer with the digest in hexadecimal. */
  readonly last: boolean;
}

const PORTION = 1_048_576;
const hash = createHash('sha256');
const buffer = Buffer.allocUnsafe(PORTION);
let hashed = 0;

parentPort?.on('message', ({ fd, upTo, last }: HashOrder) => {
  while (hashed < upTo) {
    const count = readSync(fd, buffer, 0, Math.min(PORTION, upTo - hashed), hashed);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
    hashed += count;
  }
  if (last) parentPort?.postMessage(hashed === upTo ? hash.digest('hex') : '');
});
