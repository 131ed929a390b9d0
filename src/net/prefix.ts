// Address prefixes, "192.0.2.0/24" and "2001:db8::/32": which addresses a list of them lets in.

import { unmapIPv4 } from './address.js';
import { parseIPv4, parseIPv6 } from './dns/ip.js';

export interface Prefix {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  /** How many leading bits count. */
  readonly bits: number;
}

/** An address alone is a prefix of all its bits. undefined for anything else, and for bits set beyond the prefix: a slip of the pen. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, written = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(written);
  if (!address) return undefined;
  const bits = length === undefined ? address.length * 8 : Number(length);
  if (bits > address.length * 8) return undefined;
  return address.every((octet, index) => (octet & maskAt(index, bits)) === octet) ? { address, bits } : undefined;
}

/** Whether one of the prefixes holds the address, a text; an IPv4-mapped IPv6 address counts as IPv4. */
export function anyHolds(prefixes: readonly Prefix[], address: string): boolean {
  const octets = parseAddress(unmapIPv4(address).replace(/%.*$/, ''));
  return octets !== undefined && prefixes.some((prefix) => holds(prefix, octets));
}

function holds({ address, bits }: Prefix, octets: Uint8Array): boolean {
  return address.length === octets.length && address.every((octet, index) => (((octets[index] as number) ^ octet) & maskAt(index, bits)) === 0);
}

/** The bits of the octet at `index` that belong to a prefix of so many bits. */
function maskAt(index: number, bits: number): number {
  const kept = Math.min(Math.max(bits - index * 8, 0), 8);
  return (0xff00 >> kept) & 0xff;
}

function parseAddress(text: string): Uint8Array | undefined {
  return parseIPv4(text) ?? parseIPv6(text);
}
