// Freshness and age (RFC 9111 §4.2), stale answers (§4.2.4, RFC 5861) and what a client may wish
// (§5.2.1), one case a line. Times in seconds.

import { expect } from 'chai';
import { formatHttpDate } from '../../src/net/http/date.js';
import { currentAge, freshnessLifetime, judgeFreshness, shelfLifeOf, type FreshnessRule, type TimedResponse } from '../../src/net/http/freshness.js';

const NOW_MS = Date.UTC(2026, 10, 27, 12);
const at = (seconds: number): string => formatHttpDate(NOW_MS + seconds * 1000);
type Fields = Readonly<Record<string, string>>;

function response(fields: Fields, status = 200, delaySeconds = 0): TimedResponse {
  return { status, fields, requestedMs: NOW_MS - delaySeconds * 1000, receivedMs: NOW_MS };
}

const LIFETIMES: readonly [section: string, fields: Fields, seconds: number, rule: FreshnessRule, status?: number][] = [
  ['§4.2.1 nothing said: not fresh', {}, 0, 'none'],
  ['§4.2.1 max-age', { 'cache-control': 'max-age=60' }, 60, 'max-age'],
  ['§4.2.1 s-maxage comes first', { 'cache-control': 'max-age=60, s-maxage=10' }, 10, 's-maxage'],
  ['§4.2.1 s-maxage comes first, in any order', { 'cache-control': 's-maxage=10, max-age=60' }, 10, 's-maxage'],
  ['§4.2.1 an invalid s-maxage is not passed over', { 'cache-control': 's-maxage=x, max-age=60' }, 0, 's-maxage'],
  ['§5.3 max-age comes before Expires', { 'cache-control': 'max-age=60', expires: at(600), date: at(0) }, 60, 'max-age'],
  ['§5.3 even when it is 0', { 'cache-control': 'max-age=0', expires: at(600), date: at(0) }, 0, 'max-age'],
  ['§4.2.1 Expires less Date', { expires: at(60), date: at(-40) }, 100, 'Expires'],
  ['§4.2.1 without Date, from when it came', { expires: at(60) }, 60, 'Expires'],
  ['§4.2.1 a Date that is none', { expires: at(60), date: 'yesterday' }, 60, 'Expires'],
  ['§5.3 in the past', { expires: at(-60), date: at(0) }, 0, 'Expires'],
  ['§5.3 "0" is in the past', { expires: '0', date: at(0), 'last-modified': at(-1000) }, 0, 'Expires'],
  ['§5.3 no date is in the past', { expires: 'Thu, 99 Nov 2099 12:00:00 GMT', date: at(0) }, 0, 'Expires'],
  ['§5.3 empty is in the past', { expires: '' }, 0, 'Expires'],
  ['§5.3 two of them are no date', { expires: `${at(60)}, ${at(60)}` }, 0, 'Expires'],
  ['RFC 9110 §5.6.7 another zone is no date', { expires: at(60).replace('GMT', 'UTC') }, 0, 'Expires'],
  ['RFC 9110 §5.6.7 the form of RFC 850', { expires: 'Friday, 27-Nov-26 12:01:00 GMT', date: at(0) }, 60, 'Expires'],
  ['RFC 9110 §5.6.7 the form of asctime', { expires: 'Fri Nov 27 12:01:00 2026', date: at(0) }, 60, 'Expires'],
  ['RFC 9213 §2.2 targeted', { 'cdn-cache-control': 'max-age=7', 'cache-control': 'max-age=60', expires: at(600) }, 7, 'CDN-Cache-Control'],
  ['RFC 9213 §2.2 a targeted field puts Expires out of the matter', { 'cdn-cache-control': 'public', expires: at(600) }, 0, 'none'],
  ['RFC 9213 §2.2 malformed', { 'cdn-cache-control': 'max-age=7;;', 'cache-control': 'max-age=60' }, 60, 'max-age'],

  ['§4.2.2 a tenth of the time since the last change', { 'last-modified': at(-1000), date: at(0) }, 100, 'heuristic'],
  ['§4.2.2 at most a day', { 'last-modified': at(-100 * 86_400), date: at(0) }, 86_400, 'heuristic'],
  ['§4.2.2 changed later than sent', { 'last-modified': at(10), date: at(0) }, 0, 'none'],
  ['§4.2.2 a Last-Modified that is no date', { 'last-modified': 'x' }, 0, 'none'],
  ['§4.2.2 only without an explicit time', { 'last-modified': at(-1000), 'cache-control': 'max-age=x' }, 0, 'max-age'],
  ['§4.2.2 404 is heuristically cacheable', { 'last-modified': at(-100), date: at(0) }, 10, 'heuristic', 404],
  ['§4.2.2 302 isn\'t', { 'last-modified': at(-1000), date: at(0) }, 0, 'none', 302],
  ['§4.2.2 unless it is public', { 'last-modified': at(-1000), date: at(0), 'cache-control': 'public' }, 100, 'heuristic', 302],
  ['§4.2 404 for as long as it says', { 'cache-control': 'max-age=5' }, 5, 'max-age', 404],
  ['§4.2 404 for a minute at most', { 'cache-control': 'max-age=500' }, 60, 'max-age', 404],
  ['§4.2 500 for a minute at most', { 'cache-control': 's-maxage=500' }, 60, 's-maxage', 500],
];

