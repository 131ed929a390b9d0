// cdn store beside nginx and Varnish, one worker each on core 0, the load on core 1: npm run bench:store --
// [--quick] [--rounds N] [--seconds N] [--peers cdn,nginx] [--workers N] [--keep FOLDER] [SCENARIO …]; README.md has the rest.

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { idle, once16, prepareLoad, wrk, type Sample } from './load.js';
import { startPeer, type Peer, type PeerName } from './peers.js';
import { formatChart, formatTable, medianOf, type Result } from './report.js';
import { chill, coldTargets, makeObjects, selectScenarios, SIZES, type Scenario } from './scenarios.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' }, seconds: { type: 'string' }, peers: { type: 'string', default: 'cdn,edge,nginx,varnish,echo' }, keep: { type: 'string' }, workers: { type: 'string' } },
});
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
const seconds = Number(values.seconds ?? (values.quick ? 1 : 3));
const workers = Number(values.workers ?? 1);
const names = (['cdn', 'workers', 'edge', 'nginx', 'varnish', 'echo'] as const).filter((name) => (name === 'workers' ? workers > 1 : values.peers.split(',').includes(name)));
const scenarios = selectScenarios(positionals, values.quick);
const keep = values.keep ?? fileURLToPath(new URL('./results', import.meta.url));

/** Long enough that every server has the object where it will have it from then on. */
async function warm(peer: Peer, { target }: Scenario): Promise<void> {
  for (let times = 0; times < 4; times += 1) {
    const response = await fetch(peer.url + target);
    await response.arrayBuffer();
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
}

async function measure(peer: Peer, scenario: Scenario, script: string): Promise<Sample> {
  const { kind, target, connections } = scenario;
  if (kind === 'idle') {
    const { open, octets } = await idle(peer, target, connections);
    return { requestsPerSecond: NaN, p50Us: NaN, p99Us: NaN, cpuUs: NaN, errors: connections - open, octets };
  }
  if (kind === 'cold') return once16(peer, coldTargets(), connections);
  await warm(peer, scenario);
  return wrk(peer, { target, connections, seconds, ...(kind === 'range' ? { rangeOf: SIZES['100m'] ?? 0 } : {}) }, script);
}

async function main(): Promise<void> {
  const work = await mkdtemp(path.join(tmpdir(), 'cdn-bench-store-'));
  // Varnish's worker has a user of its own.
  await chmod(work, 0o755);
  const dir = path.join(work, 'objects');
  await mkdir(dir);
  const peers = new Map<PeerName, Peer>();
  const restart = async (name: PeerName): Promise<Peer> => {
    await peers.get(name)?.stop();
    const peer = await startPeer(name, dir, work, workers);
    peers.set(name, peer);
    return peer;
  };
  try {
    await makeObjects(dir, scenarios.some(({ kind }) => kind === 'cold'));
    const script = await prepareLoad(work);
    // A file that was written just now is being worked on, for us.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    for (const name of names) await restart(name);
    const results: Result[] = [];
    for (const scenario of scenarios) {
      // The floor has no disk, and what an edge has not yet is its origin's.
      const asked = names.filter((name) => scenario.kind === 'hot' || scenario.kind === 'range' || (name !== 'echo' && name !== 'edge'));
      const samples = new Map<PeerName, Sample[]>(asked.map((name) => [name, []]));
      for (let round = 0; round < (scenario.kind === 'idle' ? 1 : rounds); round += 1) {
        for (const name of asked) {
          // Cold is cold for whoever serves it, and memory with idle connections is not that of what came before.
          if (scenario.kind === 'cold') await chill(dir);
          const peer = scenario.kind === 'cold' || scenario.kind === 'idle' ? await restart(name) : peers.get(name);
          if (peer !== undefined) samples.get(name)?.push(await measure(peer, scenario, script));
        }
      }
      const result: Result = { scenario: scenario.name, peers: Object.fromEntries([...samples].map(([name, found]) => [name, medianOf(found)])) };
      results.push(result);
      process.stderr.write(`${formatTable([result]).split('\n').slice(1).join('\n')}\n`);
    }
    await mkdir(keep, { recursive: true });
    const about = { node: process.version, system: release(), processor: cpus()[0]?.model, cores: cpus().length, rounds, seconds };
    await writeFile(path.join(keep, 'store.json'), `${JSON.stringify({ about, results }, undefined, 1)}\n`);
    await writeFile(path.join(keep, 'store.svg'), formatChart(results));
    process.stdout.write(`${formatTable(results)}\n\nRatios are ours to theirs: rps is better above 1, p50, p99, cpu and memory below. Kept in ${keep}\n`);
    for (const { scenario, peers: found } of results) {
      const [one, several] = [found.cdn, found.workers];
      if (one && several) process.stdout.write(`${scenario}: ${workers} workers to one: requests/s ${(several.requestsPerSecond / one.requestsPerSecond).toFixed(2)}, processor time for each ${(several.cpuUs / one.cpuUs).toFixed(2)}, memory ${(several.octets / one.octets).toFixed(2)}\n`);
      if (scenario.startsWith('idle')) process.stdout.write(`${scenario}: ${Object.entries(found).map(([name, sample]) => `${name} ${(sample.octets / 1e6).toFixed(0)} MB`).join(', ')}\n`);
    }
  } finally {
    for (const peer of peers.values()) await peer.stop();
    await rm(work, { recursive: true, force: true });
  }
}

await main();
