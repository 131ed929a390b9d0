// One question, answered from the cache or by its authorities: follows the chain of aliases by itself,
// asking each name's own authority (RFC 1034 §5.3.3).

import type { Clock } from '../base/clock.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import { RCODE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import type { Authorities, ConfiguredZone } from './authorities.js';
import { MAX_TTL_SECONDS, negativeTtl, type Cache, type Failure, type Known, type Lookup } from './cache.js';
import { findLocal } from './special-names.js';
import type { Audience } from './subnet.js';
import { failed, type Asker, type Finding, type Happened, type Upstream, type Wanted } from './upstream.js';
import { plain } from './words.js';

export interface Resolution {
  readonly rcode: number;
  /** The aliases in order, then what they lead to. */
  readonly answers: readonly ResourceRecord[];
  /** Of a negative answer, when its authority gave one. */
  readonly soa: ResourceRecord | undefined;
  /** With rcode SERVFAIL. */
  readonly failure: Failure | undefined;
  /** Whether the last that is in it came from no authority but from the cache, or from ourselves. */
  readonly remembered: boolean;
  /** Of the client subnet, how many bits it depends on (RFC 7871 §7.2.2). */
  readonly scope: number;
  /** Something in it has expired. */
  readonly stale: boolean;
  /** Why what has expired was given. */
  readonly staleBecause?: Failure;
  /** None: all of it was in the cache. */
  readonly exchanges: readonly Happened[];
}

export interface ResolveEnv {
  readonly clock: Clock;
  readonly cache: Cache;
  readonly upstream: Upstream;
  readonly authorities: Authorities;
}

/** Aliases from the question to the answer, over all authorities. */
const MAX_CHAIN = 12;

/** A chain as far as it is known. */
interface Walk {
  readonly chain: ResourceRecord[];
  readonly seen: Set<string>;
  name: Name;
  scope: number;
  stale: boolean;
}

/** The resolution if the cache, or we ourselves, know all of it. */
export function resolveFromCache(env: ResolveEnv, wanted: Wanted, lookup: Lookup): Resolution | undefined {
  return walkCache(env, begin(wanted.name), wanted.type, lookup);
}

/** Takes at most `budgetMs`, and never rejects: what goes wrong is SERVFAIL and a failure with words. */
export async function resolve(env: ResolveEnv, wanted: Wanted, budgetMs: number, asker: Asker): Promise<Resolution> {
  const endsAtMs = env.clock.monotonic() + budgetMs;
  const walk = begin(wanted.name);
  const lookup: Lookup = { subnet: asker.subnet, stale: false };
  const exchanges: Happened[] = [];
  for (;;) {
    const known = walkCache(env, walk, wanted.type, lookup);
    if (known) return { ...known, exchanges };
    const zone = env.authorities.find(walk.name, wanted.type);
    if (!zone) return { ...over(walk, nobodyFor(walk.name)), exchanges };
    const asking = { name: walk.name, type: wanted.type };
    const asked = await env.upstream.ask(asking, zone, Math.max(1, endsAtMs - env.clock.monotonic()), asker);
    exchanges.push(...asked.exchanges);
    remember(env.cache, asking, asked.finding, asked.audience, asker);
    if (typeof asked.audience === 'object') walk.scope = Math.max(walk.scope, asked.audience.scope);
    const resolution = take(walk, asked.finding, false);
    if (resolution) return { ...resolution, exchanges };
  }
}

export function nobodyFor(name: Name): Failure {
  return { infoCode: EXTENDED_ERROR.OTHER, text: `no authority is configured for ${plain(name)}` };
}

function begin(name: Name): Walk {
  return { chain: [], seen: new Set(), name, scope: 0, stale: false };
}

/** Goes along what is cached; undefined where the cache ends. */
function walkCache(env: ResolveEnv, walk: Walk, type: number, lookup: Lookup): Resolution | undefined {
  for (;;) {
    const finding = lookUp(env, walk, type, lookup);
    if (!finding) return undefined;
    const resolution = take(walk, finding, true);
    if (resolution) return resolution;
  }
}

