// HTTP-date (RFC 9110 §5.6.7): text <-> milliseconds since 1970-01-01 UTC, always whole seconds.

export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(${MONTHS.join('|')})`;
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const TIME = String.raw`(\d{2}):(\d{2}):(\d{2})`;

const IMF_FIXDATE = new RegExp(String.raw`^${DAY}, (\d{2}) ${MONTH} (\d{4}) ${TIME} GMT$`);
const RFC850_DATE = new RegExp(String.raw`^${LONG_DAY}, (\d{2})-${MONTH}-(\d{2}) ${TIME} GMT$`);
const ASCTIME_DATE = new RegExp(String.raw`^${DAY} ${MONTH} (\d{2}| \d) ${TIME} (\d{4})$`);

interface Parts {
  readonly year: number;
  readonly month: string | undefined;
  readonly day: string | undefined;
  readonly time: readonly (string | undefined)[];
}

function toMs({ year, month, day, time }: Parts): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  if (hour > 23 || minute > 59 || second > 60) return undefined; // §5.6.7: 60 is a leap second
  const date = new Date(0);
  // Unlike Date.UTC, this doesn't take the years 0-99 for 1900-1999.
  date.setUTCFullYear(year, MONTHS.indexOf(month ?? ''), Number(day));
  if (date.getUTCDate() !== Number(day)) return undefined; // 31 February
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** §5.6.7: a two-digit year that would be more than 50 years ahead is the latest past one with these digits. */
function fromTwoDigitYear(digits: number, rest: Omit<Parts, 'year'>, nowMs: number): number | undefined {
  const limit = new Date(nowMs);
  const thisYear = limit.getUTCFullYear();
  limit.setUTCFullYear(thisYear + 50);
  for (const century of [100, 0, -100]) {
    const ms = toMs({ year: thisYear - (thisYear % 100) + century + digits, ...rest });
    if (ms !== undefined && ms <= limit.getTime()) return ms;
  }
  return undefined;
}

/**
 * All three forms (§5.6.7: a recipient must accept them); undefined if the text is none of them or
 * no such day or time exists. The day's name must be one, but need not fit the date: the section
 * asks recipients to be robust. `nowMs` gives a two-digit year its century.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const fixdate = IMF_FIXDATE.exec(text);
  if (fixdate) {
    const [, day, month, year, ...time] = fixdate;
    return toMs({ year: Number(year), month, day, time });
  }
  const asctime = ASCTIME_DATE.exec(text);
  if (asctime) {
    const [, month, day, hour, minute, second, year] = asctime;
    return toMs({ year: Number(year), month, day, time: [hour, minute, second] });
  }
  const rfc850 = RFC850_DATE.exec(text);
  if (rfc850) {
    const [, day, month, year, ...time] = rfc850;
    return fromTwoDigitYear(Number(year), { month, day, time }, nowMs);
  }
  return undefined;
}

/** IMF-fixdate, the only form that may be sent; parts of a second are cut off. */
export function formatHttpDate(ms: number): string {
  // ECMA-262 fixes toUTCString's form, and it is IMF-fixdate for the years 0-9999.
  return new Date(ms).toUTCString();
}
