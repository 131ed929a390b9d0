// Asks the authority of a name, server after server, and follows its referrals downwards. Everybody
// who wants the same thing at the same time shares one asking.

import type { Clock } from '../base/clock.js';
import type { Endpoint } from '../net/address.js';
import { formatClientSubnet, type ClientSubnet } from '../net/dns/edns.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import type { ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { askServer, whoIs, type Happened, type Level, type Tour, type Wanted } from './ask-server.js';
import type { Authorities, ConfiguredZone } from './authorities.js';
import type { Failure } from './cache.js';
import type { Reading } from './reply.js';
import { findLocal } from './special-names.js';
import { narrower, type Audience, type TailoredZones } from './subnet.js';
import { plain } from './words.js';

export type { Happened, Wanted } from './ask-server.js';

/** What came of asking an authority; a referral was followed, and what can't be used is a failure. */
export type Finding = Exclude<Reading, { kind: 'unusable' | 'referral' }> | { readonly kind: 'failure'; readonly failure: Failure };

export interface Asked {
  readonly finding: Finding;
  /** For whom the finding is. */
  readonly audience: Audience;
  readonly exchanges: readonly Happened[];
}

/** For whom it is asked. */
export interface Asker {
  readonly subnet: ClientSubnet | undefined;
  readonly traceId: string | undefined;
}

export interface Upstream {
  /** `budgetMs` counts for whoever asks first; never rejects. */
  ask(wanted: Wanted, zone: ConfiguredZone, budgetMs: number, asker: Asker): Promise<Asked>;
}

export interface UpstreamOptions {
  readonly authorities: Authorities;
  /** A referral names servers, and no port: this is theirs. */
  readonly referralPort: number;
  readonly tailored: TailoredZones;
}

export interface UpstreamEnv {
  readonly clock: Clock;
  readonly exchange: DnsExchange;
}

/** More than any sound tree of zones has below a configured one. */
const MAX_REFERRALS = 8;
/** Of a zone's servers; an authority must not make us ask the whole world (NXNSAttack). */
const MAX_SERVERS = 4;
/** Of one question, for as many networks: more guesses at once for a forger than these nobody shall have (RFC 7871 §11.2). */
const MAX_FLIGHTS = 16;
/** Different questions under way, with a socket each: a flood of names that a silent authority lets hang costs no more. */
const MAX_QUESTIONS = 1000;

export function createUpstream(options: UpstreamOptions, env: UpstreamEnv): Upstream {
  const flights = new Map<string, Map<string, Promise<Asked>>>();
  return {
    ask: (wanted, zone, budgetMs, asker) => {
      // RFC 5452 §5: two outstanding queries for one question double a forger's chances.
      const key = `${wanted.type} ${wanted.name.key}`;
      if (flights.size >= MAX_QUESTIONS && !flights.has(key)) return Promise.resolve({ finding: failed(EXTENDED_ERROR.OTHER, `${MAX_QUESTIONS} other questions are under way`), audience: 'everybody', exchanges: [] });
      const same = flights.get(key) ?? new Map<string, Promise<Asked>>();
      flights.set(key, same);
      const tells = options.tailored.has(wanted.name) && asker.subnet !== undefined && same.size < MAX_FLIGHTS;
      const subnet = tells ? asker.subnet : undefined;
      const network = subnet ? formatClientSubnet(subnet) : '';
      const flying = same.get(network);
      if (flying) return flying;
      const flight = descend(options, env, wanted, zone, budgetMs, { ...asker, subnet }).finally(() => {
        same.delete(network);
        if (same.size === 0) flights.delete(key);
      });
      same.set(network, flight);
      return flight;
    },
  };
}

async function descend(options: UpstreamOptions, env: UpstreamEnv, wanted: Wanted, zone: ConfiguredZone, budgetMs: number, asker: Asker): Promise<Asked> {
  const exchanges: Happened[] = [];
  const chain: ResourceRecord[] = [];
  const tailored = options.tailored.has(wanted.name);
  const tour: Tour = { env, exchanges, endsAtMs: env.clock.monotonic() + budgetMs, traceId: asker.traceId, tailored, subnet: asker.subnet };
  // RFC 7871 §7.3: what was, or wasn't, tailored for one zone says nothing of names of another.
  const owns = (apex: Name) => (name: Name): boolean =>
    name.isAtOrBelow(apex) &&
    options.authorities.find(name, wanted.type) === zone &&
    options.tailored.has(name) === tailored &&
    (!zone.forwarded || findLocal(name, wanted.type) === undefined);
  let level: Level = { apex: zone.apex, forwarded: zone.forwarded, servers: zone.servers, owns: owns(zone.apex) };
  let name = wanted.name;
  let audience: Audience = 'everybody';
  for (let depth = 0; depth <= MAX_REFERRALS; depth += 1) {
    const found = await askServers(tour, level, { name, type: wanted.type });
    if (found.reading.kind === 'failure') return { finding: found.reading, audience, exchanges };
    const { reading } = found;
    audience = narrower(audience, found.audience);
    chain.push(...reading.chain);
    name = reading.name;
    if (reading.kind !== 'referral') return { finding: { ...reading, chain }, audience, exchanges };
    const servers: readonly Endpoint[] = reading.addresses.slice(0, MAX_SERVERS).map((address) => ({ address, port: options.referralPort }));
    const cut = plain(reading.zone);
    if (servers.length === 0) return { finding: failed(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, `${whoIs(level)} refers to servers of ${cut} without an address: name one with --authority`), audience, exchanges };
    level = { apex: reading.zone, forwarded: false, servers, owns: owns(reading.zone) };
  }
  return { finding: failed(EXTENDED_ERROR.OTHER, `more than ${MAX_REFERRALS} referrals on the way to ${plain(wanted.name)}`), audience, exchanges };
}

type Failed = Extract<Finding, { kind: 'failure' }>;

interface Usable {
  readonly reading: Exclude<Reading, { kind: 'unusable' }> | Failed;
  readonly audience: Audience;
}

/** The first usable reply; each server gets its share of the time that is left. */
async function askServers(tour: Tour, level: Level, wanted: Wanted): Promise<Usable> {
  const complaints: string[] = [];
  let infoCode: number = EXTENDED_ERROR.NO_REACHABLE_AUTHORITY;
  for (const [index, server] of level.servers.entries()) {
    const outcome = await askServer(tour, level, server, wanted, level.servers.length - index);
    if ('reading' in outcome && outcome.reading.kind !== 'unusable') return { reading: outcome.reading, audience: outcome.audience };
    const why = 'reading' in outcome ? (outcome.reading.kind === 'unusable' ? outcome.reading.why : '') : outcome.why;
    if ('reading' in outcome || outcome.garbage) infoCode = EXTENDED_ERROR.INVALID_DATA;
    complaints.push(`${whoIs(level, server)} ${why}`);
  }
  return { reading: failed(infoCode, complaints.join('; ')), audience: 'everybody' };
}

export function failed(infoCode: number, text: string): Failed {
  return { kind: 'failure', failure: { infoCode, text } };
}
