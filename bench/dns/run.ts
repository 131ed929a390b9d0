// Queries a second, latency and processor time of our name servers beside others', in one run: see README.md.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createSeededRandom } from '../../src/base/random.js';
import { measure, median, type Measured } from './measure.js';
import { installed, startDnsmasq, startEcho, startForwarder, startKnot, startNetwork, startNsd, startOurs, stop, writeZone, type Bench, type Running } from './servers.js';

const SCENARIOS = ['static', 'cookie', 'million', 'routed', 'cached', 'limited', 'workers'] as const;
type Scenario = (typeof SCENARIOS)[number];

interface Candidate {
  readonly scenario: Scenario;
  readonly server: string;
  readonly running: Running;
  readonly queries: string;
  readonly option?: string;
  /** Where dnsperf runs: core 1 unless said. */
  readonly core?: string;
}

interface Row {
  readonly scenario: Scenario;
  readonly server: string;
  readonly perSecond: number;
  readonly latencyMs: number;
  readonly cpuMicros: number;
  /** Of Knot's answers a second, and of Knot's processor time for one. */
  readonly ofKnot: number;
  readonly cpuOfKnot: number;
  readonly lost: number;
}

/** Client subnet 192.0.2.0/24, as a resolver sends it. */
const SUBNET = '8:00011800c00002';
/** A client's cookie, as dig sends one with each query to a server whose own it doesn't know. */
const COOKIE = '10:0102030405060708';
const APEX = 'bench.test.';

async function writeQueries(file: string, count: number, name: (index: number) => string): Promise<string> {
  await writeFile(file, `${Array.from({ length: count }, (_, index) => `${name(index)} A`).join('\n')}\n`);
  return file;
}

async function prepare(bench: Bench, scenarios: readonly Scenario[], names: number, workers: number): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  const { folder } = bench;
  const wants = (scenario: Scenario): boolean => scenarios.includes(scenario);
  const few = { apex: APEX, file: path.join(folder, 'few.zone') };
  await writeZone(few.file, APEX, 4);
  const fewQueries = await writeQueries(path.join(folder, 'few.txt'), 4, (index) => `host${index}.${APEX}`);
  const add = (scenario: Scenario, server: string, running: Running, queries: string, option?: string): void => void candidates.push({ scenario, server, running, queries, ...(option !== undefined && { option }) });

  if (wants('workers')) {
    // All of them on all cores, dnsperf as well: one worker and several, of ours and of Knot's.
    const core = `0-${availableParallelism() - 1}`;
    const everywhere: Bench = { ...bench, core };
    for (const [index, count] of [1, workers].entries()) {
      if (installed('knotd')) candidates.push({ scenario: 'workers', server: count === 1 ? 'knot' : `knot x${count}`, running: await startKnot(everywhere, `knot-x${count}`, { ...few, port: 5450 + index }, count), queries: fewQueries, core });
      candidates.push({ scenario: 'workers', server: count === 1 ? 'cdn' : `cdn x${count}`, running: await startOurs(everywhere, `cdn-x${count}`, { ...few, port: 5460 + index }, ['--workers', String(count)]), queries: fewQueries, core });
    }
  }
  if (scenarios.every((scenario) => scenario === 'workers')) return candidates;
  const echo = await startEcho(bench, 5400);
  const knot = installed('knotd') ? await startKnot(bench, 'knot', { ...few, port: 5401 }) : undefined;
  const reference = (scenario: Scenario, queries: string, option?: string): void => {
    add(scenario, 'echo', echo, queries, option);
    if (knot) add(scenario, 'knot', knot, scenario === 'static' ? queries : fewQueries, option);
  };
  if (wants('static')) {
    reference('static', fewQueries);
    add('static', 'cdn', await startOurs(bench, 'cdn', { ...few, port: 5402 }), fewQueries);
    if (installed('nsd')) add('static', 'nsd', await startNsd(bench, 'nsd', { ...few, port: 5403 }), fewQueries);
    if (installed('dnsmasq')) add('static', 'dnsmasq', await startDnsmasq(bench, { ...few, port: 5404 }, 4), fewQueries);
  }
  if (wants('cookie')) {
    reference('cookie', fewQueries, COOKIE);
    add('cookie', 'cdn', await startOurs(bench, 'cdn-cookie', { ...few, port: 5408 }), fewQueries, COOKIE);
  }
  if (wants('million')) {
    const many = { apex: APEX, file: path.join(folder, 'many.zone') };
    await writeZone(many.file, APEX, names);
    const random = createSeededRandom(1);
    const queries = await writeQueries(path.join(folder, 'many.txt'), Math.min(names, 300_000), () => `host${random.int(names)}.${APEX}`);
    if (knot) add('million', 'knot', await startKnot(bench, 'knot-many', { ...many, port: 5405 }), queries);
    add('million', 'cdn', await startOurs(bench, 'cdn-many', { ...many, port: 5406 }), queries);
    if (installed('nsd')) add('million', 'nsd', await startNsd(bench, 'nsd-many', { ...many, port: 5407 }), queries);
  }
  if (wants('routed') || wants('cached')) {
    const { local, routed } = await startNetwork(bench, 5410);
    if (wants('routed')) {
      const queries = await writeQueries(path.join(folder, 'routed.txt'), 5, (index) => `file${index + 1}.hercdn.com`);
      reference('routed', queries, SUBNET);
      add('routed', 'cdn', routed, queries, SUBNET);
    }
    if (wants('cached')) {
      const queries = await writeQueries(path.join(folder, 'cached.txt'), 5, (index) => `file${index + 1}.hiscinema.com`);
      reference('cached', queries);
      add('cached', 'cdn', local, queries);
      for (const program of ['unbound', 'dnsmasq'] as const) {
        if (installed(program)) add('cached', program, await startForwarder(bench, program, program === 'unbound' ? 5430 : 5431, local, 'file1.hiscinema.com'), queries);
      }
    }
  }
  if (wants('limited')) {
    const address = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    if (address === undefined) process.stderr.write('limited: this machine has no address but loopback, which is never limited; left out\n');
    else {
      reference('limited', fewQueries);
      add('limited', 'cdn', await startOurs(bench, 'cdn-limited', { ...few, address, port: 5440 }, ['--rate-limit', '1000000']), fewQueries);
    }
  }
  return candidates;
}

