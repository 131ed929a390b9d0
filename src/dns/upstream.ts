// Asks the authority of a name, server after server, and follows its referrals downwards. Everybody
// who wants the same thing at the same time shares one asking.

import { formatClientSubnet, type ClientSubnet } from '../net/dns/edns.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import { TYPE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { askLevel, NO_ADDRESS } from './ask-level.js';
import { whoIs, type Happened, type Level, type Lineage, type Tour, type UpstreamEnv, type Wanted } from './ask-server.js';
import type { Authorities, ConfiguredZone } from './authorities.js';
import type { Failure } from './cache.js';
import { serversOf, type Delegation } from './delegation.js';
import type { Reading } from './reply.js';
import { findLocal } from './special-names.js';
import { narrower, type Audience, type TailoredZones } from './subnet.js';
import { plain } from './words.js';

export type { Happened, Wanted } from './ask-server.js';

interface Failed {
  readonly kind: 'failure';
  readonly failure: Failure;
  /** Nobody was asked, for want of room here: it says nothing of the name, and is not to be remembered. */
  readonly unasked?: boolean;
}

/** What came of asking an authority; a referral was followed, and what can't be used is a failure. */
export type Finding = Exclude<Reading, { kind: 'unusable' | 'referral' }> | Failed;

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
  /** Of a question that is asked for another one's sake. */
  readonly lineage?: Lineage | undefined;
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

/** More than any sound tree of zones has below a configured one. */
const MAX_REFERRALS = 8;
/** Name servers without an address that one client's question may have looked up. */
const MAX_LOOKUPS = 6;
/** Of one question, for as many networks: more guesses at once for a forger than these nobody shall have (RFC 7871 §11.2). */
const MAX_FLIGHTS = 16;
/** Different questions under way, with a socket each: a flood of names that a silent authority lets hang costs no more. */
const MAX_QUESTIONS = 1000;
/** Of those, about one configured zone, or about all that is forwarded: a slow one leaves room for the others. */
const MAX_QUESTIONS_OF_ZONE = 750;

export function createUpstream(options: UpstreamOptions, env: UpstreamEnv): Upstream {
  const flights = new Map<string, Map<string, Promise<Asked>>>();
  /** How many of them are about each zone. */
  const ofZone = new Map<ConfiguredZone, number>();
  const count = (zone: ConfiguredZone, by: number): void => void ofZone.set(zone, (ofZone.get(zone) ?? 0) + by);
  const full = (zone: ConfiguredZone): string | undefined => {
    if (flights.size >= MAX_QUESTIONS) return `${MAX_QUESTIONS} other questions are under way`;
    return (ofZone.get(zone) ?? 0) >= MAX_QUESTIONS_OF_ZONE ? `${MAX_QUESTIONS_OF_ZONE} other questions for ${zone.forwarded ? 'the resolvers' : plain(zone.apex)} are under way` : undefined;
  };
  return {
    ask: (wanted, zone, budgetMs, asker) => {
      // RFC 5452 §5: two outstanding queries for one question double a forger's chances.
      const key = `${wanted.type} ${wanted.name.key}`;
      const lineage = asker.lineage ?? { questions: new Set(), allowance: { lookups: MAX_LOOKUPS } };
      if (lineage.questions.has(key)) return Promise.resolve({ finding: failed(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, `the servers of ${plain(wanted.name)} are named by each other, and none has an address`), audience: 'everybody', exchanges: [] });
      const known = flights.get(key);
      const why = known ? undefined : full(zone);
      if (why !== undefined) return Promise.resolve({ finding: { ...failed(EXTENDED_ERROR.OTHER, why), unasked: true }, audience: 'everybody', exchanges: [] });
      const same = known ?? new Map<string, Promise<Asked>>();
      if (!known) {
        flights.set(key, same);
        count(zone, 1);
      }
      const tells = options.tailored.has(wanted.name) && asker.subnet !== undefined && same.size < MAX_FLIGHTS;
      const subnet = tells ? asker.subnet : undefined;
      const network = subnet ? formatClientSubnet(subnet) : '';
      const flying = same.get(network);
      if (flying) return flying;
      const inner = { questions: new Set([...lineage.questions, key]), allowance: lineage.allowance };
      const flight = descend(options, env, wanted, zone, budgetMs, { ...asker, subnet, lineage: inner }).finally(() => {
        same.delete(network);
        if (same.size > 0) return;
        flights.delete(key);
        count(zone, -1);
      });
      same.set(network, flight);
      return flight;
    },
  };
}

async function descend(options: UpstreamOptions, env: UpstreamEnv, wanted: Wanted, zone: ConfiguredZone, budgetMs: number, asker: Asker & { readonly lineage: Lineage }): Promise<Asked> {
  const exchanges: Happened[] = [];
  const chain: ResourceRecord[] = [];
  const tailored = options.tailored.has(wanted.name);
  const tour: Tour = { env, exchanges, endsAtMs: env.clock.monotonic() + budgetMs, traceId: asker.traceId, tailored, subnet: asker.subnet, lineage: asker.lineage };
  // RFC 7871 §7.3: what was, or wasn't, tailored for one zone says nothing of names of another.
  const owns = (apex: Name) => (name: Name): boolean =>
    name.isAtOrBelow(apex) &&
    options.authorities.find(name, wanted.type) === zone &&
    options.tailored.has(name) === tailored &&
    (!zone.forwarded || findLocal(name, wanted.type) === undefined);
  const below = (delegation: Delegation): Level => ({ apex: delegation.zone, forwarded: false, servers: serversOf(delegation, options.referralPort), port: options.referralPort, owns: owns(delegation.zone) });
  const delegation = zone.forwarded ? undefined : env.cache.findDelegation(parentSide(wanted), zone.apex);
  let level: Level = delegation ? below(delegation) : { apex: zone.apex, forwarded: zone.forwarded, servers: { known: zone.servers, named: [] }, port: options.referralPort, owns: owns(zone.apex) };
  let name = wanted.name;
  let audience: Audience = 'everybody';
  for (let depth = 0; depth <= MAX_REFERRALS; depth += 1) {
    const found = await askLevel(tour, level, { name, type: wanted.type });
    if (found.reading.kind === 'failure') return { finding: found.reading, audience, exchanges };
    const { reading } = found;
    // RFC 7871 §7.4: a referral is for everybody, whatever scope it has.
    if (reading.kind !== 'referral' || reading.chain.length > 0) audience = narrower(audience, found.audience);
    chain.push(...reading.chain);
    name = reading.name;
    if (reading.kind !== 'referral') return { finding: { ...reading, chain }, audience, exchanges };
    env.cache.storeDelegation(reading.delegation);
    const from = level;
    level = below(reading.delegation);
    if (level.servers.known.length + level.servers.named.length === 0) return { finding: failed(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, `${whoIs(from)} refers to servers of ${plain(level.apex)} ${NO_ADDRESS}`), audience, exchanges };
  }
  return { finding: failed(EXTENDED_ERROR.OTHER, `more than ${MAX_REFERRALS} referrals on the way to ${plain(wanted.name)}`), audience, exchanges };
}

/** RFC 4035 §3.1.4.1: the DS records of a zone are its parent's, so that the zone's own servers aren't asked. */
function parentSide({ name, type }: Wanted): Name {
  return type === TYPE.DS ? (name.parent() ?? name) : name;
}

export function failed(infoCode: number, text: string): Failed {
  return { kind: 'failure', failure: { infoCode, text } };
}
