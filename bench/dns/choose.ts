// Processor time of one decision of request routing, no message and no socket around it: each policy
// with 2, 8 and 64 stores, asked by 200 networks that the map knows about five names in turn.

import { parseArgs } from 'node:util';
import type * as Clock from '../../src/base/clock.js';
import type * as Dns from '../../src/dns/index.js';
import type * as Routing from '../../src/dns/routing.js';
import type { SelectRecords } from '../../src/dns/select.js';
import type * as Edns from '../../src/net/dns/edns.js';
import { built } from './built.js';
import { median } from './measure.js';

const { systemClock } = await built<typeof Clock>('base/clock.js');
const { createRouter, parseScopeMap, uncheckedHealth } = await built<typeof Dns>('dns/index.js');
const { createClientSubnet } = await built<typeof Edns>('net/dns/edns.js');

const STORES = [2, 8, 64] as const;
const NAMES = 5;
const NETWORKS = 200;
const ROUND = 50_000;
const POLICIES: readonly (readonly Routing.PolicyName[])[] = [['round-robin'], ['weighted'], ['failover'], ['rendezvous'], ['rtt', 'round-robin'], ['nearest', 'rendezvous']];

const askers = Array.from({ length: NETWORKS }, (_, index) => ({ peer: '192.0.2.1', subnet: createClientSubnet(`10.0.${index}.0`, 24) }));

/** One of each name. */
function routers(policies: readonly Routing.PolicyName[], stores: number): readonly SelectRecords[] {
  const edges = Array.from({ length: stores }, (_, index) => ({ id: `store-${index + 1}`, endpoint: { address: `10.1.0.${index + 1}`, port: 80 }, weight: 1 + (index % 3), region: index % 2 === 0 ? 'eu' : 'us', location: { latitude: (index * 37) % 90, longitude: (index * 61) % 180 } }));
  const map = parseScopeMap(Array.from({ length: NETWORKS }, (_, index) => `10.0.${index}.0/24 eu | us ${index % 80},${index % 170}`).join('\n'), new Set(['eu', 'us']));
  if (map.kind !== 'map') throw new Error('the map is broken');
  const health = { ...uncheckedHealth, rttMs: (id: string) => Number(id.slice(6)) % 7 };
  const router = createRouter({ policies, locate: map.locate }, { clock: systemClock, health });
  const candidates = router.candidates(edges.map((edge) => [edge]));
  return Array.from({ length: NAMES }, (_, index) => router.open(`file${index + 1}`, index).select(candidates));
}

/** Nanoseconds for one. */
function round(names: readonly SelectRecords[]): number {
  const before = process.cpuUsage();
  for (let count = 0; count < ROUND; count += 1) {
    const select = names[count % NAMES];
    const asker = askers[count % NETWORKS];
    if (!select || !asker || select(asker).kind !== 'records') throw new Error('nothing was chosen');
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / ROUND;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
process.stdout.write(`${'ns a decision'.padEnd(24)}${STORES.map((stores) => `${stores} stores`.padStart(12)).join('')}\n`);
for (const policies of POLICIES) {
  const cells: string[] = [];
  for (const stores of STORES) {
    const names = routers(policies, stores);
    for (let count = 0; count < 3; count += 1) round(names);
    cells.push(Math.round(median(Array.from({ length: Number(values.rounds) }, () => round(names)))).toString().padStart(12));
  }
  process.stdout.write(`${policies.join(', ').padEnd(24)}${cells.join('')}\n`);
}
