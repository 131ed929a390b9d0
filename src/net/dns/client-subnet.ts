// Client subnet (RFC 7871 §6): the network a question comes from, as a resolver tells it to an
// authority, and in the answer the network it is good for.

import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './ip.js';
import type { EdnsOption } from './message.js';

export const CLIENT_SUBNET_OPTION = 8;

/** The registry's address family numbers; 0 goes with 0/0 only, and says "no subnet" whatever the family. */
export const ADDRESS_FAMILY = { UNSPECIFIED: 0, IPV4: 1, IPV6: 2 } as const;

export interface ClientSubnet {
  /** 1 is IPv4, 2 is IPv6; 0 with 0/0 and no address. */
  readonly family: 0 | 1 | 2;
  readonly sourcePrefixLength: number;
  /** 0 in a query; in an answer, how much of the address it depends on, which may be more than the source said. */
  readonly scopePrefixLength: number;
  /** The whole address, 4 or 16 octets (none for family 0), zero beyond the source prefix. */
  readonly address: Uint8Array;
}

/** One that was read: the option that was made of it last is at hand. */
class ReadSubnet implements ClientSubnet {
  readonly family: ClientSubnet['family'];
  readonly sourcePrefixLength: number;
  readonly scopePrefixLength: number;
  readonly address: Uint8Array;
  option: EdnsOption | undefined = undefined;

  constructor(family: ClientSubnet['family'], sourcePrefixLength: number, scopePrefixLength: number, address: Uint8Array) {
    this.family = family;
    this.sourcePrefixLength = sourcePrefixLength;
    this.scopePrefixLength = scopePrefixLength;
    this.address = address;
  }
}

const ADDRESS_OCTETS = { 0: 0, 1: 4, 2: 16 } as const;

/**
 * The network of an address, cut to `sourcePrefixLength` bits: "192.0.2.77", 24 -> 192.0.2.0/24. An
 * IPv4-mapped address is not unmapped. undefined for what is no address, or a prefix it doesn't have.
 */
export function createClientSubnet(address: string, sourcePrefixLength: number, scopePrefixLength = 0): ClientSubnet | undefined {
  const octets = parseIPv4(address) ?? parseIPv6(address);
  const bits = (octets?.length ?? 0) * 8;
  if (!octets || !isPrefixLength(sourcePrefixLength, bits) || !isPrefixLength(scopePrefixLength, bits)) return undefined;
  return { family: octets.length === 4 ? 1 : 2, sourcePrefixLength, scopePrefixLength, address: cut(octets, sourcePrefixLength) };
}

/**
 * undefined for another option, and for one to be answered with FORMERR (§7.2.1): a family that isn't
 * one, a prefix longer than its addresses, octets too few or too many, bits beyond the source prefix.
 */
export function decodeClientSubnet(option: EdnsOption): ClientSubnet | undefined {
  const { code, data } = option;
  return code === CLIENT_SUBNET_OPTION && isClientSubnet(data, 0, data.length) ? readClientSubnet(data, 0) : undefined;
}

/** Whether the option's data, `length` octets at `start`, has the form of §6. */
export function isClientSubnet(octets: Uint8Array, start: number, length: number): boolean {
  if (length < 4 || octets[start] !== 0) return false;
  const family = octets[start + 1] as number;
  const source = octets[start + 2] as number;
  const scope = octets[start + 3] as number;
  if (family !== 0 && family !== 1 && family !== 2) return false;
  const bits = ADDRESS_OCTETS[family] * 8;
  // §6: as many octets as the source prefix needs, the last filled up with zero bits.
  if (source > bits || scope > bits || length - 4 !== octetsOf(source)) return false;
  const spare = octetsOf(source) * 8 - source;
  return spare === 0 || ((octets[start + length - 1] as number) & ((1 << spare) - 1)) === 0;
}

