// The load, from core 1: wrk for what is asked for again and again, and clients of our own for what wrk can't do.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Peer } from './peers.js';

export interface Sample {
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
  /** Of the server, for each request. */
  readonly cpuUs: number;
  readonly octets: number;
}

const run = promisify(execFile);

/** Prints what wrk knows as one JSON object; asks for ranges of 1 MiB at random where it is told to. */
const SCRIPT = `
local length = tonumber(os.getenv("BENCH_RANGE_OF") or "0")
if length > 0 then
  math.randomseed(9110)
  request = function()
    local first = math.random(0, length - 1048576)
    return wrk.format("GET", nil, { ["Range"] = "bytes=" .. first .. "-" .. (first + 1048575) })
  end
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"us":%d,"p50":%d,"p99":%d,"errors":%d}\\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;

export async function prepareLoad(work: string): Promise<string> {
  const script = path.join(work, 'bench.lua');
  await writeFile(script, SCRIPT);
  return script;
}

export interface WrkLoad {
  readonly target: string;
  readonly connections: number;
  readonly seconds: number;
  /** Ranges of 1 MiB into an object of so many octets. */
  readonly rangeOf?: number;
}

export async function wrk(peer: Peer, load: WrkLoad, script: string): Promise<Sample> {
  const before = await peer.usage();
  const args = ['-c', '1', 'wrk', '-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '30s', '-s', script, `${peer.url}${load.target}`];
  const { stdout } = await run('taskset', args, { env: { ...process.env, BENCH_RANGE_OF: String(load.rangeOf ?? 0) } });
  const after = await peer.usage();
  const found = JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}') as { requests: number; us: number; p50: number; p99: number; errors: number };
  return {
    requestsPerSecond: (found.requests / found.us) * 1e6,
    p50Us: found.p50,
    p99Us: found.p99,
    errors: found.errors,
    cpuUs: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / Math.max(1, found.requests),
    octets: after.octets,
  };
}

/** Each of these targets once, so many at a time. */
export async function once16(peer: Peer, targets: readonly string[], atOnce = 16): Promise<Sample> {
  const before = await peer.usage();
  const waiting = [...targets];
  const times: number[] = [];
  const startedMs = performance.now();
  let errors = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const askedMs = performance.now();
      const response = await fetch(peer.url + target);
      let octets = 0;
      for await (const chunk of response.body ?? []) octets += (chunk as Uint8Array).byteLength;
      if (response.status !== 200 || octets !== Number(response.headers.get('content-length'))) errors += 1;
      times.push((performance.now() - askedMs) * 1000);
    }
  }));
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await peer.usage();
  times.sort((a, b) => a - b);
  const at = (part: number): number => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? NaN);
  return { requestsPerSecond: targets.length / seconds, p50Us: at(0.5), p99Us: at(0.99), errors, cpuUs: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / targets.length, octets: after.octets };
}

/** Memory with so many connections that have had one answer each and say nothing. */
export async function idle(peer: Peer, target: string, connections: number): Promise<{ readonly open: number; readonly octets: number }> {
  const port = Number(new URL(peer.url).port);
  const sockets: Socket[] = [];
  try {
    for (let opened = 0; opened < connections; opened += 100) {
      await Promise.all(Array.from({ length: Math.min(100, connections - opened) }, async () => {
        const socket = connect(port, '127.0.0.1');
        sockets.push(socket);
        socket.on('error', () => undefined);
        socket.write(`HEAD ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
        await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      }));
    }
    return { open: sockets.filter((socket) => !socket.destroyed).length, octets: (await peer.usage()).octets };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}
