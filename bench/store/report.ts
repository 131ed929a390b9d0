// What came out: a table of ratios, and a chart of them.

import type { Sample } from './load.js';
import type { PeerName } from './peers.js';

export interface Result {
  readonly scenario: string;
  /** The median of each figure over the rounds. */
  readonly peers: Readonly<Partial<Record<PeerName, Sample>>>;
}

export function medianOf(samples: readonly Sample[]): Sample {
  const median = (of: (sample: Sample) => number): number => {
    const sorted = samples.map(of).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  };
  return {
    requestsPerSecond: median((sample) => sample.requestsPerSecond),
    p50Us: median((sample) => sample.p50Us),
    p99Us: median((sample) => sample.p99Us),
    errors: samples.reduce((sum, sample) => sum + sample.errors, 0),
    cpuUs: median((sample) => sample.cpuUs),
    octets: median((sample) => sample.octets),
  };
}

const OTHERS = ['nginx', 'varnish'] as const;
const plain = (value: number, digits: number): string => (Number.isNaN(value) ? '-' : value.toFixed(digits));
const ratio = (ours: number | undefined, theirs: number | undefined): string => (ours === undefined || theirs === undefined || theirs === 0 || Number.isNaN(ours / theirs) ? '-' : (ours / theirs).toFixed(2));

/** Who is compared with the others: ours, and the floor. */
const COMPARED = ['cdn', 'workers', 'edge', 'echo'] as const;

/** Ratios to the others: of requests a second more is better; of all the others, less. */
export function formatTable(results: readonly Result[]): string {
  const rows = [['scenario', 'who', ...OTHERS.flatMap((name) => [`rps/${name}`, 'p50', 'p99', 'cpu', 'memory']), 'rps', 'cpu µs', 'errors']];
  for (const { scenario, peers } of results) {
    for (const who of COMPARED) {
      const sample = peers[who];
      if (sample === undefined) continue;
      const cells = OTHERS.flatMap((name) => {
        const theirs = peers[name];
        return (['requestsPerSecond', 'p50Us', 'p99Us', 'cpuUs', 'octets'] as const).map((figure) => ratio(sample[figure], theirs?.[figure]));
      });
      const { requestsPerSecond, cpuUs, errors } = sample;
      rows.push([scenario, who, ...cells, plain(requestsPerSecond, requestsPerSecond < 100 ? 1 : 0), plain(cpuUs, 1), String(errors)]);
    }
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => (column <= 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')).join('\n');
}

const COLORS = { nginx: '#2a9d4a', varnish: '#2f6fb7' } as const;

/** Bars of requests a second, ours to theirs, on a logarithmic scale from 1/8 to 8. */
export function formatChart(results: readonly Result[]): string {
  const shown = results.filter(({ peers }) => !Number.isNaN(peers.cdn?.requestsPerSecond ?? NaN));
  const rowHeight = 34;
  const [left, width, top] = [130, 480, 54];
  const height = top + shown.length * rowHeight + 20;
  const x = (value: number): number => left + (width * (Math.log2(Math.min(8, Math.max(1 / 8, value))) + 3)) / 6;
  const grid = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8].map((value) => {
    const label = value < 1 ? `1/${1 / value}` : String(value);
    return `<line x1="${x(value)}" x2="${x(value)}" y1="${top - 6}" y2="${height - 16}" stroke="${value === 1 ? '#333' : '#ddd'}"/><text x="${x(value)}" y="${top - 10}" text-anchor="middle" fill="#666">${label}</text>`;
  });
  const bars = shown.flatMap(({ scenario, peers }, row) => {
    const y = top + row * rowHeight;
    const label = `<text x="${left - 8}" y="${y + 18}" text-anchor="end">${scenario}</text>`;
    return [label, ...OTHERS.flatMap((name, index) => {
      const theirs = peers[name]?.requestsPerSecond;
      if (theirs === undefined) return [];
      const value = (peers.cdn?.requestsPerSecond ?? NaN) / theirs;
      const [from, to] = [Math.min(x(1), x(value)), Math.max(x(1), x(value))];
      const barY = y + 2 + index * 13;
      return [`<rect x="${from.toFixed(1)}" y="${barY}" width="${Math.max(1, to - from).toFixed(1)}" height="11" fill="${COLORS[name]}"/><text x="${left + width + 8}" y="${barY + 10}" fill="${COLORS[name]}">${value.toFixed(2)} × ${name}</text>`];
    })];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 120} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/><text x="10" y="20" font-size="14">cdn store: requests a second, as a multiple of nginx’s and Varnish’s (one worker on one core each)</text>`,
    ...grid,
    ...bars,
    '</svg>',
    '',
  ].join('\n');
}
