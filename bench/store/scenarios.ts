// What is asked for.

import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface Scenario {
  readonly name: string;
  readonly kind: 'hot' | 'range' | 'cold' | 'idle';
  readonly target: string;
  readonly connections: number;
}

export const SIZES: Readonly<Record<string, number>> = { '1k': 1024, '100k': 102_400, '1m': 1_048_576, '100m': 104_857_600 };
const CONNECTIONS = [1, 16, 256];
const QUICK: ReadonlySet<string> = new Set(['hot-1k-16', 'hot-100k-16', 'hot-1m-16', 'hot-100m-16', 'range-16']);
export const COLD_FILES = 200;

export const SCENARIOS: readonly Scenario[] = [
  ...Object.keys(SIZES).flatMap((size) => CONNECTIONS.map((connections): Scenario => ({ name: `hot-${size}-${connections}`, kind: 'hot', target: `/${size}.mp4`, connections }))),
  { name: 'range-16', kind: 'range', target: '/100m.mp4', connections: 16 },
  { name: 'cold-16', kind: 'cold', target: '/cold', connections: 16 },
  { name: 'idle-10000', kind: 'idle', target: '/1k.mp4', connections: 10_000 },
];

/** `patterns`: parts of names; none: all, or the few of a quick run. */
export function selectScenarios(patterns: readonly string[], quick: boolean): readonly Scenario[] {
  const few = quick ? SCENARIOS.filter(({ name }) => QUICK.has(name)) : SCENARIOS;
  return patterns.length === 0 ? few : SCENARIOS.filter(({ name }) => patterns.some((pattern) => name.includes(pattern)));
}

export const coldTargets = (): readonly string[] => Array.from({ length: COLD_FILES }, (_, index) => `/cold-${index}.mp4`);

async function fill(file: string, octets: number): Promise<void> {
  const handle = await open(file, 'w');
  const block = Buffer.alloc(Math.min(octets, 1_048_576));
  for (let at = 0; at < block.length; at += 1) block[at] = (at * 31 + octets) & 255;
  for (let left = octets; left > 0; left -= block.length) await handle.write(block, 0, Math.min(left, block.length));
  await handle.sync();
  await handle.close();
}

export async function makeObjects(dir: string, cold: boolean): Promise<void> {
  for (const [name, octets] of Object.entries(SIZES)) await fill(path.join(dir, `${name}.mp4`), octets);
  if (cold) for (const target of coldTargets()) await fill(path.join(dir, target), 1_048_576);
}

/** Has the system forget the octets of the cold files, as far as it can be told. */
export async function chill(dir: string): Promise<void> {
  const run = promisify(execFile);
  for (const target of coldTargets()) await run('dd', [`if=${path.join(dir, target)}`, 'iflag=nocache', 'count=0', 'status=none']);
}
