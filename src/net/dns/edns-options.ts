// The small EDNS options: NSID (RFC 5001), TCP keepalive (RFC 7828), padding (RFC 7830).

import type { EdnsOption } from './message.js';

export const NSID_OPTION = 3;
export const TCP_KEEPALIVE_OPTION = 11;
export const PADDING_OPTION = 12;

/** RFC 7828 §3.1: the timeout counts tenths of a second, in 16 bits. */
const KEEPALIVE_UNIT_MS = 100;

/** Asks for the server's identifier: the option with nothing in it (RFC 5001 §2.1). */
export const NSID_REQUEST: EdnsOption = { code: NSID_OPTION, data: new Uint8Array(0) };

/** The server's identifier (RFC 5001 §2.2): whatever octets it likes, here a text in UTF-8. */
export function encodeNsid(identifier: string): EdnsOption {
  return { code: NSID_OPTION, data: new Uint8Array(Buffer.from(identifier, 'utf8')) };
}

/** A stranger's text, control characters and all; "" in a request. undefined for another option. */
export function decodeNsid(option: EdnsOption): string | undefined {
  return option.code === NSID_OPTION ? Buffer.from(option.data).toString('utf8') : undefined;
}

export interface TcpKeepalive {
  /** How long the server keeps an idle connection, to a tenth of a second; undefined in a query (RFC 7828 §3.2.1). */
  readonly timeoutMs: number | undefined;
}

/** More than 6553.5 seconds can't be said, and are said as that. */
export function encodeTcpKeepalive({ timeoutMs }: TcpKeepalive): EdnsOption {
  if (timeoutMs === undefined) return { code: TCP_KEEPALIVE_OPTION, data: new Uint8Array(0) };
  const units = Math.min(Math.max(0, Math.floor(timeoutMs / KEEPALIVE_UNIT_MS)), 0xffff);
  return { code: TCP_KEEPALIVE_OPTION, data: Uint8Array.of(units >>> 8, units) };
}

/** undefined for another option, and for one of another length than 0 or 2. */
export function decodeTcpKeepalive({ code, data }: EdnsOption): TcpKeepalive | undefined {
  if (code !== TCP_KEEPALIVE_OPTION || (data.length !== 0 && data.length !== 2)) return undefined;
  return { timeoutMs: data.length === 0 ? undefined : (((data[0] as number) << 8) | (data[1] as number)) * KEEPALIVE_UNIT_MS };
}

/** So many octets of nothing (RFC 7830 §3); the option's own four come on top. */
export function encodePadding(octets: number): EdnsOption {
  return { code: PADDING_OPTION, data: new Uint8Array(octets) };
}

/** How many octets; undefined for another option. What they hold doesn't matter (RFC 7830 §3). */
export function decodePadding(option: EdnsOption): number | undefined {
  return option.code === PADDING_OPTION ? option.data.length : undefined;
}
