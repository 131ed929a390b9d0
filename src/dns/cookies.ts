// Server cookies (RFC 7873, RFC 9018): who brings back what we gave its address isn't forging that address.

import { createHmac } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import { createCookieSecret, createServerCookie, selectCookieStanding, type Cookie, type CookieSecret, type CookieStanding } from '../net/dns/cookie.js';
import { decodeCookie, OPTION, encodeCookie } from '../net/dns/edns.js';
import { RCODE, type DnsQuery, type Peer } from '../net/dns/message.js';
import { findAsked } from '../net/dns/ordinary.js';
import type { Layer } from '../net/handler.js';
import { refuse, withOption, type Answer, type Answerer } from './answerer.js';

/** RFC 7873 §7.1: often enough that a guess is never worth it; a cookie lives an hour (RFC 9018 §4.3), and the secret before still counts. */
const SECRET_MS = 24 * 3600 * 1000;

/** What server cookies are made with: who has the same makes the same, whenever it was started. */
export interface CookieSeed {
  readonly secret: Uint8Array;
  /** Milliseconds since 1970 from which the secrets that come of it are counted, one a day. */
  readonly sinceMs: number;
}

export function createCookieSeed(env: { readonly clock: Clock; readonly random: Random }): CookieSeed {
  return { secret: env.random.bytes(32), sinceMs: env.clock.now() };
}

/** Shared by all servers of one process: clients keep a cookie per address, and not every one per port. */
export interface ServerCookies {
  /** What the client's cookie is worth; undefined without one, `malformed` for an option of a wrong length. */
  judge(query: DnsQuery, peer: Peer): { readonly cookie: Cookie; readonly standing: CookieStanding } | 'malformed' | undefined;
  create(cookie: Cookie, peer: Peer): Cookie;
}

/** `seed`: the one that other processes behind the same address have; its own unless given. */
export function createServerCookies(env: { readonly clock: Clock; readonly random: Random }, seed: CookieSeed = createCookieSeed(env)): ServerCookies {
  const secretOf = (day: number): CookieSecret => createCookieSecret(createHmac('sha256', seed.secret).update(String(day)).digest().subarray(0, 16));
  let today = Number.NaN;
  let secrets: readonly CookieSecret[] = [];
  const current = (): readonly CookieSecret[] => {
    const day = Math.floor((env.clock.now() - seed.sinceMs) / SECRET_MS);
    if (day !== today) {
      today = day;
      secrets = [secretOf(day), secretOf(day - 1)];
    }
    return secrets;
  };
  const seconds = (): number => Math.floor(env.clock.now() / 1000);
  // An address's zone is this machine's own word for a link.
  const addressOf = ({ remote: { address } }: Peer): string => (address.includes('%') ? address.replace(/%.*$/, '') : address);
  return {
    judge: (query, peer) => {
      const option = findAsked(query.message, OPTION.COOKIE);
      if (!option) return undefined;
      const cookie = decodeCookie(option);
      return cookie ? { cookie, standing: selectCookieStanding(cookie, addressOf(peer), seconds(), current()) } : 'malformed';
    },
    create: ({ client }, peer) => ({ client, server: createServerCookie(client, addressOf(peer), seconds(), current()[0] as CookieSecret) }),
  };
}

/** Every answer to a query with a cookie brings one (RFC 7873 §5.2); a wrong one over UDP is told so and gets nothing else. */
export function exchangeCookies(cookies: ServerCookies): Layer<Answerer> {
  return (next) => (query, peer) => {
    const judged = cookies.judge(query, peer);
    if (judged === undefined) return next(query, peer);
    // RFC 7873 §5.2.2.
    if (judged === 'malformed') return refuse(query, RCODE.FORMERR, 'the cookie has a length that no cookie has');
    const { cookie, standing } = judged;
    const given = standing === 'good' ? cookie : cookies.create(cookie, peer);
    const stamp = (answer: Answer): Answer => withOption(answer, encodeCookie(given));
    // RFC 7873 §5.2.4; a TCP handshake says more than a cookie does.
    if (standing === 'bad' && peer.transport === 'udp') return stamp(refuse(query, RCODE.BADCOOKIE, 'the cookie is not one of ours, or too old'));
    const answer = next(query, peer);
    return answer instanceof Promise ? answer.then(stamp) : stamp(answer);
  };
}
