// From a query's octets to its answer's, whatever they hold: what never reaches a handler, and what
// every answer has whoever made it. No sockets here.

import { messageOf } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { formatEndpoint } from '../address.js';
import type { Eventual } from '../handler.js';
import { createResponse } from './build.js';
import { createEdns, encodeTcpKeepalive, findOption, isMalformedOption, OPTION, udpReplySize } from './edns.js';
import { OPCODE, RCODE, SILENCE, type DnsHandler, type DnsMessage, type DnsQuery, type DnsReply, type DnsShared, type Peer } from './message.js';
import { findAsked, OrdinaryQuery, readOrdinary } from './ordinary.js';
import { encodeWithin } from './truncate.js';
import { refuseSigned } from './tsig.js';
import { decodeMessage, type Decoded } from './wire.js';
import { MAX_MESSAGE_OCTETS } from './writer.js';

/** Several messages, over TCP only; each is encoded when it is taken. */
export type OctetStream = Iterable<Uint8Array>;
/** undefined when there is nothing to answer: too short for a header, itself an answer, or the handler says nothing. */
export type Answered = Uint8Array | OctetStream | undefined;
/** Never throws, never rejects; taking from a stream may throw. */
export type Answerer = (octets: Uint8Array, peer: Peer) => Eventual<Answered>;

/** Whether it is a stream: a message is iterable too, octet by octet. */
export function isStream(answered: Answered): answered is OctetStream {
  return answered !== undefined && !(answered instanceof Uint8Array);
}

export interface AnswererOptions {
  /** How long an idle connection is kept, for clients that ask (RFC 7828); none are told unless said. */
  readonly tcpIdleMs?: number;
}

export function createAnswerer(handler: DnsHandler, log: Log, { tcpIdleMs }: AnswererOptions = {}): Answerer {
  const recursive = handler.recursive === true;
  const respond = (query: DnsMessage, over: Partial<DnsMessage>): DnsMessage => createResponse(query, recursive ? { ...over, recursionAvailable: true } : over);
  const failed = (peer: Peer, query: DnsMessage, error: unknown): Uint8Array => {
    const question = query.questions[0];
    log.error(`answering ${String(question?.name)} for ${formatEndpoint(peer.remote)} failed: ${messageOf(error)}`, { remote: peer.remote, error });
    return encodeWithin(respond(query, { rcode: RCODE.SERVFAIL }), udpReplySize(query));
  };
  const encode = (peer: Peer, query: DnsMessage, response: DnsReply): Answered => {
    if (response === SILENCE) return undefined;
    try {
      if ('shared' in response) {
        const octets = octetsOfShared(query, response, peer, tcpIdleMs);
        if (octets) return octets;
      }
      if ('messages' in response) {
        if (peer.transport === 'udp') throw new Error('several messages have no place in a datagram');
        return encodeEach(query, response.messages, recursive);
      }
      const conforming = conform(query, 'shared' in response ? messageOfShared(query, response) : response, recursive);
      if (peer.transport === 'udp') return encodeWithin(conforming, udpReplySize(query));
      return encodeWithin(tcpIdleMs === undefined ? conforming : tellKeepalive(query, conforming, tcpIdleMs), MAX_MESSAGE_OCTETS);
    } catch (error) {
      return failed(peer, query, error);
    }
  };
  const ask = (query: DnsQuery, peer: Peer): Eventual<Answered> => {
    try {
      const answer = handler(query, peer);
      // Told apart by hand: an answer at hand never waits for a microtask.
      if (!(answer instanceof Promise)) return encode(peer, query.message, answer);
      return answer.then(
        (later) => encode(peer, query.message, later),
        (error: unknown) => failed(peer, query.message, error),
      );
    } catch (error) {
      return failed(peer, query.message, error);
    }
  };
  return (octets, peer) => {
    // What comes over TCP stands in memory that is used again.
    const ordinary = readOrdinary(peer.transport === 'udp' ? octets : Uint8Array.from(octets));
    if (ordinary) return ask(ordinary, peer);
    const decoded = decodeMessage(octets);
    if (decoded.kind === 'headerless') return undefined;
    if (decoded.kind === 'malformed') return refuse(decoded, respond);
    const query = decoded.message;
    // An answer to an answer could go back and forth for ever between two servers.
    if (query.response) return undefined;
    const refusal = selectRefusal(query);
    const [question] = query.questions;
    if (refusal !== undefined || !question) {
      // A list of questions isn't repeated: it need not fit, and nobody waits for it.
      const questions = query.questions.length === 1 ? query.questions : [];
      return encodeWithin(respond(query, { rcode: RCODE.FORMERR, ...refusal, questions }), udpReplySize(query));
    }
    return ask({ message: query, question }, peer);
  };
}

