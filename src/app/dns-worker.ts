// What a worker of `cdn dns` runs: the same name servers, which have all that they serve from the primary.

import { repeat } from '../base/file-state.js';
import { createSharedMemory, createToldHealth, createZoneSet, uncheckedHealth, unpackZone, type RateShare } from '../dns/index.js';
import { createDnsService } from './dns.js';
import type { DnsNews } from './dns-options.js';
import type { DnsSources } from './dns-sources.js';
import { ROUND_MS, type DnsReady, type DnsSaid, type DnsTold, type DnsWorkerStart, type RoutingTold } from './dns-worker-words.js';
import type { Env } from './env.js';
import type { LiveRouting } from './live-routing.js';
import { makeRouter, type Routing } from './routing.js';
import { runWorker, type WorkerService } from './worker.js';

function createDnsWorker(start: DnsWorkerStart, env: Env, say: (said: DnsSaid) => void): WorkerService<DnsTold, DnsReady> {
  const zones = createZoneSet([]);
  const told = createToldHealth();
  const { memory, takeSpread, addSpread } = createSharedMemory(env);
  const healthBy = ({ inputs }: RoutingTold) => (inputs.health ? told : uncheckedHealth);
  const rateShare: RateShare = { counted: 0, part: 1 / start.workers };
  let routing: RoutingTold | undefined = start.routing;
  let news: readonly DnsNews[] = [];
  let swapRouting: ((routing: Routing) => void) | undefined;
  // A map takes its time: what comes meanwhile waits its turn, but for what is done at once.
  let queue: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => (queue = queue.then(work));

  const takeHealth = ({ health }: RoutingTold): void => {
    for (const [id, state] of health) told.tell(id, state);
  };
  const takeRouting = async (next: RoutingTold): Promise<void> => {
    const router = await makeRouter(next.inputs, env);
    routing = next;
    memory.drains.clear();
    for (const [id, drain] of next.drains) memory.drains.set(id, drain);
    swapRouting?.({ stores: next.inputs.stores, serial: next.serial, checker: undefined, memory, router: router(healthBy(next), memory) });
  };
  const followed = (first: RoutingTold): LiveRouting => ({
    get current(): Routing {
      throw new Error('a worker tells no status');
    },
    start: () => takeRouting(first),
    stop: () => Promise.resolve(),
    reload: () => Promise.resolve(),
  });

  const sources: DnsSources = {
    workers: start.workers,
    joins: start.joins,
    rateShare,
    cookies: start.cookies,
    serial: start.serial,
    openZones: async () => {
      for (const zone of start.zones) zones.swap(unpackZone(zone));
      return { set: zones, reload: () => Promise.resolve(), watch: () => () => undefined };
    },
    openRouting: (swap) => {
      if (!start.routing) throw new Error('the primary told of no routing');
      swapRouting = swap;
      return followed(start.routing);
    },
    openStatus: () => Promise.resolve(undefined),
    announce: (all) => void (news = all),
  };
  if (start.routing) {
    takeHealth(start.routing);
    addSpread(start.routing.spread, healthBy(start.routing));
  }
  const service = createDnsService(start.options, env, sources);
  let countedBefore = 0;
  const tellSpread = async (): Promise<void> => {
    const spread = takeSpread();
    const counted = rateShare.counted - countedBefore;
    countedBefore = rateShare.counted;
    if (spread || counted > 0) say({ spread, counted });
  };
  const stopTelling = repeat(ROUND_MS, tellSpread, env);
  return {
    start: async () => {
      await inTurn(() => service.start());
      return { endpoint: service.endpoint, news };
    },
    hear: (heard) => {
      switch (heard.kind) {
        case 'zone':
          return inTurn(async () => zones.swap(unpackZone(heard.zone)));
        case 'routing':
          takeHealth(heard.routing);
          return inTurn(() => takeRouting(heard.routing));
        case 'health':
          return told.tell(heard.id, heard.health);
        case 'drain':
          return inTurn(async () => void memory.drains.set(heard.id, heard.drain));
        case 'round':
          rateShare.part = heard.parts[start.index] ?? rateShare.part;
          for (const { index, spread } of heard.spreads) if (routing && index !== start.index) addSpread(spread, healthBy(routing));
      }
    },
    stop: async (graceMs) => {
      stopTelling();
      await service.stop(graceMs);
    },
  };
}

runWorker(createDnsWorker);
