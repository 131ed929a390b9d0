// A file that lines are appended to without anybody ever waiting for the disk: they gather in memory, within
// bounds, and go out together. What can't be written is dropped and counted, and told once.

import { close, constants, open, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock, Stop } from '../base/clock.js';
import { messageOf, systemCode } from '../base/errors.js';
import type { Log } from './log.js';

export interface LineFile {
  /** @throws the system's error when it can't be opened */
  start(): Promise<void>;
  /** Whole lines with their ends, in ASCII. */
  write(lines: string): void;
  /** What was written until now goes to the file as it is open; what comes after to whatever has its name then. Never rejects. */
  reopen(): Promise<void>;
  /** Writes what there is and closes; what a reader doesn't take within a moment is dropped. */
  stop(): Promise<void>;
  /** Lines that are in no file, since the start. */
  readonly dropped: number;
}

export interface LineFileOptions {
  /** undefined: standard output. */
  readonly path: string | undefined;
  /** Octets that may wait to be written. */
  readonly maxWaiting?: number;
  /** A line goes out after this at the latest. */
  readonly delayMs?: number;
}

const openFile = promisify(open);
const writeFile = promisify(write);
const closeFile = promisify(close);

const STANDARD_OUTPUT = 1;
const MAX_WAITING = 4_194_304;
const DELAY_MS = 200;
/** So much is worth a write of its own before the delay is over. */
const BATCH_OCTETS = 65_536;
/** A pipe that is full is tried again after this … */
const FULL_PIPE_MS = 20;
/** … and given up so long after the stop. */
const LAST_TRY_MS = 1000;
/** All is well when no line was dropped for so long. */
const QUIET_MS = 10_000;
const LINE_END = 0x0a;

function countLines(octets: Uint8Array): number {
  let lines = 0;
  for (let at = octets.indexOf(LINE_END); at >= 0; at = octets.indexOf(LINE_END, at + 1)) lines += 1;
  return lines;
}

export function createLineFile({ path, maxWaiting = MAX_WAITING, delayMs = DELAY_MS }: LineFileOptions, { clock, log }: { readonly clock: Clock; readonly log: Log }): LineFile {
  const name = path ?? 'standard output';
  let fd: number | undefined;
  let waiting = '';
  let stopTimer: Stop | undefined;
  /** One thing after the other. */
  let work: Promise<void> = Promise.resolve();
  let stoppedMs: number | undefined;
  let dropped = 0;
  /** Lines dropped since it was told that lines are. */
  let untold = 0;
  let inTrouble = false;
  let droppedMs = 0;
  /** The file ends within a line. */
  let torn = false;

  /**
   * Never to wait: a pipe without a reader is an error, a full one is EAGAIN (both without a word to who else
   * has it open, since this is an opening of its own). What can't be opened by name, such as a socket that is
   * the standard output, is used as it is.
   */
  async function openNow(): Promise<number> {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
    if (path !== undefined) return openFile(path, flags, 0o640);
    return openFile('/dev/stdout', flags).catch(() => STANDARD_OUTPUT);
  }

  async function closeNow(): Promise<void> {
    const old = fd;
    fd = undefined;
    if (old !== undefined && old !== STANDARD_OUTPUT) await closeFile(old).catch(() => undefined);
  }

  function drop(lines: number, why: string): void {
    dropped += lines;
    untold += lines;
    droppedMs = clock.monotonic();
    if (inTrouble) return;
    inTrouble = true;
    log.warn(`cannot write the access log ${name}: ${why}; its lines are dropped and counted until that works again`, { accessLog: name, why });
  }

  function wentWell(): void {
    if (!inTrouble || clock.monotonic() - droppedMs < QUIET_MS) return;
    inTrouble = false;
    log.info(`the access log ${name} is written again; ${untold} ${untold === 1 ? 'line was' : 'lines were'} dropped`, { accessLog: name, dropped: untold });
    untold = 0;
  }

  const isOver = (): boolean => stoppedMs !== undefined && clock.monotonic() - stoppedMs > LAST_TRY_MS;

  /** How many of the octets were written. */
  async function writeOnce(octets: Uint8Array): Promise<number> {
    if (fd === undefined) throw new Error('it is not open');
    try {
      return (await writeFile(fd, octets, 0, octets.byteLength, null)).bytesWritten;
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN' || isOver()) throw error;
      await clock.sleep(FULL_PIPE_MS);
      return 0;
    }
  }

  async function writeAll(text: string): Promise<void> {
    const octets = Buffer.from(torn ? `\n${text}` : text, 'latin1');
    const first = torn ? 1 : 0;
    let at = 0;
    try {
      while (at < octets.byteLength) {
        at += await writeOnce(octets.subarray(at));
        if (at > 0) torn = octets[at - 1] !== LINE_END;
      }
      wentWell();
    } catch (error) {
      drop(countLines(octets.subarray(Math.max(at, first))), systemCode(error) === 'EAGAIN' ? 'nobody reads it' : messageOf(error));
    }
  }

  async function drain(): Promise<void> {
    const text = waiting;
    waiting = '';
    if (text !== '') await writeAll(text);
  }

  /** A task that fails ends nothing. */
  function next(task: () => Promise<void>): Promise<void> {
    work = work.then(task);
    return work;
  }

  let queued = false;
  function flush(): void {
    stopTimer?.();
    stopTimer = undefined;
    if (queued) return;
    queued = true;
    void next(async () => {
      queued = false;
      await drain();
    });
  }

  async function swap(): Promise<void> {
    await drain();
    try {
      const opened = await openNow();
      await closeNow();
      fd = opened;
      torn = false;
    } catch (error) {
      log.warn(`cannot open the access log ${name} anew: ${messageOf(error)}; ${fd === undefined ? 'there is none' : 'the one that is open goes on'}`, { accessLog: name });
    }
  }

  return {
    get dropped() {
      return dropped;
    },
    start: async () => {
      fd = await openNow();
    },
    write: (lines) => {
      if (stoppedMs !== undefined || waiting.length + lines.length > maxWaiting) {
        drop(countLines(Buffer.from(lines, 'latin1')), 'the disk, or who reads, takes them too slowly');
        return;
      }
      waiting += lines;
      if (waiting.length >= BATCH_OCTETS) flush();
      else stopTimer ??= clock.after(delayMs, flush);
    },
    reopen: () => (stoppedMs === undefined ? next(swap) : Promise.resolve()),
    stop: async () => {
      stoppedMs ??= clock.monotonic();
      stopTimer?.();
      await next(async () => {
        await drain();
        await closeNow();
      });
      if (untold > 0) log.warn(`${untold} ${untold === 1 ? 'line' : 'lines'} of the access log ${name} could not be written`, { accessLog: name, dropped: untold });
      untold = 0;
    },
  };
}
