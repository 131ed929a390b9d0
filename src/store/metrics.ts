// What an edge tells of itself in figures. Names end as Prometheus would have them: `_total` of what only
// grows, `_bytes` of octets.

import type { Metric, Sample } from '../observe/exposition.js';
import type { CacheStore, TierUsage } from './cache-store.js';
import type { FillCounts } from './fill.js';
import type { Gauges } from './health.js';
import type { Purge } from './purge.js';
import type { Tally } from './tally.js';

export interface PurgeCounts {
  readonly purges: ReadonlyMap<Purge['by'], number>;
  readonly objects: number;
}

export interface MetricsParts {
  readonly tally: Tally;
  readonly fills: Readonly<FillCounts>;
  readonly gauges: Readonly<Gauges>;
  readonly usage: ReturnType<CacheStore['usage']>;
  readonly purged: PurgeCounts;
  readonly uptimeSeconds: number;
}

const one = (value: number): readonly Sample[] => [{ value }];

export function edgeMetrics({ tally, fills, gauges, usage, purged, uptimeSeconds }: MetricsParts): readonly Metric[] {
  const tiers = Object.entries(usage).flatMap(([tier, use]) => (use === undefined ? [] : [[tier, use] as const]));
  const ofTiers = (pick: (use: TierUsage) => number): readonly Sample[] => tiers.map(([tier, use]) => ({ labels: { tier }, value: pick(use) }));
  const requests = [...tally.requests].flatMap(([cache, byStatus]) => [...byStatus].map(([status, value]) => ({ labels: { status: String(status), cache }, value })));
  return [
    { name: 'cdn_requests_total', type: 'counter', help: 'Answers, by status and by what the cache did (RFC 9211): hit, or why the request went forward.', samples: requests },
    { name: 'cdn_requests_collapsed_total', type: 'counter', help: 'Requests that joined another of the same object on its way forward.', samples: one(tally.collapsed) },
    { name: 'cdn_response_body_bytes_total', type: 'counter', help: 'Octets of bodies sent to clients.', samples: one(tally.octets) },
    { name: 'cdn_transfers', type: 'gauge', help: 'Transfers under way; answers that go out at once from memory are not among them.', samples: one(gauges.transfers) },
    { name: 'cdn_refused_total', type: 'counter', help: 'Requests answered 503 because the store was at its capacity.', samples: one(gauges.refused) },
    { name: 'cdn_fills_total', type: 'counter', help: 'Fills from the origin, whole objects or runs of slices, by how they ended.', samples: [{ labels: { outcome: 'done' }, value: fills.done }, { labels: { outcome: 'failed' }, value: fills.failed }] },
    { name: 'cdn_fill_bytes_total', type: 'counter', help: 'Octets that fills brought from the origin.', samples: one(fills.octets) },
    { name: 'cdn_cache_bytes', type: 'gauge', help: 'Octets in use, with what it costs to keep account of them.', samples: ofTiers(({ octets }) => octets) },
    { name: 'cdn_cache_max_bytes', type: 'gauge', help: 'Octets that may be used.', samples: ofTiers(({ maxOctets }) => maxOctets) },
    { name: 'cdn_cache_objects', type: 'gauge', help: 'Objects of which something is kept.', samples: ofTiers(({ objects }) => objects) },
    { name: 'cdn_cache_slices', type: 'gauge', help: 'Slices that are kept.', samples: ofTiers(({ slices }) => slices) },
    { name: 'cdn_cache_evictions_total', type: 'counter', help: 'Slices that had to make room.', samples: ofTiers(({ evictions }) => evictions) },
    { name: 'cdn_purges_total', type: 'counter', help: 'Purges, by what named their objects.', samples: [...purged.purges].map(([by, value]) => ({ labels: { by }, value })) },
    { name: 'cdn_purged_objects_total', type: 'counter', help: 'Objects that purges took away or made stale.', samples: one(purged.objects) },
    { name: 'cdn_uptime_seconds', type: 'gauge', help: 'Time since the start.', samples: one(Math.floor(uptimeSeconds)) },
  ];
}