function lookUp(env: ResolveEnv, walk: Walk, type: number, lookup: Lookup): Finding | undefined {
  const { name } = walk;
  let found = env.cache.find(name, type, lookup);
  if (!found) {
    const zone = env.authorities.find(name, type);
    const local = localFinding(name, type, zone);
    if (local) return local;
    found = zone && env.cache.findAbove(name, zone.apex, lookup);
    if (!found) return undefined;
  }
  walk.scope = Math.max(walk.scope, found.scope);
  walk.stale ||= found.stale;
  return asFinding(name, found.known);
}

/** What stays on this machine, unless somebody is configured for it, or for a name below it. */
function localFinding(name: Name, type: number, zone: ConfiguredZone | undefined): Finding | undefined {
  const local = findLocal(name, type);
  if (!local || zone?.apex.isAtOrBelow(local.apex) === true) return undefined;
  if (local.kind === 'records') return { kind: 'answer', chain: [], name, records: local.records };
  return { kind: local.kind, chain: [], name, soa: local.soa };
}

function asFinding(name: Name, known: Known): Finding {
  switch (known.kind) {
    case 'records':
      return { kind: 'answer', chain: [], name, records: known.records };
    case 'alias':
      return { kind: 'alias', chain: [known.record], name: known.target };
    case 'failure':
      return known;
    default:
      return { ...known, chain: [], name };
  }
}

/** The walk one finding further; a resolution when that was the last. */
function take(walk: Walk, finding: Finding, remembered: boolean): Resolution | undefined {
  if (finding.kind === 'failure') return over(walk, finding.failure, remembered);
  for (const record of finding.chain) {
    if (walk.seen.has(record.name.key)) return over(walk, failed(EXTENDED_ERROR.INVALID_DATA, `the aliases of ${plain(record.name)} lead back to it`).failure);
    walk.seen.add(record.name.key);
    walk.chain.push(capped(record));
  }
  if (walk.chain.length > MAX_CHAIN) return over(walk, failed(EXTENDED_ERROR.OTHER, `more than ${MAX_CHAIN} aliases on the way to ${plain(finding.name)}`).failure);
  walk.name = finding.name;
  const { chain, scope, stale } = walk;
  const base = { failure: undefined, remembered, scope, stale, exchanges: [] };
  switch (finding.kind) {
    case 'alias':
      return undefined;
    case 'answer':
      return { ...base, rcode: RCODE.NOERROR, answers: [...chain, ...finding.records.map(capped)], soa: undefined };
    default:
      // RFC 6604 §3: NXDOMAIN is about the last name; the aliases before it are there.
      return { ...base, rcode: finding.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR, answers: chain, soa: finding.soa && { ...finding.soa, ttl: negativeTtl(finding.soa) } };
  }
}

function capped(record: ResourceRecord): ResourceRecord {
  return record.ttl <= MAX_TTL_SECONDS ? record : { ...record, ttl: MAX_TTL_SECONDS };
}

function remember(cache: Cache, asked: Wanted, finding: Finding, audience: Audience, asker: Asker): void {
  if (finding.kind === 'failure') {
    if (finding.unasked !== true) cache.storeFailure(asked.name, asked.type, finding.failure, asker.subnet);
    return;
  }
  for (const record of finding.chain) cache.storeAlias(record, audience);
  if (finding.kind === 'answer') cache.storeRecords(finding.name, asked.type, finding.records, audience);
  else if (finding.kind === 'nodata' && finding.soa) cache.storeNodata(finding.name, asked.type, finding.soa, audience);
  else if (finding.kind === 'nxdomain' && finding.soa) cache.storeNxdomain(finding.name, finding.soa, audience);
}

/** SERVFAIL, and why. */
function over(walk: Walk, failure: Failure, remembered = false): Resolution {
  return { rcode: RCODE.SERVFAIL, answers: [], soa: undefined, failure, remembered, scope: walk.scope, stale: false, exchanges: [] };
}
