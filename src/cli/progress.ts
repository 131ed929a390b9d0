// "Receiving video1 contents now..": rows on a terminal, at most a dozen plain lines elsewhere.

import type { Clock } from '../base/clock.js';
import { printable } from '../base/printable.js';
import { formatBytes, formatRate } from '../base/units.js';
import { formatEndpoint } from '../net/address.js';
import type { Log } from '../observe/log.js';
import { silentPreparation, type Preparation, type Progress, type Sender, type TransferProgress, type TransferStart } from '../observe/progress.js';
import { cutEnd } from './columns.js';
import { layOutRow, percentOf, timeLeft, type RowFacts } from './progress-row.js';
import { createRateMeter } from './rate-meter.js';
import type { Row, Terminal } from './terminal.js';

const rateText = (bytesPerSecond: number | undefined): string => (bytesPerSecond === undefined ? '-' : formatRate(bytesPerSecond));

const HEADS = [(name: string) => `Receiving ${name} contents now..`, (name: string) => `Receiving ${name}`, (name: string) => name];
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
/** A silence that is worth a word. */
const IDLE_MS = 3000;

export interface BarOptions {
  /** Who it is of, before each row: "web      | ", and how wide that is. */
  readonly label: string;
  readonly labelColumns: number;
  /** A row for each range that is under way, too. */
  readonly ranges: boolean;
}

/** Rows: one while a transfer is prepared, one for each transfer, and with `ranges` one for each of its ranges. */
export function createBarProgress(terminal: Terminal, options: BarOptions, clock: Clock): Progress {
  return {
    prepare: (label) => beginSpinner(terminal, label, options, clock),
    begin: (start) => beginBar(terminal, start, options, clock),
  };
}

function beginSpinner(terminal: Terminal, label: string, { label: party, labelColumns }: BarOptions, clock: Clock): Preparation {
  const name = printable(label);
  let what = 'looking for it';
  let turn = 0;
  let sinceMs = clock.monotonic();
  const row = terminal.addRow((columns) => {
    turn += 1;
    const seconds = Math.floor((clock.monotonic() - sinceMs) / 1000);
    return party + cutEnd(`${SPINNER.charAt(turn % SPINNER.length)} ${name}: ${what}${seconds < 2 ? '' : `, for ${seconds} s`}`, columns - 1 - labelColumns);
  });
  return {
    doing: (told) => {
      what = printable(told);
      sinceMs = clock.monotonic();
    },
    end: () => row.remove(),
  };
}

/** Who sends now: one store by its address, several by their number. */
function nameStores(senders: Iterable<Sender>): string | undefined {
  const names = new Set(Array.from(senders, (sender) => formatEndpoint(sender)));
  const [only] = names;
  return names.size > 1 ? `${names.size} stores` : only;
}

function beginBar(terminal: Terminal, start: TransferStart, options: BarOptions, clock: Clock): TransferProgress {
  const { totalBytes: total } = start;
  const meter = createRateMeter(clock);
  const senders = new Map<number, Sender>();
  const ranges = new Map<number, RangeRow>();
  let resumed = 0;
  const common = { heads: HEADS, name: printable(start.label), total };
  const facts = (): RowFacts => {
    const [bytes, bytesPerSecond, idleMs] = [resumed + meter.bytes, meter.current(), meter.idleMs()];
    const time = idleMs >= IDLE_MS ? `waiting for ${Math.floor(idleMs / 1000)} s` : timeLeft(bytes, total, bytesPerSecond);
    return { ...common, bytes, bytesPerSecond, time, store: nameStores(senders.values()) };
  };
  const width = (columns: number): number => columns - 1 - options.labelColumns;
  const row = terminal.addRow((columns) => options.label + layOutRow(facts(), width(columns)));
  return {
    advance: (bytes, lane = 0, from) => {
      meter.advance(bytes);
      if (from !== undefined && senders.get(lane) !== from) senders.set(lane, from);
      ranges.get(lane)?.advance(bytes);
    },
    resume: (bytes) => {
      resumed += bytes;
    },
    range: (lane, firstPos, lastPos, from) => {
      senders.set(lane, from);
      if (!options.ranges) return;
      const known = ranges.get(lane);
      if (known?.firstPos === firstPos) return known.extend(lastPos);
      known?.remove();
      ranges.set(lane, beginRange(terminal, row, { firstPos, lastPos, from }, options, clock));
    },
    end: (outcome) => {
      for (const range of ranges.values()) range.remove();
      row.remove();
      const bytes = resumed + meter.bytes;
      const stopped = outcome === 'complete' ? '' : ` stopped${total === undefined ? '' : ` at ${percentOf(bytes, total)}%`}`;
      const last = { ...common, bytes, total: outcome === 'complete' ? total : undefined, bytesPerSecond: meter.mean(), time: undefined, store: undefined };
      terminal.writeLine(options.label + layOutRow({ ...last, heads: HEADS.map((head) => (name) => head(name) + stopped) }, width(terminal.columns)));
    },
  };
}

