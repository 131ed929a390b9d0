// Conditional requests, RFC 9110 §13: each case on the pure function, and through a live store.

import { expect } from 'chai';
import { utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { selectPrecondition } from '../../src/net/http/conditional.js';
import { useTempFolders } from '../helpers/temp.js';
import { ask, useStores } from '../service/store/running-store.js';

const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';
const MODIFIED_MS = Date.UTC(1994, 10, 6, 8, 49, 37, 640); // a file's time has parts of a second
const NOW_MS = Date.UTC(2026, 10, 22);

type Fields = Readonly<Record<string, string>>;

// ETAG stands for the current entity tag. With `range: bytes=0-0`, 206 tells that the range was honoured.
const CASES: readonly [section: string, fields: Fields, status: 200 | 206 | 304 | 412][] = [
  ['§13.1.1 the current tag', { 'if-match': 'ETAG' }, 200],
  ['§13.1.1 another tag', { 'if-match': '"other"' }, 412],
  ['§13.1.1 one of several tags', { 'if-match': '"other", ETAG' }, 200],
  ['§13.1.1 any tag', { 'if-match': '*' }, 200],
  ['§13.1.1 strong comparison: a weak tag never matches', { 'if-match': 'W/ETAG' }, 412],
  ['§13.1.1 a malformed list holds of nothing', { 'if-match': 'ETAG x' }, 412],
  ['§13.1.1 an asterisk in a list is malformed', { 'if-match': '*, ETAG' }, 412],
  ['§8.8.3 a tag needs its quotes', { 'if-match': 'ETAG-unquoted' }, 412],
  ['§5.6.1.2 empty elements', { 'if-match': ', ETAG,, ' }, 200],
  ['§8.8.3 a comma within a tag doesn\'t separate', { 'if-match': '"a,b", ETAG' }, 200],

  ['§13.1.2 the current tag', { 'if-none-match': 'ETAG' }, 304],
  ['§13.1.2 another tag', { 'if-none-match': '"other"' }, 200],
  ['§13.1.2 one of several tags', { 'if-none-match': '"a,b", "other",ETAG' }, 304],
  ['§13.1.2 weak comparison', { 'if-none-match': 'W/ETAG' }, 304],
  ['§13.1.2 any tag', { 'if-none-match': '*' }, 304],
  ['§8.8.3 W is case-sensitive', { 'if-none-match': 'w/ETAG' }, 200],
  ['§13.1.2 a malformed list matches nothing', { 'if-none-match': 'ETAG ETAG' }, 200],
  ['§8.8.3.2 tags are compared with regard to letter case', { 'if-none-match': 'etag' }, 200],

  ['§13.1.3 not modified since its own date', { 'if-modified-since': DATE }, 304],
  ['§13.1.3 nor since a later one', { 'if-modified-since': AFTER }, 304],
  ['§13.1.3 modified since an earlier one', { 'if-modified-since': BEFORE }, 200],
  ['§13.1.3 the obsolete form of RFC 850', { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 304],
  ['§13.1.3 the obsolete form of asctime', { 'if-modified-since': 'Sun Nov  6 08:49:37 1994' }, 304],
  ['§13.1.3 no HTTP-date: ignored', { 'if-modified-since': 'yesterday' }, 200],
  ['§13.1.3 more than one date: ignored', { 'if-modified-since': `${DATE}, ${DATE}` }, 200],
  ['§13.1.3 ignored beside If-None-Match', { 'if-modified-since': DATE, 'if-none-match': '"other"' }, 200],
  ['§13.1.3 even a malformed If-None-Match', { 'if-modified-since': DATE, 'if-none-match': 'x' }, 200],
  ['§13.2.2 If-None-Match decides', { 'if-modified-since': BEFORE, 'if-none-match': 'ETAG' }, 304],

  ['§13.1.4 not modified since its own date', { 'if-unmodified-since': DATE }, 200],
  ['§13.1.4 modified since an earlier one', { 'if-unmodified-since': BEFORE }, 412],
  ['§13.1.4 no HTTP-date: ignored', { 'if-unmodified-since': 'Sun, 32 Nov 1994 08:49:37 GMT' }, 200],
  ['§13.1.4 ignored beside If-Match', { 'if-unmodified-since': BEFORE, 'if-match': 'ETAG' }, 200],
  ['§13.2.2 If-Match decides', { 'if-unmodified-since': AFTER, 'if-match': '"other"' }, 412],

  ['§13.2.2 412 comes before 304: If-Match', { 'if-match': '"other"', 'if-none-match': 'ETAG' }, 412],
  ['§13.2.2 412 comes before 304: If-Unmodified-Since', { 'if-unmodified-since': BEFORE, 'if-none-match': 'ETAG' }, 412],
  ['§13.2.2 304 where both hold', { 'if-match': 'ETAG', 'if-none-match': 'ETAG' }, 304],
  ['§13.2.2 304 comes before 206', { 'if-none-match': 'ETAG', range: 'bytes=0-0' }, 304],
  ['§13.2.2 304 comes before 416', { 'if-none-match': 'ETAG', range: 'bytes=99-' }, 304],
  ['§13.2.2 412 comes before 206', { 'if-match': '"other"', range: 'bytes=0-0' }, 412],
  ['§13.2.2 206 where the conditions hold', { 'if-match': 'ETAG', 'if-none-match': '"other"', range: 'bytes=0-0' }, 206],

  ['§13.1.5 the current tag', { 'if-range': 'ETAG', range: 'bytes=0-0' }, 206],
  ['§13.1.5 another tag', { 'if-range': '"other"', range: 'bytes=0-0' }, 200],
  ['§13.1.5 another tag, before 416 could be', { 'if-range': '"other"', range: 'bytes=99-' }, 200],
  ['§13.1.5 strong comparison: a weak tag never matches', { 'if-range': 'W/ETAG', range: 'bytes=0-0' }, 200],
  ['§13.1.5 one tag, no list', { 'if-range': 'ETAG, "other"', range: 'bytes=0-0' }, 200],
  ['§13.1.5 no asterisk', { 'if-range': '*', range: 'bytes=0-0' }, 200],
  ['§13.1.5 the date of a change long ago', { 'if-range': DATE, range: 'bytes=0-0' }, 206],
  ['§13.1.5 an exact match of dates: not earlier', { 'if-range': BEFORE, range: 'bytes=0-0' }, 200],
  ['§13.1.5 an exact match of dates: not later', { 'if-range': AFTER, range: 'bytes=0-0' }, 200],
  ['§13.1.5 neither tag nor date', { 'if-range': 'x', range: 'bytes=0-0' }, 200],
  ['§13.1.5 ignored without Range', { 'if-range': '"other"' }, 200],
  ['§13.2.2 If-Range doesn\'t excuse If-Match', { 'if-match': '"other"', 'if-range': 'ETAG', range: 'bytes=0-0' }, 412],
];

function fill(fields: Fields, etag: string): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [
    name,
    value.replaceAll('ETAG-unquoted', etag.slice(1, -1)).replaceAll('ETAG', etag).replaceAll('etag', etag.toLowerCase()),
  ]));
}

