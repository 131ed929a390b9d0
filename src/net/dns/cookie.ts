// DNS cookies: the option (RFC 7873 §4), and server cookies that servers of all makes behind one
// address understand (RFC 9018 §4). Pure: the time and the secrets are given.

import { parseIPv4, parseIPv6 } from './ip.js';
import type { EdnsOption } from './message.js';
import { createSipKey, sipHash24, type SipKey } from './siphash.js';

export const COOKIE_OPTION = 10;

/** RFC 7873 §4: the client's part is 8 octets, the server's 8 to 32. */
const CLIENT_COOKIE_OCTETS = 8;
const MIN_SERVER_COOKIE_OCTETS = 8;
const MAX_SERVER_COOKIE_OCTETS = 32;
/** RFC 9018 §4: version, three reserved octets, timestamp, hash. */
const VERSION = 1;
const HEAD_OCTETS = 8;
const SERVER_COOKIE_OCTETS = 16;
/** RFC 9018 §4.3. */
const PAST_SECONDS = 3600;
const RENEW_SECONDS = 1800;
const FUTURE_SECONDS = 300;

export interface Cookie {
  /** 8 octets. */
  readonly client: Uint8Array;
  /** 8 to 32 octets; none when the client doesn't know one yet. */
  readonly server: Uint8Array;
}

/** undefined for another option, and for one to be answered with FORMERR (RFC 7873 §5.2.2): any length but 8 or 16 to 40. */
export function decodeCookie(option: EdnsOption): Cookie | undefined {
  const { code, data } = option;
  if (code !== COOKIE_OPTION || !isCookieLength(data.length)) return undefined;
  return { client: part(data, 0, CLIENT_COOKIE_OCTETS), server: part(data, CLIENT_COOKIE_OCTETS, data.length) };
}

/** Of the option's data. */
export function isCookieLength(length: number): boolean {
  const server = length - CLIENT_COOKIE_OCTETS;
  return server === 0 || (server >= MIN_SERVER_COOKIE_OCTETS && server <= MAX_SERVER_COOKIE_OCTETS);
}

/** @throws RangeError for parts of other lengths: a mistake of ours. */
export function encodeCookie({ client, server }: Cookie): EdnsOption {
  const data = new Uint8Array(client.length + server.length);
  data.set(client);
  data.set(server, client.length);
  const option = { code: COOKIE_OPTION, data };
  if (client.length !== CLIENT_COOKIE_OCTETS || !isCookieLength(data.length)) throw new RangeError(`not a cookie: ${client.length} and ${server.length} octets`);
  return option;
}

/** What a server makes its cookies with: 16 octets that only it, and its likes behind the same address, know. */
export interface CookieSecret {
  readonly key: SipKey;
}

/** @throws RangeError unless it has 16 octets. */
export function createCookieSecret(octets: Uint8Array): CookieSecret {
  return { key: createSipKey(octets) };
}

/** The server cookie for a client at `address`, an IP address as text, at a time in seconds since 1970. */
export function createServerCookie(client: Uint8Array, address: string, nowSeconds: number, secret: CookieSecret): Uint8Array {
  const seconds = Math.floor(nowSeconds);
  const cookie = new Uint8Array(SERVER_COOKIE_OCTETS);
  cookie[0] = VERSION;
  for (let index = 0; index < 4; index += 1) cookie[4 + index] = seconds >>> (24 - 8 * index);
  cookie.set(hash(client, cookie, address, secret), HEAD_OCTETS);
  return cookie;
}

/**
 * absent: the client has sent its own part only. good: from us, and less than half an hour old. renew:
 * good as well, but the answer should bring a new one (RFC 9018 §4.3). bad: not ours, too old, or of
 * the future, and so as good as absent (RFC 7873 §5.2.4).
 */
export type CookieStanding = 'absent' | 'good' | 'renew' | 'bad';

/** `secrets`: whichever a cookie may have been made with, while they are being changed (RFC 9018 §5); the first makes new ones. */
export function selectCookieStanding(cookie: Cookie, address: string, nowSeconds: number, secrets: readonly CookieSecret[]): CookieStanding {
  const { client, server } = cookie;
  if (server.length === 0) return 'absent';
  if (server.length !== SERVER_COOKIE_OCTETS || server[0] !== VERSION) return 'bad';
  const made = ((server[4] as number) << 24) | ((server[5] as number) << 16) | ((server[6] as number) << 8) | (server[7] as number);
  // RFC 1982: the difference of two 32-bit times, whichever side of 2106 they lie.
  const age = (Math.floor(nowSeconds) - made) | 0;
  if (age > PAST_SECONDS || age < -FUTURE_SECONDS) return 'bad';
  const index = secrets.findIndex((secret) => endsWith(server, hash(client, server, address, secret)));
  if (index < 0) return 'bad';
  // RFC 9018 §5: one made with a secret on its way out is replaced, so that the client has moved on when it goes.
  return index > 0 || age > RENEW_SECONDS ? 'renew' : 'good';
}

// Written anew for each hash, from its first octet to the last that counts.
const input = new Uint8Array(CLIENT_COOKIE_OCTETS + HEAD_OCTETS + 16);

/** RFC 9018 §4.4: over the client cookie, the server cookie's head as it stands, and the client's address. */
function hash(client: Uint8Array, server: Uint8Array, address: string, secret: CookieSecret): Uint8Array {
  const from = parseIPv4(address) ?? parseIPv6(address);
  if (!from) throw new RangeError(`not an IP address: ${address}`);
  for (let at = 0; at < CLIENT_COOKIE_OCTETS; at += 1) input[at] = client[at] as number;
  for (let at = 0; at < HEAD_OCTETS; at += 1) input[CLIENT_COOKIE_OCTETS + at] = server[at] as number;
  input.set(from, CLIENT_COOKIE_OCTETS + HEAD_OCTETS);
  return sipHash24(secret.key, input, CLIENT_COOKIE_OCTETS + HEAD_OCTETS + from.length);
}

/** A copy: a view of memory costs more to make than so few octets. */
function part(octets: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  for (let at = start; at < end; at += 1) copy[at - start] = octets[at] as number;
  return copy;
}

/** Whether the server cookie's hash is this one, in the same time wherever they differ: how long it took must not tell how much of a guess was right. */
function endsWith(server: Uint8Array, expected: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < expected.length; at += 1) difference |= (expected[at] as number) ^ (server[HEAD_OCTETS + at] as number);
  return difference === 0;
}
