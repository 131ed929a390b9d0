// What a shared cache stores (RFC 9111 §3) and under which requests it finds it again (§4.1), one case a line.

import { expect } from 'chai';
import { selectStorage, type StorableResponse } from '../../src/net/http/storable.js';
import { parseVary, variantKey } from '../../src/net/http/vary.js';

type Fields = Readonly<Record<string, string>>;
interface More { readonly method?: string; readonly request?: Fields; readonly status?: number; readonly cookies?: readonly string[] }

function select(fields: Fields, more: More = {}) {
  const { method = 'GET', request = {}, status = 200, cookies = [] } = more;
  const response: StorableResponse = { status, fields, cookies, requestedMs: 0, receivedMs: Date.UTC(2026, 10, 27) };
  return selectStorage({ method, fields: request }, response);
}

const LM = { 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' };
const AUTH = { request: { authorization: 'Basic eA==' } };
const COOKIE = { request: { cookie: 'a=b' } };
const cc = (text: string): Fields => ({ 'cache-control': text });

// 'store', or the reason in the words of Cache-Status' detail.
const CASES: readonly [section: string, fields: Fields, outcome: string, more?: More][] = [
  ['§3 max-age', cc('max-age=1'), 'store'],
  ['§3 s-maxage', cc('s-maxage=1'), 'store'],
  ['§3 Expires', { expires: 'Fri, 27 Nov 2099 12:00:00 GMT' }, 'store'],
  ['§3 a heuristically cacheable status with a Last-Modified', LM, 'store'],
  ['§3 nothing said, and no validator: of no use', {}, 'no-rule'],
  ['§3 nothing said, but an ETag to validate by', { etag: '"a"' }, 'store'],
  ['§4.2.1 stale at once, and no validator', cc('max-age=0'), 'no-rule'],
  ['§4.2.1 stale at once, but an ETag', { ...cc('max-age=0'), etag: '"a"' }, 'store'],
  ['§3 a status that isn\'t, with max-age', cc('max-age=1'), 'store', { status: 302 }],
  ['§3 a status that isn\'t, with a Last-Modified only', LM, 'no-rule', { status: 302 }],
  ['§3 the same, public', { ...LM, ...cc('public') }, 'store', { status: 302 }],
  ['§3 404 with max-age', cc('max-age=1'), 'store', { status: 404 }],
  ['§3 404 without a word', {}, 'no-rule', { status: 404 }],
  ['§3 503 with max-age', cc('max-age=1'), 'store', { status: 503 }],
  ['§3 an unknown status with max-age', cc('max-age=1'), 'store', { status: 299 }],
  ['§3 HEAD', cc('max-age=1'), 'method', { method: 'HEAD' }],
  ['§3 POST', cc('max-age=1'), 'method', { method: 'POST' }],
  ['§3 206 is no response of its own', cc('max-age=1'), 'partial', { status: 206 }],
  ['§3 nor is 304', cc('max-age=1'), 'partial', { status: 304 }],
  ['§5.2.2.5 no-store', cc('max-age=1, no-store'), 'no-store'],
  ['§5.2.2.5 NO-STORE', cc('max-age=1, NO-STORE'), 'no-store'],
  ['§5.2.1.5 no-store in the request', cc('max-age=1'), 'request-no-store', { request: cc('no-store') }],
  ['§5.2.2.7 private', cc('max-age=1, private'), 'private'],
  ['§5.2.2.7 private with public: the stricter', cc('max-age=1, private, public'), 'private'],
  ['§5.2.2.7 private of some fields', { ...cc('max-age=1, private="x-a"'), 'x-a': '1', 'x-b': '2' }, 'store'],
  ['§5.2.2.3 must-understand, and a status that is', cc('max-age=1, must-understand, no-store'), 'store'],
  ['§5.2.2.3 must-understand, and one that isn\'t', cc('max-age=1, must-understand'), 'status-not-understood', { status: 299 }],
  ['§5.2.2.3 both, and one that isn\'t', cc('max-age=1, must-understand, no-store'), 'status-not-understood', { status: 299 }],
  ['§5.2.2.4 no-cache with a validator', { ...cc('no-cache'), etag: '"a"' }, 'store'],
  ['§5.2.2.4 no-cache without', cc('no-cache, max-age=9'), 'no-cache'],
  ['§5.2 what can\'t be read may forbid it', cc('max-age=9; private'), 'malformed-cache-control'],
  ['§3.5 Authorization', cc('max-age=1'), 'authorization', AUTH],
  ['§3.5 Authorization, public', cc('max-age=1, public'), 'store', AUTH],
  ['§3.5 Authorization, must-revalidate', cc('max-age=1, must-revalidate'), 'store', AUTH],
  ['§3.5 Authorization, s-maxage', cc('s-maxage=1'), 'store', AUTH],
  ['§3.5 Authorization, proxy-revalidate is none of the three', cc('max-age=1, proxy-revalidate'), 'authorization', AUTH],
  ['§4.1 Vary: *', { ...cc('max-age=1'), vary: '*' }, 'vary-all'],
  ['§4.1 a * among others', { ...cc('max-age=1'), vary: 'accept, *' }, 'vary-all'],
  ['§4.1 a Vary that can\'t be read', { ...cc('max-age=1'), vary: 'accept encoding' }, 'vary-all'],
  ['§7.3 Set-Cookie', cc('max-age=1'), 'set-cookie', { cookies: ['a=b'] }],
  ['§7.3 Set-Cookie, public', cc('max-age=1, public'), 'set-cookie', { cookies: ['a=b'] }],
  ['§5.2.2.7 Set-Cookie taken out', cc('max-age=1, private="Set-Cookie"'), 'store', { cookies: ['a=b'] }],
  ['§5.2.2.4 Set-Cookie taken out', cc('max-age=1, no-cache="set-cookie"'), 'store', { cookies: ['a=b'] }],
  ['§7.1 a request with a cookie that the origin doesn\'t tell apart', cc('max-age=1'), 'cookie', COOKIE],
  ['§7.1 the same by Expires, or by nothing but a Last-Modified', { ...LM, expires: 'Fri, 27 Nov 2099 12:00:00 GMT' }, 'cookie', COOKIE],
  ['§4.1 and one that it does', { ...cc('max-age=1'), vary: 'Cookie' }, 'store', COOKIE],
  ['§5.2.2.9 a cookie, public', cc('max-age=1, public'), 'store', COOKIE],
  ['§5.2.2.10 a cookie, s-maxage', cc('s-maxage=1'), 'store', COOKIE],
  ['§5.2.2.2 a cookie, must-revalidate: nothing about whose it is', cc('max-age=1, must-revalidate'), 'cookie', COOKIE],
  ['§5.2.2.7 a cookie, public and private: the stricter', cc('max-age=1, public, private'), 'private', COOKIE],
  ['RFC 9213 §3.1 a cookie, max-age for this kind of cache', { ...cc('no-store'), 'cdn-cache-control': 'max-age=1' }, 'store', COOKIE],
  ['RFC 9213 §2.2 a cookie, public only in the field that is out of the matter', { ...cc('public, max-age=1'), 'cdn-cache-control': 'stale-if-error=9' }, 'cookie', COOKIE],
  ['RFC 9213 §2.2 a cookie, malformed: Cache-Control rules', { ...cc('max-age=1'), 'cdn-cache-control': 'max-age=1,' }, 'cookie', COOKIE],
  ['§7.3 a cookie, public, and Set-Cookie', cc('max-age=1, public'), 'set-cookie', { ...COOKIE, cookies: ['a=b'] }],
  ['§3.5 a cookie and Authorization, max-age for this kind of cache', { 'cdn-cache-control': 'max-age=1' }, 'authorization', { request: { cookie: 'a=b', authorization: 'Basic eA==' } }],
  ['RFC 9213 §2.2 the targeted field allows', { ...cc('no-store'), 'cdn-cache-control': 'max-age=1' }, 'store'],
  ['RFC 9213 §2.2 the targeted field forbids', { ...cc('max-age=1'), 'cdn-cache-control': 'no-store' }, 'no-store'],
  ['RFC 9213 §2.2 malformed: Cache-Control rules', { ...cc('no-store'), 'cdn-cache-control': 'max-age=1,' }, 'no-store'],
];

const STORED: readonly [section: string, fields: Fields, left: readonly string[]][] = [
  ['§3.1 all but those of the connection', { 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked', upgrade: 'x', etag: '"a"' }, ['etag']],
  ['§3.1 and those that Connection names', { connection: 'X-Hop, close', 'x-hop': '1', 'x-b': '2' }, ['x-b']],
  ['§3.1 those of a proxy', { 'proxy-authenticate': 'x', 'proxy-authentication-info': 'x', 'proxy-authorization': 'x', 'x-b': '2' }, ['x-b']],
  ['§5.2.2.7 but for those that are private', { 'cache-control': 'max-age=1, private="x-a"', 'x-a': '1', 'x-b': '2' }, ['cache-control', 'x-b']],
  ['§5.2.2.4 and those to be asked for again', { 'cache-control': 'max-age=1, no-cache="x-a"', 'x-a': '1', 'x-b': '2' }, ['cache-control', 'x-b']],
  ['RFC 9110 §6.6.2 trailers aren\'t stored, nor announced', { trailer: 'x-t', 'x-b': '2' }, ['x-b']],
];

const VARY: readonly [section: string, text: string | undefined, names: '*' | readonly string[]][] = [
  ['none', undefined, []],
  ['empty', '', []],
  ['names in any letter case and order', 'User-Agent, accept', ['accept', 'user-agent']],
  ['twice the same', 'Accept, accept', ['accept']],
  ['empty elements', ',accept,,', ['accept']],
  ['*', '*', '*'],
  ['what is no list of names', '"accept"', '*'],
];

const VARIANTS: readonly [section: string, names: string, one: Fields, other: Fields, same: boolean][] = [
  ['the same', 'accept-language', { 'accept-language': 'de' }, { 'accept-language': 'de' }, true],
  ['another', 'accept-language', { 'accept-language': 'de' }, { 'accept-language': 'en' }, false],
  ['fields that aren\'t named', 'accept-language', { 'x-a': '1' }, { 'x-a': '2' }, true],
  ['white space', 'x-a', { 'x-a': 'a,b' }, { 'x-a': 'a , b' }, true],
  ['order, where it says nothing', 'accept-encoding', { 'accept-encoding': 'gzip, br' }, { 'accept-encoding': 'br,gzip' }, true],
  ['letter case, where it says nothing', 'accept-encoding', { 'accept-encoding': 'GZIP; q=0.5' }, { 'accept-encoding': 'gzip;q=0.5' }, true],
  ['order elsewhere', 'x-a', { 'x-a': 'a, b' }, { 'x-a': 'b, a' }, false],
  ['letter case elsewhere', 'x-a', { 'x-a': 'a' }, { 'x-a': 'A' }, false],
  ['absent in both', 'x-a', {}, {}, true],
  ['absent in one', 'x-a', {}, { 'x-a': 'a' }, false],
  ['absent is not empty', 'x-a', {}, { 'x-a': '' }, false],
  ['all of several', 'x-a, x-b', { 'x-a': '1', 'x-b': '1' }, { 'x-a': '1', 'x-b': '2' }, false],
  ['no value passes for two fields', 'x-a, x-b', { 'x-a': '1\nx-b: 2' }, { 'x-a': '1', 'x-b': '2' }, false],
  ['a comma in quotes', 'x-a', { 'x-a': '"a, b"' }, { 'x-a': '"a,b"' }, false],
];

describe('storing (RFC 9111 §3)', () => {
  for (const [section, fields, outcome, more] of CASES) {
    it(`${section} → ${outcome}`, () => {
      const storage = select(fields, more);
      expect(storage.kind === 'store' ? 'store' : storage.why).to.equal(outcome);
    });
  }
  for (const [section, fields, left] of STORED) {
    it(section, () => {
      const storage = select({ ...fields, ...(fields['cache-control'] === undefined ? { etag: '"a"' } : {}) });
      expect(storage.kind === 'store' && Object.keys(storage.fields).filter((name) => name !== 'etag' || left.includes('etag')).sort()).to.deep.equal([...left].sort());
    });
  }
});

describe('Vary (RFC 9111 §4.1)', () => {
  for (const [section, text, names] of VARY) it(`names: ${section}`, () => expect(parseVary(text)).to.deep.equal(names));
  for (const [section, names, one, other, same] of VARIANTS) {
    it(`${same ? 'same' : 'apart'}: ${section}`, () => {
      const vary = parseVary(names);
      if (vary === '*') throw new Error('no names');
      expect(variantKey(vary, one) === variantKey(vary, other)).to.equal(same);
    });
  }
});
