// Which process writes to a partial file, and whether it still does.

import { readFileSync } from 'node:fs';

export interface Owner {
  readonly pid: number;
  /** When it began, where the system tells: process numbers are given again. */
  readonly started: string | undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** proc(5): field 22 of stat; the name before it may hold blanks and parentheses. */
function startOf(pid: number): string | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** Both stay the same as long as this process lives, and of a thousand files each asks. */
let boot: { readonly id: string | undefined } | undefined;
let own: Owner | undefined;

/** Which life of the machine this is; undefined where it doesn't say. */
export function currentBoot(): string | undefined {
  boot ??= { id: read('/proc/sys/kernel/random/boot_id')?.trim() };
  return boot.id;
}

export function thisOwner(): Owner {
  own ??= { pid: process.pid, started: startOf(process.pid) };
  return own;
}

export function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: there is one, and it is somebody else's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const started = startOf(owner.pid);
  return started === undefined || owner.started === undefined || started === owner.started;
}
