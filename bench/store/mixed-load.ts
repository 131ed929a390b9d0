// All that an edge meets, at the same time: hot objects, cold ones, ranges, readers that are slow or have stopped,
// purges and heads that are none. Every octet is compared with what the origin has.

import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Random } from '../../src/base/random.js';

export interface MixedLoad {
  readonly port: number;
  /** Of the admin listener. */
  readonly admin: number;
  /** The objects by their paths, the largest last. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly random: Random;
  /** Clients of each kind. */
  readonly clients: number;
}

export interface LoadCounts {
  hot: number;
  cold: number;
  ranges: number;
  /** Readers that got all of it at their pace, and those that left in the middle. */
  slow: number;
  left: number;
  purges: number;
  hostile: number;
  /** No answer, or not all of it, or one of 500 and above. */
  readonly failed: string[];
  readonly wrong: string[];
}

const HOSTILE: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'GET /\r\n\r\n', 'G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n', 'GET / HTTP/1.1\nHost: a\n\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET / HTT',
];

/** Pauses between two pieces of a slow reader, and how long one that has stopped is kept. */
const SLOW_MS = 20;
const STOPPED_MS = 300;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function startMixedLoad({ port, admin, objects, random, clients }: MixedLoad): { readonly counts: LoadCounts; stop(): Promise<void> } {
  const counts: LoadCounts = { hot: 0, cold: 0, ranges: 0, slow: 0, left: 0, purges: 0, hostile: 0, failed: [], wrong: [] };
  const agent = new Agent({ keepAlive: true });
  const paths = [...objects.keys()];
  const large = paths.at(-1) ?? '';
  let over = false;
  let cold = 0;

  const contentOf = (path: string): Uint8Array => objects.get(path.replace(/\?.*/, '')) ?? new Uint8Array();

  /** Whether all of it came; what is wrong with it, or missing, is noted. `take` decides how fast, and false ends it. */
  function get(path: string, range: readonly [number, number] | undefined, take?: () => Promise<boolean>): Promise<boolean> {
    return new Promise((resolve) => {
      const asking = request({ host: '127.0.0.1', port, path, agent: take === undefined ? agent : false, headers: range === undefined ? {} : { range: `bytes=${range[0]}-${range[1]}` } }, (answer) => {
        const whole = contentOf(path);
        const expected = range === undefined ? whole : whole.subarray(range[0], range[1] + 1);
        let at = 0;
        answer.on('data', (part: Buffer) => {
          if ((answer.statusCode ?? 0) >= 500) return;
          if (part.compare(expected, at, at + part.length) !== 0) counts.wrong.push(`${path} ${range?.join('-') ?? 'whole'} at ${at}`);
          at += part.length;
          if (take === undefined) return;
          answer.pause();
          void take().then((more) => (more ? answer.resume() : answer.destroy()));
        });
        answer.on('error', () => undefined);
        answer.once('close', () => {
          const whole = answer.complete && (answer.statusCode ?? 0) < 500 && at === expected.length;
          if (!whole && take === undefined) counts.failed.push(`${path} ${range?.join('-') ?? ''}: ${answer.statusCode}, ${at} of ${expected.length}, ${String(answer.headers['cache-status'])}`);
          resolve(whole);
        });
      });
      asking.once('error', (error) => {
        if (take === undefined) counts.failed.push(`${path}: ${error.message}`);
        resolve(false);
      });
      asking.end();
    });
  }

  async function counted(kind: 'hot' | 'cold' | 'ranges', whole: Promise<boolean>): Promise<void> {
    if (await whole) counts[kind] += 1;
  }

  function rangeOf(path: string): readonly [number, number] {
    const { length } = contentOf(path);
    const first = random.int(length);
    return [first, Math.min(length - 1, first + random.int(200_000))];
  }

  async function slowReader(): Promise<void> {
    const stopsAfter = random.int(2) === 0 ? random.int(20) : Infinity;
    let pieces = 0;
    const whole = await get(large, undefined, async () => {
      pieces += 1;
      if (pieces > stopsAfter) {
        await pause(STOPPED_MS);
        return false;
      }
      await pause(SLOW_MS);
      return !over;
    });
    if (whole) counts.slow += 1;
    else counts.left += 1;
  }

  async function purge(): Promise<void> {
    const path = paths[random.int(paths.length)] ?? '';
    const wish = [{ url: path }, { url: path, soft: true }, { prefix: `${path}?c=` }][random.int(3)];
    const answer = await fetch(`http://127.0.0.1:${admin}/purge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) });
    await answer.arrayBuffer();
    counts.purges += 1;
    await pause(50);
  }

  function hostile(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(HOSTILE[random.int(HOSTILE.length)] ?? '', 'latin1');
        setTimeout(() => socket.destroy(), random.int(20));
      });
      socket.resume();
      socket.on('error', () => undefined);
      socket.once('close', () => {
        counts.hostile += 1;
        resolve();
      });
    });
  }

  const kinds: readonly (() => Promise<void>)[] = [
    // Two of three for the few that everybody wants.
    () => counted('hot', get(paths[Math.min(random.int(paths.length), random.int(4))] ?? '', undefined)),
    () => counted('cold', get(`${paths[random.int(paths.length - 1)]}?c=${(cold += 1)}`, undefined)),
    () => {
      const path = random.int(2) === 0 ? large : `${paths[random.int(paths.length)]}?c=${random.int(cold + 1)}`;
      return counted('ranges', get(path, rangeOf(path)));
    },
    slowReader,
    hostile,
  ];
  async function client(work: () => Promise<void>): Promise<void> {
    while (!over) await work();
  }
  const working = [client(purge), ...kinds.flatMap((kind) => Array.from({ length: clients }, () => client(kind)))];
  return {
    counts,
    stop: async () => {
      over = true;
      await Promise.all(working);
      agent.destroy();
    },
  };
}

/** Octets that tell their place. */
export function patternOf(length: number, seed: number): Uint8Array {
  const octets = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) octets.writeUInt32LE(Math.imul(at + seed * 1_000_003 + 1, 2_654_435_761) >>> 0, at);
  return octets;
}

/** What an edge of such a load is to hold: 30 objects of 1 kB to 1 MB, and one of 8 MB. */
export function objectsOfLoad(): ReadonlyMap<string, Uint8Array> {
  const sizes = [...Array.from({ length: 30 }, (_, index) => Math.round(1000 * 1.27 ** index)), 8_000_000];
  return new Map(sizes.map((size, index) => [`/o${index}`, patternOf(size, index)]));
}
