// Going on with what somebody else left under the final name, and leaving alone what somebody else left beside it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { createSeededRandom } from '../../../src/base/random.js';
import type { FetchRequest } from '../../../src/fetch/model.js';
import { useTempFolders } from '../../helpers/temp.js';
import { useParties, type Run } from './parties.js';

const FILM = Buffer.from(createSeededRandom(7).bytes(200_000));
const DIGEST = `Repr-Digest: sha-256=:${createHash('sha256').update(FILM).digest('base64')}:\r\n`;
/** Bytes with one octet that is another. */
function flipped(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 0xff;
  return other;
}

describe('fetch: going on with what is there', () => {
  const parties = useParties();
  const newFolder = useTempFolders();

  interface Serving {
    readonly head?: string;
    readonly ranges?: boolean;
    /** Breaks off after so many octets. */
    readonly cutAfter?: number;
  }

  async function store({ head = '', ranges = true, cutAfter = Infinity }: Serving, asked: string[] = []): Promise<string> {
    const { port } = await parties.tcp((socket, request) => {
      const range = /^range: bytes=(\d+)-(\d*)\r$/im.exec(request);
      asked.push(range === null ? 'all' : `${range[1]}-${range[2]}`);
      const firstPos = range === null || !ranges ? 0 : Number(range[1]);
      if (firstPos >= FILM.length) return void socket.end(`HTTP/1.1 416 No\r\nContent-Range: bytes */${FILM.length}\r\nContent-Length: 0\r\n\r\n`);
      const status = range === null || !ranges ? '200 OK' : `206 Partial\r\nContent-Range: bytes ${firstPos}-${FILM.length - 1}/${FILM.length}`;
      socket.write(`HTTP/1.1 ${status}\r\n${head}Content-Length: ${FILM.length - firstPos}\r\n\r\n`);
      socket.end(FILM.subarray(firstPos, Math.min(FILM.length, firstPos + cutAfter)));
    });
    return `http://127.0.0.1:${port}/film`;
  }

  async function goOn(file: string, url: string, more: Partial<FetchRequest> = {}): Promise<Run> {
    return parties.run(parties.fetcher({ dns: await parties.nobody() }), { target: url, output: { kind: 'file', path: file }, continueAt: 'end', retries: 0, ...more });
  }

  const kinds = ({ events }: Run): readonly string[] => events.map(({ kind }) => kind);

  const WHOLE: readonly (readonly [string, Buffer, Serving, Partial<FetchRequest>, string])[] = [
    ['a half, no digest', FILM.subarray(0, 120_000), {}, {}, '54464-'],
    ['a half, a digest', FILM.subarray(0, 120_000), { head: DIGEST }, {}, '54464-'],
    ['a half, over several connections', FILM.subarray(0, 120_000), { head: DIGEST }, { parallel: 4 }, '54464-'],
    ['a half, a server without ranges', FILM.subarray(0, 120_000), { ranges: false }, {}, '54464-'],
    ['less than is compared', FILM.subarray(0, 500), {}, {}, 'all'],
    ['nothing', Buffer.alloc(0), {}, {}, 'all'],
    ['all of it', FILM, { head: DIGEST }, {}, '134464-'],
    ['more than it is gone on from', Buffer.concat([FILM.subarray(0, 120_000), Buffer.alloc(900_000)]), {}, { continueAt: 120_000 }, '54464-'],
    ['all of it, and more behind it', Buffer.concat([FILM, Buffer.alloc(9)]), {}, { continueAt: FILM.length }, '134464-'],
  ];
  for (const [what, there, serving, more, expected] of WHOLE) {
    it(`${what}: becomes the whole`, async () => {
      const file = path.join(await newFolder(), 'film');
      await writeFile(file, there);
      const asked: string[] = [];
      const run = await goOn(file, await store(serving, asked), more);
      expect(run.error).to.equal(undefined);
      expect(readFileSync(file).equals(FILM)).to.equal(true);
      expect(asked).to.deep.equal([expected]);
      expect(run.report?.bytes).to.equal(FILM.length);
      // RFC 9110 §15.3.7.3: without a validator, only a digest can say that both parts are of one version.
      expect(kinds(run).includes('unproven')).to.equal(serving.head === undefined && there.length > 65_536);
    });
  }

  const AS_IT_WAS: readonly (readonly [string, Buffer, Serving, Partial<FetchRequest>, string, RegExp])[] = [
    ['other bytes early in it, a digest', flipped(FILM.subarray(0, 120_000), 5), { head: DIGEST }, {}, 'DIGEST_MISMATCH', /has the 120000 octets again that it had/],
    ['other bytes late in it', flipped(FILM.subarray(0, 120_000), 119_999), {}, {}, 'FILE_EXISTS', /stays as it was: of its 120000 octets those from \d+ on are others/],
    ['other bytes, and more behind those that are gone on from', flipped(FILM.subarray(0, 150_000), 119_999), {}, { continueAt: 120_000 }, 'FILE_EXISTS', /stays as it was: of its 120000 octets those from \d+ on are others/],
    ['more than the whole', Buffer.concat([FILM, Buffer.alloc(9)]), {}, {}, 'FILE_EXISTS', /has 200009 octets, and the whole has 200000/],
    ['far more than the whole', Buffer.alloc(900_000), {}, {}, 'PEER_REFUSED', /416.*bytes \*\/200000/],
    ['less than it is gone on from', FILM.subarray(0, 99), {}, { continueAt: 100 }, 'USAGE', /it has 99/],
  ];
  for (const [what, there, serving, more, code, message] of AS_IT_WAS) {
    it(`${what}: stays as it was, and that is said`, async () => {
      const folder = await newFolder();
      const file = path.join(folder, 'film');
      await writeFile(file, there);
      const { error } = await goOn(file, await store(serving), more);
      expect(error).to.include({ code });
      expect(String(error)).to.match(message);
      expect(readFileSync(file).equals(there)).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(['film']);
    });
  }

  it('what broke off is a longer beginning, and is gone on with again', async () => {
    const file = path.join(await newFolder(), 'film');
    await writeFile(file, FILM.subarray(0, 120_000));
    const { error } = await goOn(file, await store({ cutAfter: 90_000 }));
    expect(String(error)).to.match(/film has 144464 octets now \(-C - goes on\)/);
    expect(readFileSync(file).equals(FILM.subarray(0, 144_464))).to.equal(true);
    expect((await goOn(file, await store({}))).error).to.equal(undefined);
    expect(readFileSync(file).equals(FILM)).to.equal(true);
  });

  it('without a file: the whole, or an error where an octet of it is named', async () => {
    const file = path.join(await newFolder(), 'film');
    expect((await goOn(file, await store({}), { continueAt: 10 })).error).to.include({ code: 'USAGE' });
    expect((await goOn(file, await store({}))).error).to.equal(undefined);
    expect(readFileSync(file).equals(FILM)).to.equal(true);
  });

  it('to the standard output comes what is behind the octet', async () => {
    const chunks: Uint8Array[] = [];
    const write = (chunk: Uint8Array): Promise<void> => Promise.resolve(void chunks.push(Buffer.from(chunk)));
    expect((await goOn('', await store({}), { continueAt: 199_000, output: { kind: 'stdout', write } })).error).to.equal(undefined);
    expect(Buffer.concat(chunks).equals(FILM.subarray(199_000))).to.equal(true);
  });

  it('what aria2 has at work is its own', async () => {
    const file = path.join(await newFolder(), 'film');
    await writeFile(file, Buffer.alloc(FILM.length));
    await writeFile(`${file}.aria2`, 'x');
    expect(String((await goOn(file, await store({}))).error)).to.match(/only aria2 knows which/);
  });

  describe("somebody's own film.part", () => {
    const RUNS: readonly (readonly [string, Serving, string | undefined])[] = [
      ['a fetch that is done', {}, undefined], ['one that breaks off, to be gone on with', { cutAfter: 1000, head: 'ETag: "1"\r\n' }, 'INCOMPLETE'],
      ['one that breaks off for good', { cutAfter: 1000 }, 'INCOMPLETE'], ['one that brings other bytes', { head: DIGEST.replace(/=:./, '=:A').replace(/=:A./, '=:AA') }, 'DIGEST_MISMATCH'],
    ];
    for (const [what, serving, code] of RUNS) {
      it(`stays as it is beside ${what}, and beside the next one`, async () => {
        const folder = await newFolder();
        const file = path.join(folder, 'film');
        await writeFile(`${file}.part`, 'mine');
        await writeFile(`${file}.corrupt`, 'mine, too');
        await writeFile(`${file}.part.journal`, 'dear diary');
        const first = await goOn(file, await store(serving), { continueAt: undefined });
        expect(first.error === undefined ? undefined : (first.error as { code?: string }).code).to.equal(code);
        const again = await goOn(file, await store({ head: 'ETag: "1"\r\n' }), { continueAt: undefined, force: true });
        expect(again.error).to.equal(undefined);
        expect(readFileSync(file).equals(FILM)).to.equal(true);
        expect([readFileSync(`${file}.part`, 'utf8'), readFileSync(`${file}.corrupt`, 'utf8')]).to.deep.equal(['mine', 'mine, too']);
        expect(readFileSync(`${file}.part.journal`, 'utf8')).to.equal('dear diary');
        // Nothing of ours is left but what was told of: without a journal nobody can say whose it is.
        expect((await readdir(folder)).filter((name) => !['film', 'film.part', 'film.corrupt', 'film.part.journal'].includes(name))).to.have.lengthOf(code === undefined ? 0 : 1);
      });
    }
  });

  it('tells of parts that nothing goes on from, and of no others', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'film');
    const old = new Date(Date.now() - 120_000);
    for (const name of ['film.0123abcd.part', 'film.other.0123abcd.part', 'other.0123abcd.part', 'film.0123abce.part']) {
      await writeFile(path.join(folder, name), 'old');
      if (!name.endsWith('e.part')) await utimes(path.join(folder, name), old, old);
    }
    const { events, error } = await goOn(file, await store({}));
    expect(error).to.equal(undefined);
    expect(events.find(({ kind }) => kind === 'orphans')).to.deep.equal({ kind: 'orphans', orphans: [{ file: path.join(folder, 'film.0123abcd.part'), bytes: 3 }] });
  });
});