/** Only where isClientSubnet says that it is one. */
export function readClientSubnet(octets: Uint8Array, start: number): ClientSubnet {
  const family = octets[start + 1] as ClientSubnet['family'];
  const sourcePrefixLength = octets[start + 2] as number;
  const address = new Uint8Array(ADDRESS_OCTETS[family]);
  for (let at = octetsOf(sourcePrefixLength) - 1; at >= 0; at -= 1) address[at] = octets[start + 4 + at] as number;
  return new ReadSubnet(family, sourcePrefixLength, octets[start + 3] as number, address);
}

/** As readClientSubnet, of those of lately the same object: the networks that ask are few beside their questions. */
export function recallClientSubnet(octets: Uint8Array, start: number): ClientSubnet {
  let hash = 0x811c_9dc5;
  for (let at = octetsOf(octets[start + 2] as number) + 3; at > 0; at -= 1) hash = Math.imul(hash ^ (octets[start + at] as number), 0x0100_0193);
  const place = (hash ^ (hash >>> 15)) & (KNOWN_SUBNETS - 1);
  const known = knownSubnets[place];
  return known && isRead(known, octets, start) ? known : (knownSubnets[place] = readClientSubnet(octets, start));
}

const KNOWN_SUBNETS = 1024;
const knownSubnets = new Array<ClientSubnet | undefined>(KNOWN_SUBNETS).fill(undefined);

function isRead(known: ClientSubnet, octets: Uint8Array, start: number): boolean {
  if (octets[start + 1] !== known.family || octets[start + 2] !== known.sourcePrefixLength || octets[start + 3] !== known.scopePrefixLength) return false;
  for (let at = octetsOf(known.sourcePrefixLength) - 1; at >= 0; at -= 1) if (octets[start + 4 + at] !== known.address[at]) return false;
  return true;
}

/** `scopePrefixLength`: in place of the subnet's own. @throws RangeError for a prefix that the family's addresses don't have: a mistake of ours. */
export function encodeClientSubnet(subnet: ClientSubnet, scopePrefixLength = subnet.scopePrefixLength): EdnsOption {
  const before = subnet instanceof ReadSubnet ? subnet.option : undefined;
  if (before?.data[3] === scopePrefixLength) return before;
  const { family, sourcePrefixLength, address } = subnet;
  const bits = ADDRESS_OCTETS[family] * 8;
  if (address.length * 8 !== bits || !isPrefixLength(sourcePrefixLength, bits) || !isPrefixLength(scopePrefixLength, bits)) {
    throw new RangeError(`not a client subnet: family ${family}, ${address.length} octets, /${sourcePrefixLength}, scope /${scopePrefixLength}`);
  }
  const used = octetsOf(sourcePrefixLength);
  const data = new Uint8Array(4 + used);
  data[1] = family;
  data[2] = sourcePrefixLength;
  data[3] = scopePrefixLength;
  for (let at = 0; at < used; at += 1) data[4 + at] = address[at] as number;
  const spare = used * 8 - sourcePrefixLength;
  if (spare > 0) data[3 + used] = (data[3 + used] as number) & (0xff << spare);
  const option = { code: CLIENT_SUBNET_OPTION, data };
  if (subnet instanceof ReadSubnet) subnet.option = option;
  return option;
}

/** "192.0.2.0/24", "2001:db8::/56"; "0/0" for family 0. The scope is not in it. */
export function formatClientSubnet({ family, sourcePrefixLength, address }: ClientSubnet): string {
  if (family === 0) return '0/0';
  return `${family === 1 ? formatIPv4(address) : formatIPv6(address)}/${sourcePrefixLength}`;
}

function isPrefixLength(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= bits;
}

function octetsOf(prefixLength: number): number {
  return (prefixLength + 7) >>> 3;
}

/** A copy whose bits beyond the prefix are zero. */
function cut(address: Uint8Array, prefixLength: number): Uint8Array {
  const result = new Uint8Array(address.length);
  const used = octetsOf(prefixLength);
  result.set(address.subarray(0, used));
  const spare = used * 8 - prefixLength;
  if (spare > 0) result[used - 1] = (result[used - 1] as number) & (0xff << spare);
  return result;
}
