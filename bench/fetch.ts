// `cdn fetch` beside curl, wget and aria2, in turn and in one run, against nginx and our store: seconds,
// processor time, ratios to curl, memory. node --import tsx bench/fetch.ts [--size BYTES] [--files N] [--rounds N]; on the built program.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/base/clock.js';

const CDN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const NGINX_PORT = 40841;
const STORE_PORT = 40842;
const SHAPED_PORT = 40843;
const SMALL_OCTETS = 10_000;
const SHAPED_OCTETS = 60_000_000;

interface Took {
  readonly seconds: number;
  /** Of the processor, in user and system together. */
  readonly cpuSeconds: number;
  readonly memoryMB: number;
}

const children: ChildProcess[] = [];

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore' });
  children.push(child);
  return child;
}

async function untilUp(address: string, port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const socket = connect(port, address);
    const up = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
    socket.destroy();
    if (up) return;
    await systemClock.sleep(20);
  }
  throw new Error(`nobody came up at ${address}:${port}`);
}

/** A shell around it tells its processor time in the end; the most memory that it had is asked of the system while it runs. */
async function measure(folder: string, words: readonly string[], during?: () => void): Promise<Took> {
  const began = systemClock.monotonic();
  // Node reads all certificates of this variable when it starts, needed or not: that is not what is measured here.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };
  const shell = spawn('sh', ['-c', '"$@" >/dev/null 2>&1; code=$?; times; exit $code', 'sh', ...words], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let memoryMB = 0;
  const watch = setInterval(() => {
    void (async () => {
      const pid = (await readFile(`/proc/${shell.pid}/task/${shell.pid}/children`, 'utf8')).trim();
      const text = await readFile(`/proc/${pid}/status`, 'utf8');
      memoryMB = Math.max(memoryMB, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1000);
    })().catch(() => undefined);
  }, 50);
  let times = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (times += text));
  during?.();
  const [code] = (await once(shell, 'close')) as [number | null];
  clearInterval(watch);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`);
  // POSIX `times`: its second line is of the children, "1m2.345s 0m0.678s".
  const spent = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
  return { seconds: (systemClock.monotonic() - began) / 1000, cpuSeconds: spent, memoryMB: Math.round(memoryMB) };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Each contender once a round, in turn; the medians, and their ratios to the first. */
async function contest(name: string, rounds: number, contenders: Readonly<Record<string, () => Promise<Took>>>): Promise<void> {
  const seconds: Record<string, number[]> = {};
  const cpu: Record<string, number[]> = {};
  const memory: Record<string, number> = {};
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const [who, run] of Object.entries(contenders)) {
      const took = await run();
      (seconds[who] ??= []).push(took.seconds);
      (cpu[who] ??= []).push(took.cpuSeconds);
      memory[who] = Math.max(memory[who] ?? 0, took.memoryMB);
    }
  }
  const first = median(Object.values(seconds)[0] ?? []);
  const firstCpu = median(Object.values(cpu)[0] ?? []);
  const results = Object.fromEntries(Object.entries(seconds).map(([who, all]) => {
    const spent = median(cpu[who] ?? []);
    return [who, { seconds: round(median(all)), ratio: round(median(all) / first), cpuSeconds: round(spent), cpuRatio: round(spent / firstCpu), memoryMB: memory[who] }];
  }));
  process.stdout.write(`${JSON.stringify({ contest: name, rounds, results })}\n`);
}

async function writeNoise(file: string, octets: number): Promise<void> {
  const portion = randomBytes(Math.min(octets, 16_777_216));
  await writeFile(file, '');
  for (let at = 0; at < octets; at += portion.length) await appendFile(file, portion.subarray(0, octets - at));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { size: { type: 'string', default: '1000000000' }, files: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '3' } } });
  const [size, files, rounds] = [Number(values.size), Number(values.files), Number(values.rounds)];
  const folder = await mkdtemp(path.join(tmpdir(), 'cdn-bench-'));
  const www = path.join(folder, 'www');
  try {
    await mkdir(www, { recursive: true });
    await writeNoise(path.join(www, 'large.bin'), size);
    await writeNoise(path.join(www, 'shaped.bin'), SHAPED_OCTETS);
    const small = randomBytes(SMALL_OCTETS);
    for (let index = 0; index < files; index += 1) await writeFile(path.join(www, `s${index}.bin`), small);
    const list = Array.from({ length: files }, (_, index) => `http://127.0.0.1:${NGINX_PORT}/s${index}.bin`);
    await writeFile(path.join(folder, 'urls'), list.join('\n'));
    await writeFile(path.join(folder, 'curl-urls'), list.map((url) => `url = "${url}"\nremote-name`).join('\n'));
    await writeFile(path.join(folder, 'nginx.conf'), `user root; daemon off; pid ${folder}/pid; worker_processes 1; error_log ${folder}/error.log; events {} http { access_log off; sendfile on; keepalive_requests 100000; server { listen 127.0.0.1:${NGINX_PORT}; root ${www}; location = /shaped.bin { limit_rate 10m; } } }\n`);
    start('nginx', ['-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')]);
    const store = (address: string, port: number, ...more: string[]): ChildProcess => start(process.execPath, [CDN, 'store', '--dir', www, '--listen', `${address}:${port}`, '--serve-host', 'films.example', '--quiet', ...more]);
    store('127.0.0.1', STORE_PORT);
    store('127.0.0.2', STORE_PORT);
    store('127.0.0.1', SHAPED_PORT, '--rate', '10MB/s');
    for (const port of [NGINX_PORT, STORE_PORT, SHAPED_PORT]) await untilUp('127.0.0.1', port);
    await untilUp('127.0.0.2', STORE_PORT);

    const out = path.join(folder, 'out');
    const fresh = async (): Promise<void> => {
      await rm(out, { recursive: true, force: true });
      await mkdir(out);
    };
    const alone = (...words: string[]) => async (): Promise<Took> => {
      await fresh();
      return measure(out, words);
    };
    const cdn = (...words: string[]): string[] => [process.execPath, CDN, 'fetch', '--silent', ...words];
    const large = (port: number): string => `http://127.0.0.1:${port}/large.bin`;
    await contest(`${size} octets from nginx, no digest`, rounds, {
      curl: alone('curl', '-s', '-o', 'o', large(NGINX_PORT)), wget: alone('wget', '-q', '-O', 'o', large(NGINX_PORT)),
      aria2: alone('aria2c', '-q', '-o', 'o', large(NGINX_PORT)), cdn: alone(...cdn('-o', 'o', large(NGINX_PORT))),
    });
    // The store computes each digest once; that is not what is measured here.
    await alone(...cdn('-o', 'o', large(STORE_PORT)))();
    await contest(`${size} octets from our store, with its digest checked`, rounds, {
      curl: alone('curl', '-s', '-o', 'o', large(STORE_PORT)), cdn: alone(...cdn('-o', 'o', large(STORE_PORT))),
    });
    await contest(`${files} files of ${SMALL_OCTETS} octets from nginx`, rounds, {
      curl: alone('curl', '-s', '--parallel', '-K', path.join(folder, 'curl-urls')), wget: alone('wget', '-q', '-i', path.join(folder, 'urls')),
      aria2: alone('aria2c', '-q', '-i', path.join(folder, 'urls')), cdn: alone(...cdn('--input-file', path.join(folder, 'urls'))),
    });
    const shaped = `http://127.0.0.1:${SHAPED_PORT}/shaped.bin`;
    await contest(`${SHAPED_OCTETS} octets at 10 MB/s a connection`, 1, {
      'cdn, one connection': alone(...cdn('-o', 'o', shaped)), 'cdn, four': alone(...cdn('-o', 'o', '--parallel', '4', shaped)),
      'aria2, four': alone('aria2c', '-q', '-x', '4', '-s', '4', '-k', '1M', '-o', 'o', shaped), 'curl, one': alone('curl', '-s', '-o', 'o', shaped),
    });
    const both = ['--resolve', `films.example:${STORE_PORT}:127.0.0.2,127.0.0.1`, `http://films.example:${STORE_PORT}/large.bin`];
    await alone(...cdn('-o', 'o', ...both))();
    await contest('one of two stores killed at half', 1, {
      undisturbed: alone(...cdn('-o', 'o', ...both)),
      killed: async () => {
        await fresh();
        const victim = children[2];
        return measure(out, cdn('-o', 'o', ...both), () => void killAtHalf(out, size, () => victim?.kill('SIGKILL')));
      },
    });
    await contest('a file of 10 kB, as a process', Math.max(rounds, 5), {
      version: alone(process.execPath, CDN, '--version'), fetch: alone(...cdn('-o', 'o', list[0] ?? '')), curl: alone('curl', '-s', '-o', 'o', list[0] ?? ''),
    });
  } finally {
    for (const child of children) child.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

/** Looks at what has come until it is half. */
async function killAtHalf(folder: string, size: number, kill: () => void): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  for (let tries = 0; tries < 10_000; tries += 1) {
    const [part] = (await readdir(folder)).filter((name) => name.endsWith('.part'));
    const come = part === undefined ? 0 : await stat(path.join(folder, part)).then((found) => found.size, () => 0);
    if (come >= size / 2) return kill();
    await systemClock.sleep(5);
  }
}

await main();