/** undefined when it takes the message itself: to cut it, or to say more with it. */
function octetsOfShared(query: DnsMessage, { shared, options }: DnsShared, peer: Peer, tcpIdleMs: number | undefined): Uint8Array | undefined {
  if (peer.transport === 'udp') return shared.octetsFor(query, options, query instanceof OrdinaryQuery ? query.udpReplySize : udpReplySize(query));
  const keepalive = tcpIdleMs !== undefined && findAsked(query, OPTION.TCP_KEEPALIVE) !== undefined;
  return keepalive ? undefined : shared.octetsFor(query, options, MAX_MESSAGE_OCTETS);
}

function messageOfShared(query: DnsMessage, { shared, options = [] }: DnsShared): DnsMessage {
  return { ...shared.message, recursionDesired: query.recursionDesired, checkingDisabled: query.checkingDisabled, edns: query.edns && createEdns({ dnssecOk: query.edns.dnssecOk, options }) };
}

function* encodeEach(query: DnsMessage, messages: Iterable<DnsMessage>, recursive: boolean): Generator<Uint8Array> {
  for (const message of messages) yield encodeWithin(conform(query, message, recursive), MAX_MESSAGE_OCTETS);
}

/** The answer to a query that no handler gets to see; undefined for one that it does. */
function selectRefusal(query: DnsMessage): Partial<DnsMessage> | undefined {
  if (query.opcode !== OPCODE.QUERY) return { rcode: RCODE.NOTIMP };
  // RFC 6891 §6.1.3: before anything else is made of it.
  if (query.edns && query.edns.version !== 0) return { rcode: RCODE.BADVERS };
  // RFC 9619 §4; to ask for a cookie and nothing else (RFC 7873 §5.4) isn't spoken here.
  if (query.questions.length !== 1) return { rcode: RCODE.FORMERR };
  if (query.edns?.options.some(isMalformedOption) === true) return { rcode: RCODE.FORMERR };
  return refuseSigned(query);
}

/** The header alone (RFC 1035 §4.1.1): what came with it can't be repeated, for it can't be read. */
function refuse(malformed: Extract<Decoded, { kind: 'malformed' }>, respond: (query: DnsMessage, over: Partial<DnsMessage>) => DnsMessage): Uint8Array | undefined {
  if (malformed.response) return undefined;
  const { id, opcode, recursionDesired, rcode } = malformed;
  const query: DnsMessage = {
    id, opcode, recursionDesired, rcode: RCODE.NOERROR, response: false, authoritative: false, truncated: false, recursionAvailable: false,
    authenticData: false, checkingDisabled: false, questions: [], answers: [], authorities: [], additionals: [], edns: undefined,
  };
  return encodeWithin(respond(query, { rcode }), MAX_MESSAGE_OCTETS);
}

/** The answer of a handler that made it by other means than createResponse still belongs to this query. */
function conform(query: DnsMessage, response: DnsMessage, recursive: boolean): DnsMessage {
  const sameEdns = (query.edns === undefined) === (response.edns === undefined);
  // RFC 1035 §4.1.1: RA is about the server, and not about this answer.
  const recursionAvailable = recursive || response.recursionAvailable;
  if (sameEdns && recursionAvailable === response.recursionAvailable && response.response && response.id === query.id && response.opcode === query.opcode && response.questions === query.questions) return response;
  // RFC 6891 §7: an OPT in the answer exactly when there is one in the query.
  const edns = query.edns && (response.edns ?? createEdns({ dnssecOk: query.edns.dnssecOk }));
  return { ...response, id: query.id, response: true, opcode: query.opcode, questions: query.questions, recursionAvailable, edns };
}

/**
 * RFC 7828 §3.3.2: over TCP, to who asks; over UDP the question is ignored (§3.3.1). Padding, in
 * contrast, is never answered with padding: it hides nothing where nothing is encrypted (RFC 7830 §6).
 */
function tellKeepalive(query: DnsMessage, response: DnsMessage, timeoutMs: number): DnsMessage {
  if (!response.edns || !findOption(query.edns, OPTION.TCP_KEEPALIVE)) return response;
  return { ...response, edns: { ...response.edns, options: [...response.edns.options, encodeTcpKeepalive({ timeoutMs })] } };
}