interface RangeRow extends Row {
  readonly firstPos: number;
  extend(lastPos: number | undefined): void;
  advance(bytes: number): void;
}

function beginRange(terminal: Terminal, below: Row, range: { firstPos: number; lastPos: number | undefined; from: Sender }, options: BarOptions, clock: Clock): RangeRow {
  const { firstPos } = range;
  const meter = createRateMeter(clock);
  const store = formatEndpoint(range.from);
  let { lastPos } = range;
  const row = terminal.addRow((columns) => {
    const total = lastPos === undefined ? undefined : Math.max(meter.bytes, lastPos - firstPos + 1);
    const bytesPerSecond = meter.current();
    const name = `from ${formatBytes(firstPos)}`;
    return options.label + layOutRow({ heads: [(text) => `  ${text}`], name, bytes: meter.bytes, total, bytesPerSecond, time: timeLeft(meter.bytes, total, bytesPerSecond), store }, columns - 1 - options.labelColumns);
  }, { below });
  return {
    firstPos,
    extend: (to) => {
      lastPos = to;
    },
    advance: (bytes) => meter.advance(bytes),
    remove: () => row.remove(),
  };
}

/** At most a line for the start, one for each tenth, and one for the end: twelve. */
export function createLineProgress(log: Log, clock: Clock): Progress {
  return { prepare: () => silentPreparation, begin: (start) => beginLines(start, log, clock) };
}

function beginLines(start: TransferStart, log: Log, clock: Clock): TransferProgress {
  const head = `Receiving ${printable(start.label)} contents now..`;
  const meter = createRateMeter(clock);
  let resumed = 0;
  let told = 0;
  const tell = (text: string, bytes: number, facts: Readonly<Record<string, unknown>>): void => {
    log.info(`${head} ${text} | ${formatBytes(bytes)} | ${rateText(meter.mean())}`, { object: start.label, receivedBytes: bytes, totalBytes: start.totalBytes, ...facts });
  };
  // A sender that doesn't say how much will come is told by powers of ten, from 1 MB.
  let nextMark = 1_000_000;
  return {
    advance: (more) => {
      meter.advance(more);
      const bytes = resumed + meter.bytes;
      if (start.totalBytes === undefined) {
        if (bytes < nextMark) return;
        while (nextMark <= bytes) nextMark *= 10;
        return tell('so far', bytes, {});
      }
      const percent = percentOf(bytes, start.totalBytes);
      const tenth = Math.floor(percent / 10) * 10;
      if (tenth <= told || tenth >= 100) return;
      told = tenth;
      tell(`${percent}%`, bytes, { percent });
    },
    resume: (bytes) => {
      resumed += bytes;
    },
    range: () => undefined,
    end: (outcome) => {
      const bytes = resumed + meter.bytes;
      const percent = start.totalBytes === undefined ? undefined : percentOf(bytes, start.totalBytes);
      const share = outcome === 'complete' ? '100%' : `stopped${percent === undefined ? '' : ` at ${percent}%`}`;
      tell(share, bytes, { percent, outcome });
    },
  };
}
