// Ethernet frames around what was sent: IPv4 (RFC 791) or IPv6 (RFC 8200), and UDP (RFC 768) or TCP (RFC 9293),
// with the checksums that they would have had.

import type { Endpoint } from '../../net/address.js';
import { parseIPv4, parseIPv6 } from '../../net/dns/ip.js';

export const TCP_FLAG = { FIN: 1, SYN: 2, PSH: 8, ACK: 16 } as const;

export interface Segment {
  readonly sequence: number;
  readonly acknowledged: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** A frame, and how many octets of its payload were left out at the end. */
export interface Frame {
  readonly octets: Uint8Array;
  readonly cut: number;
}

const PROTOCOL = { TCP: 6, UDP: 17 } as const;
const HOP_LIMIT = 64;

/** RFC 1071: the ones' complement of the ones' complement sum of all 16-bit words. */
function checksum(parts: readonly Uint8Array[]): number {
  const octets = Buffer.concat(parts.map((part) => (part.byteLength % 2 === 0 ? part : Buffer.concat([part, Buffer.alloc(1)]))));
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += octets.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function octetsOf(address: string): Uint8Array {
  return parseIPv4(address) ?? parseIPv6(address) ?? new Uint8Array(4);
}

/** An address of local administration made of the IP address's last octets: nobody's card has it. */
function cardOf(address: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(0x02, 0x00), address.subarray(-4)]);
}

function u16(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => buffer.writeUInt16BE(value & 0xffff, index * 2));
  return buffer;
}

/** Both addresses in one family: a mapped address is IPv4 already. */
function addresses(from: Endpoint, to: Endpoint): { readonly source: Uint8Array; readonly destination: Uint8Array } {
  const [source, destination] = [octetsOf(from.address), octetsOf(to.address)];
  return source.length === destination.length ? { source, destination } : { source: new Uint8Array(destination.length), destination };
}

function ipHeader(source: Uint8Array, destination: Uint8Array, protocol: number, length: number, identification: number): Buffer {
  if (source.length === 16) return Buffer.concat([Buffer.of(0x60, 0, 0, 0), u16(length), Buffer.of(protocol, HOP_LIMIT), source, destination]);
  // RFC 791 §3.1; RFC 6864 §4.1: unfragmented, with DF.
  const before = Buffer.concat([Buffer.of(0x45, 0), u16(20 + length, identification, 0x4000), Buffer.of(HOP_LIMIT, protocol)]);
  const sum = checksum([before, source, destination]);
  return Buffer.concat([before, u16(sum), source, destination]);
}

/** RFC 9293 §3.1 and RFC 8200 §8.1; the lengths mean the same where the sum is concerned. */
function pseudoHeader(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): Buffer {
  return Buffer.concat([source, destination, u16(length >>> 16, length, 0, protocol)]);
}

function frame(from: Endpoint, to: Endpoint, protocol: number, header: Buffer, checksumAt: number, payload: Uint8Array, cut: number, identification: number): Frame {
  const { source, destination } = addresses(from, to);
  const length = header.length + payload.byteLength + cut;
  // What is left out counts as zeros: nobody can check it.
  const sum = checksum([pseudoHeader(source, destination, protocol, length), header, payload]);
  // RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
  header.writeUInt16BE(protocol === PROTOCOL.UDP && sum === 0 ? 0xffff : sum, checksumAt);
  const ether = Buffer.concat([cardOf(destination), cardOf(source), u16(source.length === 16 ? 0x86dd : 0x0800)]);
  return { octets: Buffer.concat([ether, ipHeader(source, destination, protocol, length, identification), header, payload]), cut };
}

export function udpFrame(from: Endpoint, to: Endpoint, payload: Uint8Array, identification: number): Frame {
  const header = u16(from.port, to.port, 8 + payload.byteLength, 0);
  return frame(from, to, PROTOCOL.UDP, header, 6, payload, 0, identification);
}

/** RFC 9293 §3.2: of the options, a SYN carries the greatest segment size. */
export const SEGMENT_OCTETS = 1460;
const WINDOW = 0xffff;

export function tcpFrame(from: Endpoint, to: Endpoint, segment: Segment, identification: number, cut = 0): Frame {
  const options = (segment.flags & TCP_FLAG.SYN) === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(2, 4), u16(SEGMENT_OCTETS)]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(segment.sequence >>> 0, 0);
  numbers.writeUInt32BE(segment.acknowledged >>> 0, 4);
  const header = Buffer.concat([u16(from.port, to.port), numbers, Buffer.of(((20 + options.length) / 4) << 4, segment.flags), u16(WINDOW, 0, 0), options]);
  return frame(from, to, PROTOCOL.TCP, header, 16, segment.payload, cut, identification);
}
