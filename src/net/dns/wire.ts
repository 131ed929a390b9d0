// A message's octets <-> its value (RFC 1035 §4, RFC 6891). Decoding never throws: whatever a
// stranger sends is a message, malformed, or too short to be answered at all.

import { decodeOpt, decodeOptions, encodeOpt } from './edns.js';
import { OPCODE, RCODE, TYPE, type DnsMessage, type Edns, type Question, type ResourceRecord } from './message.js';
import { Name } from './name.js';
import { decodeRData, encodeRData } from './rdata.js';
import { Reader } from './reader.js';
import { MAX_MESSAGE_OCTETS, Writer } from './writer.js';

export type Decoded =
  | { readonly kind: 'message'; readonly message: DnsMessage }
  /** A header, and then something that isn't what it announces. Enough to answer with `rcode`. */
  | {
      readonly kind: 'malformed';
      readonly id: number;
      readonly response: boolean;
      readonly opcode: number;
      readonly recursionDesired: boolean;
      /** FORMERR; NOTIMP when the opcode gives the body a meaning we don't know. */
      readonly rcode: number;
      /** The end of a sentence that begins with "the message". */
      readonly why: string;
    }
  /** Fewer octets than a header has: there is no ID to answer with. */
  | { readonly kind: 'headerless' };

const HEADER_OCTETS = 12;
const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;
const RD = 0x0100;
const RA = 0x0080;
const AD = 0x0020; // RFC 4035 §3.1.6
const CD = 0x0010;

/** Any octets at all. Nothing of the result shares memory with `octets`. */
export function decodeMessage(octets: Uint8Array): Decoded {
  if (octets.length < HEADER_OCTETS) return { kind: 'headerless' };
  // A Buffer's slice() shares memory, and so would not be a copy.
  const plain = new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
  const u16 = (at: number): number => ((plain[at] as number) << 8) | (plain[at + 1] as number);
  const id = u16(0);
  const flags = u16(2);
  const response = (flags & QR) !== 0;
  const opcode = (flags >>> 11) & 0xf;
  const recursionDesired = (flags & RD) !== 0;

  const reader = new Reader(plain, HEADER_OCTETS);
  const questions = decodeQuestions(reader, u16(4));
  const answers = decodeRecords(reader, u16(6), 'none');
  const authorities = decodeRecords(reader, u16(8), 'none');
  const found: FoundOpt = { edns: undefined, rcodeBits: 0 };
  const additionals = decodeRecords(reader, u16(10), found);
  if (reader.left > 0) reader.fail('goes on after its last record');
  if (reader.failure !== undefined) {
    const rcode = opcode === OPCODE.QUERY ? RCODE.FORMERR : RCODE.NOTIMP;
    return { kind: 'malformed', id, response, opcode, recursionDesired, rcode, why: reader.failure };
  }
  return {
    kind: 'message',
    message: {
      id,
      response,
      opcode,
      authoritative: (flags & AA) !== 0,
      truncated: (flags & TC) !== 0,
      recursionDesired,
      recursionAvailable: (flags & RA) !== 0,
      authenticData: (flags & AD) !== 0,
      checkingDisabled: (flags & CD) !== 0,
      rcode: (flags & 0xf) | found.rcodeBits,
      questions,
      answers,
      authorities,
      additionals,
      edns: found.edns,
    },
  };
}

interface FoundOpt {
  edns: Edns | undefined;
  rcodeBits: number;
}

/** `count` is what a stranger says: only what is there is ever allocated. */
function decodeQuestions(reader: Reader, count: number): readonly Question[] {
  const questions: Question[] = [];
  for (let i = 0; i < count && reader.failure === undefined; i += 1) {
    questions.push({ name: reader.name('compressed'), type: reader.u16(), class: reader.u16() });
  }
  return questions;
}

/** An OPT goes into `opt`, and is a mistake where none may stand. */
function decodeRecords(reader: Reader, count: number, opt: FoundOpt | 'none'): readonly ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (let i = 0; i < count && reader.failure === undefined; i += 1) {
    const name = reader.name('compressed');
    const type = reader.u16();
    const rrClass = reader.u16();
    const ttl = reader.u32();
    const size = reader.u16();
    if (size > reader.left) reader.fail('ends within the data of a record');
    if (reader.failure !== undefined) break;
    const messageEnd = reader.limit;
    reader.limit = reader.offset + size;
    if (type === TYPE.OPT) {
      // RFC 6891 §6.1.1: one at most, in the additional section, of the root.
      if (opt === 'none' || opt.edns !== undefined || name !== Name.root) reader.fail('has an OPT where none may be');
      else Object.assign(opt, decodeOpt(rrClass, ttl, decodeOptions(reader)));
    } else {
      // RFC 2181 §8: the top bit set means 0.
      records.push({ name, type, class: rrClass, ttl: ttl > 0x7fff_ffff ? 0 : ttl, data: decodeRData(type, rrClass, reader) });
    }
    reader.limit = messageEnd;
  }
  return records;
}

/**
 * @throws RangeError when it is over 65,535 octets or holds data that its type can't carry: mistakes
 * of ours. Use encodeWithin of truncate.ts where the size isn't known beforehand.
 */
export function encodeMessage(message: DnsMessage): Uint8Array {
  const octets = encodeUpTo(message, MAX_MESSAGE_OCTETS);
  if (!octets) throw new RangeError('a DNS message has at most 65535 octets');
  return octets;
}

/** undefined when it needs more than `maxOctets`. */
export function encodeUpTo(message: DnsMessage, maxOctets: number): Uint8Array | undefined {
  const writer = new Writer(maxOctets);
  writer.u16(message.id);
  writer.u16(encodeFlags(message));
  writer.u16(message.questions.length);
  writer.u16(message.answers.length);
  writer.u16(message.authorities.length);
  writer.u16(message.additionals.length + (message.edns ? 1 : 0));
  for (const question of message.questions) {
    if (writer.overflowed) return undefined;
    writer.name(question.name, 'compressed');
    writer.u16(question.type);
    writer.u16(question.class);
  }
  encodeRecords(message.answers, writer);
  encodeRecords(message.authorities, writer);
  // RFC 8945 §5.1: a TSIG record is the last of all.
  const signed = message.additionals.at(-1)?.type === TYPE.TSIG;
  if (message.edns && signed) encodeOpt(message.edns, message.rcode, writer);
  encodeRecords(message.additionals, writer);
  if (message.edns && !signed) encodeOpt(message.edns, message.rcode, writer);
  return writer.overflowed ? undefined : writer.finish();
}

function encodeFlags(message: DnsMessage): number {
  // Without an OPT there is no room for the upper bits, and the lower ones alone would say something else.
  const rcode = message.rcode > 0xf && !message.edns ? RCODE.SERVFAIL : message.rcode & 0xf;
  return (
    (message.response ? QR : 0) |
    (message.opcode << 11) |
    (message.authoritative ? AA : 0) |
    (message.truncated ? TC : 0) |
    (message.recursionDesired ? RD : 0) |
    (message.recursionAvailable ? RA : 0) |
    (message.authenticData ? AD : 0) |
    (message.checkingDisabled ? CD : 0) |
    rcode
  );
}

function encodeRecords(records: readonly ResourceRecord[], writer: Writer): void {
  for (const record of records) {
    // What no longer fits need not be worked out.
    if (writer.overflowed) return;
    writer.name(record.name, 'compressed');
    writer.u16(record.type);
    writer.u16(record.class);
    writer.u32(record.ttl);
    writer.sized(() => encodeRData(record.type, record.data, writer));
  }
}
