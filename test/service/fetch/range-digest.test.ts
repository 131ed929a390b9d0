// What a digest can say of a part: RFC 9530 §2 of the content that came, §3 of the whole that did not.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { createSeededRandom } from '../../../src/base/random.js';
import { fetchSummary } from '../../../src/cli/fetch-output.js';
import { useTempFolders } from '../../helpers/temp.js';
import { useParties } from './parties.js';

const FILM = Buffer.from(createSeededRandom(8).bytes(50_000));
const digest = (bytes: Uint8Array): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

describe('fetch: the digest of a part', () => {
  const parties = useParties();
  const newFolder = useTempFolders();
  const PART = FILM.subarray(100, 40_000);
  const CASES: readonly (readonly [string, string, string | undefined, RegExp])[] = [
    ['no digest', '', 'not promised', /not promised by the store/],
    ['Repr-Digest', `Repr-Digest: ${digest(FILM)}\r\n`, 'of the whole', /SHA-256 promised of the whole only, so this part is not verified/],
    ['Content-Digest', `Repr-Digest: ${digest(FILM)}\r\nContent-Digest: ${digest(PART)}\r\n`, 'verified', /SHA-256 verified/],
    ['Content-Digest of other bytes', `Content-Digest: ${digest(FILM)}\r\n`, undefined, /DIGEST_MISMATCH/],
    ['Content-Digest that nobody can read', 'Content-Digest: what\r\n', 'not promised', /not promised/],
  ];
  for (const [what, field, expected, text] of CASES) {
    it(`${what}: ${expected ?? 'an error'}`, async () => {
      let asked = '';
      const { port } = await parties.tcp((socket, head) => {
        asked = head;
        socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 206 Partial\r\nETag: "1"\r\n${field}Content-Range: bytes 100-39999/50000\r\nContent-Length: ${PART.length}\r\n\r\n`), PART]));
      });
      const file = path.join(await newFolder(), 'part');
      const run = await parties.run(parties.fetcher({ dns: await parties.nobody() }), { target: `http://127.0.0.1:${port}/film`, output: { kind: 'file', path: file }, range: { firstPos: 100, lastPos: 39_999 } });
      expect(asked).to.match(/^want-content-digest: sha-256=10\r$/im);
      expect(run.report?.digest).to.equal(expected);
      expect(run.report === undefined ? (run.error as { code?: string }).code : fetchSummary(run.report)).to.match(text);
      if (expected !== undefined) expect((await readFile(file)).equals(PART)).to.equal(true);
    });
  }
});
