// Cache-Control (RFC 9111 §5.2, §1.2.2) and CDN-Cache-Control (RFC 9213), one case a line.

import { expect } from 'chai';
import fc from 'fast-check';
import { directivesOf, NO_DIRECTIVES, parseCacheControl, parseTargetedCacheControl, type CacheDirectives } from '../../src/net/http/cache-control.js';

type Said = Partial<CacheDirectives>;
const set = (...names: string[]): ReadonlySet<string> => new Set(names);

const CASES: readonly [section: string, text: string, said: Said][] = [
  ['§5.2 nothing', '', {}],
  ['§5.2 one directive', 'no-store', { noStore: true }],
  ['§5.2 names are case-insensitive', 'NO-STORE, Max-Age=5', { noStore: true, maxAge: 5 }],
  ['RFC 9110 §5.6.1.2 empty elements', ', ,no-store,, public ,', { noStore: true, public: true }],
  ['§5.2 white space around commas', 'public\t,\tmax-age=1', { public: true, maxAge: 1 }],
  ['§5.2 a quoted argument says the same', 'max-age="60"', { maxAge: 60 }],
  ['RFC 9110 §5.6.4 a quoted pair', String.raw`max-age="6\0"`, { maxAge: 60 }],
  ['§1.2.2 leading zeros', 'max-age=007', { maxAge: 7 }],
  ['§1.2.2 too many to count', 'max-age=99999999999999999999', { maxAge: 2_147_483_648 }],
  ['§4.2.1 no number', 'max-age=soon', { maxAge: 'invalid' }],
  ['§4.2.1 below 0', 'max-age=-1', { maxAge: 'invalid' }],
  ['§4.2.1 a fraction', 'max-age=1.5', { maxAge: 'invalid' }],
  ['§4.2.1 a number and more', 'max-age=1s', { maxAge: 'invalid' }],
  ['§4.2.1 a space within the quotes', 'max-age=" 1"', { maxAge: 'invalid' }],
  ['§4.2.1 without its argument', 'max-age', { maxAge: 'invalid' }],
  ['§4.2.1 an empty argument', 'max-age=""', { maxAge: 'invalid' }],
  ['§4.2.1 twice the same', 'max-age=5, max-age=5', { maxAge: 5 }],
  ['§4.2.1 twice, and different', 'max-age=5, max-age=6', { maxAge: 'invalid' }],
  ['§4.2.1 the second is no number', 'max-age=5, max-age=x', { maxAge: 'invalid' }],
  ['§4.2.1 s-maxage twice', 's-maxage=5, s-maxage=0', { sMaxage: 'invalid' }],
  ['§5.2.2.10', 's-maxage=9', { sMaxage: 9 }],
  ['§5.2.2.4 no-cache', 'no-cache', { noCache: '*' }],
  ['§5.2.2.4 of some fields', 'no-cache="Set-Cookie, X-A"', { noCache: set('set-cookie', 'x-a') }],
  ['§5.2.2.4 as a token', 'no-cache=Set-Cookie', { noCache: set('set-cookie') }],
  ['§5.2.2.4 of no field: of all', 'no-cache=""', { noCache: '*' }],
  ['§5.2.2.4 of what is no field name: of all', 'no-cache="a b"', { noCache: '*' }],
  ['§5.2.2.4 with and without: of all', 'no-cache="a", no-cache', { noCache: '*' }],
  ['§5.2.2.4 twice: of both', 'no-cache="a", no-cache="b"', { noCache: set('a', 'b') }],
  ['§5.2.2.7 private', 'private', { private: '*' }],
  ['§5.2.2.7 of some fields', 'private="set-cookie"', { private: set('set-cookie') }],
  ['§5.2.2.5 an argument changes nothing', 'no-store=x', { noStore: true }],
  ['§5.2.2.2', 'must-revalidate', { mustRevalidate: true }],
  ['§5.2.2.8', 'proxy-revalidate', { proxyRevalidate: true }],
  ['§5.2.2.3', 'must-understand, no-store', { mustUnderstand: true, noStore: true }],
  ['§5.2.2.6', 'no-transform', { noTransform: true }],
  ['RFC 8246 §2', 'max-age=1, immutable', { maxAge: 1, immutable: true }],
  ['RFC 5861 §3', 'stale-while-revalidate=30', { staleWhileRevalidate: 30 }],
  ['RFC 5861 §4', 'stale-if-error=30', { staleIfError: 30 }],
  ['RFC 5861 §3 no number', 'stale-while-revalidate', { staleWhileRevalidate: 'invalid' }],
  ['§5.2.1.2 max-stale of any age', 'max-stale', { maxStale: 'any' }],
  ['§5.2.1.2 max-stale', 'max-stale=10', { maxStale: 10 }],
  ['§5.2.1.3', 'min-fresh=10', { minFresh: 10 }],
  ['§5.2.1.7', 'only-if-cached', { onlyIfCached: true }],
  ['§5.2.3 unknown directives', 'community="UCI", x, constructor, __proto__=1, public', { public: true }],
  ['§5.2 a comma in quotes doesn\'t separate', 'x="a, no-store", public', { public: true }],
  ['§5.2 an escaped quote doesn\'t end', String.raw`x="a\", no-store", public`, { public: true }],
  ['§5.2 a prefix is another name', 'no-storeage, xno-store', {}],

  ['§5.2 a space before "="', 'max-age =5', { malformed: true }],
  ['§5.2 a space after "="', 'max-age= 5', { malformed: true }],
  ['§5.2 nothing after "="', 'max-age=', { malformed: true }],
  ['§5.2 semicolons', 'max-age=5; public', { malformed: true }],
  ['§5.2 what can be read still counts', 'max-age=5; public, no-store', { malformed: true, noStore: true }],
  ['§5.2 quotes that don\'t end', 'public, x="a, no-store', { malformed: true, public: true }],
  ['§5.2 single quotes', "max-age='5'", { maxAge: 'invalid' }],
  ['§5.2 more after the quotes', 'private="a"b', { malformed: true }],
  ['§5.2 two words', 'no store', { malformed: true }],
  ['§5.2 beyond a token', 'no-störe', { malformed: true }],
];

