// HTTP-date, RFC 9110 §5.6.7.

import { expect } from 'chai';
import fc from 'fast-check';
import { formatHttpDate, parseHttpDate } from '../../src/net/http/date.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const EXAMPLE_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

const CASES: readonly [what: string, text: string, ms: number | undefined][] = [
  ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE_MS],
  ['rfc850-date', 'Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE_MS],
  ['asctime-date', 'Sun Nov  6 08:49:37 1994', EXAMPLE_MS],
  ['asctime-date of a day with two digits', 'Wed Nov 16 08:49:37 1994', Date.UTC(1994, 10, 16, 8, 49, 37)],
  ['29 February of a leap year', 'Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
  ['29 February of another', 'Wed, 29 Feb 2023 00:00:00 GMT', undefined],
  ['29 February 1900', 'Thu, 29 Feb 1900 00:00:00 GMT', undefined],
  ['a leap second', 'Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
  ['second 61', 'Sat, 31 Dec 2016 23:59:61 GMT', undefined],
  ['hour 24', 'Sat, 31 Dec 2016 24:00:00 GMT', undefined],
  ['minute 60', 'Sat, 31 Dec 2016 23:60:00 GMT', undefined],
  ['day 0', 'Sun, 00 Nov 1994 08:49:37 GMT', undefined],
  ['31 November', 'Sun, 31 Nov 1994 08:49:37 GMT', undefined],
  ['a year before 100 is that year', 'Mon, 01 Jan 0001 00:00:00 GMT', -62_135_596_800_000],
  ['a weekday that doesn\'t fit is let pass', 'Mon, 06 Nov 1994 08:49:37 GMT', EXAMPLE_MS],
  ['a weekday that doesn\'t exist', 'Xyz, 06 Nov 1994 08:49:37 GMT', undefined],
  ['names are case-sensitive', 'sun, 06 nov 1994 08:49:37 gmt', undefined],
  ['one digit for the day', 'Sun, 6 Nov 1994 08:49:37 GMT', undefined],
  ['another zone', 'Sun, 06 Nov 1994 08:49:37 UTC', undefined],
  ['an offset', 'Sun, 06 Nov 1994 08:49:37 +0000', undefined],
  ['no zone', 'Sun, 06 Nov 1994 08:49:37', undefined],
  ['ISO 8601', '1994-11-06T08:49:37Z', undefined],
  ['seconds since 1970', '784111777', undefined],
  ['space before', ' Sun, 06 Nov 1994 08:49:37 GMT', undefined],
  ['text after', 'Sun, 06 Nov 1994 08:49:37 GMT;', undefined],
  ['a line after', 'Sun, 06 Nov 1994 08:49:37 GMT\n', undefined],
  ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT', undefined],
  ['a short weekday in rfc850-date', 'Sun, 06-Nov-94 08:49:37 GMT', undefined],
  ['nothing', '', undefined],
  ['two digits, 50 years ahead to the second', 'Sunday, 22-Nov-76 12:00:00 GMT', Date.UTC(2076, 10, 22, 12)],
  ['two digits, more than 50 years ahead: the past', 'Sunday, 22-Nov-76 12:00:01 GMT', Date.UTC(1976, 10, 22, 12, 0, 1)],
  ['two digits, this year', 'Sunday, 22-Nov-26 12:00:00 GMT', NOW_MS],
  ['two digits, 29 February 2000', 'Tuesday, 29-Feb-00 00:00:00 GMT', Date.UTC(2000, 1, 29)],
];

describe('HTTP-date, RFC 9110 §5.6.7', () => {
  for (const [what, text, ms] of CASES) it(`${what}: ${JSON.stringify(text)}`, () => expect(parseHttpDate(text, NOW_MS)).to.equal(ms));

  it('two digits are next century\'s when that is no more than 50 years ahead', () => {
    expect(parseHttpDate('Friday, 01-Jan-05 00:00:00 GMT', Date.UTC(2080, 0, 1))).to.equal(Date.UTC(2105, 0, 1));
  });

  it('only IMF-fixdate is sent, and parts of a second are cut off', () => {
    expect(formatHttpDate(EXAMPLE_MS + 999)).to.equal('Sun, 06 Nov 1994 08:49:37 GMT');
  });

  it('what is sent is read back', () => {
    const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
    fc.assert(fc.property(seconds, (second) => parseHttpDate(formatHttpDate(second * 1000), NOW_MS) === second * 1000));
  });
});
