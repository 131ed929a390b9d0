// `cdn dns --workers N`: workers answer, and the primary does what is to be done once: it reads the files,
// checks the stores, tells the status and takes the drains, and tells the workers what came of it.

import { CdnError } from '../base/errors.js';
import { repeat } from '../base/file-state.js';
import { addSpread, createCdnZone, createCookieSeed, createTally, DEFAULT_CACHE_BYTES, openZoneFiles, packZone, spreadOf, uncheckedHealth, type HealthChecker, type PackedZone, type Spread } from '../dns/index.js';
import type { DnsNews, DnsService, DnsServiceOptions } from './dns-options.js';
import { openStatus } from './dns-status.js';
import { ROUND_MS, type DnsReady, type DnsSaid, type DnsTold, type DnsWorkerStart, type RoutingTold } from './dns-worker-words.js';
import type { Env } from './env.js';
import { createLiveRouting, type LiveRouting } from './live-routing.js';
import type { Routing, RoutingInputs } from './routing.js';
import { stopAll, type Service } from './service.js';
import { createWorkers } from './workers.js';

/** As it is run here: compiled, or from the sources. */
const MODULE = new URL(import.meta.url.endsWith('.ts') ? './dns-worker.ts' : './dns-worker.js', import.meta.url);
/** How many ports are tried until one is free for TCP and UDP alike. */
const FREE_PORT_ATTEMPTS = 16;

/** A burst of a second is what a rate limit lets through: what was before is of no interest. */
const RATE_HALF_LIFE_MS = 1000;

