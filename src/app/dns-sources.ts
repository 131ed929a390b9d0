// Where a name server has from what it serves: from its own files and health checks, or, as one of several
// workers, from the primary (dns-worker.ts).

import { createCookieSeed, openZoneFiles, type CookieSeed, type RateShare, type ZoneFiles } from '../dns/index.js';
import type { DnsNews, DnsServiceOptions } from './dns-options.js';
import { openStatus, type OpenStatus } from './dns-status.js';
import type { Env } from './env.js';
import { createLiveRouting, type LiveRouting } from './live-routing.js';
import type { Routing } from './routing.js';

export interface DnsSources {
  /** How many workers share the sockets, this process one of them; undefined: it is alone. */
  readonly workers: number | undefined;
  /** The others of them answer already. */
  readonly joins: boolean;
  readonly rateShare: RateShare | undefined;
  readonly cookies: CookieSeed;
  /** Of the zones that are made of the catalog alone. */
  readonly serial: number;
  /** @throws CdnError USAGE for a file that is no zone */
  openZones(): Promise<ZoneFiles>;
  /** `swap`: called with each new routing; from then on that one is asked. */
  openRouting(swap: (routing: Routing) => void): LiveRouting;
  /** undefined: the status is told elsewhere. */
  openStatus(live: Pick<LiveRouting, 'current'>): Promise<OpenStatus | undefined>;
  announce(news: readonly DnsNews[]): void;
}

export function createOwnSources(options: DnsServiceOptions, env: Env): DnsSources {
  return {
    workers: undefined,
    joins: false,
    rateShare: undefined,
    cookies: createCookieSeed(env),
    serial: Math.floor(env.clock.now() / 1000),
    openZones: () => openZoneFiles(options.zoneFiles, env),
    openRouting: (swap) => createLiveRouting(options.plan, swap, env),
    openStatus: (live) => openStatus(() => live.current, options, env),
    announce: (news) => {
      for (const { text, facts } of news) env.log.info(text, facts);
    },
  };
}
