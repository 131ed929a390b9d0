// "Receiving video1 contents now..": a bar on a terminal, at most a dozen plain lines elsewhere.

import type { Clock } from '../base/clock.js';
import { printable } from '../base/printable.js';
import { formatBytes, formatRate } from '../base/units.js';
import type { Log } from '../observe/log.js';
import type { Progress, TransferProgress, TransferStart } from '../observe/progress.js';
import type { Terminal } from './terminal.js';

function rateText(bytes: number, ms: number): string {
  return ms <= 0 ? '-' : formatRate((bytes * 1000) / ms);
}

function percentOf(bytes: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.floor((bytes * 100) / total));
}

/** The bar of NETWORK: `Receiving video1 contents now.. ████████████████████ 100% | 2.9 MB | 212 MB/s`. */
export function createBarProgress(terminal: Terminal, label: string, labelColumns: number, clock: Clock): Progress {
  return {
    begin: (start) => {
      const total = start.totalBytes;
      const name = printable(start.label);
      // Without a total there is no share to draw, only what has come so far.
      const format = total === undefined ? `${label}Receiving {name} contents now.. {size} | {rate}` : `${label}Receiving {name} contents now.. {bar} {percentage}% | {size} | {rate}`;
      const restWidth = labelColumns + name.length + 'Receiving  contents now..  100% | 999 MB | 999 MB/s '.length;
      const bar = terminal.addBar(format, total === 0 ? 1 : (total ?? 1), restWidth);
      const began = clock.monotonic();
      let received = 0;
      const draw = (): void => {
        const payload = { name, size: formatBytes(received), rate: rateText(received, clock.monotonic() - began) };
        bar?.update(total === undefined ? 0 : total === 0 ? 1 : received, payload);
      };
      draw();
      return {
        advance: (bytes) => {
          received += bytes;
          draw();
        },
        end: () => {
          draw();
          bar?.stop();
        },
      };
    },
  };
}

/** At most a line for the start, one for each tenth, and one for the end: twelve. */
export function createLineProgress(log: Log, clock: Clock): Progress {
  return { begin: (start) => beginLines(start, log, clock) };
}

function beginLines(start: TransferStart, log: Log, clock: Clock): TransferProgress {
  const head = `Receiving ${printable(start.label)} contents now..`;
  const began = clock.monotonic();
  let received = 0;
  let told = 0;
  const tell = (text: string, facts: Readonly<Record<string, unknown>>): void => {
    log.info(`${head} ${text}`, { object: start.label, receivedBytes: received, totalBytes: start.totalBytes, ...facts });
  };
  const rate = (): string => rateText(received, clock.monotonic() - began);
  // A sender that doesn't say how much will come is told by powers of ten, from 1 MB.
  let nextMark = 1_000_000;
  return {
    advance: (bytes) => {
      received += bytes;
      if (start.totalBytes === undefined) {
        if (received < nextMark) return;
        while (nextMark <= received) nextMark *= 10;
        tell(`${formatBytes(received)} | ${rate()}`, {});
        return;
      }
      const percent = percentOf(received, start.totalBytes);
      const tenth = Math.floor(percent / 10) * 10;
      if (tenth <= told || tenth >= 100) return;
      told = tenth;
      tell(`${percent}% | ${formatBytes(received)} | ${rate()}`, { percent });
    },
    end: (outcome) => {
      const percent = start.totalBytes === undefined ? undefined : percentOf(received, start.totalBytes);
      const share = outcome === 'complete' ? '100%' : `stopped${percent === undefined ? '' : ` at ${percent}%`}`;
      tell(`${share} | ${formatBytes(received)} | ${rate()}`, { percent, outcome });
    },
  };
}
