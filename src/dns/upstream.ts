// Asks the authority of a name, server after server, and follows its referrals downwards. Everybody
// who wants the same thing at the same time shares one asking.

import type { Clock } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { encodeTraceId, type AccountedExchange } from '../net/dns/account.js';
import { createQuery } from '../net/dns/build.js';
import { createEdns } from '../net/dns/edns.js';
import type { DnsExchange, ExchangeResult } from '../net/dns/exchange.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import type { ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatRcode, formatRecord, formatType } from '../net/dns/text.js';
import type { Authorities, ConfiguredZone } from './authorities.js';
import type { Failure } from './cache.js';
import { readReply, type Bailiwick, type Reading, type Reply } from './reply.js';
import { plain } from './words.js';

export interface Wanted {
  readonly name: Name;
  readonly type: number;
}

/** An exchange as it happened; `at` of the account depends on who asks for it. */
export interface Happened extends Omit<AccountedExchange, 'at'> {
  /** On the monotonic clock. */
  readonly startedAtMs: number;
}

/** What came of asking an authority; a referral was followed, and what can't be used is a failure. */
export type Finding = Exclude<Reading, { kind: 'unusable' | 'referral' }> | { readonly kind: 'failure'; readonly failure: Failure };

export interface Asked {
  readonly finding: Finding;
  readonly exchanges: readonly Happened[];
}

export interface Upstream {
  /** `budgetMs` counts for whoever asks first; never rejects. */
  ask(wanted: Wanted, zone: ConfiguredZone, budgetMs: number, traceId: string | undefined): Promise<Asked>;
}

export interface UpstreamOptions {
  readonly authorities: Authorities;
  /** A referral names servers, and no port: this is theirs. */
  readonly referralPort: number;
}

export interface UpstreamEnv {
  readonly clock: Clock;
  readonly exchange: DnsExchange;
}

/** More than any sound tree of zones has below a configured one. */
const MAX_REFERRALS = 8;
/** Of a zone's servers; an authority must not make us ask the whole world (NXNSAttack). */
const MAX_SERVERS = 4;

