// The name servers: the local DNS, an authority for each of the two zones, and one for zone files.
// Each has a socket of its own, so that the messages between them are real datagrams.

import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import { DEFAULTS, LOOPBACK, type ZoneAuthority } from '../config/index.js';
import { createAuthority, createCdnZone, createPublisherZone, createResolver, createServerCookies, createZoneSet, type Zone, type ZoneSet } from '../dns/index.js';
import { formatEndpoint, isWildcard, outwardAddress, type Endpoint } from '../net/address.js';
import type { DnsHandler } from '../net/dns/message.js';
import { createDnsServer, type DnsServer } from '../net/dns/server.js';
import type { Prefix } from '../net/prefix.js';
import type { Env } from './env.js';
import type { DnsNews, DnsService, DnsServiceOptions } from './dns-options.js';
import { createOwnSources, type DnsSources } from './dns-sources.js';
import type { LiveRouting } from './live-routing.js';
import { stopAll, type Service } from './service.js';

interface Role {
  readonly server: DnsServer;
  readonly title: string;
  /** Apexes, for an authority. */
  readonly zones: readonly string[];
}

/** What somebody on this machine connects to in order to reach a server that listens everywhere. */
function reachable(endpoint: Endpoint): Endpoint {
  if (!isWildcard(endpoint.address)) return endpoint;
  return { ...endpoint, address: endpoint.address.includes(':') ? '::1' : LOOPBACK };
}

function nextPort(endpoint: Endpoint, steps: number): Endpoint {
  return endpoint.port === 0 ? endpoint : { ...endpoint, port: endpoint.port + steps };
}

/** RFC 7871 §12.2: client subnets go to the zones that are known to make use of them. */
function resolverOptions({ forward = [], ecsZones = [CDN_ZONE], cacheBytes }: DnsServiceOptions) {
  return { forward, tailoredZones: ecsZones, ...(cacheBytes !== undefined && { cacheBytes }) };
}

/** `sources`: where what it serves comes from, where it doesn't see to that itself. */
export function createDnsService(options: DnsServiceOptions, env: Env, sources: DnsSources = createOwnSources(options, env)): DnsService {
  const { catalog, plan, portal } = options;
  const { workers, joins } = sources;
  const roles: Role[] = [];
  const helpers: Service[] = [];
  /** Who listens where: told when all of them do, since a start that fails leaves none of them there. */
  const news: DnsNews[] = [];
  let endpoint = options.listen;
  /** What reads its files again. */
  const followers: Pick<LiveRouting, 'reload'>[] = [];

  const add = async (title: string, listen: Endpoint, zones: readonly string[], handler: DnsHandler): Promise<Endpoint> => {
    const service = zones.length === 0 ? 'cdn dns' : `cdn dns ${zones.join(' ')}`;
    const server = createDnsServer({ endpoint: listen, what: title, workers, joins }, env.tracing?.dns(service, handler) ?? handler, env);
    await server.start();
    roles.push({ server, title, zones });
    news.push({ text: `${title} on ${formatEndpoint(server.endpoint)} (UDP and TCP)`, facts: { role: title, ...server.endpoint, zones } });
    return server.endpoint;
  };

  /** The CDN's zone, exchanged whole when its topology changes. The stores' first verdicts are in before anybody is sent to one. */
  const startRouting = async (authority: Endpoint): Promise<ZoneSet> => {
    const zones = createZoneSet([]);
    const live = sources.openRouting(({ stores, serial, router }) => zones.swap(createCdnZone({ catalog, stores, authority, serial, router })));
    helpers.push(live);
    await live.start();
    followers.push(live);
    const status = await sources.openStatus(live);
    if (status) {
      helpers.push(status.service);
      news.push(status.news);
    }
    return zones;
  };

  /** The zones that this process serves, and where; `first` is the port of the first of them. */
  const startAuthorities = async (first: Endpoint): Promise<readonly ZoneAuthority[]> => {
    const served: ZoneAuthority[] = [];
    // Zone files are read before anything listens: one that is broken stops the start.
    const files = await sources.openZones();
    const own = options.role === 'all' || files.set.zones.length === 0;
    const glue = { ...first, address: isWildcard(first.address) ? outwardAddress(first.address) : first.address };
    // One for all: clients keep a cookie per address, and not every one per port.
    const cookies = createServerCookies(env, sources.cookies);
    const serve = async (zones: readonly Zone[] | ZoneSet, steps: number, names: readonly string[], transferTo: readonly Prefix[] = []): Promise<void> => {
      const rateLimit = { ...(options.rateLimit !== undefined && { perSecond: options.rateLimit }), share: sources.rateShare, seed: env.random.int(2 ** 32) };
      const handler = createAuthority({ zones, cookies, rateLimit, transferTo, identity: options.identity ?? {} }, env);
      const at = await add(`Authority of ${names.join(', ')}`, nextPort(first, steps), names, handler);
      for (const zone of names) served.push({ zone, endpoint: reachable(at) });
    };
    if (own) {
      await serve([createPublisherZone({ catalog, portal, authority: glue, serial: sources.serial, courtesy: glue })], 0, [PUBLISHER_ZONE]);
      await serve(await startRouting(glue), 1, [CDN_ZONE]);
    }
    if (files.set.zones.length > 0) {
      await serve(files.set, own ? 2 : 0, files.set.zones.map(({ apex }) => apex.toString().replace(/(?<=.)\.$/, '')), options.transferTo);
      followers.push(files);
      const stopWatching = files.watch();
      helpers.push({ start: () => Promise.resolve(), stop: () => Promise.resolve(stopWatching()) });
    }
    return served;
  };

  const start = async (): Promise<void> => {
    const { role, listen } = options;
    const usual = [
      { zone: PUBLISHER_ZONE, endpoint: DEFAULTS.publisherAuthority },
      { zone: CDN_ZONE, endpoint: DEFAULTS.cdnAuthority },
    ];
    const served = role === 'local' ? usual : await startAuthorities(role === 'all' ? nextPort(listen, 1) : listen);
    endpoint = roles[0]?.server.endpoint ?? listen;
    if (role === 'authoritative') return;
    const given = new Set(options.authorities.map(({ zone }) => zone.toLowerCase().replace(/\.$/, '')));
    const authorities = [...options.authorities, ...served.filter(({ zone }) => !given.has(zone.replace(/\.$/, '')))];
    endpoint = await add('Local DNS', listen, [], createResolver({ authorities, catalog, ...resolverOptions(options) }, env));
  };

  const stop = async (graceMs: number): Promise<void> => {
    const servers = roles.splice(0).map(({ server }) => ({ start: server.start, stop: () => server.stop() }));
    await stopAll([...servers, ...helpers.splice(0)], graceMs);
  };

  return {
    get endpoint() {
      return reachable(endpoint);
    },
    start: async () => {
      try {
        await start();
        sources.announce(news);
      } catch (error) {
        await stop(0);
        throw error;
      }
    },
    stop,
    ...((options.zoneFiles.length > 0 || plan.reread) && { reload: async () => {
      await Promise.all(followers.map((follower) => follower.reload()));
    } }),
  };
}