/** Round by round, each server in turn, so that what the machine does meanwhile falls on all alike. */
async function takeRounds(candidates: readonly Candidate[], rounds: number, seconds: number): Promise<ReadonlyMap<Candidate, readonly Measured[]>> {
  const taken = new Map(candidates.map((candidate) => [candidate, [] as Measured[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, candidate] of candidates.entries()) {
      const { running, queries, option, core = '1' } = candidate;
      process.stderr.write(`\rround ${round}/${rounds}, ${index + 1}/${candidates.length}: ${candidate.scenario} ${candidate.server}            `);
      const measured = await measure({ address: running.address, port: running.port, queries, seconds, ...(option !== undefined && { option }) }, running.pids, core);
      // Round 0 is for caches and compilers.
      if (round > 0) taken.get(candidate)?.push(measured);
    }
  }
  process.stderr.write('\n');
  return taken;
}

function rowsOf(taken: ReadonlyMap<Candidate, readonly Measured[]>): readonly Row[] {
  const middles = [...taken].map(([{ scenario, server }, measured]) => {
    const middle = (of: (one: Measured) => number): number => median(measured.map(of));
    return { scenario, server, perSecond: middle((one) => one.perSecond), latencyMs: middle((one) => one.latencyMs), cpuMicros: middle((one) => one.cpuMicros), lost: middle((one) => one.lost) };
  });
  return middles.map((row) => {
    const knot = middles.find(({ scenario, server }) => server === 'knot' && scenario === row.scenario);
    return { ...row, ofKnot: row.perSecond / (knot?.perSecond ?? Number.NaN), cpuOfKnot: (knot?.cpuMicros ?? Number.NaN) / row.cpuMicros };
  });
}

function print(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): string => cells.map((cell, index) => (index < 2 ? cell.padEnd(10) : cell.padStart(12))).join('');
  const lines = [line(['scenario', 'server', 'of knot', 'of knot, CPU', 'answers/s', 'latency ms', 'CPU µs each'])];
  for (const row of rows) lines.push(line([row.scenario, row.server, row.ofKnot.toFixed(2), row.cpuOfKnot.toFixed(2), Math.round(row.perSecond).toString(), row.latencyMs.toFixed(2), row.cpuMicros.toFixed(2)]));
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, scenario: { type: 'string', multiple: true }, seconds: { type: 'string' }, rounds: { type: 'string' }, names: { type: 'string' }, workers: { type: 'string' }, json: { type: 'string' } } });
  // Several workers want all cores, and so a run of their own.
  const scenarios = SCENARIOS.filter((scenario) => values.scenario?.includes(scenario) ?? (scenario === 'workers') === (values.workers !== undefined));
  const seconds = Number(values.seconds ?? (values.quick ? 1 : 3));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  const names = Number(values.names ?? (values.quick ? 100_000 : 1_000_000));
  if (scenarios.length === 0) throw new Error(`there is no such scenario: there are ${SCENARIOS.join(', ')}`);
  if (!installed('dnsperf')) throw new Error('dnsperf is not installed: apt-get install dnsperf');
  const bench: Bench = { folder: await mkdtemp(path.join(tmpdir(), 'cdn-bench-dns-')), core: '0', children: [] };
  try {
    const rows = rowsOf(await takeRounds(await prepare(bench, scenarios, names, Number(values.workers ?? 2)), rounds, seconds));
    print(rows);
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ node: process.version, seconds, rounds, names, rows }, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value), 2)}\n`);
  } finally {
    await stop(bench);
    await rm(bench.folder, { recursive: true, force: true });
  }
}

await main();