export function createUpstream(options: UpstreamOptions, env: UpstreamEnv): Upstream {
  const flights = new Map<string, Promise<Asked>>();
  return {
    ask: (wanted, zone, budgetMs, traceId) => {
      // RFC 5452 §5: two outstanding queries for one question double a forger's chances.
      const key = `${wanted.type} ${wanted.name.key}`;
      const flying = flights.get(key);
      if (flying) return flying;
      const flight = descend(options, env, wanted, zone, budgetMs, traceId).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
  };
}

/** The servers to ask, and what they may speak of. */
interface Level extends Bailiwick {
  readonly servers: readonly Endpoint[];
}

async function descend(options: UpstreamOptions, env: UpstreamEnv, wanted: Wanted, zone: ConfiguredZone, budgetMs: number, traceId: string | undefined): Promise<Asked> {
  const exchanges: Happened[] = [];
  const chain: ResourceRecord[] = [];
  const tour: Tour = { env, traceId, exchanges, endsAtMs: env.clock.monotonic() + budgetMs };
  const owns = (apex: Name) => (name: Name) => name.isAtOrBelow(apex) && options.authorities.find(name) === zone;
  let level: Level = { apex: zone.apex, servers: zone.servers, owns: owns(zone.apex) };
  let name = wanted.name;
  for (let depth = 0; depth <= MAX_REFERRALS; depth += 1) {
    const reading = await askServers(tour, level, { name, type: wanted.type });
    if (reading.kind === 'failure') return { finding: reading, exchanges };
    chain.push(...reading.chain);
    name = reading.name;
    if (reading.kind !== 'referral') return { finding: { ...reading, chain }, exchanges };
    const servers = reading.addresses.slice(0, MAX_SERVERS).map((address) => ({ address, port: options.referralPort }));
    const cut = plain(reading.zone);
    if (servers.length === 0) return { finding: failed(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, `the authority of ${plain(level.apex)} refers to servers of ${cut} without an address: name one with --authority`), exchanges };
    level = { apex: reading.zone, servers, owns: owns(reading.zone) };
  }
  return { finding: failed(EXTENDED_ERROR.OTHER, `more than ${MAX_REFERRALS} referrals on the way to ${plain(wanted.name)}`), exchanges };
}

/** One asking under way. */
interface Tour {
  readonly env: UpstreamEnv;
  readonly traceId: string | undefined;
  readonly exchanges: Happened[];
  readonly endsAtMs: number;
}

type Failed = Extract<Finding, { kind: 'failure' }>;

/** The first usable reply; each server gets its share of the time that is left. */
async function askServers(tour: Tour, level: Level, wanted: Wanted): Promise<Exclude<Reading, { kind: 'unusable' }> | Failed> {
  const complaints: string[] = [];
  let infoCode: number = EXTENDED_ERROR.NO_REACHABLE_AUTHORITY;
  for (const [index, server] of level.servers.entries()) {
    const outcome = await askServer(tour, level, server, wanted, level.servers.length - index);
    if ('reading' in outcome && outcome.reading.kind !== 'unusable') return outcome.reading;
    const why = 'reading' in outcome ? (outcome.reading.kind === 'unusable' ? outcome.reading.why : '') : outcome.why;
    if ('reading' in outcome || outcome.garbage) infoCode = EXTENDED_ERROR.INVALID_DATA;
    complaints.push(`the authority of ${plain(level.apex)} at ${formatEndpoint(server)} ${why}`);
  }
  return failed(infoCode, complaints.join('; '));
}

interface Silence {
  readonly why: string;
  /** Something came, and it was no DNS answer. */
  readonly garbage: boolean;
}

async function askServer(tour: Tour, level: Level, server: Endpoint, wanted: Wanted, serversLeft: number): Promise<Reply | Silence> {
  const { clock, exchange } = tour.env;
  const startedAtMs = clock.monotonic();
  const timeoutMs = Math.max(1, (tour.endsAtMs - startedAtMs) / serversLeft);
  const options = tour.traceId === undefined ? [] : [encodeTraceId(tour.traceId)];
  // The exchange chooses an ID nobody can guess.
  const query = createQuery({ ...wanted, id: 0, recursionDesired: false, edns: createEdns({ options }) });
  try {
    const result = await exchange(server, query, { timeoutMs });
    const reply = readReply(result.message, wanted, level);
    tour.exchanges.push(account(level, wanted, result, reply, startedAtMs));
    return reply;
  } catch (error) {
    if (error instanceof CdnError && error.code === 'PEER_PROTOCOL') return { why: 'sends what is no DNS answer', garbage: true };
    if (error instanceof CdnError && error.code === 'DNS_UNREACHABLE') return { why: 'does not answer', garbage: false };
    return { why: `could not be asked: ${messageOf(error)}`, garbage: false };
  }
}

function account(level: Level, wanted: Wanted, result: ExchangeResult, reply: Reply, startedAtMs: number): Happened {
  const { message, transport, local, remote, durationMs } = result;
  const ignored = new Set(reply.ignored);
  const shown = reply.reading.kind === 'referral' ? [...message.answers, ...message.authorities, ...message.additionals] : message.answers;
  return {
    startedAtMs,
    ms: round(durationMs),
    from: formatEndpoint(local),
    to: formatEndpoint(remote),
    transport,
    authority: level.apex.toString(),
    name: wanted.name.toString(),
    type: formatType(wanted.type),
    rcode: formatRcode(message.rcode),
    records: shown.filter((record) => !ignored.has(record)).map(formatRecord),
    ...(ignored.size > 0 && { ignored: [...ignored].map(formatRecord) }),
  };
}

/** Milliseconds to the microsecond; what is below is noise. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

export function failed(infoCode: number, text: string): Failed {
  return { kind: 'failure', failure: { infoCode, text } };
}
