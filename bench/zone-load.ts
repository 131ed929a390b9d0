// How long a zone of so many names takes to load, what it keeps of memory, and how long the event loop
// is held at a time: node --import tsx bench/zone-load.ts [NAMES], 1,000,000 unless said.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../src/base/clock.js';
import { loadZoneFile } from '../src/dns/index.js';

async function main(names: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cdn-bench-'));
  try {
    const file = path.join(folder, 'large.zone');
    const lines = ['$ORIGIN large.test.', '$TTL 300', '@ SOA ns hostmaster 1 7200 900 1209600 60', '@ NS ns', 'ns A 192.0.2.53'];
    for (let index = 0; index < names; index += 1) lines.push(`host${index} A 10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}`);
    await writeFile(file, `${lines.join('\n')}\n`);
    lines.length = 0;
    const before = settled();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = systemClock.monotonic();
    const zone = await loadZoneFile(file, { clock: systemClock });
    const seconds = (systemClock.monotonic() - startedAt) / 1000;
    delay.disable();
    const octets = settled() - before;
    process.stdout.write(`${JSON.stringify({
      names: zone.nodes.size,
      seconds: Math.round(seconds * 100) / 100,
      microsecondsPerRecord: Math.round((seconds / names) * 1e8) / 100,
      octetsPerName: Math.round(octets / names),
      longestHoldMs: Math.round(delay.max / 1e6),
    })}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Octets in use once nothing is left to collect; an estimate without --expose-gc. */
function settled(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

await main(Number(process.argv[2] ?? 1_000_000));
