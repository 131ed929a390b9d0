// Edges as a user runs them, each a process of its own: cdn store --origin, cdn up --origin, and what
// becomes of an answer when an edge or its origin is killed in the middle of load.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { expect } from 'chai';
import { startNetwork } from '../helpers/network.js';
import { useProcesses, type Running } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

interface Outcome {
  readonly kind: 'right' | 'error' | 'wrong';
  readonly what: string;
}

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

async function portOf(store: Running): Promise<number> {
  const [, port = ''] = await store.printed(/Running on http:\/\/127\.0\.0\.1:(\d+)\//);
  return Number(port);
}

/** Octets that tell their place. */
function film(length: number): Buffer {
  const octets = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) octets.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  return octets;
}

function judge(response: IncomingMessage, body: Buffer, content: Buffer, first: number): Outcome {
  const what = `${String(response.statusCode)} ${String(response.headers['cache-status'])}`;
  if (response.statusCode === 502 || response.statusCode === 504) return { kind: 'error', what };
  const expected = response.statusCode === 200 ? content : content.subarray(first, first + body.length);
  const whole = response.complete && Number(response.headers['content-length']) === body.length;
  if (!whole) return { kind: expected.subarray(0, body.length).equals(body) ? 'error' : 'wrong', what: `${what}, cut off` };
  return { kind: expected.equals(body) ? 'right' : 'wrong', what };
}

/** One request for all of it, or from `first` on. */
function fetchFrom(port: number, target: string, content: Buffer, first: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: target, agent: false, headers: first === 0 ? {} : { range: `bytes=${first}-` } }, (response) => {
      const parts: Buffer[] = [];
      const done = (): void => resolve(judge(response, Buffer.concat(parts), content, first));
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', done);
      response.once('error', done);
      response.once('aborted', done);
    });
    request.once('error', (error) => resolve({ kind: 'error', what: error.message }));
  });
}

