// One process to a cache folder. The lock is a file that says who has it; its time of change is renewed,
// so that whoever cannot ask whether that process lives can see that it does.

import { linkSync, readFileSync, readlinkSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { systemCode } from '../../base/errors.js';
import type { Clock, Stop } from '../../base/clock.js';

export interface Holder {
  readonly pid: number;
  /** When the process began, as its system counts; a number that comes again begins at another time. */
  readonly started: string;
  /** Where its number means something: one run of one system, and a space of process numbers in it. */
  readonly space: string;
  readonly host: string;
}

export type Locking = { readonly kind: 'locked'; readonly lock: Lock } | { readonly kind: 'held'; readonly by: Holder; readonly file: string };

export interface Lock {
  /** Whether the file still says that this process has the folder. */
  isOurs(): boolean;
  release(): void;
}

export const LOCK = 'cdn-lock';
const LOCK_OCTETS = 512;
const NOBODY: Holder = { pid: 0, started: '', space: '', host: '' };
const RENEW_MS = 5000;
/** Of a process that nobody here can see: after so long without a sign it is gone. */
const SILENCE_MS = 4 * RENEW_MS;

function readText(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat, counted after the name, which may hold anything; empty where there is none. */
function startOf(pid: number): string {
  const stat = readText(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function whoAmI(): Holder {
  const boot = readText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
  return { pid: process.pid, started: startOf(process.pid), space: `${boot} ${readText(() => readlinkSync('/proc/self/ns/pid'))}`, host: hostname() };
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  return started === startOf(pid);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started, space, host } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    return typeof pid === 'number' && typeof started === 'string' && typeof space === 'string' && typeof host === 'string' ? { pid, started, space, host } : undefined;
  } catch {
    return undefined;
  }
}

function isHeld(holder: Holder, me: Holder, file: string, clock: Clock): boolean {
  if (holder.space === me.space) return isAlive(holder);
  return clock.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < SILENCE_MS;
}

/** Every lock is as long as any other. */
const pad = (text: string): string => `${text.padEnd(LOCK_OCTETS - 1)}\n`;

function overwrite(file: string, text: string): void {
  writeFileSync(file, text, { flag: 'r+' });
}

/** Takes the lock, or tells who has it. A holder that is gone is not one. @throws a system error */
export function lockFolder(folder: string, clock: Clock): Locking {
  const file = path.join(folder, LOCK);
  const me = whoAmI();
  const text = pad(JSON.stringify(me));
  const aside = `${file}.${me.pid}`;
  const isOurs = (): boolean => readText(() => readFileSync(file, 'utf8')) === text;

  // Made aside and linked into place: nobody ever reads half a lock.
  const link = (): boolean => {
    try {
      linkSync(aside, file);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      unlinkSync(aside);
    }
  };
  const create = (): boolean => {
    writeFileSync(aside, text, { mode: 0o600 });
    return link();
  };
  /** One that was left behind, written over where it lies: that needs no room on a full disk. If another was quicker it is a new one now, and goes back. */
  const takeOver = (left: string): boolean => {
    try {
      renameSync(file, aside);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
    const isAsLeft = readFileSync(aside, 'utf8') === left;
    if (isAsLeft) overwrite(aside, text);
    return link() && isAsLeft;
  };

  for (let tries = 0; ; tries += 1) {
    const there = readText(() => readFileSync(file, 'utf8'));
    const holder = parseHolder(there);
    if (there === '' ? create() : (!holder || !isHeld(holder, me, file, clock)) && takeOver(there)) break;
    if (tries > 3 || (holder && isHeld(holder, me, file, clock))) return { kind: 'held', by: holder ?? NOBODY, file };
  }

  let stop: Stop | undefined;
  const renew = (): void => {
    const nowS = clock.now() / 1000;
    try {
      if (isOurs()) utimesSync(file, nowS, nowS);
    } catch {
      // Whoever writes next finds out what is wrong with the folder.
    }
    stop = clock.after(RENEW_MS, renew);
  };
  renew();
  return {
    kind: 'locked',
    lock: {
      isOurs,
      release: () => {
        stop?.();
        // Not removed: its place on the disk may be the last one.
        if (isOurs()) overwrite(file, pad('released'));
      },
    },
  };
}
