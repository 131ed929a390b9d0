// The query that nearly every query is: a header, one question without pointers, and at most an OPT. It
// is known by its octets and decoded only as far as somebody looks, since most answers are known already.

import { isClientSubnet, recallClientSubnet, type ClientSubnet } from './client-subnet.js';
import { isCookieLength } from './cookie.js';
import { decodeOptions, findOption, OPTION, PLAIN_UDP_SIZE, UDP_PAYLOAD_SIZE } from './edns.js';
import { OPCODE, TYPE, type DnsMessage, type DnsQuery, type Edns, type EdnsOption, type Question, type ResourceRecord } from './message.js';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, mixHash, Name } from './name.js';
import { Reader } from './reader.js';

const HEADER_OCTETS = 12;
/** Root, type, size, extended rcode, version, flags, length (RFC 6891 §6.1.2). */
const OPT_OCTETS = 11;
/** With more of them a query isn't ordinary. */
const MOST_OPTIONS = 16;
/** The codes from here on have one bit in common; those that are asked about are few. */
const OTHER_CODES = 31;
const NOWHERE = -1;
const NOTHING: readonly ResourceRecord[] = [];

/** The message, and the query that it is. Its values are those that decodeMessage gives. */
export class OrdinaryQuery implements DnsMessage, DnsQuery {
  /** As they came; nobody writes to them. */
  readonly octets: Uint8Array;
  /** Where the question section ends. */
  readonly questionEnd: number;
  /** Of the question section, ASCII letter case aside. */
  readonly hash: number;
  /** Of its name alone, as hashKey of name.ts has it. */
  readonly nameHash: number;
  readonly hasEdns: boolean;
  readonly response = false;
  readonly opcode = OPCODE.QUERY;
  readonly answers = NOTHING;
  readonly authorities = NOTHING;
  readonly additionals = NOTHING;
  readonly #flags: number;
  /** A bit for each code of an option. */
  readonly #codes: number;
  readonly #subnetAt: number;
  #edns: Edns | undefined;
  #questions: readonly [Question] | undefined;

  /** Only for octets that readOrdinary has looked through. `codes`: a bit for each option; `subnetAt`: where the data of the first client subnet begins. */
  constructor(octets: Uint8Array, questionEnd: number, nameHash: number, codes = 0, subnetAt = NOWHERE) {
    this.octets = octets;
    this.questionEnd = questionEnd;
    this.nameHash = nameHash;
    // Types and classes that are asked for are few: their octets need no mixing of their own.
    this.hash = nameHash ^ (((octets[questionEnd - 3] as number) << 8) | ((octets[questionEnd - 4] as number) << 16) | (octets[questionEnd - 1] as number));
    this.hasEdns = octets.length > questionEnd;
    this.#flags = ((octets[2] as number) << 8) | (octets[3] as number);
    this.#codes = codes;
    this.#subnetAt = subnetAt;
  }

  get message(): this {
    return this;
  }

  get id(): number {
    return ((this.octets[0] as number) << 8) | (this.octets[1] as number);
  }

