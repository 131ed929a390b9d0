// Range requests, RFC 9110 §14 and §15.3.7: each case on the pure function, and through a live store.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MAX_RANGES, parseContentRange, selectRanges } from '../../src/net/http/range.js';
import { ask, useStores } from '../service/store/running-store.js';
import { useTempFolders } from '../helpers/temp.js';

const DIGITS = '0123456789';
const TINY = Array.from({ length: MAX_RANGES }, (_, index) => `${index}-${index}`).join(',');

// section, Range field, what of the ten digits is selected: the ranges, "whole" or "unsatisfiable"
const CASES: readonly [section: string, field: string, selected: string][] = [
  ['§14.1.2 the first octet alone', 'bytes=0-0', '0-0'],
  ['§14.1.2 a middle part', 'bytes=3-5', '3-5'],
  ['§14.1.2 the last octet by position', 'bytes=9-9', '9-9'],
  ['§14.1.2 from a position on', 'bytes=4-', '4-9'],
  ['§14.1.2 all of it is still partial', 'bytes=0-', '0-9'],
  ['§14.1.2 a last position past the end is the end', 'bytes=8-100', '8-9'],
  ['§14.1.2 a first position at the length', 'bytes=10-', 'unsatisfiable'],
  ['§14.1.2 a first position past the length', 'bytes=11-20', 'unsatisfiable'],
  ['§14.1.2 the last octets', 'bytes=-3', '7-9'],
  ['§14.1.2 a suffix longer than the representation is all of it', 'bytes=-11', '0-9'],
  ['§14.1.2 a suffix of nothing', 'bytes=-0', 'unsatisfiable'],
  ['§14.1.2 unsatisfiable ranges are left out beside satisfiable ones', 'bytes=20-30,1-2,-0', '1-2'],
  ['§14.1.1 leading zeros', 'bytes=0000-0001', '0-1'],
  ['§14.1.1 last before first: invalid, ignored', 'bytes=5-4', 'whole'],
  ['§14.1.1 one invalid range spoils the set', 'bytes=0-1,5-4', 'whole'],
  ['§14.1.1 a last position beyond 2^53', 'bytes=8-99999999999999999999', '8-9'],
  ['§14.1.1 a first position beyond 2^53', 'bytes=99999999999999999999-', 'unsatisfiable'],
  ['§14.1.1 last before first beyond 2^53: invalid', 'bytes=9007199254740993-9007199254740992', 'whole'],
  ['§14.1.1 a suffix beyond 2^53', 'bytes=-99999999999999999999', '0-9'],
  ['§14.1.1 a suffix of more digits than a double has', `bytes=-${'9'.repeat(400)}`, '0-9'],
  ['§14.1 unit names are case-insensitive', 'BYTES=1-2', '1-2'],
  ['§14.2 another unit is ignored', 'lines=1-2', 'whole'],
  ['§14.2 no unit', '1-2', 'whole'],
  ['§14.1.1 an empty set', 'bytes=', 'whole'],
  ['§14.1.1 nothing but commas', 'bytes=,,', 'whole'],
  ['§14.1.1 a dash alone', 'bytes=-', 'whole'],
  ['§14.1.1 no number', 'bytes=a-b', 'whole'],
  ['§14.1.1 a sign is no digit', 'bytes=+1-2', 'whole'],
  ['§14.1.1 a fraction is no digit', 'bytes=1.0-2', 'whole'],
  ['§14.1.1 hexadecimal is no number here', 'bytes=0x1-2', 'whole'],
  ['§14.1.1 text after a range', 'bytes=1-2x', 'whole'],
  ['§14.1.1 space within a range', 'bytes=1 - 2', 'whole'],
  ['§14.1.1 space before the equals sign', 'bytes =1-2', 'whole'],
  ['§5.6.1 space before the first element isn\'t in the grammar', 'bytes= 1-2', 'whole'],
  ['§5.6.1 space and tab around commas', 'bytes=1-2 ,\t5-6', '1-2,5-6'],
  ['§5.6.1.2 empty elements are passed over', 'bytes=, 1-2,,\t, 5-6,', '1-2,5-6'],
  ['§5.6.1 semicolons don\'t separate', 'bytes=1-2;5-6', 'whole'],
  ['§15.3.7.2 parts come in the order asked for', 'bytes=7-8,1-2', '7-8,1-2'],
  ['§15.3.7.2 overlapping ranges are joined', 'bytes=1-4,3-6', '1-6'],
  ['§15.3.7.2 ranges that touch are joined', 'bytes=1-2,3-4', '1-4'],
  ['§15.3.7.2 a range within another', 'bytes=0-8,2-3', '0-8'],
  ['§15.3.7.2 what was joined keeps the first place', 'bytes=8-8,1-2,9-9,5-5', '8-9,1-2,5-5'],
  ['§15.3.7.2 the same range twice', 'bytes=1-2,1-2', '1-2'],
  ['§15.3.7.2 a suffix that overlaps', 'bytes=6-7,-3', '6-9'],
  ['§14.2 as many ranges as are taken', `bytes=${TINY}`, '0-9'],
  ['§14.2 very many ranges are ignored', `bytes=${TINY},0-0`, 'whole'],
];

