// What the layers of this room hand to each other: the message, and what a log says about it.

import { createResponse } from '../net/dns/build.js';
import { createEdns, encodeExtendedError } from '../net/dns/edns.js';
import { RCODE, SILENCE, type DnsHandler, type DnsMessage, type DnsQuery, type DnsReply, type EdnsOption, type Peer } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import type { Eventual } from '../net/handler.js';

export interface Answer {
  readonly message: DnsMessage;
  /** All of it was known beforehand. */
  readonly cached: boolean;
  /** Why a query failed, for people; absent when it didn't. */
  readonly failure?: string;
  /** The wildcard that stood in for the name asked for. */
  readonly wildcard?: Name | undefined;
  /** Nothing is sent; `message` is what would have been. */
  readonly dropped?: boolean;
  /** What is sent in place of `message`: several, over TCP. */
  readonly stream?: Iterable<DnsMessage>;
}

export type Answerer = (query: DnsQuery, peer: Peer) => Eventual<Answer>;

/** What is sent, as the transport wants it. */
export function toHandler(answerer: Answerer): DnsHandler {
  return (query, peer) => {
    const answer = answerer(query, peer);
    return answer instanceof Promise ? answer.then(toReply) : toReply(answer);
  };
}

function toReply({ message, dropped, stream }: Answer): DnsReply {
  if (dropped === true) return SILENCE;
  return stream ? { messages: stream } : message;
}

/** The answer with one more option in its OPT; without EDNS in the query there is no place for one (RFC 6891 §7). */
export function withOption(query: DnsQuery, answer: Answer, option: EdnsOption): Answer {
  const asked = query.message.edns;
  if (!asked) return answer;
  const edns = answer.message.edns ?? createEdns({ dnssecOk: asked.dnssecOk });
  return { ...answer, message: { ...answer.message, edns: { ...edns, options: [...edns.options, option] } } };
}

/** An answer with nothing but its rcode. */
export function refuse(query: DnsQuery, rcode: number, failure: string, over: Partial<DnsMessage> = {}): Answer {
  return { message: createResponse(query.message, { rcode, ...over }), cached: false, failure };
}

/** The same, and with its info code, if the query has EDNS (RFC 8914 §3); words would only serve who makes us send them to others. */
export function refuseExplained(query: DnsQuery, rcode: number, infoCode: number, failure: string): Answer {
  return withOption(query, refuse(query, rcode, failure), encodeExtendedError(infoCode));
}

/** REFUSED: a matter of policy (RFC 1035 §4.1.1). */
export function refusePolicy(query: DnsQuery, failure: string, over: Partial<DnsMessage> = {}): Answer {
  return refuse(query, RCODE.REFUSED, failure, over);
}
