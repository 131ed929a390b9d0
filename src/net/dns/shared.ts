// An answer that many queries get: encoded once, and for each query a copy with what is the query's own
// put in its place: ID, RD and CD, the question's letter case, the OPT.

import { UDP_PAYLOAD_SIZE } from './edns.js';
import { TYPE, type DnsMessage, type EdnsOption, type Question, type SharedMessage } from './message.js';
import { OrdinaryQuery } from './ordinary.js';
import { encodeUpTo } from './wire.js';

const HEADER_OCTETS = 12;
const OPT_OCTETS = 11;
/** The OPT's root, type and payload size, and the upper eight bits of the rcode, which are 0 here. */
const OPT_HEAD = [0, TYPE.OPT >>> 8, TYPE.OPT & 0xff, UDP_PAYLOAD_SIZE >>> 8, UDP_PAYLOAD_SIZE & 0xff, 0, 0] as const;
/** What isn't the query's own: QR, AA and TC; RA and rcode. */
const OUR_FLAGS = [0x86, 0x8f] as const;
const ITS_FLAGS = [0x01, 0x10] as const; // RD (RFC 1035 §4.1.1), CD (RFC 4035 §3.2.2)

/** An answer by its octets: those that it has whoever asks, and for each query what is its own. */
export abstract class OctetAnswer implements SharedMessage {
  /** Of the message without an OPT. */
  protected abstract readonly size: number;
  abstract readonly message: DnsMessage;

  /** The whole message without an OPT, but for ID and question, RD and CD 0. `octets` are as they came, and longer by the OPT. */
  protected abstract write(octets: Uint8Array, query: OrdinaryQuery): void;

  octetsFor(query: DnsMessage, options: readonly EdnsOption[] | undefined, maxOctets: number): Uint8Array | undefined {
    if (!(query instanceof OrdinaryQuery)) return undefined;
    const { size } = this;
    let whole = size;
    if (query.hasEdns) {
      whole += OPT_OCTETS;
      if (options !== undefined) for (const { data } of options) whole += 4 + data.length;
    }
    if (whole > maxOctets) return undefined;
    const octets = Buffer.allocUnsafe(whole);
    this.write(octets, query);
    const { octets: asked, questionEnd } = query;
    octets[0] = asked[0] as number;
    octets[1] = asked[1] as number;
    octets[2] = (octets[2] as number) | ((asked[2] as number) & ITS_FLAGS[0]);
    octets[3] = (octets[3] as number) | ((asked[3] as number) & ITS_FLAGS[1]);
    // The names behind the question point into it, and so have its letter case too.
    for (let at = HEADER_OCTETS; at < questionEnd; at += 1) octets[at] = asked[at] as number;
    if (query.hasEdns) writeOpt(octets, size, query.dnssecOk, options);
    return octets;
  }
}

class SharedAnswer extends OctetAnswer {
  protected readonly size: number;
  readonly message: DnsMessage;
  /** The message without an OPT. */
  readonly #octets: Uint8Array;

  constructor(octets: Uint8Array, message: DnsMessage) {
    super();
    this.size = octets.length;
    this.message = message;
    this.#octets = octets;
  }

  protected write(octets: Uint8Array, query: OrdinaryQuery): void {
    const template = this.#octets;
    for (let at = 2; at < HEADER_OCTETS; at += 1) octets[at] = template[at] as number;
    for (let at = query.questionEnd; at < template.length; at += 1) octets[at] = template[at] as number;
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
    for (let from = 0; from < data.length; from += 1) octets[at + from] = data[from] as number;
    at += data.length;
  }
}

/** `message` as everybody gets it who asks this question, whatever letter case and OPT come with it; undefined: it isn't the same for all, or too large for a datagram of ours, so that it is not worth its memory. */
export function shareAnswer(message: DnsMessage, question: Question): OctetAnswer | undefined {
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
