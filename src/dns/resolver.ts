// The local DNS: a caching resolver for the zones whose authorities it is told; other names it forwards,
// if it is told where to, or refuses. Below such a zone it follows referrals, on port 53, since a referral
// names no port; a delegated zone on another port is configured like any other.

import type { Clock } from '../base/clock.js';
import { isLoopback, unmapIPv4, type Endpoint } from '../net/address.js';
import { ACCOUNT_OPTION, decodeTraceId } from '../net/dns/account.js';
import { findOption } from '../net/dns/edns.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import { RCODE, type DnsQuery, type Peer } from '../net/dns/message.js';
import { refuse, type Answer, type Answerer, type Reuse } from './answerer.js';
import type { Name } from '../net/dns/name.js';
import { createAuthorities, type AuthorityAddress } from './authorities.js';
import { createCache, type Failure } from './cache.js';
import type { UpstreamEnv } from './ask-server.js';
import { findServer } from './find-server.js';
import { createRecent } from './recent.js';
import { nobodyFor, resolve, resolveFromCache, type Resolution, type ResolveEnv } from './resolve.js';
import { respond, since } from './respond.js';
import { answerInTime } from './serve-stale.js';
import { createServerBook } from './server-book.js';
import { createTailoredZones, NOBODY, readClient } from './subnet.js';
import { createUpstream, type Wanted } from './upstream.js';

export interface ResolverOptions {
  readonly authorities: readonly AuthorityAddress[];
  /** Resolvers asked, one after the other, about names of no configured zone; without any, such names are refused. */
  readonly forward?: readonly Endpoint[];
  /** Zones whose authorities are told the client's network (RFC 7871). None unless said. */
  readonly tailoredZones?: readonly string[];
  /** Addresses, besides loopback, whose queries may ask for the account, and may name another's network. */
  readonly accountFor?: readonly string[];
  /** What the cache may hold, in bytes: 64 MB unless said. */
  readonly cacheBytes?: number;
  /** The port of servers that a referral names: 53 unless said. */
  readonly referralPort?: number;
}

export interface ResolverEnv {
  readonly clock: Clock;
  readonly exchange: DnsExchange;
}

/** Less than the 5 s after which stub resolvers give up: they shall hear which authority is down. */
const BUDGET_MS = 3000;

/** @throws CdnError USAGE for a zone that is no domain name */
export function createResolving(options: ResolverOptions, env: ResolverEnv): Answerer {
  const authorities = createAuthorities(options.authorities, options.forward);
  const cache = createCache(options.cacheBytes === undefined ? {} : { maxBytes: options.cacheBytes }, env);
  const tailored = createTailoredZones(options.tailoredZones ?? []);
  const book = createServerBook(() => env.clock.monotonic());
  const findAddresses: UpstreamEnv['findAddresses'] = (name, budgetMs, lineage) => findServer(resolveEnv, name, budgetMs, lineage);
  const upstream = createUpstream({ authorities, referralPort: options.referralPort ?? 53, tailored }, { ...env, book, cache, findAddresses });
  const resolveEnv: ResolveEnv = { clock: env.clock, cache, upstream, authorities };
  const trusted = new Set(options.accountFor ?? []);
  const isTrusted = (address: string): boolean => isLoopback(address) || trusted.has(address);
  const recent = createRecent(env);

  return (query, peer) => {
    const wanted: Wanted = { name: query.question.name, type: query.question.type };
    const startedAtMs = env.clock.monotonic();
    const client = tailored.any ? readClient(query, peer, isTrusted) : NOBODY;
    if (client === 'malformed') return refuse(query, RCODE.FORMERR, 'the client subnet is malformed');
    const traceId = traceOf(query, peer, isTrusted);

    const finish = (resolution: Resolution): Answer => {
      if (traceId === undefined) return respond(query, resolution, client, undefined);
      const exchanges = resolution.exchanges.map((happened) => since(startedAtMs, happened));
      return respond(query, resolution, client, recent.complete(`${traceId} ${wanted.type} ${wanted.name.key}`, peer.transport, exchanges));
    };
    const lookup = { subnet: client.subnet, stale: false };
    const known = resolveFromCache(resolveEnv, wanted, lookup);
    if (known && known.failure === undefined) {
      const reuse = reuseOf(known, wanted, isLoopback(peer.remote.address), tailored.has, startedAtMs);
      return reuse && traceId === undefined ? { ...finish(known), reuse } : finish(known);
    }
    if (!known && !authorities.find(wanted.name, wanted.type)) return finish(refused(nobodyFor(wanted.name)));
    if (!query.message.recursionDesired) return finish(known ?? refused(NOT_CACHED));
    const expired = resolveFromCache(resolveEnv, wanted, { ...lookup, stale: true });
    const asker = { subnet: client.subnet, traceId };
    // RFC 8767 §5: after a failure nobody is asked for a while, and stale data is given at once.
    const answer = answerInTime(known ?? (() => resolve(resolveEnv, wanted, BUDGET_MS, asker)), expired, env.clock);
    return answer instanceof Promise ? answer.then(finish) : finish(answer);
  };
}

/** A TTL is told in whole seconds: for one more, while two are left, it's as right for the next who asks. */
function reuseOf({ answers, soa, stale }: Resolution, wanted: Wanted, loopback: boolean, isTailored: (name: Name) => boolean, nowMs: number): Reuse | undefined {
  const records = soa ? [...answers, soa] : answers;
  if (stale || records.some(({ ttl }) => ttl < 2)) return undefined;
  const tailored = isTailored(wanted.name) || answers.some(({ name, data }) => isTailored(name) || (data.kind === 'CNAME' && isTailored(data.target)));
  if (tailored && !loopback) return undefined;
  return { untilMs: nowMs + 1000, onlyLoopback: tailored };
}

/** RFC 8914 §4.21: what a resolver says to a query with RD=0 that it can't answer. */
const NOT_CACHED: Failure = { infoCode: EXTENDED_ERROR.NOT_AUTHORITATIVE, text: 'not in the cache, and recursion was not asked for (RD=0)' };

function refused(failure: Failure): Resolution {
  return { rcode: RCODE.REFUSED, answers: [], soa: undefined, failure, remembered: false, scope: 0, stale: false, exchanges: [] };
}

/** The trace that this query belongs to, if it comes from somebody who may ask for accounts. */
function traceOf(query: DnsQuery, peer: Peer, isTrusted: (address: string) => boolean): string | undefined {
  const option = findOption(query.message.edns, ACCOUNT_OPTION);
  return option && isTrusted(unmapIPv4(peer.remote.address)) ? decodeTraceId(option) : undefined;
}
