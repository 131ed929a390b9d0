// The state of the stores as a table for people.

import type { RoutingStatus, StoreStatus } from '../dns/index.js';

/** The time of day for what changed today, in UTC, and otherwise the day: a line of 80 columns has no room for both. */
function sinceText(since: string, nowMs: number): string {
  const [day = '', time = ''] = since.replace(/\.\d+Z$/, 'Z').split('T');
  return new Date(nowMs).toISOString().startsWith(day) ? time : day;
}

const COLUMNS: readonly (readonly [title: string, cell: (store: StoreStatus, nowMs: number) => string])[] = [
  ['STORE', ({ id }) => id],
  ['ADDRESS', ({ address }) => address],
  ['STATE', ({ state }) => state],
  ['SHARE', ({ share }) => `${(share * 100).toFixed(1)} %`],
  ['LOAD', ({ transfers, capacity }) => `${transfers ?? '-'}${capacity === null ? '' : `/${capacity}`}`],
  ['RTT', ({ rttMs }) => (rttMs === null ? '-' : `${rttMs.toFixed(1)} ms`)],
  ['SINCE', ({ since }, nowMs) => (since === null ? '-' : sinceText(since, nowMs))],
  ['REASON', ({ reason }) => reason],
];

/** A line of words, a line a store. `nowMs`: when it is looked at. */
export function statusLines(status: RoutingStatus, nowMs: number): readonly string[] {
  const rows = [COLUMNS.map(([title]) => title), ...status.stores.map((store) => COLUMNS.map(([, cell]) => cell(store, nowMs)))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  return [`${status.policies.join(', then ')}; TTL ${status.ttlSeconds} s; when all are down: ${status.whenAllDown}`, ...table];
}