function show(field: string, length: number): string {
  const selection = selectRanges(field, length);
  return selection.kind === 'partial' ? selection.ranges.map((range) => `${range.firstPos}-${range.lastPos}`).join(',') : selection.kind;
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

describe('Range, RFC 9110 §14', () => {
  describe('of ten octets', () => {
    for (const [section, field, selected] of CASES) it(`${section}: ${shorten(field)} selects ${selected}`, () => expect(show(field, 10)).to.equal(selected));
  });

  describe('of none', () => {
    const empty: readonly [string, string, string][] = [
      ['§14.1.2 no position is below a length of 0', 'bytes=0-', 'unsatisfiable'],
      ['§14.1.2 a suffix of a length is satisfiable, but there is nothing to number', 'bytes=-5', 'whole'],
      ['§14.1.2 a suffix of nothing isn\'t', 'bytes=-0', 'unsatisfiable'],
      ['§14.1.2 either kind', 'bytes=0-0,-1', 'whole'],
    ];
    for (const [section, field, selected] of empty) it(`${section}: ${field} selects ${selected}`, () => expect(show(field, 0)).to.equal(selected));
  });

  it('refuses a long run of anything in linear time', () => {
    for (const text of [' ', ',', ' ,', '0', '-', '\t, ', '0-0 ']) {
      selectRanges(`bytes=${text.repeat(200_000 / text.length)}!`, 10);
    }
  });
});

describe('Range, through a live store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();

  async function startWithDigits() {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'digits.mp4'), DIGITS);
    await writeFile(path.join(folder, 'empty.mp4'), '');
    return startStore(folder);
  }

  for (const [section, field, selected] of CASES) {
    it(`${section}: ${shorten(field)}`, async () => {
      const { port } = await startWithDigits();
      const answer = await ask(port, 'GET', '/digits.mp4', [`Range: ${field}`]);
      expect(answer.complete).to.equal(true);
      expect(answer.fields['accept-ranges']).to.equal('bytes');
      if (selected === 'whole') {
        expect(answer.status).to.equal(200);
        expect(answer.body.toString()).to.equal(DIGITS);
        expect(answer.fields).not.to.have.property('content-range');
        return;
      }
      if (selected === 'unsatisfiable') {
        expect(answer.status).to.equal(416);
        expect(answer.fields['content-range']).to.equal('bytes */10'); // §15.5.17
        return;
      }
      expect(answer.status).to.equal(206);
      const ranges = selected.split(',');
      if (ranges.length === 1) {
        expect(answer.fields['content-range']).to.equal(`bytes ${selected}/10`);
        expect(answer.fields['content-type']).to.equal('video/mp4');
        const [first, last] = selected.split('-').map(Number);
        expect(answer.body.toString()).to.equal(DIGITS.slice(first, (last ?? 0) + 1));
        return;
      }
      expect(answer.fields).not.to.have.property('content-range'); // §15.3.7.2
      const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(answer.fields['content-type'] ?? '')?.[1] ?? '';
      const parts = ranges.map((range) => {
        const [first, last] = range.split('-').map(Number);
        return `--${boundary}\r\nContent-Type: video/mp4\r\nContent-Range: bytes ${range}/10\r\n\r\n${DIGITS.slice(first, (last ?? 0) + 1)}\r\n`;
      });
      expect(answer.body.toString()).to.equal(`${parts.join('')}--${boundary}--\r\n`);
    });
  }

  it('§14.2 Range is ignored for HEAD', async () => {
    const { port } = await startWithDigits();
    const answer = await ask(port, 'HEAD', '/digits.mp4', ['Range: bytes=0-0']);
    expect(answer.status).to.equal(200);
    expect(answer.fields['content-length']).to.equal('10');
    expect(answer.fields).not.to.have.property('content-range');
    expect(answer.body).to.have.length(0);
  });

  it('§14.2 Range is ignored where there would be no 200', async () => {
    const { port } = await startWithDigits();
    expect((await ask(port, 'GET', '/nothing.mp4', ['Range: bytes=0-0'])).status).to.equal(404);
  });

  it('§15.5.17 an empty representation and its length', async () => {
    const { port } = await startWithDigits();
    const answer = await ask(port, 'GET', '/empty.mp4', ['Range: bytes=0-']);
    expect([answer.status, answer.fields['content-range']]).to.deep.equal([416, 'bytes */0']);
    const suffix = await ask(port, 'GET', '/empty.mp4', ['Range: bytes=-5']);
    expect([suffix.status, suffix.fields['content-length']]).to.deep.equal([200, '0']);
  });

  it('§5.2 two Range lines are one list, and not one that the grammar has', async () => {
    const { port } = await startWithDigits();
    const answer = await ask(port, 'GET', '/digits.mp4', ['Range: bytes=0-1', 'Range: bytes=3-4']);
    expect([200, 400]).to.include(answer.status);
  });
});

describe('Content-Range, RFC 9110 §14.4', () => {
  const cases: readonly [section: string, text: string, value: unknown][] = [
    ['a range of a known length', 'bytes 0-9/100', { range: { firstPos: 0, lastPos: 9 }, completeLength: 100 }],
    ['a range of an unknown length', 'bytes 42-1233/*', { range: { firstPos: 42, lastPos: 1233 } }],
    ['an unsatisfied range', 'bytes */1234', { completeLength: 1234 }],
    ['unit names are case-insensitive (§14.1)', 'Bytes 0-0/1', { range: { firstPos: 0, lastPos: 0 }, completeLength: 1 }],
    ['neither', 'bytes */*', undefined],
    ['last before first is invalid', 'bytes 9-0/100', undefined],
    ['a length not greater than the last position is invalid', 'bytes 0-9/9', undefined],
    ['another unit', 'lines 0-9/100', undefined],
    ['no length', 'bytes 0-9', undefined],
    ['an equals sign', 'bytes=0-9/100', undefined],
    ['beyond 2^53', 'bytes 0-9/99999999999999999999', undefined],
    ['nothing', '', undefined],
  ];
  for (const [section, text, value] of cases) it(`${section}: ${JSON.stringify(text)}`, () => expect(parseContentRange(text)).to.deep.equal(value));
});
