// Signed URLs: a target that was let go out until a time, to anybody or to one network, by who holds a
// key. The signature is in its query, and taken off before anything else sees it.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { anyHolds, parsePrefix } from '../prefix.js';

export interface SigningKey {
  /** Names the key in a URL, so that several can be in use at a time. */
  readonly id: string;
  readonly secret: Uint8Array;
}

export interface Grant {
  /** In seconds since 1970; from then on it is over. */
  readonly expires: number;
  /** A prefix as parsePrefix has it; undefined: whoever has the URL. */
  readonly client?: string | undefined;
}

export type SignedTarget =
  /** `target`: what was signed, without the parameters. */
  | { readonly kind: 'granted'; readonly target: string }
  /** `why`: for the client; nothing of a grant is told before its signature is found to be right. */
  | { readonly kind: 'refused'; readonly why: string };

const KEY = 'cdn-key';
const EXPIRES = 'cdn-expires';
const CLIENT = 'cdn-client';
const SIGNATURE = 'cdn-signature';
const PARAMETERS: readonly string[] = [KEY, EXPIRES, CLIENT, SIGNATURE];

/** Of SHA-256 in base64url (RFC 4648 §5), without padding. */
const SIGNATURE_LENGTH = 43;
/** Hashed with where a key isn't known, so that the time taken doesn't tell. */
const NO_KEY: SigningKey = { id: '', secret: new Uint8Array(32) };

interface Split {
  readonly target: string;
  /** The values as they are written, percent-encoded or not; each of a name once or more. */
  readonly found: ReadonlyMap<string, readonly string[]>;
}

function split(target: string): Split {
  const mark = target.indexOf('?');
  const found = new Map<string, string[]>();
  if (mark < 0) return { target, found };
  const rest: string[] = [];
  for (const pair of target.slice(mark + 1).split('&')) {
    const cut = pair.indexOf('=');
    const name = cut < 0 ? pair : pair.slice(0, cut);
    if (PARAMETERS.includes(name)) found.set(name, [...(found.get(name) ?? []), cut < 0 ? '' : pair.slice(cut + 1)]);
    else rest.push(pair);
  }
  const query = rest.join('&');
  return { target: target.slice(0, mark) + (query === '' ? '' : `?${query}`), found };
}

/** HMAC-SHA256 (RFC 2104) over three lines, with no line end after the last; none of the three can hold one. */
const signatureOf = (target: string, { expires, client = '' }: Grant, { secret }: SigningKey): string =>
  createHmac('sha256', secret).update(`${target}\n${expires}\n${client}`, 'latin1').digest('base64url');

/** `target` in origin form (RFC 9112 §3.2.1) as it will be sent; a signature it has already is replaced. */
export function signTarget(target: string, grant: Grant, key: SigningKey): string {
  const { target: plain } = split(target);
  // RFC 3986 §3.4: "/" and ":" may stand in a query as they are.
  const client = grant.client === undefined ? '' : `&${CLIENT}=${grant.client}`;
  return `${plain}${plain.includes('?') ? '&' : '?'}${KEY}=${key.id}&${EXPIRES}=${grant.expires}${client}&${SIGNATURE}=${signatureOf(plain, grant, key)}`;
}

const refused = (why: string): SignedTarget => ({ kind: 'refused', why });

/** The address of the client as anyHolds takes it. */
export function checkTarget(target: string, address: string, keys: readonly SigningKey[], nowMs: number): SignedTarget {
  const { target: plain, found } = split(target);
  const signature = found.get(SIGNATURE)?.[0];
  if (signature === undefined) return refused('this store serves signed URLs only, and this one has no signature');
  // Two of a kind: one may have been signed, and the other be believed.
  for (const [name, values] of found) if (values.length > 1) return refused(`${name} is there twice`);
  const id = found.get(KEY)?.[0] ?? '';
  const expires = found.get(EXPIRES)?.[0] ?? '';
  if (!/^\d{1,12}$/.test(expires)) return refused(`${EXPIRES} is no time in seconds`);
  // Some software encodes "/" and ":" where it needn't.
  const client = found.get(CLIENT)?.[0]?.replace(/%2F/gi, '/').replace(/%3A/gi, ':');
  const key = keys.find((known) => known.id === id);
  const expected = Buffer.from(signatureOf(plain, { expires: Number(expires), client }, key ?? NO_KEY), 'latin1');
  const given = Buffer.from(signature, 'latin1');
  const isRight = given.length === SIGNATURE_LENGTH && timingSafeEqual(given, expected);
  if (!isRight || key === undefined) return refused('the signature is not of this URL, or of no key of this store');
  if (nowMs >= Number(expires) * 1000) return refused(`its time is over since ${new Date(Number(expires) * 1000).toISOString()}`);
  if (client === undefined) return { kind: 'granted', target: plain };
  const prefix = parsePrefix(client);
  if (prefix === undefined || !anyHolds([prefix], address)) return refused('it was made for other clients');
  return { kind: 'granted', target: plain };
}

/** For logs: a signature lets in whoever reads it. A target, or a line that has one: what comes after a space stays. */
export function withoutSignature(text: string): string {
  return text.replace(/([?&]cdn-signature=)[^& ]*/g, '$1…');
}