function decide(method: string, fields: Fields, current = { etag: '"Current"' as string | undefined, lastModifiedMs: MODIFIED_MS as number | undefined }, nowMs = NOW_MS): number {
  const outcome = selectPrecondition({ method, fields: fill(fields, '"Current"') }, current, nowMs);
  if (outcome.kind === 'proceed') return outcome.rangeApplies && fields['range'] !== undefined ? 206 : 200;
  return outcome.kind === 'failed' ? 412 : 304;
}

const show = (fields: Fields): string => Object.entries(fields).map(([name, value]) => `${name}: ${value}`).join(' | ');

describe('preconditions, RFC 9110 §13', () => {
  for (const [section, fields, status] of CASES) it(`${section} (${show(fields)}): ${status}`, () => expect(decide('GET', fields)).to.equal(status));

  describe('other methods', () => {
    const cases: readonly [section: string, method: string, fields: Fields, status: number][] = [
      ['§13.1.2 HEAD is told 304 as GET is', 'HEAD', { 'if-none-match': 'ETAG' }, 304],
      ['§13.1.3 and by date', 'HEAD', { 'if-modified-since': DATE }, 304],
      ['§13.1.2 a method that changes things is told 412', 'PUT', { 'if-none-match': 'ETAG' }, 412],
      ['§13.1.3 If-Modified-Since is for GET and HEAD', 'PUT', { 'if-modified-since': DATE }, 200],
      ['§13.1.1 If-Match is for all', 'DELETE', { 'if-match': '"other"' }, 412],
      ['§14.2 Range is for GET', 'HEAD', { range: 'bytes=0-0' }, 200],
      ['§13.1.5 and If-Range, too', 'HEAD', { range: 'bytes=0-0', 'if-range': 'ETAG' }, 200],
    ];
    for (const [section, method, fields, status] of cases) it(`${section} (${method}, ${show(fields)}): ${status}`, () => expect(decide(method, fields)).to.equal(status));
  });

  describe('validators that are missing, weak or young', () => {
    const young = { etag: undefined, lastModifiedMs: MODIFIED_MS };
    const second = Date.parse(DATE);
    const cases: readonly [section: string, fields: Fields, current: typeof young | { etag: string | undefined; lastModifiedMs: number | undefined }, nowMs: number, status: number][] = [
      ['§13.1.5 a date in its own second isn\'t strong (§8.8.2.2)', { 'if-range': DATE, range: 'bytes=0-0' }, young, second + 999, 200],
      ['§13.1.5 a second later it is', { 'if-range': DATE, range: 'bytes=0-0' }, young, second + 1000, 206],
      ['§13.1.5 a weak current tag', { 'if-range': 'W/"Current"', range: 'bytes=0-0' }, { etag: 'W/"Current"', lastModifiedMs: undefined }, NOW_MS, 200],
      ['§13.1.1 a weak current tag', { 'if-match': 'W/"Current"' }, { etag: 'W/"Current"', lastModifiedMs: undefined }, NOW_MS, 412],
      ['§13.1.2 a weak current tag', { 'if-none-match': '"Current"' }, { etag: 'W/"Current"', lastModifiedMs: undefined }, NOW_MS, 304],
      ['§13.1.1 no current tag', { 'if-match': '"Current"' }, { etag: undefined, lastModifiedMs: undefined }, NOW_MS, 412],
      ['§13.1.2 no current tag', { 'if-none-match': '"Current"' }, { etag: undefined, lastModifiedMs: undefined }, NOW_MS, 200],
      ['§13.1.3 no modification date: ignored', { 'if-modified-since': DATE }, { etag: undefined, lastModifiedMs: undefined }, NOW_MS, 200],
      ['§13.1.4 no modification date: ignored', { 'if-unmodified-since': BEFORE }, { etag: undefined, lastModifiedMs: undefined }, NOW_MS, 200],
    ];
    for (const [section, fields, current, nowMs, status] of cases) it(`${section} (${show(fields)}): ${status}`, () => expect(decide('GET', fields, current, nowMs)).to.equal(status));
  });
});

