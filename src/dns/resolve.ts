// One question, answered from the cache or by its authorities: follows the chain of aliases by itself,
// asking each name's own authority (RFC 1034 §5.3.3).

import type { Clock } from '../base/clock.js';
import { EXTENDED_ERROR } from '../net/dns/extended-error.js';
import { RCODE, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import type { Authorities } from './authorities.js';
import { MAX_TTL_SECONDS, negativeTtl, type Cache, type Failure, type Known } from './cache.js';
import { failed, type Finding, type Happened, type Upstream, type Wanted } from './upstream.js';
import { plain } from './words.js';

export interface Resolution {
  readonly rcode: number;
  /** The aliases in order, then what they lead to. */
  readonly answers: readonly ResourceRecord[];
  /** Of a negative answer, when its authority gave one. */
  readonly soa: ResourceRecord | undefined;
  /** With rcode SERVFAIL. */
  readonly failure: Failure | undefined;
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
}

/** The resolution if the cache holds all of it. */
export function resolveFromCache(env: ResolveEnv, wanted: Wanted): Resolution | undefined {
  return walkCache(env, begin(wanted.name), wanted.type);
}

/** Takes at most `budgetMs`, and never rejects: what goes wrong is SERVFAIL and a failure with words. */
export async function resolve(env: ResolveEnv, wanted: Wanted, budgetMs: number, traceId: string | undefined): Promise<Resolution> {
  const endsAtMs = env.clock.monotonic() + budgetMs;
  const walk = begin(wanted.name);
  const exchanges: Happened[] = [];
  for (;;) {
    const known = walkCache(env, walk, wanted.type);
    if (known) return { ...known, exchanges };
    const zone = env.authorities.find(walk.name);
    if (!zone) return { ...fail(nobodyFor(walk.name)), exchanges };
    const asking = { name: walk.name, type: wanted.type };
    const asked = await env.upstream.ask(asking, zone, Math.max(1, endsAtMs - env.clock.monotonic()), traceId);
    exchanges.push(...asked.exchanges);
    remember(env.cache, asking, asked.finding);
    const over = take(walk, asked.finding);
    if (over) return { ...over, exchanges };
  }
}

export function nobodyFor(name: Name): Failure {
  return { infoCode: EXTENDED_ERROR.OTHER, text: `no authority is configured for ${plain(name)}` };
}

function begin(name: Name): Walk {
  return { chain: [], seen: new Set(), name };
}

/** Goes along what is cached; undefined where the cache ends. */
function walkCache(env: ResolveEnv, walk: Walk, type: number): Resolution | undefined {
  for (;;) {
    const known = env.cache.find(walk.name, type);
    if (!known) return undefined;
    const over = take(walk, asFinding(walk.name, known));
    if (over) return over;
  }
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
function take(walk: Walk, finding: Finding): Resolution | undefined {
  if (finding.kind === 'failure') return fail(finding.failure);
  for (const record of finding.chain) {
    if (walk.seen.has(record.name.key)) return fail(failed(EXTENDED_ERROR.INVALID_DATA, `the aliases of ${plain(record.name)} lead back to it`).failure);
    walk.seen.add(record.name.key);
    walk.chain.push({ ...record, ttl: Math.min(record.ttl, MAX_TTL_SECONDS) });
  }
  if (walk.chain.length > MAX_CHAIN) return fail(failed(EXTENDED_ERROR.OTHER, `more than ${MAX_CHAIN} aliases on the way to ${plain(finding.name)}`).failure);
  walk.name = finding.name;
  switch (finding.kind) {
    case 'alias':
      return undefined;
    case 'answer':
      return resolution(RCODE.NOERROR, [...walk.chain, ...finding.records.map((record) => ({ ...record, ttl: Math.min(record.ttl, MAX_TTL_SECONDS) }))], undefined);
    default:
      // RFC 6604 §3: NXDOMAIN is about the last name; the aliases before it are there.
      return resolution(finding.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR, walk.chain, finding.soa && { ...finding.soa, ttl: negativeTtl(finding.soa) });
  }
}

function remember(cache: Cache, asked: Wanted, finding: Finding): void {
  if (finding.kind === 'failure') {
    cache.storeFailure(asked.name, asked.type, finding.failure);
    return;
  }
  for (const record of finding.chain) cache.storeAlias(record);
  if (finding.kind === 'answer') cache.storeRecords(finding.name, asked.type, finding.records);
  else if (finding.kind === 'nodata' && finding.soa) cache.storeNodata(finding.name, asked.type, finding.soa);
  else if (finding.kind === 'nxdomain' && finding.soa) cache.storeNxdomain(finding.name, finding.soa);
}

function resolution(rcode: number, answers: readonly ResourceRecord[], soa: ResourceRecord | undefined): Resolution {
  return { rcode, answers, soa, failure: undefined, exchanges: [] };
}

function fail(failure: Failure): Resolution {
  return { ...resolution(RCODE.SERVFAIL, [], undefined), failure };
}
