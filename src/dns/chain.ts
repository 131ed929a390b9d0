// The order of the layers of each DNS role, and nothing else.

import type { Clock } from '../base/clock.js';
import type { Catalog } from '../catalog/index.js';
import { compose, type Layer } from '../net/handler.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import type { DnsHandler } from '../net/dns/message.js';
import type { Log } from '../observe/log.js';
import type { Prefix } from '../net/prefix.js';
import { toHandler, type Answerer } from './answerer.js';
import { answerFromZones, createZoneSet, type ZoneSet } from './authoritative.js';
import { exchangeCookies, type ServerCookies } from './cookies.js';
import { guard } from './guard.js';
import { answerChaos, tellNsid, type Identity } from './identity.js';
import { limitRate, type RateLimitOptions } from './limit.js';
import { recallFromCache, recallFromZones } from './recall.js';
import { createResolving, type ResolverOptions } from './resolver.js';
import { tellAsAuthority, tellAsLocalDns } from './transcript.js';
import { transferZones } from './transfer.js';
import type { Zone } from './zone.js';

export interface AuthorityOptions {
  /** Of several zones that hold a name the nearest answers. */
  readonly zones: readonly Zone[] | ZoneSet;
  /** Aliases followed within these zones for one answer: 8 unless said. */
  readonly maxChain?: number;
  /** Absent: cookies are ignored. */
  readonly cookies?: ServerCookies;
  /** Absent: no limit. */
  readonly rateLimit?: RateLimitOptions;
  /** Absent: nothing is told. */
  readonly identity?: Identity;
  /** Whom zones are transferred to: nobody unless said. */
  readonly transferTo?: readonly Prefix[];
}

/** An authoritative server's handler. */
export function createAuthority(options: AuthorityOptions, env: { readonly clock: Clock; readonly log: Log }): DnsHandler {
  const set = 'swap' in options.zones ? options.zones : createZoneSet(options.zones);
  const maxChain = options.maxChain ?? 8;
  const { cookies, rateLimit, identity = {}, transferTo = [] } = options;
  const layers: readonly Layer<Answerer>[] = [
    tellAsAuthority(set, env),
    ...(rateLimit ? [limitRate(rateLimit, { ...env, cookies })] : []),
    ...(cookies ? [exchangeCookies(cookies)] : []),
    tellNsid(identity),
    recallFromZones(set, maxChain),
    answerChaos(identity),
    transferZones(set, transferTo),
    guard,
  ];
  return toHandler(compose(layers, (query, peer) => answerFromZones(set, query, peer, maxChain)));
}

export interface LocalDnsOptions extends ResolverOptions {
  /** Whose content names the transcript calls by their titles. */
  readonly catalog?: Catalog;
}

/** The local DNS's handler. @throws CdnError USAGE for an authority whose zone is no domain name */
export function createResolver(options: LocalDnsOptions, env: { readonly clock: Clock; readonly log: Log; readonly exchange: DnsExchange }): DnsHandler {
  return Object.assign(toHandler(compose([tellAsLocalDns(options.catalog, env), recallFromCache(env), guard], createResolving(options, env))), { recursive: true });
}
