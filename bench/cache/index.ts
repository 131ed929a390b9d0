// npm run bench:cache [-- --quick] [-- --json FILE]: what each policy of eviction hits, beside LRU and
// what could be hit at all. Traces are made from a seed: the ratios are the same everywhere, only the
// cost of a request is this machine's, and is told as a ratio to LRU's.

import { writeFileSync } from 'node:fs';
import { createLru, createS3Fifo, createSieve } from '../../src/store/eviction/index.js';
import { replay, type HitRatio } from './hit-ratio.js';
import { beladyOf, boundOf } from './optimum.js';
import { createTrace, type TraceOptions } from './trace.js';

const POLICIES = { LRU: createLru, SIEVE: createSieve, 'S3-FIFO': createS3Fifo } as const;
type PolicyName = keyof typeof POLICIES;
const NAMES = Object.keys(POLICIES) as readonly PolicyName[];
const PARTS = [0.01, 0.05, 0.1] as const;

interface Row {
  readonly trace: string;
  readonly cachePart: number;
  readonly ratios: Readonly<Record<PolicyName | 'Belady' | 'bound', HitRatio>>;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const round = ({ objects, octets }: HitRatio): HitRatio => ({ objects: Math.round(objects * 1e4) / 1e4, octets: Math.round(octets * 1e4) / 1e4 });
const percent = (ratio: number): string => (ratio * 100).toFixed(1).padStart(5);

function run(size: Pick<TraceOptions, 'objects' | 'requests'>, times: number) {
  const rows: Row[] = [];
  const costs: Record<PolicyName, number[]> = { LRU: [], SIEVE: [], 'S3-FIFO': [] };
  for (const { alpha, scans } of [{ alpha: 0.6, scans: 0 }, { alpha: 0.8, scans: 0 }, { alpha: 1, scans: 0 }, { alpha: 0.8, scans: 20 }]) {
    const trace = createTrace({ ...size, alpha, scans: Math.ceil((scans * size.requests) / 250_000) });
    for (const cachePart of PARTS) {
      const octets = trace.octets * cachePart;
      const hit = (name: PolicyName): HitRatio => {
        const { microsecondsPerRequest, ...ratio } = replay(trace, POLICIES[name](), octets);
        costs[name].push(microsecondsPerRequest);
        return round(ratio);
      };
      const ratios = { LRU: hit('LRU'), SIEVE: hit('SIEVE'), 'S3-FIFO': hit('S3-FIFO'), Belady: round(beladyOf(trace, octets)), bound: round(boundOf(trace, octets)) };
      // In turn, and more than once: whatever else the machine does meanwhile meets all of them.
      for (let time = 1; time < times; time += 1) for (const name of NAMES) hit(name);
      rows.push({ trace: trace.name, cachePart, ratios });
    }
  }
  const mean = (name: PolicyName, what: keyof HitRatio): number => rows.reduce((sum, { ratios }) => sum + ratios[name][what], 0) / rows.length;
  const summary = NAMES.map((name) => ({
    policy: name,
    ...round({ objects: mean(name, 'objects'), octets: mean(name, 'octets') }),
    costToLru: Math.round((median(costs[name]) / median(costs.LRU)) * 100) / 100,
  }));
  const winner = [...summary].sort((a, b) => b.objects - a.objects)[0]?.policy;
  return { ...size, rows, summary, winner };
}

function table({ rows, summary, winner }: ReturnType<typeof run>): string {
  const columns = [...NAMES, 'Belady', 'bound'] as const;
  const head = ['Hits in % of requests / of octets', '  cache', ...columns.map((name) => name.padStart(15))].join(' ');
  const lines = rows.map(({ trace, cachePart, ratios }) =>
    [trace.padEnd(33), `${(cachePart * 100).toFixed(0).padStart(5)} %`, ...columns.map((name) => `${percent(ratios[name].objects)} / ${percent(ratios[name].octets)}`.padStart(15))].join(' '));
  const means = summary.map(({ policy, objects, octets, costToLru }) => `${policy.padEnd(8)} ${percent(objects)} / ${percent(octets)} on average; a request costs ${costToLru.toFixed(2)} of LRU's`);
  return [head, ...lines, '', ...means, `Most hits: ${winner ?? ''}`, ''].join('\n');
}

const args = process.argv.slice(2);
const result = args.includes('--quick') ? run({ objects: 4000, requests: 30_000 }, 1) : run({ objects: 20_000, requests: 250_000 }, 3);
process.stdout.write(table(result));
const file = args[args.indexOf('--json') + 1];
if (args.includes('--json') && file !== undefined) writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
