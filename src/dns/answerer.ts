// What the layers of this room hand to each other: the message, and what a log says about it.

import { createResponse } from '../net/dns/build.js';
import { createEdns, encodeExtendedError } from '../net/dns/edns.js';
import { RCODE, SILENCE, type DnsHandler, type DnsMessage, type DnsQuery, type DnsReply, type EdnsOption, type Peer, type SharedMessage } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import type { Eventual } from '../net/handler.js';
import type { SelectRecords } from './select.js';

export interface Answer {
  /** A value, or octets that others get as well: `messageOf` reads both. */
  readonly message: DnsMessage | SharedMessage;
  /** For the OPT, behind those that the message has; nothing where the query has no OPT (RFC 6891 §7). */
  readonly options?: readonly EdnsOption[] | undefined;
  /** What the next who asks this question may be told; absent: nothing. */
  readonly reuse?: Reuse | undefined;
  /** What the rate limit counts it as; absent: kindOf of limit.ts works that out. */
  readonly kind?: string | undefined;
  /** Records of the very name and type that were asked for: nobody has to look, to count them. */
  readonly plain?: boolean | undefined;
  /** All of it was known beforehand. */
  readonly cached: boolean;
  /** Why a query failed, for people; absent when it didn't. */
  readonly failure?: string | undefined;
  /** The wildcard that stood in for the name asked for. */
  readonly wildcard?: Name | undefined;
  /** Nothing is sent; `message` is what would have been. */
  readonly dropped?: boolean | undefined;
  /** What is sent in place of `message`: several, over TCP. */
  readonly stream?: Iterable<DnsMessage> | undefined;
}

/** How far an answer depends on its question alone. */
export interface Reuse {
  /** When it ends, on the monotonic clock; absent: when the zones change. */
  readonly untilMs?: number;
  /** It may depend on the client's network, and loopback is none. */
  readonly onlyLoopback?: boolean;
  /** The one choice between records that is in it: the next gets a choice of its own. */
  readonly choice?: { readonly select: SelectRecords; readonly picks: readonly number[] };
}

export type Answerer = (query: DnsQuery, peer: Peer) => Eventual<Answer>;

/** What is sent, as the transport wants it. */
export function toHandler(answerer: Answerer): DnsHandler {
  return (query, peer) => {
    const answer = answerer(query, peer);
    return answer instanceof Promise ? answer.then((later) => toReply(query, later)) : toReply(query, answer);
  };
}

function toReply(query: DnsQuery, answer: Answer): DnsReply {
  const { message, options, dropped, stream } = answer;
  if (dropped === true) return SILENCE;
  if (stream) return { messages: stream };
  if (isShared(message)) return { shared: message, options };
  const asked = query.message.edns;
  if (options === undefined || options.length === 0 || !asked) return message;
  const edns = message.edns ?? createEdns({ dnssecOk: asked.dnssecOk });
  return { ...message, edns: { ...edns, options: [...edns.options, ...options] } };
}

export function isShared(message: Answer['message']): message is SharedMessage {
  return 'octetsFor' in message;
}

/** As a value, which is made of the octets when somebody looks. */
export function messageOf({ message }: Answer): DnsMessage {
  return isShared(message) ? message.message : message;
}

/** The answer with one more option in its OPT. */
export function withOption(answer: Answer, option: EdnsOption): Answer {
  const { options } = answer;
  return withOptions(answer, options ? [...options, option] : [option]);
}

/** The answer with these options alone. Field by field: a copy of whatever there is takes ten times as long. */
export function withOptions({ message, reuse, kind, plain, cached, failure, wildcard, dropped, stream }: Answer, options: readonly EdnsOption[] | undefined): Answer {
  return { message, options, reuse, kind, plain, cached, failure, wildcard, dropped, stream } satisfies Record<keyof Answer, unknown>;
}

/** An answer with nothing but its rcode. */
export function refuse(query: DnsQuery, rcode: number, failure: string, over: Partial<DnsMessage> = {}): Answer {
  return { message: createResponse(query.message, { rcode, ...over }), cached: false, failure };
}

/** The same, and with its info code, if the query has EDNS (RFC 8914 §3); words would only serve who makes us send them to others. */
export function refuseExplained(query: DnsQuery, rcode: number, infoCode: number, failure: string): Answer {
  return withOption(refuse(query, rcode, failure), encodeExtendedError(infoCode));
}

/** REFUSED: a matter of policy (RFC 1035 §4.1.1). */
export function refusePolicy(query: DnsQuery, failure: string, over: Partial<DnsMessage> = {}): Answer {
  return refuse(query, RCODE.REFUSED, failure, over);
}
