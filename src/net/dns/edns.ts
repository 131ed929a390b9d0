// EDNS(0): the OPT pseudo-record and its options (RFC 6891 §6.1).

import { CLIENT_SUBNET_OPTION, decodeClientSubnet } from './client-subnet.js';
import { COOKIE_OPTION, decodeCookie } from './cookie.js';
import { NSID_OPTION, PADDING_OPTION, TCP_KEEPALIVE_OPTION } from './edns-options.js';
import { EXTENDED_ERROR_OPTION } from './extended-error.js';
import { TYPE, type DnsMessage, type Edns, type EdnsOption } from './message.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

export { ADDRESS_FAMILY, createClientSubnet, decodeClientSubnet, encodeClientSubnet, formatClientSubnet, type ClientSubnet } from './client-subnet.js';
export { decodeCookie, encodeCookie, type Cookie } from './cookie.js';
export { decodeNsid, decodePadding, decodeTcpKeepalive, encodeNsid, encodePadding, encodeTcpKeepalive, NSID_REQUEST, type TcpKeepalive } from './edns-options.js';
export { EXTENDED_ERROR, decodeExtendedError, encodeExtendedError, type ExtendedError } from './extended-error.js';

/** Option codes of the IANA registry, by name; the private ones are in account.ts. */
export const OPTION = {
  NSID: NSID_OPTION, CLIENT_SUBNET: CLIENT_SUBNET_OPTION, COOKIE: COOKIE_OPTION, TCP_KEEPALIVE: TCP_KEEPALIVE_OPTION, PADDING: PADDING_OPTION,
  EXTENDED_ERROR: EXTENDED_ERROR_OPTION,
} as const;

/** What we take and send over UDP: fits IPv6's least MTU, so nothing is fragmented (DNS Flag Day 2020; RFC 9715 §3.2). */
export const UDP_PAYLOAD_SIZE = 1232;
/** Without EDNS (RFC 1035 §4.2.1), and the least that an OPT can mean (RFC 6891 §6.2.3). */
export const PLAIN_UDP_SIZE = 512;

/** Our OPT: version 0, 1232 octets. */
export function createEdns(over: Partial<Edns> = {}): Edns {
  return { udpPayloadSize: UDP_PAYLOAD_SIZE, version: 0, dnssecOk: false, options: [], ...over };
}

/** The first of this code; undefined without EDNS as well. */
export function findOption(edns: Edns | undefined, code: number): EdnsOption | undefined {
  return edns?.options.find((option) => option.code === code);
}

/** How many octets may be sent over UDP to whoever sent this query. */
export function udpReplySize(query: DnsMessage): number {
  if (!query.edns) return PLAIN_UDP_SIZE;
  return Math.min(Math.max(query.edns.udpPayloadSize, PLAIN_UDP_SIZE), UDP_PAYLOAD_SIZE);
}

/** The OPT as it stands in the additional section, owner and type already read. */
export interface DecodedOpt {
  readonly edns: Edns;
  /** The upper eight of the rcode's twelve bits, in their place. */
  readonly rcodeBits: number;
}

/** The reader stands at the CLASS; its limit must be the end of the OPT's RDATA. */
export function decodeOptions(reader: Reader): readonly EdnsOption[] {
  const options: EdnsOption[] = [];
  while (reader.left > 0) {
    options.push({ code: reader.u16(), data: reader.take(reader.u16()) });
  }
  return options;
}

/** RFC 6891 §6.1.3: CLASS is the payload size, TTL is extended rcode, version and flags. */
export function decodeOpt(udpPayloadSize: number, ttl: number, options: readonly EdnsOption[]): DecodedOpt {
  const edns = { udpPayloadSize, version: (ttl >>> 16) & 0xff, dnssecOk: (ttl & 0x8000) !== 0, options };
  return { edns, rcodeBits: (ttl >>> 24) << 4 };
}

/** Whether an option of a query is one to be answered with FORMERR: of a form that its standard doesn't allow. */
export function isMalformedOption(option: EdnsOption): boolean {
  switch (option.code) {
    case OPTION.CLIENT_SUBNET:
      // RFC 7871 §6: the scope is the server's to say.
      return decodeClientSubnet(option)?.scopePrefixLength !== 0;
    case OPTION.COOKIE:
      return decodeCookie(option) === undefined;
    default:
      return false;
  }
}

export function encodeOpt(edns: Edns, rcode: number, writer: Writer): void {
  writer.u8(0); // §6.1.2: the root
  writer.u16(TYPE.OPT);
  writer.u16(edns.udpPayloadSize);
  writer.u8(rcode >>> 4);
  writer.u8(edns.version);
  writer.u16(edns.dnssecOk ? 0x8000 : 0);
  writer.sized(() => {
    for (const option of edns.options) {
      if (writer.overflowed) return;
      writer.u16(option.code);
      writer.u16(option.data.length);
      writer.bytes(option.data);
    }
  });
}
