// What the layers of this room hand to each other: the message, and what a log says about it.

import { RCODE, type DnsHandler, type DnsMessage, type DnsQuery, type Peer } from '../net/dns/message.js';
import { createResponse } from '../net/dns/build.js';
import type { Eventual } from '../net/handler.js';

export interface Answer {
  readonly message: DnsMessage;
  /** All of it was known beforehand. */
  readonly cached: boolean;
  /** Why a query failed, for people; absent when it didn't. */
  readonly failure?: string;
}

export type Answerer = (query: DnsQuery, peer: Peer) => Eventual<Answer>;

/** The message alone, as the transport wants it. */
export function toHandler(answerer: Answerer): DnsHandler {
  return (query, peer) => {
    const answer = answerer(query, peer);
    return answer instanceof Promise ? answer.then(({ message }) => message) : answer.message;
  };
}

/** An answer with nothing but its rcode. */
export function refuse(query: DnsQuery, rcode: number, failure: string, over: Partial<DnsMessage> = {}): Answer {
  return { message: createResponse(query.message, { rcode, ...over }), cached: false, failure };
}

/** REFUSED: a matter of policy (RFC 1035 §4.1.1). */
export function refusePolicy(query: DnsQuery, failure: string, over: Partial<DnsMessage> = {}): Answer {
  return refuse(query, RCODE.REFUSED, failure, over);
}
