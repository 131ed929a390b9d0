// Load of 50 clients while the disk of the edge fills up, the edge is killed, the origin is killed, and then both:
// every client gets the right octets, or an error it can see. Never wrong ones, and never a part for the whole.

import { spawnSync } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { expect } from 'chai';
import { createSeededRandom } from '../../src/base/random.js';
import { freePort } from '../helpers/free-port.js';
import { PROGRAM, useProcesses, type Running } from '../helpers/process.js';
import { itWhen } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

/** As root, or as root of a space of users of its own, where the system gives one. */
const SPACE = [['-m'], ['-r', '-m']].find((flags) => spawnSync('unshare', [...flags, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0);

const CLIENTS = 50;
const OBJECTS = 24;

/** Octets that only this version of this object has. */
function contentOf(object: number, version: number): Buffer {
  const octets = Buffer.alloc(10_000 + object * 23_456 + version * 100);
  for (let at = 0; at + 4 <= octets.length; at += 4) octets.writeUInt32LE(Math.imul(at + object * 1_000_003 + version * 7919 + 1, 2_654_435_761) >>> 0, at);
  return octets;
}

interface Got {
  readonly status: number;
  readonly range: string | undefined;
  readonly octets: Buffer;
  readonly complete: boolean;
  readonly cacheStatus: string;
}

function get(port: number, agent: Agent, target: string, range: string | undefined): Promise<Got | undefined> {
  return new Promise((resolve) => {
    const asking = request({ host: '127.0.0.1', port, agent, path: target, headers: range === undefined ? {} : { range } }, (answer: IncomingMessage) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', () => undefined);
      answer.once('close', () => resolve({ status: answer.statusCode ?? 0, range: answer.headers['content-range'], octets: Buffer.concat(parts), complete: answer.complete, cacheStatus: String(answer.headers['cache-status']) }));
    });
    asking.once('error', () => resolve(undefined));
    asking.end();
  });
}

/** What is wrong with it; undefined where nothing is. `versions`: all that there ever were of the object. */
function wrongWith({ status, range, octets, complete }: Got, asked: string | undefined, versions: readonly Buffer[]): string | undefined {
  if (status >= 500) return undefined;
  if (status === 200) return versions.some((whole) => (complete ? octets.equals(whole) : octets.equals(whole.subarray(0, octets.length)))) ? undefined : `${octets.length} octets that nobody sent`;
  const [, first = '', last = '', length = ''] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
  if (status !== 206 || !asked?.startsWith(`bytes=${first}-`)) return `a ${status} of ${range} to ${asked}`;
  const part = versions.find((whole) => whole.length === Number(length))?.subarray(Number(first), Number(last) + 1);
  return part !== undefined && (complete ? octets.equals(part) : octets.equals(part.subarray(0, octets.length))) ? undefined : `${octets.length} octets that are not ${range}`;
}

describe('an edge under load, and all that can fail', () => {
  const makeFolder = useTempFolders();
  const left = new Set<number>();
  let agent = new Agent({ keepAlive: true });
  afterEach('kill edges', () => {
    agent.destroy();
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
    }
    left.clear();
  });
  // After that hook: an edge that lives holds the output of its shell open.
  const processes = useProcesses();

  itWhen(SPACE !== undefined, 'to be allowed to mount', 'the right octets or an error', async function () {
    this.timeout(60_000);
    const [films, cache] = [await makeFolder(), await makeFolder()];
    const [originPort, port] = [await freePort(), await freePort()];
    const versions: Buffer[][] = [];
    for (let object = 0; object < OBJECTS; object += 1) {
      versions[object] = [contentOf(object, 0)];
      await writeFile(path.join(films, `o${object}`), contentOf(object, 0));
    }

    /** They are quiet: that one answers is all there is to see. */
    async function answers(at: number): Promise<void> {
      while ((await get(at, agent, '/_cdn/health', undefined)) === undefined) await new Promise((resolve) => setImmediate(resolve));
    }
    async function startOrigin(): Promise<Running> {
      const origin = processes.startCdn(['store', '--dir', films, '--listen', `127.0.0.1:${originPort}`, '--max-age', '1s', '--quiet']);
      await answers(originPort);
      return origin;
    }

    // A shell in a space of mounts of its own: it outlives the edge, and with it the file system that the edge fills.
    const shell = processes.start('unshare', [...(SPACE ?? []), 'sh']);
    let asked = 0;
    async function inSpace(command: string): Promise<string> {
      asked += 1;
      shell.stdin.write(`${command}\necho "done-${asked}:"\n`);
      await shell.printed(new RegExp(`done-${asked}:`));
      return shell.stdout();
    }
    let edges = 0;
    async function startEdge(): Promise<number> {
      edges += 1;
      const args = ['store', '--origin', `http://127.0.0.1:${originPort}`, '--listen', `127.0.0.1:${port}`, '--memory', '4MB', '--slice', '64KiB', '--cache-dir', cache, '--cache-disk', '64MB', '--quiet'];
      const out = await inSpace(`"${process.execPath}" "${PROGRAM}" ${args.join(' ')} 2>&1 & echo "edge-${edges}=$!;"`);
      const pid = Number(new RegExp(`edge-${edges}=(\\d+);`).exec(out)?.[1]);
      left.add(pid);
      await answers(port);
      return pid;
    }

    await inSpace(`mount -t tmpfs -o size=8m tmpfs "${cache}"`);
    let origin = await startOrigin();
    let edge = await startEdge();

    const wrong: string[] = [];
    /** `lost`: no answer, or not all of it. */
    const counts = { right: 0, lost: 0, failed: 0, hits: 0, stale: 0 };
    let over = false;
    let up = Promise.resolve();
    let wake = (): void => undefined;
    async function client(seed: number): Promise<void> {
      const random = createSeededRandom(seed);
      while (!over) {
        await up;
        // Some are asked for much more often.
        const object = Math.min(random.int(OBJECTS), random.int(OBJECTS));
        const range = random.int(3) === 0 ? `bytes=${random.int(10_000)}-` : undefined;
        const got = await get(port, agent, `/o${object}`, range);
        if (got === undefined) counts.lost += 1;
        else {
          const fault = wrongWith(got, range, versions[object] ?? []);
          if (fault !== undefined) wrong.push(`/o${object}: ${fault} (${got.cacheStatus})`);
          if (!got.complete) counts.lost += 1;
          else if (got.status >= 500) counts.failed += 1;
          else counts.right += 1;
          if (got.cacheStatus.includes('; hit')) counts.hits += 1;
          if (got.cacheStatus.includes('stale-if-error')) counts.stale += 1;
        }
        wake();
      }
    }
    const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
    async function until(isThere: () => boolean): Promise<void> {
      while (!isThere()) await new Promise<void>((resolve) => (wake = resolve));
    }
    const more = (what: keyof typeof counts, count: number): Promise<void> => {
      const enough = counts[what] + count;
      return until(() => counts[what] >= enough);
    };
    /** In the middle of what it does for everybody; then clients wait until it is there again. */
    async function killEdge(): Promise<() => void> {
      let release = (): void => undefined;
      up = new Promise((resolve) => (release = resolve));
      process.kill(edge, 'SIGKILL');
      await inSpace(`wait ${edge}`);
      left.delete(edge);
      return release;
    }

    // Others take all of the disk; the edge says so, once.
    await more('right', 200);
    await inSpace(`head -c 20000000 /dev/zero > "${cache}/others" 2>/dev/null`);
    await shell.printed(/The cache folder \S+ is full/);
    await more('right', 150);

    let release = await killEdge();
    edge = await startEdge();
    release();
    await more('right', 150);

    origin.kill('SIGKILL');
    await origin.finished;
    await more('stale', 30);
    // Versions change while nobody can see it.
    for (let object = 0; object < OBJECTS; object += 2) {
      versions[object]?.push(contentOf(object, 1));
      await writeFile(path.join(films, `.new${object}`), contentOf(object, 1));
      await rename(path.join(films, `.new${object}`), path.join(films, `o${object}`));
    }
    origin = await startOrigin();
    await more('right', 150);

    // Room again, and then everybody at once.
    await inSpace(`rm "${cache}/others"`);
    await more('right', 100);
    origin.kill('SIGKILL');
    release = await killEdge();
    await origin.finished;
    [origin, edge] = await Promise.all([startOrigin(), startEdge()]);
    release();
    await more('right', 150);
    over = true;
    await Promise.all(clients);

    expect(wrong).to.deep.equal([]);
    expect(counts.hits, JSON.stringify(counts)).to.be.greaterThan(100);
    // How many had an answer on its way just then is chance.
    expect(counts.lost, JSON.stringify(counts)).to.be.greaterThan(0);
    // In the end all is well, for who comes now.
    agent.destroy();
    agent = new Agent();
    for (const [object, known] of versions.entries()) {
      const got = await get(port, agent, `/o${object}`, undefined);
      expect([got?.status, got?.complete, known.some((whole) => whole.equals(got?.octets ?? Buffer.alloc(0)))], `/o${object}`).to.deep.equal([200, true, true]);
    }
  });
});
