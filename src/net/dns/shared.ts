// An answer that many queries get: encoded once, and for each query a copy with what is the query's own
// put in its place: ID, RD and CD, the question's letter case, the OPT.

import { UDP_PAYLOAD_SIZE } from './edns.js';
import { TYPE, type DnsMessage, type EdnsOption, type Question, type SharedMessage } from './message.js';
import { OrdinaryQuery } from './ordinary.js';
import { decodeMessage, encodeUpTo } from './wire.js';

const HEADER_OCTETS = 12;
const OPT_OCTETS = 11;
/** The OPT's root, type and payload size, and the upper eight bits of the rcode, which are 0 here. */
const OPT_HEAD = [0, TYPE.OPT >>> 8, TYPE.OPT & 0xff, UDP_PAYLOAD_SIZE >>> 8, UDP_PAYLOAD_SIZE & 0xff, 0, 0] as const;
/** What isn't the query's own: QR, AA and TC; RA and rcode. */
const OUR_FLAGS = [0x86, 0x8f] as const;
const ITS_FLAGS = [0x01, 0x10] as const; // RD (RFC 1035 §4.1.1), CD (RFC 4035 §3.2.2)

export class SharedAnswer implements SharedMessage {
  /** The message without an OPT. */
  readonly #octets: Uint8Array;
  #message: DnsMessage | undefined;

  /** `message`: what the octets say, if that is known; else it is read from them when somebody looks. */
  constructor(octets: Uint8Array, message?: DnsMessage) {
    this.#octets = octets;
    this.#message = message;
  }

  get message(): DnsMessage {
    return (this.#message ??= decodeOurs(this.#octets));
  }

  octetsFor(query: DnsMessage, options: readonly EdnsOption[] | undefined, maxOctets: number): Uint8Array | undefined {
    const template = this.#octets;
    if (!(query instanceof OrdinaryQuery)) return undefined;
    const { octets: asked, questionEnd } = query;
    let size = template.length;
    if (query.hasEdns) {
      size += OPT_OCTETS;
      if (options !== undefined) for (const { data } of options) size += 4 + data.length;
    }
    if (size > maxOctets) return undefined;
    const octets = Buffer.allocUnsafe(size);
    octets.set(template);
    octets[0] = asked[0] as number;
    octets[1] = asked[1] as number;
    octets[2] = (template[2] as number) | ((asked[2] as number) & ITS_FLAGS[0]);
    octets[3] = (template[3] as number) | ((asked[3] as number) & ITS_FLAGS[1]);
    // The names behind the question point into it, and so have its letter case too.
    for (let at = HEADER_OCTETS; at < questionEnd; at += 1) octets[at] = asked[at] as number;
    if (query.hasEdns) writeOpt(octets, template.length, query.dnssecOk, options);
    return octets;
  }
}

function writeOpt(octets: Uint8Array, start: number, dnssecOk: boolean, options: readonly EdnsOption[] | undefined): void {
  const additionals = (((octets[10] as number) << 8) | (octets[11] as number)) + 1;
  octets[10] = additionals >>> 8;
  octets[11] = additionals;
  let at = start;
  for (const octet of OPT_HEAD) octets[at++] = octet;
  octets[at++] = dnssecOk ? 0x80 : 0;
  octets[at++] = 0;
  const length = octets.length - start - OPT_OCTETS;
  octets[at++] = length >>> 8;
  octets[at++] = length;
  if (options === undefined) return;
  for (const { code, data } of options) {
    octets[at++] = code >>> 8;
    octets[at++] = code;
    octets[at++] = data.length >>> 8;
    octets[at++] = data.length;
    for (const octet of data) octets[at++] = octet;
  }
}

function decodeOurs(octets: Uint8Array): DnsMessage {
  const decoded = decodeMessage(octets);
  if (decoded.kind !== 'message') throw new Error('an answer of ours that cannot be decoded');
  return decoded.message;
}

/** The octets of an authoritative answer to this question as they begin; behind it is room for `count` records of `size` octets. */
export function createAnswerOctets(query: OrdinaryQuery, count: number, size: number): Uint8Array {
  const octets = new Uint8Array(query.questionEnd + size);
  octets[2] = 0x84; // QR, AA
  octets[5] = 1;
  octets[7] = count;
  for (let at = HEADER_OCTETS; at < query.questionEnd; at += 1) octets[at] = query.octets[at] as number;
  return octets;
}

/** `message` as everybody gets it who asks this question, whatever letter case and OPT come with it; undefined: it isn't the same for all, or too large for a datagram of ours, so that it is not worth its memory. */
export function shareAnswer(message: DnsMessage, question: Question): SharedAnswer | undefined {
  if (!isCaseless(message)) return undefined;
  const neutral: DnsMessage = { ...message, questions: [question], edns: undefined };
  const octets = encodeUpTo(neutral, UDP_PAYLOAD_SIZE);
  if (octets === undefined) return undefined;
  octets[2] = (octets[2] as number) & OUR_FLAGS[0];
  octets[3] = (octets[3] as number) & OUR_FLAGS[1];
  return new SharedAnswer(octets, neutral);
}

/** A name that DNAME makes has labels of the question, and their letter case, behind the question too (RFC 6672 §3.1). */
function isCaseless({ answers, rcode }: DnsMessage): boolean {
  return rcode <= 0xf && !answers.some(({ type }) => type === TYPE.DNAME);
}