describe('preconditions, through a live store', () => {
  const tempFolder = useTempFolders();
  const startStore = useStores();

  async function start() {
    const folder = await tempFolder();
    const file = path.join(folder, 'digits.mp4');
    await writeFile(file, '0123456789');
    await utimes(file, NOW_MS / 1000, MODIFIED_MS / 1000);
    const { port } = await startStore(folder);
    const etag = (await ask(port, 'HEAD', '/digits.mp4')).fields['etag'] ?? '';
    return { port, etag };
  }
  const lines = (fields: Fields): string[] => Object.entries(fields).map(([name, value]) => `${name}: ${value}`);

  for (const [section, fields, status] of CASES) {
    it(`${section} (${show(fields)}): ${status}`, async () => {
      const { port, etag } = await start();
      const answer = await ask(port, 'GET', '/digits.mp4', lines(fill(fields, etag)));
      expect(answer.status).to.equal(status);
      if (status === 304) {
        // §15.4.5: the fields of a 200 that a cache goes by, and no content nor metadata of it
        expect(answer.fields).to.include.keys('etag', 'date');
        expect(answer.fields).not.to.have.any.keys('content-type', 'content-length', 'last-modified', 'content-range', 'repr-digest');
        expect(answer.body).to.have.length(0);
      }
      if (status === 200) expect(answer.body.toString()).to.equal('0123456789');
      if (status === 206) expect(answer.body.toString()).to.equal('0');
    });
  }

  it('§13.2.1 conditions don\'t count where the answer isn\'t 2xx anyway', async () => {
    const { port } = await start();
    expect((await ask(port, 'GET', '/nothing.mp4', ['If-Match: "x"'])).status).to.equal(404);
    expect((await ask(port, 'DELETE', '/digits.mp4', ['If-Match: "x"'])).status).to.equal(405);
  });

  it('§8.8.2 Last-Modified is the file\'s, in whole seconds', async () => {
    const { port } = await start();
    expect((await ask(port, 'GET', '/digits.mp4')).fields['last-modified']).to.equal(DATE);
  });
});