  get authoritative(): boolean {
    return (this.#flags & 0x0400) !== 0;
  }

  get truncated(): boolean {
    return (this.#flags & 0x0200) !== 0;
  }

  get recursionDesired(): boolean {
    return (this.#flags & 0x0100) !== 0;
  }

  get recursionAvailable(): boolean {
    return (this.#flags & 0x0080) !== 0;
  }

  get authenticData(): boolean {
    return (this.#flags & 0x0020) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.#flags & 0x0010) !== 0;
  }

  get rcode(): number {
    return (this.#flags & 0xf) | (this.hasEdns ? (this.octets[this.questionEnd + 5] as number) << 4 : 0);
  }

  /** Of the question. */
  get type(): number {
    return u16(this.octets, this.questionEnd - 4);
  }

  get class(): number {
    return u16(this.octets, this.questionEnd - 2);
  }

  get question(): Question {
    return this.questions[0];
  }

  get questions(): readonly [Question] {
    return (this.#questions ??= [this.#decodeQuestion()]);
  }

  #decodeQuestion(): Question {
    const { octets, questionEnd: end } = this;
    const length = end - 4 - HEADER_OCTETS;
    // A Buffer's slice() shares memory, and so would not be a copy.
    const wire = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) wire[at] = octets[HEADER_OCTETS + at] as number;
    return { name: length === 1 ? Name.root : new Name(wire), type: this.type, class: this.class };
  }

  get dnssecOk(): boolean {
    return this.hasEdns && ((this.octets[this.questionEnd + 7] as number) & 0x80) !== 0;
  }

  /** Whether its OPT has options; without any there is nothing in it that an answer could depend on. */
  get hasOptions(): boolean {
    return this.octets.length > this.questionEnd + OPT_OCTETS;
  }

  get edns(): Edns | undefined {
    if (!this.hasEdns) return undefined;
    return (this.#edns ??= { udpPayloadSize: this.#payloadSize, version: 0, dnssecOk: this.dnssecOk, options: this.#decodeOptions() });
  }

  #decodeOptions(): readonly EdnsOption[] {
    const { octets, questionEnd } = this;
    return this.hasOptions ? decodeOptions(new Reader(new Uint8Array(octets.buffer, octets.byteOffset, octets.length), questionEnd + OPT_OCTETS)) : [];
  }

  get #payloadSize(): number {
    return u16(this.octets, this.questionEnd + 3);
  }

  /** As udpReplySize of edns.ts has it. */
  get udpReplySize(): number {
    return this.hasEdns ? Math.min(Math.max(this.#payloadSize, PLAIN_UDP_SIZE), UDP_PAYLOAD_SIZE) : PLAIN_UDP_SIZE;
  }

  /** false: there is no option of this code. */
  mayHave(code: number): boolean {
    return (this.#codes & (1 << Math.min(code, OTHER_CODES))) !== 0;
  }

  /** The first option of this code. */
  option(code: number): EdnsOption | undefined {
    if (!this.mayHave(code)) return undefined;
    const { octets } = this;
    for (let at = this.questionEnd + OPT_OCTETS; at < octets.length; ) {
      const length = u16(octets, at + 2);
      const start = at + 4;
      if (u16(octets, at) === code) {
        const data = new Uint8Array(length);
        for (let index = 0; index < length; index += 1) data[index] = octets[start + index] as number;
        return { code, data };
      }
      at = start + length;
    }
    return undefined;
  }

  /** The first that its options have; its scope is 0. */
  get clientSubnet(): ClientSubnet | undefined {
    return this.#subnetAt === NOWHERE ? undefined : recallClientSubnet(this.octets, this.#subnetAt);
  }

  /** Whether the question sections are the same, ASCII letter case aside; type and class have none to be set aside. */
  asks(section: Uint8Array): boolean {
    const { octets, questionEnd } = this;
    const length = questionEnd - HEADER_OCTETS;
    if (section.length !== length) return false;
    for (let at = length - 1; at >= 0; at -= 1) {
      const octet = octets[HEADER_OCTETS + at] as number;
      // No length of a label is a letter: it is at most 63.
      if (octet !== section[at] && (at >= length - 4 || LOWER[octet] !== section[at])) return false;
    }
    return true;
  }

  /** Whether its name is the one of `length` octets that begins at `start`, ASCII letter case aside. */
  asksFor(names: Uint8Array, start: number, length: number): boolean {
    if (this.questionEnd - 4 - HEADER_OCTETS !== length) return false;
    for (let at = 0; at < length; at += 1) if (LOWER[this.octets[HEADER_OCTETS + at] as number] !== LOWER[names[start + at] as number]) return false;
    return true;
  }

  /** What `asks` compares with: the question section, the name in lower case. */
  sectionKey(): Uint8Array {
    const section = new Uint8Array(this.questionEnd - HEADER_OCTETS);
    for (let at = 0; at < section.length; at += 1) {
      const octet = this.octets[HEADER_OCTETS + at] as number;
      section[at] = at < section.length - 4 ? (LOWER[octet] as number) : octet;
    }
    return section;
  }
}

const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] as number);
}

/**
 * undefined for whatever is to be decoded in full: anything that isn't so simple, and anything that will
 * be refused. The query looks at `octets` later on: nobody may write to them.
 */
export function readOrdinary(octets: Uint8Array): OrdinaryQuery | undefined {
  const size = octets.length;
  // QR and opcode; one question, no answers, no authorities, one additional record at most.
  if (size < HEADER_OCTETS + 5 || ((octets[2] as number) & 0xf8) !== 0) return undefined;
  if (octets[4] !== 0 || octets[5] !== 1 || octets[6] !== 0 || octets[7] !== 0 || octets[8] !== 0 || octets[9] !== 0 || octets[10] !== 0) return undefined;
  const count = octets[11] as number;
  if (count > 1) return undefined;

  let hash = 0x811c9dc5;
  let at = HEADER_OCTETS;
  for (;;) {
    const length = octets[at] as number;
    if (length === 0) break;
    const next = at + 1 + length;
    if (length > MAX_LABEL_OCTETS || next >= size) return undefined;
    for (; at < next; at += 1) hash = Math.imul(hash ^ (LOWER[octets[at] as number] as number), 0x01000193);
  }
  const end = at + 5;
  if (at + 1 - HEADER_OCTETS > MAX_NAME_OCTETS || end > size) return undefined;
  hash = mixHash(hash);

  if (count === 0) return end === size ? new OrdinaryQuery(octets, end, hash) : undefined;
  if (end + OPT_OCTETS > size || octets[end] !== 0 || u16(octets, end + 1) !== TYPE.OPT || octets[end + 6] !== 0) return undefined;
  if (u16(octets, end + 9) !== size - end - OPT_OCTETS) return undefined;
  return size === end + OPT_OCTETS ? new OrdinaryQuery(octets, end, hash) : readOptions(octets, end, hash);
}

/** undefined also for an option that isMalformedOption of edns.ts finds fault with. */
function readOptions(octets: Uint8Array, end: number, hash: number): OrdinaryQuery | undefined {
  const size = octets.length;
  let codes = 0;
  let subnetAt = NOWHERE;
  let count = 0;
  for (let at = end + OPT_OCTETS; at < size; ) {
    const start = at + 4;
    if (start > size || (count += 1) > MOST_OPTIONS) return undefined;
    const code = u16(octets, at);
    const length = u16(octets, at + 2);
    at = start + length;
    if (at > size) return undefined;
    if (code === OPTION.CLIENT_SUBNET) {
      // RFC 7871 §6: the scope of a query is 0.
      if (!isClientSubnet(octets, start, length) || octets[start + 3] !== 0) return undefined;
      if (subnetAt === NOWHERE) subnetAt = start;
    } else if (code === OPTION.COOKIE && !isCookieLength(length)) return undefined;
    codes |= 1 << Math.min(code, OTHER_CODES);
  }
  return new OrdinaryQuery(octets, end, hash, codes, subnetAt);
}

/** findOption of edns.ts, for a query: where that is ordinary, no other option is decoded. */
export function findAsked(query: DnsMessage, code: number): EdnsOption | undefined {
  return query instanceof OrdinaryQuery ? query.option(code) : findOption(query.edns, code);
}
