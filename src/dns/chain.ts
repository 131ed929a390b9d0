// The order of the layers of each DNS role, and nothing else.

import type { Clock } from '../base/clock.js';
import type { Catalog } from '../catalog/index.js';
import { compose } from '../net/handler.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import type { DnsHandler } from '../net/dns/message.js';
import type { Log } from '../observe/log.js';
import { toHandler } from './answerer.js';
import { answerFromZones, createZoneSet } from './authoritative.js';
import { guard } from './guard.js';
import { createResolving, type ResolverOptions } from './resolver.js';
import { tellAsAuthority, tellAsLocalDns } from './transcript.js';
import type { Zone } from './zone.js';

export interface AuthorityOptions {
  /** Of several zones that hold a name the nearest answers. */
  readonly zones: readonly Zone[];
  /** Aliases followed within these zones for one answer: 8 unless said. */
  readonly maxChain?: number;
}

/** An authoritative server's handler. */
export function createAuthority(options: AuthorityOptions, env: { readonly clock: Clock; readonly log: Log }): DnsHandler {
  const set = createZoneSet(options.zones);
  const maxChain = options.maxChain ?? 8;
  return toHandler(compose([tellAsAuthority(set, env), guard], (query, peer) => answerFromZones(set, query, peer, maxChain)));
}

export interface LocalDnsOptions extends ResolverOptions {
  /** Whose content names the transcript calls by their titles. */
  readonly catalog?: Catalog;
}

/** The local DNS's handler. @throws CdnError USAGE for an authority whose zone is no domain name */
export function createResolver(options: LocalDnsOptions, env: { readonly clock: Clock; readonly log: Log; readonly exchange: DnsExchange }): DnsHandler {
  return toHandler(compose([tellAsLocalDns(options.catalog, env), guard], createResolving(options, env)));
}
