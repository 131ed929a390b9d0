// The servers that are compared: each serves the same folder, its worker pinned to core 0.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Peer {
  readonly name: string;
  readonly url: string;
  /** Octets in memory that are this server's own, as the system counts them (PSS), and its processor time so far. */
  usage(): Promise<{ readonly octets: number; readonly cpuSeconds: number }>;
  stop(): Promise<void>;
}

/** `edge`: ours, before another of ours; `echo`: the floor, which is echo.ts. */
export type PeerName = 'cdn' | 'workers' | 'edge' | 'nginx' | 'varnish' | 'echo';

const CDN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const ECHO = fileURLToPath(new URL('./echo.ts', import.meta.url));
const TICKS_PER_SECOND = 100;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}

export async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const up = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen`);
}

/** The process and all below it. */
async function familyOf(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}

async function usageOf(pid: number): Promise<{ octets: number; cpuSeconds: number }> {
  let octets = 0;
  let ticks = 0;
  for (const member of await familyOf(pid)) {
    const rollup = await readFile(`/proc/${member}/smaps_rollup`, 'utf8').catch(() => '');
    octets += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
    const stat = await readFile(`/proc/${member}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return { octets, cpuSeconds: ticks / TICKS_PER_SECOND };
}

async function start(name: string, port: number, program: string, args: readonly string[], log: string, also: readonly Peer[] = [], cores = '0'): Promise<Peer> {
  const { openSync } = await import('node:fs');
  const out = openSync(log, 'w');
  const child = spawn('taskset', ['-c', cores, program, ...args], { stdio: ['ignore', out, out] });
  const ended = once(child, 'exit');
  await untilListening(port, child);
  const pid = child.pid ?? 0;
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    usage: () => usageOf(pid),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      for (const peer of also) await peer.stop();
    },
  };
}

/** sendfile and open_file_cache; the access log in the usual buffer, so that every request is told there as ours are. */
async function startNginx(dir: string, work: string): Promise<Peer> {
  const port = await freePort();
  const home = path.join(work, `nginx-${port}`);
  await mkdir(path.join(home, 'temp'), { recursive: true });
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/temp/${name};`).join(' ');
  await writeFile(path.join(home, 'nginx.conf'), `
user root; daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 16384; }
http {
  ${temps}
  types { video/mp4 mp4; } default_type application/octet-stream;
  sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_timeout 65; keepalive_requests 1000000000;
  open_file_cache max=10000 inactive=60s; open_file_cache_valid 60s;
  access_log ${home}/access.log combined buffer=64k flush=1s;
  server { listen 127.0.0.1:${port} backlog=4096; root ${dir}; }
}
`);
  return start('nginx', port, 'nginx', ['-p', home, '-c', path.join(home, 'nginx.conf'), '-e', path.join(home, 'error.log')], path.join(home, 'out.log'));
}

/** Objects in memory (malloc), fetched once from an nginx behind it; its log is the one in shared memory that it always keeps. */
async function startVarnish(dir: string, work: string): Promise<Peer> {
  const origin = await startNginx(dir, work);
  const port = await freePort();
  const home = path.join(work, `varnish-${port}`);
  await mkdir(home, { recursive: true });
  const vcl = path.join(home, 'bench.vcl');
  await writeFile(vcl, `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${new URL(origin.url).port}"; }\nsub vcl_backend_response { set beresp.ttl = 1d; }\n`);
  const args = ['-F', '-a', `127.0.0.1:${port}`, '-f', vcl, '-j', 'none', '-s', 'malloc,1g', '-n', path.join(home, 'run'), '-p', 'thread_pools=1', '-p', 'thread_pool_min=50', '-p', 'thread_pool_max=500'];
  return start('varnish', port, 'varnishd', args, path.join(home, 'out.log'), [origin]);
}

/** With an access log, as nginx has it. */
function startStore(name: PeerName, port: number, args: readonly string[], work: string, also: readonly Peer[] = [], cores = '0'): Promise<Peer> {
  const log = path.join(work, `${name}-${port}`);
  return start(name, port, process.execPath, [CDN, 'store', '--listen', `127.0.0.1:${port}`, '--access-log', `${log}.access.log`, ...args], `${log}.log`, also, cores);
}

async function startCdn(dir: string, work: string): Promise<Peer> {
  return startStore('cdn', await freePort(), ['--dir', dir], work);
}

/** On core 0 and those after that of the load, as far as there are any. */
async function startWorkers(dir: string, work: string, workers: number): Promise<Peer> {
  const cores = [0, ...Array.from({ length: Math.max(0, availableParallelism() - 2) }, (_, after) => after + 2)].slice(0, workers);
  return startStore('workers', await freePort(), ['--dir', dir, '--workers', String(workers)], work, [], cores.join(','));
}

/** It counts for its metrics what passes. */
async function startEdge(dir: string, work: string): Promise<Peer> {
  const origin = await startStore('edge', await freePort(), ['--dir', dir, '--max-age', '1h'], work);
  return startStore('edge', await freePort(), ['--origin', origin.url, '--admin', `127.0.0.1:${await freePort()}`], work, [origin]);
}

async function startEcho(work: string): Promise<Peer> {
  const port = await freePort();
  return start('echo', port, process.execPath, ['--import', 'tsx', ECHO, '127.0.0.1', String(port)], path.join(work, 'echo.log'));
}

/** `workers`: how many the peer of that name has. */
export function startPeer(name: PeerName, dir: string, work: string, workers: number): Promise<Peer> {
  switch (name) {
    case 'cdn':
      return startCdn(dir, work);
    case 'workers':
      return startWorkers(dir, work, workers);
    case 'edge':
      return startEdge(dir, work);
    case 'echo':
      return startEcho(work);
    case 'nginx':
      return startNginx(dir, work);
    case 'varnish':
      return startVarnish(dir, work);
  }
}
