// Which hosts a store answers for. A name that leads here but isn't ours is somebody else's: a page that
// has bound it to this address, or a DNS that is wrong.

import type { Layer } from '../net/handler.js';
import { isAddress } from '../net/address.js';
import { textResponse, type HttpHandler, type HttpRequest } from '../net/http/message.js';

/** More than these nobody serves; what is beyond is judged anew each time. */
const MAX_KNOWN = 256;

/** The host of an authority, without port, brackets and the root's dot, in lower case (RFC 3986 §3.2.2: case doesn't count). */
export function hostOf(authority: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))/.exec(authority);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/\.$/, '');
}

function matches(host: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('*.')) return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
  return host === pattern;
}

/** `names`: in lower case; "*.example.com" is any name below example.com, "*" any host at all. */
export function servesHost(host: string, names: readonly string[]): boolean {
  // RFC 9112 §3.2, RFC 9110 §7.2: without an authority, there is nothing to be somebody else's.
  if (host === '' || names.some((name) => matches(host, name))) return true;
  // No DNS has a say in these (RFC 6761 §6.3), so that nobody can bind them to a store of somebody else's. Which
  // address or machine the client means needs not be ours: a port may be forwarded from there.
  return isAddress(host) || host === 'localhost' || host.endsWith('.localhost');
}

/**
 * 421 for a host that isn't this store's (RFC 9110 §15.5.20, §7.4): those are addresses, localhost, and
 * `names`. Without `names` every host is.
 */
export function createHosts(names: readonly string[] | undefined): Layer<HttpHandler> {
  if (names === undefined) return (next) => next;
  const served = names.map((name) => hostOf(name));
  const known = new Map<string, boolean>();
  function serves({ fields }: HttpRequest): boolean {
    const authority = fields['host'] ?? '';
    const before = known.get(authority);
    if (before !== undefined) return before;
    const now = servesHost(hostOf(authority), served);
    if (known.size < MAX_KNOWN) known.set(authority, now);
    return now;
  }
  return (next) => (request) => (serves(request) ? next(request) : textResponse(421, 'This store does not answer for that host; it can be told to with --serve-host.\n'));
}