/** @throws CdnError USAGE where processes can't share a UDP port */
export function createDnsWorkers(options: DnsServiceOptions, count: number, env: Env): DnsService {
  // Node.js documentation, dgram, socket.bind: ENOTSUP.
  if (process.platform === 'win32') throw new CdnError('USAGE', `--workers ${count}: on Windows no two processes can share a UDP port`, { details: { workers: count }, suggestions: ['the same command without --workers'] });
  const zones = new Map<string, PackedZone>();
  const cookies = createCookieSeed(env);
  const serial = Math.floor(env.clock.now() / 1000);
  const helpers: Service[] = [];
  const followers: Pick<LiveRouting, 'reload'>[] = [];
  let checker: HealthChecker | undefined;
  let told: RoutingInputs | undefined;
  let routed: Routing | undefined;
  let endpoint = options.listen;

  /** Answers that the rate limit has counted, by worker. */
  const answered = createTally(() => RATE_HALF_LIFE_MS, env);
  let spreads: { readonly index: number; readonly spread: Spread }[] = [];
  let heardOf = false;
  /** Once all have come up. */
  let serving = false;
  const passOn = async (): Promise<void> => {
    if (!heardOf) return;
    heardOf = false;
    // Of the rate limit a worker has its part of the answers lately, alike where there were hardly any; and never so little
    // that it would refuse whoever comes to it next before it has more: all of them together have a quarter too much at most.
    const parts = Array.from({ length: count }, (_, each) => Math.max((answered.of(String(each)) + 1) / (answered.total() + count), 1 / (4 * count)));
    workers.tell({ kind: 'round', spreads, parts });
    spreads = [];
  };
  const describeRouting = (): RoutingTold | undefined => {
    if (!routed || !told) return undefined;
    const { stores, serial: current, memory } = routed;
    const health = stores.flatMap(({ id }) => {
      const report = checker?.report(id);
      return report ? [[id, report] as const] : [];
    });
    return { inputs: told, serial: current, health, drains: memory.drains };
  };
  const startOf = (index: number): DnsWorkerStart => {
    const routing = describeRouting();
    const { plan: { stores, routing: settings, health }, cacheBytes = DEFAULT_CACHE_BYTES } = options;
    return {
      // Together they keep to what was said.
      options: { ...options, plan: { stores, routing: settings, health, files: [] }, cacheBytes: cacheBytes / count },
      index,
      workers: count,
      joins: serving,
      cookies,
      serial,
      zones: [...zones.values()],
      routing: routing && routed && { ...routing, spread: spreadOf(routed.memory) },
    };
  };
  const workers = createWorkers<DnsWorkerStart, DnsTold, DnsSaid, DnsReady>(
    {
      module: MODULE,
      count,
      start: startOf,
      hear: ({ spread, counted }, index) => {
        heardOf = true;
        answered.age(env.clock.monotonic());
        answered.add(String(index), counted);
        if (!spread || !routed) return;
        addSpread(routed.memory, spread, checker ?? uncheckedHealth, env.clock.monotonic());
        spreads.push({ index, spread });
      },
    },
    env,
  );

  const live = createLiveRouting(options.plan, async (made, inputs) => {
    // As each worker will make it: what can't be made changes nothing anywhere.
    createCdnZone({ catalog: options.catalog, stores: made.stores, authority: options.listen, serial: made.serial, router: made.router });
    routed = made;
    told = inputs;
    checker = made.checker;
    made.checker?.watch((id, health) => {
      if (checker === made.checker) workers.tell({ kind: 'health', id, health });
    });
    const routing = describeRouting();
    if (routing) await workers.agree({ kind: 'routing', routing });
  }, env);
  const drain = (id: string, drained: boolean): Promise<void> => workers.agree({ kind: 'drain', id, drain: drained });

  /** What the workers will serve is known when it resolves. */
  const prepare = async (): Promise<boolean> => {
    if (options.role === 'local') return false;
    const files = await openZoneFiles(options.zoneFiles, env, async (zone) => {
      const packed = packZone(zone);
      zones.set(zone.apex.key, packed);
      await workers.agree({ kind: 'zone', zone: packed });
    });
    if (zones.size > 0) {
      followers.push(files);
      const stopWatching = files.watch();
      helpers.push({ start: () => Promise.resolve(), stop: () => Promise.resolve(stopWatching()) });
    }
    if (options.role !== 'all' && zones.size > 0) return false;
    helpers.push(live);
    await live.start();
    followers.push(live);
    return true;
  };
  const startWorkers = async (): Promise<DnsReady> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await workers.start();
      } catch (error) {
        await workers.stop(0);
        // The system chose a port free for TCP; for UDP it wasn't.
        if (!(error instanceof CdnError) || error.code !== 'ADDRESS_IN_USE' || options.listen.port !== 0 || attempt === FREE_PORT_ATTEMPTS) throw error;
      }
    }
  };
  const start = async (): Promise<void> => {
    const isRouted = await prepare();
    const ready = await startWorkers();
    serving = true;
    const stopPassing = repeat(ROUND_MS, passOn, env);
    helpers.push({ start: () => Promise.resolve(), stop: () => Promise.resolve(stopPassing()) });
    endpoint = ready.endpoint;
    const news: DnsNews[] = [...ready.news];
    if (isRouted) {
      const status = await openStatus(() => ({ ...live.current, drain }), options, env);
      helpers.push(status.service);
      news.push(status.news);
    }
    const pids = workers.pids();
    news.push({ text: `${count} workers answer: processes ${pids.join(', ')}`, facts: { role: 'workers', processes: pids } });
    for (const { text, facts } of news) env.log.info(text, facts);
  };
  const stop = async (graceMs: number): Promise<void> => {
    await stopAll([{ start: () => Promise.resolve(), stop: workers.stop }, ...helpers.splice(0)], graceMs);
  };

  return {
    get endpoint() {
      return endpoint;
    },
    start: async () => {
      try {
        await start();
      } catch (error) {
        await stop(0);
        throw error;
      }
    },
    stop,
    ...((options.zoneFiles.length > 0 || options.plan.reread) && { reload: async () => {
      await Promise.all(followers.map((follower) => follower.reload()));
    } }),
  };
}
