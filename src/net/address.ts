// Where a socket is: an IP address and a port.

import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Endpoint {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  /** 0-65535; 0 asks the system for a free one. */
  readonly port: number;
}

/** An IPv4 or IPv6 address, without brackets. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** An address of the machine's interface of this name, of the family asked for; undefined when there is none. */
export function addressOfInterface(name: string, family: 4 | 6 | undefined): string | undefined {
  const usable = (networkInterfaces()[name] ?? []).filter((entry) => !entry.address.startsWith('fe80:') && (family === undefined || entry.family === `IPv${family}`));
  return usable.find((entry) => entry.family === 'IPv4')?.address ?? usable[0]?.address;
}

/** "127.0.0.1:53" or "[::1]:53"; undefined if it is neither. `defaultPort` allows the port to be left out. */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text.trim());
  if (!match) return isIP(text.trim()) === 6 && defaultPort !== undefined ? { address: text.trim(), port: defaultPort } : undefined;
  const address = match[1] ?? match[2] ?? '';
  const family = isIP(address);
  if (family === 0 || (match[1] !== undefined) !== (family === 6)) return undefined;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  return port === undefined || port > 65_535 ? undefined : { address, port };
}

export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.address.includes(':') ? `[${endpoint.address}]:${endpoint.port}` : `${endpoint.address}:${endpoint.port}`;
}

/** 127.0.0.0/8 and ::1, also when written as an IPv4-mapped IPv6 address. */
export function isLoopback(address: string): boolean {
  // Asked of every query and request: most addresses need no closer look, and none a regular expression.
  if (address.startsWith('127.')) return isDottedQuad(address);
  if (!address.startsWith('::')) return false;
  const plain = unmapIPv4(address);
  return plain === '::1' || (plain.startsWith('127.') && isDottedQuad(plain));
}

/** Four decimal numbers up to 255 without leading zeros. */
function isDottedQuad(text: string): boolean {
  let dots = 0;
  let value = -1;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit === DOT && value >= 0 && dots < 3) {
      dots += 1;
      value = -1;
    } else if (digit < 0 || digit > 9 || value === 0) return false;
    else if ((value = value < 0 ? digit : value * 10 + digit) > 255) return false;
  }
  return dots === 3 && value >= 0;
}

const DOT = '.'.charCodeAt(0) - 0x30;

/** "::ffff:192.0.2.1" -> "192.0.2.1"; anything else stays. */
export function unmapIPv4(address: string): string {
  if (!address.startsWith('::')) return address;
  const match = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return match?.[1] ?? address;
}

/** 0.0.0.0 and ::, which listen on every address of the machine and name none of them. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || (address.includes(':') && /^[0:]+$/.test(address));
}

/** An address of this machine that others can reach, of the wildcard's family; loopback when it has none. */
export function outwardAddress(wildcard: string): string {
  const family = wildcard.includes(':') ? 'IPv6' : 'IPv4';
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((entry) => entry.family === family && !entry.internal && !entry.address.startsWith('fe80:'));
  return outward?.address ?? (family === 'IPv6' ? '::1' : '127.0.0.1');
}
