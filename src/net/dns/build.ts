// Queries and responses as values.

import { createEdns } from './edns.js';
import { CLASS, OPCODE, RCODE, type DnsMessage, type Edns } from './message.js';
import type { Name } from './name.js';

export interface QueryOptions {
  readonly name: Name;
  readonly type: number;
  /** IN unless said. */
  readonly class?: number;
  /** createDnsExchange sets one of its own. */
  readonly id: number;
  readonly recursionDesired: boolean;
  /** None unless said. */
  readonly edns?: Edns | undefined;
}

export function createQuery(options: QueryOptions): DnsMessage {
  return {
    id: options.id,
    response: false,
    opcode: OPCODE.QUERY,
    authoritative: false,
    truncated: false,
    recursionDesired: options.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: RCODE.NOERROR,
    questions: [{ name: options.name, type: options.type, class: options.class ?? CLASS.IN }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: options.edns,
  };
}

/**
 * An empty NOERROR for this query, and `over` it. Echoed: ID, opcode, RD (RFC 1035 §4.1.1), the question
 * in its own letter case, CD (RFC 4035 §3.2.2). An OPT exactly when the query has one (RFC 6891 §6.1.1),
 * ours but for the DO bit (RFC 3225 §3).
 */
export function createResponse(query: DnsMessage, over: Partial<DnsMessage> = {}): DnsMessage {
  return {
    id: query.id,
    response: true,
    opcode: query.opcode,
    authoritative: false,
    truncated: false,
    recursionDesired: query.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: query.checkingDisabled,
    rcode: RCODE.NOERROR,
    questions: query.questions,
    answers: [],
    authorities: [],
    additionals: [],
    edns: query.edns && createEdns({ dnssecOk: query.edns.dnssecOk }),
    ...over,
  };
}
