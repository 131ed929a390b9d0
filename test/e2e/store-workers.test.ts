// `cdn store --workers 2` from outside: two processes that serve as one would.

import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { isPortFree } from '../helpers/free-port.js';
import { PROJECT, useProcesses, type Running } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

interface Health {
  readonly transfers: number;
  readonly refused: number;
  readonly full: boolean;
}

const VIDEO = path.join(PROJECT, 'videos', 'video1.mp4');

describe('cdn store --workers 2', function () {
  this.timeout(60_000);
  const { startCdn, runCdn, run } = useProcesses();
  const tempFolder = useTempFolders();
  const servers: Server[] = [];
  afterEach('close servers', () => {
    for (const server of servers.splice(0)) server.close();
  });

  interface Store {
    readonly store: Running;
    readonly port: number;
    readonly url: string;
    workers(): readonly number[];
  }
  async function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Store> {
    const store = startCdn(['store', '--workers', '2', '--listen', '127.0.0.1:0', '--log-format', 'json', ...args], { env });
    await store.printed(/"role":"workers"/);
    const port = Number(/Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(store.stderr())?.[1]);
    return { store, port, url: `http://127.0.0.1:${port}`, workers: () => (/"processes":\[([\d,]+)\]/.exec(store.stderr())?.[1] ?? '').split(',').map(Number) };
  }

  /** What is done while all workers but one are stopped: that one accepts every connection. */
  async function only<T>({ workers }: Store, index: number, work: () => Promise<T>): Promise<T> {
    const others = workers().filter((_, at) => at !== index);
    for (const pid of others) process.kill(pid, 'SIGSTOP');
    try {
      return await work();
    } finally {
      for (const pid of others) process.kill(pid, 'SIGCONT');
    }
  }
  const fromEach = async <T>(store: Store, work: () => Promise<T>): Promise<readonly T[]> => [await only(store, 0, work), await only(store, 1, work)];
  /** On a connection of its own, which whoever is free accepts. */
  const open = (url: string): Promise<IncomingMessage> => new Promise((resolve, reject) => {
    get(url, { agent: new Agent({ keepAlive: false }) }, resolve).on('error', reject);
  });
  async function status(url: string): Promise<number> {
    const answer = await open(url);
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode ?? 0;
  }
  async function health(url: string): Promise<Health> {
    const answer = await open(`${url}/_cdn/health`);
    const octets: Buffer[] = [];
    for await (const octet of answer) octets.push(octet as Buffer);
    return JSON.parse(Buffer.concat(octets).toString()) as Health;
  }
  const linesOf = async (file: string): Promise<readonly string[]> => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const workersOf = ({ store }: Store, message: RegExp): readonly number[] => {
    const lines = store.stderr().split('\n').filter((line) => message.test(line));
    return [...new Set(lines.map((line) => (JSON.parse(line) as { worker: number }).worker))].sort();
  };

  it('both answer; one access log holds the lines of both, and is opened anew for both', async () => {
    const file = path.join(await tempFolder(), 'access.log');
    const two = await start(['--access-log', file]);
    await fromEach(two, async () => {
      for (let each = 0; each < 10; each += 1) expect(await status(`${two.url}/video1?before`)).to.equal(200);
    });
    await rename(file, `${file}.1`);
    two.store.kill('SIGUSR1');
    while (await readFile(file).then(() => false, () => true)) await status(`${two.url}/_cdn/health`);
    await fromEach(two, async () => {
      for (let each = 0; each < 10; each += 1) await status(`${two.url}/video1?after`);
    });
    two.store.kill('SIGTERM');
    expect((await two.store.finished).code).to.equal(0);
    expect(workersOf(two, /Received data/)).to.deep.equal([1, 2]);
    const [old, fresh] = [await linesOf(`${file}.1`), await linesOf(file)];
    const count = (lines: readonly string[], what: string): number => lines.filter((line) => line.includes(what)).length;
    expect([count([...old, ...fresh], '/video1?before'), count(fresh, '/video1?after'), count(old, '/video1?after')]).to.deep.equal([20, 20, 0]);
  });

  it('the capacity holds for both together, and each tells the load of both', async () => {
    const two = await start(['--capacity', '3', '--rate', '20kB/s']);
    const under: IncomingMessage[] = [];
    under.push(...await fromEach(two, () => open(`${two.url}/video1`)), await open(`${two.url}/video1`));
    expect(under.map(({ statusCode }) => statusCode)).to.deep.equal([200, 200, 200]);
    expect(await fromEach(two, () => status(`${two.url}/video1`))).to.deep.equal([503, 503]);
    const told = (): Promise<readonly Health[]> => (two.store.stderr().includes('serves again') ? Promise.all([health(two.url)]) : fromEach(two, () => health(two.url)));
    const both = async (wanted: Health): Promise<void> => {
      while (!(await told()).every(({ transfers, refused, full }) => transfers === wanted.transfers && refused === wanted.refused && full === wanted.full));
    };
    await both({ transfers: 3, refused: 2, full: true });
    under.pop()?.destroy();
    await both({ transfers: 2, refused: 2, full: false });
    under.push(await open(`${two.url}/video1`));
    expect(under[2]?.statusCode).to.equal(200);
    // What a worker has taken is free again when it is gone.
    expect(workersOf(two, /Received data/)).to.deep.equal([1, 2]);
    for (const pid of two.workers()) process.kill(pid, 'SIGKILL');
    await two.store.shows((output) => output.split('serves again').length === 3, 'that both serve again');
    await both({ transfers: 0, refused: 2, full: false });
    for (let each = 0; each < 3; each += 1) under.push(await open(`${two.url}/video1`));
    expect(under.slice(3).map(({ statusCode }) => statusCode)).to.deep.equal([200, 200, 200]);
    for (const one of under) one.destroy();
  });

  it('connections beyond the limit of both together are turned away', async () => {
    const two = await start(['--max-connections', '4']);
    const closed = new Set<unknown>();
    const sockets: Socket[] = [];
    const six = async (): Promise<void> => {
      const full = closed.size + 4;
      const opened = Array.from({ length: 6 }, () => connect(two.port, '127.0.0.1'));
      sockets.push(...opened);
      for (const socket of opened) socket.on('error', () => undefined).once('close', () => closed.add(socket)).resume();
      while (closed.size < full) await new Promise((resolve) => setImmediate(resolve));
    };
    await fromEach(two, six);
    await two.store.printed(/turned connections away/);
    const [first] = sockets.filter((socket) => !closed.has(socket));
    first?.write('GET /_cdn/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const [answer] = (await once(first ?? sockets[0] as NodeJS.EventEmitter, 'data')) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1\.1 200 /);
    expect(closed.size).to.equal(8);
    for (const socket of sockets) socket.destroy();
  });

  it('one that is killed under load is replaced; who asks gets the right octets or an error', async () => {
    const two = await start();
    const right = createHash('sha256').update(await readFile(VIDEO)).digest('hex');
    let going = true;
    const outcomes = { right: 0, broken: 0, wrong: 0 };
    const client = async (): Promise<void> => {
      while (going) {
        const { code, stdoutBytes } = await run('curl', ['-s', '--fail-early', '--max-time', '20', `${two.url}/video1`, `${two.url}/video1`]);
        const half = stdoutBytes.length / 2;
        const isRight = [stdoutBytes.subarray(0, half), stdoutBytes.subarray(half)].every((octets) => createHash('sha256').update(octets).digest('hex') === right);
        outcomes[code === 0 ? (isRight ? 'right' : 'wrong') : 'broken'] += 1;
      }
    };
    const clients = Array.from({ length: 6 }, client);
    for (let kills = 1; kills <= 2; kills += 1) {
      const pids = [...two.store.stderr().matchAll(/serves again: process (\d+)/g)].map(([, pid]) => Number(pid));
      process.kill(pids.at(-1) ?? two.workers()[0] ?? 0, 'SIGKILL');
      await two.store.shows((output) => output.split('serves again').length > kills, 'that a successor serves');
      const before = outcomes.right;
      while (outcomes.right < before + 6) await new Promise((resolve) => setImmediate(resolve));
    }
    going = false;
    await Promise.all(clients);
    expect(outcomes.wrong).to.equal(0);
    expect(outcomes.right).to.be.above(11);
    two.store.kill('SIGTERM');
    expect((await two.store.finished).code).to.equal(0);
    expect(await isPortFree(two.port)).to.equal(true);
  });

  it('keys of signed URLs are exchanged in both', async () => {
    const file = path.join(await tempFolder(), 'keys');
    const write = (id: string): Promise<void> => writeFile(file, `${id} ${'0123456789abcdef'.repeat(4)}\n`, { mode: 0o600 });
    await write('one');
    const two = await start(['--signed-urls', file]);
    const sign = async (): Promise<string> => (await runCdn(['sign', `${two.url}/video1`, '--key-file', file])).stdout.trim();
    const first = await sign();
    const both = (url: string): Promise<readonly number[]> => fromEach(two, () => status(url));
    expect([await both(first), await both(`${two.url}/video1`)]).to.deep.equal([[200, 200], [403, 403]]);
    await rm(file);
    await write('two');
    two.store.kill('SIGHUP');
    await two.store.printed(/Keys of signed URLs read again: two/);
    expect([await both(first), await both(await sign())]).to.deep.equal([[403, 403], [200, 200]]);
    expect(two.store.stderr().split('read again').length).to.equal(2);
  });

  it('transfers under way may end after SIGTERM, of whichever worker', async () => {
    const two = await start(['--rate', '600kB/s']);
    const under = (await fromEach(two, () => Promise.all([open(`${two.url}/video1`), open(`${two.url}/video1`)]))).flat();
    two.store.kill('SIGTERM');
    await two.store.printed(/Stopping/);
    const expected = (await readFile(VIDEO)).length;
    const lengths = await Promise.all(under.map(async (answer) => {
      let length = 0;
      for await (const octets of answer) length += (octets as Buffer).length;
      return length;
    }));
    expect(lengths).to.deep.equal([expected, expected, expected, expected]);
    expect((await two.store.finished).code).to.equal(0);
    expect(workersOf(two, /Transfer Complete/)).to.deep.equal([1, 2]);
  });

  it('spans of both go to the collector, by way of the primary', async () => {
    let bodies = '';
    const collector = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (part: string) => (bodies += part));
      request.on('end', () => response.end('{}'));
    }).listen(0, '127.0.0.1');
    servers.push(collector);
    await once(collector, 'listening');
    const bound = collector.address();
    const two = await start([], { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port ?? 0 : 0}` });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await fromEach(two, async () => {
      for (let each = 0; each < 4; each += 1) await run('curl', ['-s', '-o', '/dev/null', '-H', `traceparent: 00-${traceId}-b7ad6b7169203331-01`, `${two.url}/video1`]);
    });
    two.store.kill('SIGTERM');
    await two.store.finished;
    expect(workersOf(two, new RegExp(traceId))).to.deep.equal([1, 2]);
    expect(bodies.split(traceId).length - 1).to.equal(8);
  });

  it('says what can’t be: an edge of several processes, fewer connections than workers, a port that is taken', async () => {
    const edge = await runCdn(['store', '--workers', '2', '--origin', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0']);
    expect([edge.code, edge.stderr.includes('the cache of an edge belongs to one process'), edge.stderr.includes('--id shield')], edge.stderr).to.deep.equal([2, true, true]);
    const few = await runCdn(['store', '--workers', '3', '--max-connections', '2', '--listen', '127.0.0.1:0']);
    expect([few.code, few.stderr.includes('--max-connections 2: each of 3 workers needs one at least')], few.stderr).to.deep.equal([2, true]);
    const two = await start();
    const taken = await runCdn(['store', '--workers', '2', '--listen', `127.0.0.1:${two.port}`]);
    expect([taken.code, taken.stderr.includes(`127.0.0.1:${two.port}: the port is in use`)], taken.stderr).to.deep.equal([6, true]);
    // A primary that is gone takes its workers along.
    two.store.kill('SIGKILL');
    while (!(await isPortFree(two.port)));
  });
});
