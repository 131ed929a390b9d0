// The local DNS: a caching resolver for the zones whose authorities it is told; other names it refuses.
// Below such a zone it follows referrals to servers with glue, on port 53, since a referral names no
// port; a delegated zone on another port is configured like any other.

import type { Clock } from '../base/clock.js';
import { isLoopback, unmapIPv4 } from '../net/address.js';
import { ACCOUNT_OPTION, decodeTraceId, encodeAccount, type AccountedExchange } from '../net/dns/account.js';
import { createResponse } from '../net/dns/build.js';
import { createEdns, findOption } from '../net/dns/edns.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import { encodeExtendedError, EXTENDED_ERROR } from '../net/dns/extended-error.js';
import { RCODE, type DnsQuery, type EdnsOption, type Peer } from '../net/dns/message.js';
import type { Answer, Answerer } from './answerer.js';
import { createAuthorities, type AuthorityAddress } from './authorities.js';
import { createCache, type Failure } from './cache.js';
import { createRecent } from './recent.js';
import { nobodyFor, resolve, resolveFromCache, type Resolution, type ResolveEnv } from './resolve.js';
import { createUpstream, round, type Happened, type Wanted } from './upstream.js';

export interface ResolverOptions {
  readonly authorities: readonly AuthorityAddress[];
  /** Addresses, besides loopback, whose queries may ask for the account. */
  readonly accountFor?: readonly string[];
  /** 10,000 unless said. */
  readonly maxCacheEntries?: number;
  /** The port of servers that a referral names: 53 unless said. */
  readonly referralPort?: number;
}

export interface ResolverEnv {
  readonly clock: Clock;
  readonly exchange: DnsExchange;
}

/** Less than the 5 s after which stub resolvers give up: they shall hear which authority is down. */
const BUDGET_MS = 3000;

/** @throws CdnError USAGE for an authority whose zone is no domain name */
export function createResolving(options: ResolverOptions, env: ResolverEnv): Answerer {
  const authorities = createAuthorities(options.authorities);
  const cache = createCache(options.maxCacheEntries === undefined ? {} : { maxEntries: options.maxCacheEntries }, env);
  const upstream = createUpstream({ authorities, referralPort: options.referralPort ?? 53 }, env);
  const resolveEnv: ResolveEnv = { clock: env.clock, cache, upstream, authorities };
  const allowed = new Set(options.accountFor ?? []);
  const recent = createRecent(env);

  return (query, peer) => {
    const wanted: Wanted = { name: query.question.name, type: query.question.type };
    const startedAtMs = env.clock.monotonic();
    const traceId = traceOf(query, peer, allowed);
    if (!authorities.find(wanted.name)) return respond(query, refused(nobodyFor(wanted.name)), undefined);

    const finish = (resolution: Resolution): Answer => {
      if (traceId === undefined) return respond(query, resolution, undefined);
      const exchanges = resolution.exchanges.map((happened) => since(startedAtMs, happened));
      return respond(query, resolution, recent.complete(`${traceId} ${wanted.type} ${wanted.name.key}`, peer.transport, exchanges));
    };
    const known = resolveFromCache(resolveEnv, wanted);
    if (known) return finish(known);
    if (!query.message.recursionDesired) return respond(query, refused(NOT_CACHED), undefined);
    return resolve(resolveEnv, wanted, BUDGET_MS, traceId).then(finish);
  };
}

const NOT_CACHED: Failure = { infoCode: EXTENDED_ERROR.OTHER, text: 'not in the cache, and recursion was not asked for (RD=0)' };

function refused(failure: Failure): Resolution {
  return { rcode: RCODE.REFUSED, answers: [], soa: undefined, failure, exchanges: [] };
}

/** The trace that this query belongs to, if it comes from somebody who may ask for accounts. */
function traceOf(query: DnsQuery, peer: Peer, allowed: ReadonlySet<string>): string | undefined {
  const option = findOption(query.message.edns, ACCOUNT_OPTION);
  const address = unmapIPv4(peer.remote.address);
  return option && (isLoopback(address) || allowed.has(address)) ? decodeTraceId(option) : undefined;
}

/** `account`: the exchanges to give account of, if any account is to be given. */
function respond(query: DnsQuery, resolution: Resolution, account: readonly AccountedExchange[] | undefined): Answer {
  const { rcode, answers, soa, failure } = resolution;
  const options: EdnsOption[] = [];
  // RFC 8914 §3: the client is told why, and of whom it could not be learned.
  if (failure) options.push(encodeExtendedError(failure.infoCode, failure.text));
  if (account) options.push(encodeAccount({ cached: account.length === 0, exchanges: account }));
  const message = createResponse(query.message, {
    recursionAvailable: true,
    rcode,
    answers,
    authorities: soa ? [soa] : [],
    ...(query.message.edns && { edns: createEdns({ dnssecOk: query.message.edns.dnssecOk, options }) }),
  });
  return { message, cached: failure === undefined && resolution.exchanges.length === 0, ...(failure && { failure: failure.text }) };
}

/** An exchange that another client's question began may be older than this question. */
function since(startedAtMs: number, { startedAtMs: exchangeAtMs, ...happened }: Happened): AccountedExchange {
  return { at: Math.max(0, round(exchangeAtMs - startedAtMs)), ...happened };
}
