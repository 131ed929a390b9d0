// A minute (or --seconds) of mixed load on an edge and its origin: both must stay up, answer right all the
// while, keep their memory flat, and hold nothing afterwards. Exit 1 if not.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSeededRandom } from '../../src/base/random.js';
import { objectsOfLoad, startMixedLoad } from './mixed-load.js';

const CDN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const MEMORY = '32MB';

interface Running {
  readonly child: ChildProcess;
  /** The ports that it has told of, in order. */
  readonly ports: readonly number[];
}

async function start(args: readonly string[], listeners: number): Promise<Running> {
  const child = spawn(process.execPath, [CDN, 'store', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ports: number[] = [];
  let text = '';
  child.stderr.setEncoding('latin1');
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`cdn store ${args.join(' ')} ended: ${text}`)));
    child.stderr.on('data', (part: string) => {
      if (ports.length === listeners) return;
      text += part;
      ports.splice(0, Infinity, ...[...text.matchAll(/ on http:\/\/127\.0\.0\.1:(\d+)\//g)].map((match) => Number(match[1])));
      if (ports.length === listeners) resolve();
    });
  });
  return { child, ports };
}

async function residentMb({ child }: Running): Promise<number> {
  return Number(/^VmRSS:\s*(\d+)/m.exec(await readFile(`/proc/${child.pid}/status`, 'latin1'))?.[1]) / 1024;
}

const openFiles = async ({ child }: Running): Promise<number> => (await readdir(`/proc/${child.pid}/fd`)).length;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

async function soak(folder: string, seconds: number): Promise<boolean> {
  const objects = objectsOfLoad();
  const films = path.join(folder, 'films');
  await mkdir(films);
  for (const [name, octets] of objects) await writeFile(path.join(films, name), octets);
  const origin = await start(['--dir', films, '--listen', '127.0.0.1:0', '--max-age', '2s'], 1);
  const edge = await start(['--origin', `http://127.0.0.1:${origin.ports[0]}`, '--listen', '127.0.0.1:0', '--admin', '0', '--memory', MEMORY, '--slice', '64KiB', '--cache-dir', path.join(folder, 'cache'), '--cache-disk', '64MB', '--access-log', path.join(folder, 'access.log')], 2);
  const servers = [['edge', edge], ['origin', origin]] as const;
  try {
    const filesBefore = await Promise.all(servers.map(([, server]) => openFiles(server)));
    const load = startMixedLoad({ port: edge.ports[0] ?? 0, admin: edge.ports[1] ?? 0, objects, random: createSeededRandom(1), clients: 6 });
    const samples: number[][] = [[], []];
    for (let second = 0; second < seconds; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      for (const [index, [, server]] of servers.entries()) samples[index]?.push(await residentMb(server));
    }
    await load.stop();
    const { wrong, failed, ...counts } = load.counts;
    process.stdout.write(`${JSON.stringify({ seconds, ...counts, failed: failed.length, wrong: wrong.length })}\n`);
    for (const what of wrong.slice(0, 5)) process.stdout.write(`  wrong: ${what}\n`);
    for (const what of failed.slice(0, 5)) process.stdout.write(`  failed: ${what}\n`);
    // What is idle is closed after half a minute; a leak is not.
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    let good = wrong.length === 0 && failed.length === 0 && Object.values(counts).every((count) => count > 0);
    for (const [index, [name, server]] of servers.entries()) {
      const all = samples[index] ?? [];
      // The first quarter fills what is kept for the work.
      const [second, last] = [mean(all.slice(Math.floor(all.length / 4), Math.floor(all.length / 2))), mean(all.slice(Math.floor((3 * all.length) / 4)))];
      const filesLeft = (await openFiles(server)) - (filesBefore[index] ?? 0);
      const flat = last < 1.1 * second + 8;
      process.stdout.write(`${JSON.stringify({ server: name, residentMb: { secondQuarter: Math.round(second), lastQuarter: Math.round(last), most: Math.round(Math.max(...all)) }, flat, filesLeft })}\n`);
      good &&= flat && filesLeft <= 2 && server.child.exitCode === null;
    }
    return good;
  } finally {
    for (const [, { child }] of servers) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  }
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const folder = await mkdtemp(path.join(tmpdir(), 'cdn-soak-'));
try {
  if (!(await soak(folder, Number(values.seconds)))) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
