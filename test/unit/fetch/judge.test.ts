import { expect } from 'chai';
import { judge, type Wanted } from '../../../src/fetch/judge.js';
import type { Version } from '../../../src/fetch/version.js';

const HELD: Version = { etag: '"1"', length: 100, sha256: undefined };
const A = Buffer.alloc(32, 1);
const DIGEST = `sha-256=:${A.toString('base64')}:`;
const rest: Wanted = { range: { firstPos: 40, lastPos: undefined }, version: HELD };

/** RFC 9110: a 206 is of the range that was asked for; a validator says of which version. */
describe('fetch: what an answer to a range request is worth', () => {
  const CASES: readonly [string, number, Readonly<Record<string, string>>, Wanted, string][] = [
    ['§15.3.7 the rest, as asked', 206, { etag: '"1"', 'content-range': 'bytes 40-99/100', 'content-length': '60' }, rest, 'fits 40-99'],
    ['§14.2 less than asked, from where it was asked', 206, { etag: '"1"', 'content-range': 'bytes 40-49/100' }, rest, 'fits 40-49'],
    ['§14.4 a complete length that nobody knows', 206, { etag: '"1"', 'content-range': 'bytes 40-49/*' }, rest, 'fits 40-49'],
    ['§15.3.7 another range than asked', 206, { etag: '"1"', 'content-range': 'bytes 41-99/100' }, rest, 'lies'],
    ['§15.3.7 more than asked', 206, { etag: '"1"', 'content-range': 'bytes 40-99/100' }, { range: { firstPos: 40, lastPos: 50 }, version: HELD }, 'lies'],
    ['§8.6 a length that is not the range’s', 206, { etag: '"1"', 'content-range': 'bytes 40-99/100', 'content-length': '59' }, rest, 'lies'],
    ['§15.3.7.1 no Content-Range', 206, { etag: '"1"' }, rest, 'lies'],
    ['§14.4 a Content-Range that is none', 206, { etag: '"1"', 'content-range': 'bytes 99-40/100' }, rest, 'lies'],
    ['§15.3.7.2 several parts for one range', 206, { etag: '"1"', 'content-type': 'multipart/byteranges; boundary=x' }, rest, 'lies'],
    ['§15.3.7 a part that nobody asked for', 206, { etag: '"1"', 'content-range': 'bytes 0-99/100' }, { range: undefined, version: HELD }, 'lies'],
    ['§8.8.3.2 another ETag', 206, { etag: '"2"', 'content-range': 'bytes 40-99/100' }, rest, 'other-version'],
    ['§8.8.1 a weak ETag proves nothing', 206, { etag: 'W/"1"', 'content-range': 'bytes 40-99/100' }, rest, 'other-version'],
    ['no ETag at all', 206, { 'content-range': 'bytes 40-99/100' }, rest, 'other-version'],
    ['another complete length', 206, { etag: '"1"', 'content-range': 'bytes 40-99/101' }, rest, 'other-version'],
    ['RFC 9530 §3 another ETag and the same digest', 206, { etag: '"2"', 'repr-digest': DIGEST, 'content-range': 'bytes 40-99/100' }, { ...rest, version: { ...HELD, sha256: A.toString('hex') } }, 'fits 40-99'],
    ['RFC 9530 §3 the same ETag and another digest', 206, { etag: '"1"', 'repr-digest': DIGEST, 'content-range': 'bytes 40-99/100' }, { ...rest, version: { ...HELD, sha256: '00' } }, 'other-version'],
    ['§14.2 the whole to a request for a range, of the same version', 200, { etag: '"1"', 'content-length': '100' }, rest, 'fits 0-99'],
    ['§13.1.5 the whole to a request for a range, of another version', 200, { etag: '"2"', 'content-length': '100' }, rest, 'other-version'],
    ['§15.5.17 no such range any more', 416, { 'content-range': 'bytes */30' }, rest, 'other-version'],
    ['§15.5.17 no such range, and none was asked for', 416, {}, { range: undefined, version: undefined }, 'lies'],
    ['the last octets', 206, { 'content-range': 'bytes 90-99/100' }, { range: { suffix: 10 }, version: undefined }, 'fits 90-99'],
    ['§14.1.2 a suffix longer than all there is', 206, { 'content-range': 'bytes 0-99/100' }, { range: { suffix: 1000 }, version: undefined }, 'fits 0-99'],
    ['other octets than the last', 206, { 'content-range': 'bytes 80-89/100' }, { range: { suffix: 10 }, version: undefined }, 'lies'],
    ['the whole, its length unsaid', 200, {}, { range: undefined, version: undefined }, 'fits 0-'],
  ];
  for (const [what, status, fields, wanted, expected] of CASES) {
    it(`${what}: ${expected}`, () => {
      const found = judge(status, fields, wanted);
      expect(found.kind === 'fits' ? `fits ${found.firstPos}-${found.lastPos ?? ''}` : found.kind).to.equal(expected);
    });
  }
});