describe('edges', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();

  async function folderWith(content: Buffer): Promise<string> {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'film.mp4'), content);
    return folder;
  }

  it('cdn up --origin: edges fill from the shield, and the fetch tells hit from miss', async () => {
    const origin = startCdn(['store', '--listen', '127.0.0.1:0', '--id', 'origin']);
    const network = await startNetwork(startCdn, ['--origin', `http://127.0.0.1:${await portOf(origin)}`, '--stores', '1']);
    const explain = async (): Promise<string> => {
      const done = await runCdn(['fetch', 'hiscinema.com/File2', '--explain', '--force', '--dns', network.dnsAddress], { cwd: await tempFolder() });
      expect(done.code, done.stderr).to.equal(0);
      return /^10\. .*$/m.exec(done.stdout)?.[0] ?? '';
    };
    expect(await explain()).to.match(/sha-256 promised, cache shield went on \(uri-miss\)(?:, TTL \d+ s)?, stored, cache store-1 went on \(uri-miss\)(?:, TTL \d+ s)?, stored/);
    expect(await explain()).to.match(/sha-256 promised, cache shield went on \(uri-miss\)(?:, TTL \d+ s)?, stored, cache store-1 hit/);
    // Two of the fetches, one transfer of the origin's.
    expect(origin.stderr().match(/Received data: video2/g)).to.have.length(1);
    const health = await (await fetch(`${network.storeUrl(0)}/_cdn/health`)).json() as Record<string, unknown>;
    expect(health).to.include({ status: 'ok', id: 'store-1' });
  });

  it('cdn up --origin --admin: one door to all edges and their shield', async () => {
    const origin = startCdn(['store', '--listen', '127.0.0.1:0', '--id', 'origin', '--max-age', '1h']);
    const network = await startNetwork(startCdn, ['--origin', `http://127.0.0.1:${await portOf(origin)}`, '--stores', '2', '--admin', '0']);
    const [, admin = ''] = await network.process.printed(/Administered on http:\/\/127\.0\.0\.1:(\d+)\//);
    const ask = async (...args: readonly string[]): Promise<string> => {
      const done = await runCdn([...args, '--admin', admin]);
      expect(done.code, done.stderr).to.equal(0);
      return done.stdout;
    };
    // Of each of the two a copy; the shield has the one that it needed for them.
    expect(await ask('warm', '/video1.mp4')).to.equal('/video1.mp4: stored, 1.5 MB in 2 edges\n');
    expect(origin.stderr().match(/Received data: video1/g)).to.have.length(1);
    for (const index of [0, 1]) expect((await fetch(`${network.storeUrl(index)}/video1.mp4`)).headers.get('cache-status')).to.match(new RegExp(`, store-${index + 1}; hit`));
    expect(await ask('why', '/video1.mp4')).to.match(/^\/video1\.mp4 is here\n {2}shield: 200, fresh[^]*\n {2}store-1: 200, fresh[^]*\n {2}store-2: 200, fresh/);
    expect(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()).to.match(/^cdn_cache_objects\{store="store-2",tier="memory"\} 1$/m);
    expect(await ask('purge', '/video1.mp4')).to.equal('url /video1.mp4: 3 objects purged\n');
    expect(await ask('why', '/video1.mp4')).to.match(/is not here\n {2}shield: gone since \S+ purged by url \/video1\.mp4\n {2}store-1: gone since/);
    const none = await runCdn(['up', '--admin', '40727']);
    expect([none.code, none.stderr]).to.satisfy(([code, text]: [number, string]) => code === 2 && text.includes('--admin: only stores with an origin'));
  });

  it('a flag of an edge without an origin, or a folder beside one, is told', async () => {
    const alone = await runCdn(['store', '--slice', '1MiB']);
    expect([alone.code, alone.stderr]).to.satisfy(([code, text]: [number, string]) => code === 2 && text.includes('--slice: only a store with an origin fetches and keeps slices'));
    const both = await runCdn(['store', '--origin', 'http://127.0.0.1:1', '--dir', '.']);
    expect([both.code, both.stderr]).to.satisfy(([code, text]: [number, string]) => code === 2 && text.includes('and no folder'));
    const pathed = await runCdn(['store', '--origin', 'http://127.0.0.1:1/films']);
    expect([pathed.code, pathed.stderr]).to.satisfy(([code, text]: [number, string]) => code === 2 && text.includes('URL without a path'));
  });

  it('--cache-dir: what was kept is there again after kill -9, and the origin isn\'t asked', async () => {
    const content = film(1_000_000);
    const origin = startCdn(['store', '--listen', '127.0.0.1:0', '--dir', await folderWith(content), '--max-age', '1h']);
    const args = ['store', '--listen', '127.0.0.1:0', '--origin', `http://127.0.0.1:${await portOf(origin)}`, '--slice', '64KiB', '--cache-dir', await tempFolder(), '--cache-disk', '64MB'];
    const edge = startCdn(args);
    const port = await portOf(edge);
    const onDisk = async (): Promise<number> => ((await (await fetch(`http://127.0.0.1:${port}/_cdn/health`)).json()) as { cache: { disk: { slices: number } } }).cache.disk.slices;
    // A slice that is asked for once costs no disk write; all 16 of them, when they are asked for again.
    while ((await onDisk()) < 16) expect((await fetchFrom(port, '/film.mp4', content, 0)).kind).to.equal('right');
    edge.kill('SIGKILL');
    origin.kill('SIGKILL');
    await Promise.all([edge.finished, origin.finished]);
    const again = startCdn(args);
    const outcome = await fetchFrom(await portOf(again), '/film.mp4', content, 0);
    expect(outcome).to.deep.include({ kind: 'right' });
    expect(outcome.what).to.match(/^200 store-1; hit/);
  });

  it('--max-age is what caches are told', async () => {
    const store = startCdn(['store', '--listen', '127.0.0.1:0', '--max-age', '5m']);
    const response = await fetch(`http://127.0.0.1:${await portOf(store)}/video1.mp4`, { method: 'HEAD' });
    expect(response.headers.get('cache-control')).to.equal('max-age=300, stale-if-error=86400');
  });

  it('--slice: a seek fetches the slices it needs', async () => {
    const content = film(1_000_000);
    const origin = startCdn(['store', '--listen', '127.0.0.1:0', '--dir', await folderWith(content), '--log-format', 'json']);
    const [, port = ''] = await origin.printed(/"port":(\d+)/);
    const edge = startCdn(['store', '--listen', '127.0.0.1:0', '--origin', `http://127.0.0.1:${port}`, '--slice', '64KiB', '--memory', '16MB']);
    const outcome = await fetchFrom(await portOf(edge), '/film.mp4', content, 900_000);
    expect(outcome.kind, outcome.what).to.equal('right');
    await origin.printed(/"range":"bytes 851968-917503\/1000000"/);
    expect(origin.stderr()).to.not.match(/"range":"bytes 0-/);
  });

  for (const victim of ['the edge', 'the origin'] as const) {
    it(`kill -9 ${victim} in the middle of load from 50 clients: the right bytes or an error, never wrong ones`, async () => {
      const content = film(2_000_000);
      const folder = await folderWith(content);
      const origin = startCdn(['store', '--listen', '127.0.0.1:0', '--dir', folder]);
      const originPort = await portOf(origin);
      const edgeArgs = ['--origin', `http://127.0.0.1:${originPort}`, '--slice', '64KiB', '--memory', '16MB', '--id', 'edge'];
      const edge = startCdn(['store', '--listen', '127.0.0.1:0', ...edgeArgs]);
      const port = await portOf(edge);
      const outcomes: Outcome[] = [];
      let running = 50;
      let killed = false;
      const client = async (number: number): Promise<void> => {
        for (let round = 0; round < 3; round += 1) {
          // Each asks for another part, some for what is cold.
          outcomes.push(await fetchFrom(port, '/film.mp4', content, number % 5 === 0 ? 0 : (number * 97_003 + round * 500_009) % 1_900_000));
          if (!killed && outcomes.length >= 40) {
            killed = true;
            (victim === 'the edge' ? edge : origin).kill('SIGKILL');
          }
        }
        running -= 1;
      };
      await Promise.all(Array.from({ length: running }, (_, number) => client(number)));
      expect(running).to.equal(0);
      expect(outcomes.filter(({ kind }) => kind === 'wrong')).to.deep.equal([]);
      expect(outcomes.filter(({ kind }) => kind === 'right').length).to.be.greaterThan(0);
      if (victim === 'the edge') expect(outcomes.filter(({ kind }) => kind === 'error').length).to.be.greaterThan(0);
      // Whoever is started again serves the very same octets.
      const again = victim === 'the edge'
        ? startCdn(['store', '--listen', '127.0.0.1:0', ...edgeArgs])
        : startCdn(['store', '--listen', `127.0.0.1:${originPort}`, '--dir', folder]);
      const againPort = await portOf(again);
      const response = await fetch(`http://127.0.0.1:${victim === 'the edge' ? againPort : port}/film.mp4`);
      expect([response.status, sha256(Buffer.from(await response.arrayBuffer()))]).to.deep.equal([200, sha256(content)]);
    });
  }
});