const TARGETED: readonly [section: string, text: string, said: Said | undefined][] = [
  ['§2.1 directives', 'max-age=60, no-cache', { maxAge: 60, noCache: '*' }],
  ['§2.1 parameters are passed over', 'max-age=60;ext=1', { maxAge: 60 }],
  ['§2.1 false isn\'t given', 'max-age=60, no-store=?0', { maxAge: 60 }],
  ['§2.1 true is', 'no-store=?1', { noStore: true }],
  ['§2.1 a string is no number of seconds', 'max-age="60"', { maxAge: 'invalid' }],
  ['§2.1 nor is a decimal', 'max-age=60.0', { maxAge: 'invalid' }],
  ['§2.1 nor a key alone', 'max-age', { maxAge: 'invalid' }],
  ['§2.1 below 0', 'max-age=-1', { maxAge: 'invalid' }],
  ['RFC 9651 §4.2.2 the last of two counts', 'max-age=1, max-age=2', { maxAge: 2 }],
  ['§2.1 unknown directives', 'x=1, max-age=2', { maxAge: 2 }],
  ['§2.1 a list of names', 'private=("set-cookie" x)', { private: set('set-cookie', 'x') }],
  ['§2.1 names as a string', 'private="set-cookie, x"', { private: set('set-cookie', 'x') }],
  ['§2.2 empty: ignored', '', undefined],
  ['§2.2 malformed: ignored whole', 'no-store, max-age=60;', undefined],
  ['§2.2 an upper-case name is malformed', 'No-Store', undefined],
  ['§2.2 a comma at the end', 'no-store,', undefined],
];

const PRECEDENCE: readonly [section: string, fields: Record<string, string>, said: Said, targeted: boolean][] = [
  ['§2.2 the targeted field alone counts', { 'cdn-cache-control': 'max-age=1', 'cache-control': 'no-store' }, { maxAge: 1 }, true],
  ['§2.2 where it is malformed, Cache-Control rules again', { 'cdn-cache-control': 'max-age=1,', 'cache-control': 'no-store' }, { noStore: true }, false],
  ['§2.2 also where it is empty', { 'cdn-cache-control': '', 'cache-control': 'max-age=2' }, { maxAge: 2 }, false],
  ['§2.2 without either', {}, {}, false],
];

describe('Cache-Control (RFC 9111 §5.2)', () => {
  for (const [section, text, said] of CASES) it(`${section}: ${JSON.stringify(text)}`, () => expect(parseCacheControl(text)).to.deep.equal({ ...NO_DIRECTIVES, ...said }));

  it('no text makes it throw, or hides a no-store that stands before it', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ax1=;,"\\ \t\u00e9'), maxLength: 40 }), (text) => {
      expect(parseCacheControl(`no-store, ${text}`).noStore).to.equal(true);
    }));
  });
});

describe('CDN-Cache-Control (RFC 9213)', () => {
  for (const [section, text, said] of TARGETED) it(`${section}: ${JSON.stringify(text)}`, () => expect(parseTargetedCacheControl(text)).to.deep.equal(said && { ...NO_DIRECTIVES, ...said }));
  for (const [section, fields, said, targeted] of PRECEDENCE) it(section, () => expect(directivesOf(fields)).to.deep.equal({ directives: { ...NO_DIRECTIVES, ...said }, targeted }));
});
