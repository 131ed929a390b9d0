// One run of a download onto a file system that may be full: node --import tsx full-disk.ts FOLDER. Prints
// what it saw as JSON.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { systemRandom } from '../../../src/base/random.js';
import { openPartFile } from '../../../src/fetch/part-file.js';

const folder = process.argv[2] ?? '';
const file = path.join(folder, 'film');
const VERSION = { etag: '"1"', length: 2_000_000, sha256: undefined };
const PIECE = Buffer.alloc(50_000, 'x');
let nowMs = 0;
// Each note is due.
const clock = { ...systemClock, monotonic: () => (nowMs += 1000) };
const sink = openPartFile({ kind: 'file', path: file, replace: false }, { url: 'http://127.0.0.1:1/film', offset: 0, anew: false }, { clock, random: systemRandom });
const have = sink.leftover?.have ?? [];
let at = (have[0]?.lastPos ?? -1) + 1;
const from = at;
const seen: Record<string, unknown> = { from };
try {
  sink.begin(VERSION, have, VERSION.length);
  for (; at < VERSION.length; at += PIECE.length) {
    await sink.write(PIECE.subarray(0, VERSION.length - at), at);
    sink.note([{ firstPos: 0, lastPos: Math.min(at + PIECE.length, VERSION.length) - 1 }]);
  }
  await sink.commit();
} catch (error) {
  const kept = await sink.keep('part', at === 0 ? [] : [{ firstPos: 0, lastPos: at - 1 }]);
  Object.assign(seen, { code: error instanceof CdnError ? error.code : String(error), resumable: kept?.resumable, isThere: readdirSync(folder).includes(path.basename(kept?.file ?? '')) });
}
process.stdout.write(`${JSON.stringify(seen)}\n`);
