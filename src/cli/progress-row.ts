// One row of progress, laid out for the columns there are: what is told first goes last.

import { formatBytes, formatDuration, formatRate } from '../base/units.js';
import { columnsOf, cutEnd, cutMiddle } from './columns.js';

export interface RowFacts {
  /** From the longest to the shortest, each with the name in it. */
  readonly heads: readonly ((name: string) => string)[];
  readonly name: string;
  /** How much is here, an earlier run's part of it too; `total` undefined: nobody says how much there will be. */
  readonly bytes: number;
  readonly total: number | undefined;
  /** undefined before anything can be said of it. */
  readonly bytesPerSecond: number | undefined;
  /** Its time left, or for how long it has been waited for: "3 s left", "waiting for 4 s". */
  readonly time: string | undefined;
  readonly store: string | undefined;
}

const BAR = { least: 5, most: 20 } as const;
const LEAST_NAME = 10;
/** Room for the longest that is likely, so that the bar does not change its length. */
const ROOM = { percent: ' 100%'.length, size: ' | 999 MB'.length, rate: ' | 999 MB/s'.length, time: ' | 59m 59s left'.length } as const;

export function percentOf(bytes: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.floor((bytes * 100) / total));
}

function drawBar(share: number, columns: number): string {
  const full = Math.round(share * columns);
  return '█'.repeat(full) + '░'.repeat(columns - full);
}

/** How long it takes yet, at this rate; undefined when nobody can know. */
export function timeLeft(bytes: number, total: number | undefined, bytesPerSecond: number | undefined): string | undefined {
  if (total === undefined || bytesPerSecond === undefined || bytesPerSecond <= 0) return undefined;
  const ms = Math.ceil((total - bytes) / bytesPerSecond) * 1000;
  return ms >= 360_000_000 ? 'more than 99h left' : `${ms >= 3_600_000 ? `${Math.floor(ms / 3_600_000)}h ${Math.round((ms % 3_600_000) / 60_000)}m` : formatDuration(Math.max(1000, ms)).replace('.0 s', ' s')} left`;
}

/**
 * `Receiving video1 contents now.. ████████░░░░ 42% | 1.2 MB | 2.1 MB/s | 3 s left | 127.0.0.1:40721`, no longer
 * than `columns`. What does not fit goes, in this order: columns of the bar, words, the middle of the name, the
 * store, the time left; never the rate.
 */
export function layOutRow(facts: RowFacts, columns: number): string {
  const { heads, name, bytes, total, time, store } = facts;
  const rate = facts.bytesPerSecond === undefined ? '-' : formatRate(facts.bytesPerSecond);
  const tailOf = (withTime: boolean, withStore: boolean): string => ` | ${formatBytes(bytes)} | ${rate}${withTime && time !== undefined ? ` | ${time}` : ''}${withStore && store !== undefined ? ` | ${store}` : ''}`;
  const roomOf = (withTime: boolean, withStore: boolean): number =>
    ROOM.size + ROOM.rate + (withTime && time !== undefined ? ROOM.time : 0) + (withStore && store !== undefined ? 3 + columnsOf(store) : 0);
  const shortest = heads.at(-1) ?? ((text: string) => text);
  const variants = [
    ...heads.map((head) => ({ head, withTime: true, withStore: true, leastName: columnsOf(name) })),
    { head: shortest, withTime: true, withStore: true, leastName: LEAST_NAME },
    { head: shortest, withTime: true, withStore: false, leastName: LEAST_NAME },
    { head: shortest, withTime: false, withStore: false, leastName: LEAST_NAME },
  ];
  const barRoom = total === undefined ? 0 : 1 + BAR.least + ROOM.percent;
  for (const { head, withTime, withStore, leastName } of variants) {
    const left = columns - columnsOf(head('')) - roomOf(withTime, withStore) - barRoom;
    if (left < Math.min(leastName, columnsOf(name))) continue;
    const shown = cutMiddle(name, left);
    const bar = Math.min(BAR.most, BAR.least + left - columnsOf(shown));
    const share = total === undefined ? '' : ` ${drawBar(total === 0 ? 1 : Math.min(1, bytes / total), bar)} ${percentOf(bytes, total)}%`;
    return head(shown) + share + tailOf(withTime, withStore);
  }
  return cutEnd(`${cutMiddle(name, 8)}${total === undefined ? '' : ` ${percentOf(bytes, total)}%`} | ${rate}`, columns);
}