const AGES: readonly [section: string, fields: Fields, delay: number, later: number, seconds: number][] = [
  ['§4.2.3 just made', { date: at(0) }, 0, 0, 0],
  ['§4.2.3 resident time', { date: at(0) }, 0, 30, 30],
  ['§4.2.3 apparent age', { date: at(-10) }, 0, 30, 40],
  ['§4.2.3 a Date in the future', { date: at(100) }, 0, 30, 30],
  ['§4.2.3 Age', { date: at(0), age: '20' }, 0, 30, 50],
  ['§4.2.3 Age and the time on the way', { date: at(0), age: '20' }, 3, 30, 53],
  ['§4.2.3 the larger of the two', { date: at(-100), age: '20' }, 3, 30, 130],
  ['§5.1 the first of several', { date: at(0), age: '20, 90' }, 0, 0, 20],
  ['§5.1 no number', { date: at(0), age: 'old' }, 0, 0, 0],
  ['§5.1 below 0', { date: at(0), age: '-5' }, 0, 0, 0],
  ['§5.1 a fraction', { date: at(0), age: '7.5' }, 0, 0, 0],
  ['§4.2.3 a clock that was set back', { date: at(0), age: '20' }, 0, -500, 20],
];

type Verdict = 'fresh' | 'later' | 'validate' | 'or stale';
// `age` seconds after it was made; a lifetime of 60. 'or stale': to be validated, and served where that fails.
const USES: readonly [section: string, age: number, stored: string, request: string | undefined, verdict: Verdict][] = [
  ['§4.2 fresh', 59, '', undefined, 'fresh'],
  ['§4.2 an age that equals the lifetime is stale', 60, '', undefined, 'validate'],
  ['§4.2.4 never stale without leave', 61, '', undefined, 'validate'],
  ['§5.2.2.4 no-cache', 0, 'no-cache', undefined, 'validate'],
  ['§5.2.2.4 no-cache is not served on errors', 0, 'no-cache, stale-if-error=99', undefined, 'validate'],
  ['§5.2.2.4 of some fields: they aren\'t stored, the rest is', 0, 'no-cache="set-cookie"', undefined, 'fresh'],
  ['RFC 5861 §3', 89, 'stale-while-revalidate=30', undefined, 'later'],
  ['RFC 5861 §3 at its end', 90, 'stale-while-revalidate=30', undefined, 'later'],
  ['RFC 5861 §3 past its end', 91, 'stale-while-revalidate=30', undefined, 'validate'],
  ['RFC 5861 §3 no number', 61, 'stale-while-revalidate', undefined, 'validate'],
  ['RFC 5861 §4', 90, 'stale-if-error=30', undefined, 'or stale'],
  ['RFC 5861 §4 past its end', 91, 'stale-if-error=30', undefined, 'validate'],
  ['RFC 5861 both', 75, 'stale-while-revalidate=10, stale-if-error=30', undefined, 'or stale'],
  ['§5.2.2.2 must-revalidate forbids', 61, 'must-revalidate, stale-while-revalidate=30, stale-if-error=30', undefined, 'validate'],
  ['§5.2.2.8 so does proxy-revalidate', 61, 'proxy-revalidate, stale-while-revalidate=30', undefined, 'validate'],
  ['§5.2.2.10 so does s-maxage', 61, 's-maxage=60, stale-while-revalidate=30', undefined, 'validate'],
  ['§5.2.1.4 no-cache', 1, '', 'no-cache', 'or stale'],
  ['§5.2.1.1 max-age', 10, '', 'max-age=9', 'or stale'],
  ['§5.2.1.1 max-age of just that age', 10, '', 'max-age=10', 'fresh'],
  ['§5.2.1.1 what is no number is no wish', 10, '', 'max-age=x', 'fresh'],
  ['§5.2.1.3 min-fresh', 50, '', 'min-fresh=11', 'or stale'],
  ['§5.2.1.3 min-fresh that there is', 50, '', 'min-fresh=10', 'fresh'],
  ['§5.2.1.2 max-stale', 65, '', 'max-stale=5', 'fresh'],
  ['§5.2.1.2 staler than that', 66, '', 'max-stale=5', 'validate'],
  ['§5.2.1.2 of any age', 9999, '', 'max-stale', 'fresh'],
  ['§5.2.1.2 not against must-revalidate', 61, 'must-revalidate', 'max-stale', 'validate'],
  ['§5.2.1.2 nor against s-maxage', 61, 's-maxage=60', 'max-stale', 'validate'],
  ['§5.2.1.1 max-age beside max-stale', 65, '', 'max-age=0, max-stale', 'validate'],
  ['RFC 8246 §2.1 max-age=0 of a reload', 10, 'immutable', 'max-age=0', 'fresh'],
  ['RFC 8246 §2.1 no-cache all the same', 10, 'immutable', 'no-cache', 'or stale'],
  ['RFC 8246 §2 not once it is stale', 61, 'immutable', undefined, 'validate'],
];

