// One measurement: dnsperf on its core against a server on its own, and what the server's processes cost.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Load {
  readonly address: string;
  readonly port: number;
  /** A file of "name type" lines. */
  readonly queries: string;
  /** "code:hex", for an option in each query's OPT. */
  readonly option?: string;
  readonly seconds: number;
  /** Queries under way at once: 200 unless said, about what the buffer of a socket holds. */
  readonly outstanding?: number;
}

export interface Measured {
  readonly perSecond: number;
  readonly latencyMs: number;
  /** Processor time of the server for each query, user and system. */
  readonly cpuMicros: number;
  readonly lost: number;
}

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** `pids`: the server's processes, without those that came of them. `core`: where dnsperf runs, of several cores a list. */
export async function measure(load: Load, pids: readonly number[], core: string): Promise<Measured> {
  const args = ['-c', core, 'dnsperf', '-s', load.address, '-p', String(load.port), '-d', load.queries, '-l', String(load.seconds), '-q', String(load.outstanding ?? 200), '-c', '4', '-t', '1'];
  const family = [...new Set((await Promise.all(pids.map(withDescendants))).flat())];
  const before = await cpuTicks(family);
  const { stdout } = await run('taskset', load.option === undefined ? args : [...args, '-E', load.option]);
  const ticks = (await cpuTicks(family)) - before;
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const completed = number(/Queries completed:\s+(\d+)/);
  return {
    perSecond: number(/Queries per second:\s+([\d.]+)/),
    latencyMs: number(/Average Latency \(s\):\s+([\d.]+)/) * 1000,
    cpuMicros: (ticks / TICKS / completed) * 1e6,
    lost: number(/Queries lost:\s+(\d+)/),
  };
}

async function cpuTicks(pids: readonly number[]): Promise<number> {
  let sum = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    sum += Number(fields[11]) + Number(fields[12]);
  }
  return sum;
}

/** Kilobytes in memory. */
export async function residentKb(pids: readonly number[]): Promise<number> {
  let sum = 0;
  for (const pid of pids) sum += Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  return sum;
}

/** The process and all that came of it. */
export async function withDescendants(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => undefined);
    if (stat !== undefined) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const family = new Set([pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child);
  }
  return [...family];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
