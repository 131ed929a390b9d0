// What earlier and other runs left beside a target, against runs that want other parts of it, or less of it.

import { link, readdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { formatHead, formatNote, parseJournal } from '../../../src/fetch/journal.js';
import { currentBoot } from '../../../src/fetch/owner.js';
import { openPartFile } from '../../../src/fetch/part-file.js';
import type { Sink } from '../../../src/fetch/writing.js';
import type { RangeRequest } from '../../../src/fetch/model.js';
import { useTempFolders } from '../../helpers/temp.js';
import { useParties, type Run } from './parties.js';

const FILM = Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
const ETAG = '"1"';

describe('fetch: what was left beside a target', () => {
  const parties = useParties();
  const newFolder = useTempFolders();

  /** A store that breaks off after `cutAfter` octets of each answer. */
  async function store(cutAfter: { octets: number }): Promise<string> {
    const { port } = await parties.tcp((socket, head) => {
      const range = /^range: bytes=(\d*)-(\d*)\r$/im.exec(head);
      const firstPos = range === null ? 0 : range[1] === '' ? FILM.length - Number(range[2]) : Number(range[1]);
      const lastPos = range === null || range[1] === '' || range[2] === '' ? FILM.length - 1 : Math.min(Number(range[2]), FILM.length - 1);
      if (firstPos > lastPos) return void socket.end(`HTTP/1.1 416 No\r\nContent-Range: bytes */${FILM.length}\r\nContent-Length: 0\r\n\r\n`);
      const status = range === null ? '200 OK' : `206 Partial\r\nContent-Range: bytes ${firstPos}-${lastPos}/${FILM.length}`;
      socket.write(`HTTP/1.1 ${status}\r\nETag: ${ETAG}\r\nContent-Length: ${lastPos - firstPos + 1}\r\n\r\n`);
      socket.end(FILM.subarray(firstPos, Math.min(lastPos + 1, firstPos + cutAfter.octets)));
    });
    return `http://127.0.0.1:${port}/film`;
  }

  async function fetchInto(file: string, url: string, range?: RangeRequest): Promise<Run> {
    return parties.run(parties.fetcher({ dns: await parties.nobody() }), { target: url, output: { kind: 'file', path: file }, retries: 0, ...(range === undefined ? {} : { range }) });
  }

  const THEN: readonly (readonly [string, RangeRequest | undefined, RangeRequest | undefined, Buffer])[] = [
    ['of the whole, then its first 1000', undefined, { firstPos: 0, lastPos: 999 }, FILM.subarray(0, 1000)],
    ['of the whole, then its first 3000', undefined, { firstPos: 0, lastPos: 2999 }, FILM.subarray(0, 3000)],
    ['of the first 3000, then the whole', { firstPos: 0, lastPos: 2999 }, undefined, FILM],
    ['of the last 3000, then the last 4000', { suffix: 3000 }, { suffix: 4000 }, FILM.subarray(1000)],
    ['of the last 4000, then the last 3000', { suffix: 4000 }, { suffix: 3000 }, FILM.subarray(2000)],
    ['of the last 4000, then the same', { suffix: 4000 }, { suffix: 4000 }, FILM.subarray(1000)],
    ['of 1000-4999, then 1000-1999', { firstPos: 1000, lastPos: undefined }, { firstPos: 1000, lastPos: 1999 }, FILM.subarray(1000, 2000)],
  ];
  for (const [what, first, second, expected] of THEN) {
    it(`${what}: exactly the bytes asked for`, async () => {
      const file = path.join(await newFolder(), 'film');
      const cut = { octets: 2000 };
      const url = await store(cut);
      expect((await fetchInto(file, url, first)).error).to.be.an('error');
      cut.octets = FILM.length;
      const { report, error } = await fetchInto(file, url, second);
      expect(error).to.equal(undefined);
      expect(readFileSync(file).equals(expected)).to.equal(true);
      expect(report?.bytes).to.equal(expected.length);
      expect(report?.resumedBytes).to.be.lessThan(expected.length);
    });
  }

  it('a range that is not there is refused at once, and nothing is said of versions', async () => {
    const file = path.join(await newFolder(), 'film');
    const { error, events } = await fetchInto(file, await store({ octets: FILM.length }), { firstPos: 9999, lastPos: undefined });
    expect(error).to.include({ code: 'PEER_REFUSED' });
    expect(String(error)).to.include('bytes */5000');
    expect(events.filter(({ kind }) => kind === 'restarted' || kind === 'failed-over')).to.have.length(0);
  });

  it('another run that ends does not put its bytes where a journal tells of others', async () => {
    const folder = await newFolder();
    const file = path.join(folder, 'film');
    const open = () => openPartFile({ kind: 'file', path: file, replace: false }, { url: 'http://127.0.0.1:1/film', offset: 0, anew: false }, { clock: systemClock, random: systemRandom });
    const version = { etag: ETAG, length: 4, sha256: undefined };
    const have = [{ firstPos: 0, lastPos: 1 }];
    const [one, other] = [open(), open()];
    one.begin(version, [], 4);
    await one.write(Buffer.from('AA'), 0);
    other.begin({ etag: undefined, length: 4, sha256: undefined }, [], 4);
    await other.write(Buffer.from('BB'), 0);
    expect(await one.keep('part', have)).to.deep.equal({ file: `${file}.part`, resumable: true });
    const kept = await other.keep('part', have);
    expect(kept?.resumable).to.equal(false);
    expect(kept?.file).not.to.equal(`${file}.part`);

    const third = open();
    expect(third.leftover?.have).to.deep.equal(have);
    third.begin(version, have, 4);
    // Nor under the hands of the run that goes on.
    const fourth = open();
    fourth.begin(version, [], 4);
    await fourth.write(Buffer.from('CC'), 0);
    await fourth.keep('part', have);
    await third.write(Buffer.from('AA'), 2);
    await third.commit();
    expect(await readFile(file, 'utf8')).to.equal('AAAA');
    expect((await readdir(folder)).filter((name) => name.endsWith('.journal'))).to.deep.equal([]);
  });

  describe('of a run that was killed', () => {
    const VERSION = { etag: ETAG, length: 4, sha256: undefined };
    const WROTE = [{ firstPos: 0, lastPos: 2 }];
    const SYNCED = [{ firstPos: 0, lastPos: 0 }];

    async function leave(data: string): Promise<{ file: string; part: string; open(): Sink }> {
      const file = path.join(await newFolder(), 'film');
      const part = `${file}.0badcafe.part`;
      await writeFile(part, data);
      const head = { url: 'http://127.0.0.1:1/film', data: path.basename(part), version: VERSION, offset: 0, boot: currentBoot(), owner: { pid: process.pid, started: 'another time' } };
      await writeFile(`${file}.part.journal`, formatHead(head) + formatNote({ have: WROTE, durable: SYNCED }));
      return { file, part, open: () => openPartFile({ kind: 'file', path: file, replace: true }, { url: head.url, offset: 0, anew: false }, { clock: systemClock, random: systemRandom }) };
    }

    it('what it had not synced is not taken for synced: a power failure may still take it', async () => {
      const { file, open } = await leave('AAA');
      const sink = open();
      const told = async (): Promise<unknown> => parseJournal(await readFile(`${file}.part.journal`, 'utf8'))?.note;
      expect(sink.leftover?.have).to.deep.equal(WROTE);
      expect(await told()).to.deep.equal({ have: WROTE, durable: SYNCED });
      sink.begin(VERSION, WROTE, 4);
      expect(await told()).to.deep.equal({ have: WROTE, durable: SYNCED });
      sink.begin(VERSION, [], 4);
      expect(await told()).to.deep.equal({ have: [], durable: [] });
      await sink.keep('part', []);
    });

    it('while its file got its final name: nothing is written through to that', async () => {
      const { file, part, open } = await leave('AAAA');
      await link(part, file);
      const sink = open();
      expect(sink.leftover).to.equal(undefined);
      sink.begin({ ...VERSION, etag: '"2"' }, [], 4);
      await sink.write(Buffer.from('BB'), 0);
      expect(await readFile(file, 'utf8')).to.equal('AAAA');
      await sink.write(Buffer.from('BB'), 2);
      await sink.commit();
      expect(await readFile(file, 'utf8')).to.equal('BBBB');
      expect(await readdir(path.dirname(file))).to.deep.equal(['film']);
    });
  });
});