describe('freshness (RFC 9111 §4.2)', () => {
  for (const [section, fields, seconds, rule, status] of LIFETIMES) {
    it(`lifetime: ${section}`, () => expect(freshnessLifetime(response(fields, status))).to.deep.equal({ ms: seconds * 1000, rule }));
  }
  for (const [section, fields, delay, later, seconds] of AGES) {
    it(`age: ${section}`, () => expect(currentAge(response(fields, 200, delay), NOW_MS + later * 1000) / 1000).to.equal(seconds));
  }
  for (const [section, age, stored, request, verdict] of USES) {
    it(`use: ${section}`, () => {
      const cacheControl = ['max-age=60', stored].filter((part) => part !== '').join(', ');
      const life = shelfLifeOf(response({ 'cache-control': cacheControl, date: at(0) }));
      const judged = judgeFreshness(life, request === undefined ? {} : { 'cache-control': request }, NOW_MS + age * 1000);
      const said = judged.kind === 'revalidate-later' ? 'later' : judged.kind === 'fresh' ? 'fresh' : judged.why === 'stale' && judged.mayServeOnError ? 'or stale' : judged.why === 'request' ? 'or stale' : 'validate';
      expect(said).to.equal(verdict);
      expect(judged.ttlMs).to.equal((60 - age) * 1000);
    });
  }

  it('§5.4 Pragma: no-cache counts where there is no Cache-Control', () => {
    const life = shelfLifeOf(response({ 'cache-control': 'max-age=60', date: at(0) }));
    expect(judgeFreshness(life, { pragma: 'no-cache' }, NOW_MS).kind).to.equal('validate');
    expect(judgeFreshness(life, { pragma: 'no-cache', 'cache-control': 'min-fresh=1' }, NOW_MS).kind).to.equal('fresh');
  });

  it('§5.2.1.4 where the origin is gone, what the client wanted validated may be served if it is still fresh, but not against no-cache', () => {
    const life = shelfLifeOf(response({ 'cache-control': 'max-age=60', date: at(0) }));
    expect(judgeFreshness(life, { 'cache-control': 'max-age=0' }, NOW_MS + 1000)).to.include({ kind: 'validate', why: 'request', mayServeOnError: true });
    expect(judgeFreshness(life, { 'cache-control': 'no-cache' }, NOW_MS + 1000)).to.include({ kind: 'validate', why: 'request', mayServeOnError: false });
  });
});
