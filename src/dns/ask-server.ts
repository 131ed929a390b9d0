// One server is asked one question: with what, and what is made of its reply, its client subnet included.

import type { Clock } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { encodeTraceId, type AccountedExchange } from '../net/dns/account.js';
import { createQuery } from '../net/dns/build.js';
import { createEdns, decodeClientSubnet, encodeClientSubnet, findOption, OPTION, type ClientSubnet } from '../net/dns/edns.js';
import type { DnsExchange, ExchangeResult } from '../net/dns/exchange.js';
import { RCODE, type DnsMessage } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatRcode, formatRecord, formatType } from '../net/dns/text.js';
import type { Cache } from './cache.js';
import type { Servers } from './delegation.js';
import { findOverfull, readReply, type Bailiwick, type Reply } from './reply.js';
import { tidyRecords } from './rrset.js';
import type { ServerBook } from './server-book.js';
import { audienceOf, type Audience } from './subnet.js';
import { plain } from './words.js';

export interface Wanted {
  readonly name: Name;
  readonly type: number;
}

/** An exchange as it happened. */
export interface Happened {
  /** On the monotonic clock. */
  readonly startedAtMs: number;
  /** In the words of the account, for whoever asks for one; `at` depends on who does. */
  account(): Omit<AccountedExchange, 'at'>;
}

/** The servers to ask, and what they may speak of. */
export interface Level extends Bailiwick {
  readonly servers: Servers;
  /** Of servers that are looked up. */
  readonly port: number;
}

export interface UpstreamEnv {
  readonly clock: Clock;
  readonly exchange: DnsExchange;
  readonly book: ServerBook;
  readonly cache: Pick<Cache, 'storeDelegation' | 'findDelegation'>;
  /** The addresses of a name server that came without them; resolves to none when they can't be had in time. */
  findAddresses(name: Name, budgetMs: number, lineage: Lineage): Promise<FoundAddresses>;
}

export interface FoundAddresses {
  readonly addresses: readonly string[];
  /** Why there are none. */
  readonly why?: string | undefined;
  /** What it took. */
  readonly exchanges: readonly Happened[];
}

/** A client's question, and those that had to be asked for its sake. */
export interface Lineage {
  /** Under way, each needed for the one before it. */
  readonly questions: ReadonlySet<string>;
  /** Name servers that may still be looked up, for all of them together. */
  readonly allowance: { lookups: number };
}

/** One asking under way. */
export interface Tour {
  readonly env: UpstreamEnv;
  readonly lineage: Lineage;
  readonly traceId: string | undefined;
  readonly exchanges: Happened[];
  readonly endsAtMs: number;
  /** Whether the zone's answers may depend on the client's network. */
  readonly tailored: boolean;
  /** Told to its servers. */
  readonly subnet: ClientSubnet | undefined;
}

export interface Heard extends Reply {
  readonly audience: Audience;
}

export interface Silence {
  readonly why: string;
  /** Something came, and it was no DNS answer. */
  readonly garbage: boolean;
}

/** Never rejects. */
export async function askServer(tour: Tour, level: Level, server: Endpoint, wanted: Wanted, serversLeft: number): Promise<Heard | Silence> {
  const { clock } = tour.env;
  const timeoutMs = Math.max(1, (tour.endsAtMs - clock.monotonic()) / serversLeft);
  const { subnet } = tour;
  try {
    const told = await put(tour, level, server, wanted, timeoutMs, subnet);
    const audience = audienceIn(told.message, tour.tailored, subnet);
    // RFC 7871 §7.3: an answer for another network is none; §7.1.1: REFUSED may be about the option, and to a
    // server that can't take it is sent none.
    const refused = subnet !== undefined && (told.message.rcode === RCODE.FORMERR || told.message.rcode === RCODE.REFUSED);
    if (audience !== undefined && !refused) return { ...told.reply, audience };
    const left = Math.max(1, (tour.endsAtMs - clock.monotonic()) / serversLeft);
    // Of a server that tailors nothing that fits, the answer without is the same for everybody.
    return { ...(await put(tour, level, server, wanted, left, undefined)).reply, audience: 'everybody' };
  } catch (error) {
    if (error instanceof CdnError && error.code === 'PEER_PROTOCOL') return { why: 'sends what is no DNS answer', garbage: true };
    if (error instanceof CdnError && error.code === 'DNS_UNREACHABLE') return { why: 'does not answer', garbage: false };
    return { why: `could not be asked: ${messageOf(error)}`, garbage: false };
  }
}

async function put(tour: Tour, level: Level, server: Endpoint, wanted: Wanted, timeoutMs: number, subnet: ClientSubnet | undefined): Promise<{ readonly message: DnsMessage; readonly reply: Reply }> {
  const startedAtMs = tour.env.clock.monotonic();
  const options = [...(tour.traceId === undefined ? [] : [encodeTraceId(tour.traceId)]), ...(subnet ? [encodeClientSubnet(subnet)] : [])];
  // The exchange chooses an ID nobody can guess.
  const query = createQuery({ ...wanted, id: 0, recursionDesired: level.forwarded, edns: createEdns({ options }) });
  const result = await tour.env.exchange(server, query, { timeoutMs, mixCase: true });
  const overfull = findOverfull(result.message);
  const message = overfull ? result.message : { ...result.message, answers: tidyRecords(result.message.answers) };
  const reply = overfull ?? readReply(message, wanted, level);
  tour.exchanges.push({ startedAtMs, account: () => account(level, wanted, { ...result, message }, reply) });
  return { message, reply };
}

/** undefined: the answer is for another network than was asked for. */
function audienceIn(message: DnsMessage, tailored: boolean, subnet: ClientSubnet | undefined): Audience | undefined {
  // An option that nobody asked for says nothing (§7.3).
  if (!subnet) return tailored ? 'untailored' : 'everybody';
  const option = findOption(message.edns, OPTION.CLIENT_SUBNET);
  // §7.3: a server that doesn't tailor leaves it out.
  if (!option) return 'everybody';
  const answered = decodeClientSubnet(option);
  return answered && audienceOf(subnet, answered);
}

/** "the authority of hercdn.com at 127.0.0.1:40724", "the resolver at 192.0.2.53:53". */
export function whoIs(level: Level, server?: Endpoint): string {
  const at = server ? ` at ${formatEndpoint(server)}` : '';
  return level.forwarded ? `the resolver${at}` : `the authority of ${plain(level.apex)}${at}`;
}

/** A reply of very many records is told by its first. */
const MAX_TOLD = 50;

function account(level: Level, wanted: Wanted, result: ExchangeResult, reply: Reply): Omit<AccountedExchange, 'at'> {
  const { message, transport, local, remote, durationMs } = result;
  const ignored = new Set(reply.ignored);
  const shown = reply.reading.kind === 'referral' ? [...message.answers, ...message.authorities, ...message.additionals] : message.answers;
  return {
    ms: round(durationMs),
    from: formatEndpoint(local),
    to: formatEndpoint(remote),
    transport,
    authority: level.apex.toString(),
    name: wanted.name.toString(),
    type: formatType(wanted.type),
    rcode: formatRcode(message.rcode),
    records: shown.filter((record) => !ignored.has(record)).slice(0, MAX_TOLD).map(formatRecord),
    ...(ignored.size > 0 && { ignored: [...ignored].slice(0, MAX_TOLD).map(formatRecord) }),
  };
}

/** Milliseconds to the microsecond; what is below is noise. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
