// Response rate limiting: whoever makes us answer a victim that never asked gets no more out of us than
// one name a client network would. A token bucket per network and kind of answer, in a table of fixed size.

import type { Clock } from '../base/clock.js';
import { isLoopback } from '../net/address.js';
import { createResponse } from '../net/dns/build.js';
import { parseIPv6 } from '../net/dns/ip.js';
import { RCODE, TYPE, type DnsMessage, type DnsQuery, type Peer } from '../net/dns/message.js';
import type { Layer } from '../net/handler.js';
import type { Log } from '../observe/log.js';
import { messageOf, type Answer, type Answerer } from './answerer.js';
import type { ServerCookies } from './cookies.js';
import { createPace } from './pace.js';
import { describeQuestion } from './words.js';

export interface RateLimitOptions {
  /** Answers of one kind a second to one network, of a burst of as many: 200 unless said, as nsd has it; 0: no limit. */
  readonly perSecond?: number;
  /** Every so many-th answer over the limit is sent, TC=1 and empty, so that an honest client comes back over TCP: 2 unless said. */
  readonly slip?: number;
  /** Buckets: 65,536 unless said; a power of two. Two that fall together forget, and let more through, never less. */
  readonly buckets?: number;
  /** Where several processes share the limit; absent: it's this one's alone. */
  readonly share?: RateShare | undefined;
  /** A whole number by chance: nobody outside is to know which names fall together. */
  readonly seed: number;
}

/** A process's part of a limit that several share: it follows its part of the queries, which the system doesn't spread evenly. */
export interface RateShare {
  /** Answers that were counted here; only grows. */
  counted: number;
  /** 0 to 1. */
  part: number;
}

export interface RateLimitEnv {
  readonly clock: Clock;
  readonly log: Log;
  /** A good cookie shows that the client is where it says; absent: none is looked at. */
  readonly cookies?: ServerCookies | undefined;
}

const PER_SECOND = 200;
const SLIP = 2;
const BUCKETS = 65_536;
/** IPv6 sites have /56 or shorter; IPv4 prefixes in routing are /24 or shorter. */
const IPV6_OCTETS = 7;

/** Answers over TCP, to loopback and to clients with a good cookie aren't limited: none of these can be forged from afar. */
export function limitRate(options: RateLimitOptions, env: RateLimitEnv): Layer<Answerer> {
  const perSecond = options.perSecond ?? PER_SECOND;
  const slip = options.slip ?? SLIP;
  if (perSecond === 0) return (next) => next;
  const { share = { counted: 0, part: 1 } } = options;
  const take = createBuckets(perSecond, share, options.buckets ?? BUCKETS, options.seed, env.clock);
  const pace = createPace((count) => env.log.info(`over the rate limit: ${count.toLocaleString('en')} more in the last second`, { more: count, perSecond }), env.clock);
  /** Of all that is limited once, and of many no more than a few lines: who floods us must not flood the log. */
  const tell = (query: DnsQuery, peer: Peer): void => {
    if (pace.take()) env.log.info(`over the rate limit: ${describeQuestion(query.question)} from the network of ${peer.remote.address}`, { peer: peer.remote.address, perSecond });
  };

  const limit = (query: DnsQuery, peer: Peer, answer: Answer): Answer => {
    const overBy = take(networkOf(peer.remote.address), answer.kind ?? kindOf(query, answer));
    if (overBy === 0) return answer;
    if (overBy === 1) tell(query, peer);
    const judged = env.cookies?.judge(query, peer);
    if (typeof judged === 'object' && (judged.standing === 'good' || judged.standing === 'renew')) return answer;
    if (slip === 0 || overBy % slip !== 0) return { ...answer, dropped: true, failure: 'over the rate limit: dropped' };
    return { ...answer, message: truncated(query, messageOf(answer)), failure: 'over the rate limit: cut to TC=1' };
  };
  return (next) => (query, peer) => {
    const answer = next(query, peer);
    if (peer.transport === 'tcp' || isLoopback(peer.remote.address)) return answer;
    return answer instanceof Promise ? answer.then((later) => limit(query, peer, later)) : limit(query, peer, answer);
  };
}

/** An error has nothing to leave out, and TCP would only bring it again. */
function truncated(query: DnsQuery, message: DnsMessage): DnsMessage {
  const { rcode, authoritative, recursionAvailable } = message;
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return message;
  return createResponse(query.message, { rcode, authoritative, recursionAvailable, truncated: true });
}

/** The network of an address as a text; what lies in one network shares what it may cause. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'));
  const octets = parseIPv6(address.replace(/%.*$/, ''));
  return octets ? String.fromCharCode(...octets.subarray(0, IPV6_OCTETS)) : address;
}

/** What an answer is one of. Names made up at random below one zone, cut or wildcard are one kind: they cost their sender nothing. */
export function kindOf({ question }: DnsQuery, answer: Answer): string {
  if (answer.plain === true) return `${question.type} ${question.name.key}`;
  const { wildcard } = answer;
  const message = messageOf(answer);
  const [authority] = message.authorities;
  if (message.rcode === RCODE.NXDOMAIN) return `x ${authority?.name.key ?? ''}`;
  if (message.rcode !== RCODE.NOERROR) return `e ${message.rcode}`;
  if (message.answers.length > 0) return `${question.type} ${(wildcard ?? question.name).key}`;
  // A referral is about its cut; the SOA record of NODATA about its zone.
  return `${authority?.type === TYPE.NS ? 'r' : 'n'} ${authority?.name.key ?? ''}`;
}

/**
 * Takes a token; 0 when there was one, else how many times there was none since the bucket was last full:
 * somebody a little over the limit gets tokens in between, and is to get every so many-th TC=1 all the same.
 */
function createBuckets(limit: number, share: RateShare, count: number, seed: number, clock: Clock): (network: string, kind: string) => number {
  const tags = new Int32Array(count);
  const tokens = new Float64Array(count);
  const filledAtMs = new Float64Array(count).fill(-Infinity);
  const overs = new Uint32Array(count);
  return (network, kind) => {
    const perSecond = Math.max(1, limit * share.part);
    share.counted += 1;
    const tag = hash(hash(seed, network), kind);
    // Its own place, or the neighbour's; of two strangers the one that was away longer gives way.
    const first = (tag >>> 1) & (count - 1);
    const second = first ^ 1;
    const nowMs = clock.monotonic();
    const known = tags[first] === tag ? first : tags[second] === tag ? second : undefined;
    const at = known ?? ((filledAtMs[first] as number) <= (filledAtMs[second] as number) ? first : second);
    const left = known === undefined ? perSecond : Math.min(perSecond, (tokens[at] as number) + ((nowMs - (filledAtMs[at] as number)) * perSecond) / 1000);
    tags[at] = tag;
    filledAtMs[at] = nowMs;
    if (left === perSecond) overs[at] = 0;
    if (left >= 1) {
      tokens[at] = left - 1;
      return 0;
    }
    tokens[at] = left;
    overs[at] = (overs[at] as number) + 1;
    return overs[at];
  };
}

/** FNV-1a over a text, from a state that may be the hash of what stands before it; mixed at its end, so that every bit counts. */
function hash(state: number, text: string): number {
  let value = state ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) | 0;
}
