// One HTTP request to whoever a URL names, told as part of the story, and what it means when nobody
// answers.

import { CdnError, messageOf, systemCode, type ErrorCode } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import { formatEndpoint, isLoopback, type Endpoint } from '../net/address.js';
import { ConnectError, type HttpClientResponse } from '../net/http/client.js';
import type { HeaderFields } from '../net/http/message.js';
import { formatTraceparent } from '../observe/trace.js';
import { tellNoAnswer, tellResponse } from './explain/http.js';
import { literalAddress } from './host.js';
import type { FetchEnv, FetchOptions, Party } from './model.js';
import type { Asking } from './resolve.js';
import { printable } from './text.js';

export type Role = 'portal' | 'store' | 'server';

export interface Visit {
  readonly url: URL;
  readonly role: Role;
  readonly fields: HeaderFields;
  /** Tried in this order; at least one. */
  readonly addresses: readonly string[];
}

export interface Reply {
  readonly url: URL;
  readonly party: { readonly role: Role; readonly endpoint: Endpoint };
  readonly client: Party;
  readonly response: HttpClientResponse;
}

/** What to call whoever serves this URL: herCDN's names and this machine's own addresses are stores. */
export function roleOf(url: URL): Role {
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  const literal = literalAddress(host);
  const isStore = literal === undefined ? host.endsWith(`.${PUBLISHER_ZONE}`) || host.endsWith(`.${CDN_ZONE}`) : isLoopback(literal);
  return isStore ? 'store' : 'server';
}

/** The port a URL means, also when it is its scheme's own. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nobody listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  EADDRNOTAVAIL: 'this machine has no address to reach it from',
};

/** The transport begins with the address, which the sentence around this has said already. */
export function reasonOf(error: unknown, endpoint: Endpoint): string {
  const where = `${formatEndpoint(endpoint)} `;
  const message = messageOf(error);
  return REASONS[systemCode(error) ?? ''] ?? printable(message.startsWith(where) ? message.slice(where.length) : message);
}

/** What one can type to get further when this party fails. */
export function adviceFor(role: Role, url: URL, endpoint: Endpoint): readonly string[] {
  const up = 'cdn up   (starts the whole network)';
  if (role === 'portal') return [`cdn web --listen ${formatEndpoint(endpoint)}   (starts the portal)`, up];
  if (role === 'store') return [`cdn store --listen ${formatEndpoint(endpoint)}   (starts a store there)`, up];
  return [`curl -v ${shellWord(url.href)}`];
}

/** An error of this party: what was asked of whom, where, and what came of it. */
export function partyError(code: ErrorCode, role: Role, url: URL, endpoint: Endpoint, what: string, cause?: unknown): CdnError {
  return new CdnError(code, `${role} ${formatEndpoint(endpoint)} (GET ${printable(url.href)}): ${what}`, {
    details: { party: role, address: endpoint.address, port: endpoint.port, url: url.href },
    suggestions: adviceFor(role, url, endpoint),
    cause,
  });
}

export type Contact = (visit: Visit, asking: Asking) => Promise<Reply>;

/** @throws CdnError PORTAL_UNREACHABLE, STORE_UNREACHABLE, PEER_PROTOCOL */
export function createContact(options: FetchOptions, env: Pick<FetchEnv, 'http'>): Contact {
  return async ({ url, role, fields, addresses }, asking) => {
    const number = role === 'portal' ? 1 : 9;
    const what = `GET ${url.pathname}${url.search}, Host: ${url.host}`;
    const facts = { method: 'GET', url: url.href };
    const failures: string[] = [];
    let failed: CdnError | undefined;
    for (const address of addresses) {
      const endpoint = { address, port: portOf(url) };
      const party = { role, endpoint };
      const atMs = asking.story.elapsedMs();
      const tell = (client: Party, text: string, more = {}): void =>
        asking.story.tell({ number, atMs, sight: 'seen', from: client, to: party, transport: 'http', what: text, facts: { ...facts, ...more } });
      try {
        // RFC 6066 §3: an address is no server name; the certificate is then checked against the address.
        const request = {
          endpoint,
          ...(url.protocol === 'https:' ? { tls: { servername: literalAddress(url.hostname) === undefined ? url.hostname : '' } } : {}),
          method: 'GET',
          target: `${url.pathname}${url.search}`,
          host: url.host,
          fields: { ...fields, 'accept-encoding': 'identity', 'user-agent': 'hercdn', traceparent: formatTraceparent(asking.trace) },
          signal: asking.signal,
          // Several silent addresses together are still one party.
          connectTimeoutMs: Math.ceil(options.timeoutMs / addresses.length),
          headTimeoutMs: options.timeoutMs,
          idleTimeoutMs: options.timeoutMs,
        };
        const response = tellResponse(asking.story, party, request, await env.http.request(request), atMs);
        const client = { role: 'client', endpoint: response.local };
        tell(client, what);
        return { url, party, client, response };
      } catch (error) {
        asking.signal.throwIfAborted();
        const why = reasonOf(error, endpoint);
        tell({ role: 'client', endpoint: undefined }, `${what}: ${why}`, { failed: why });
        tellNoAnswer(asking.story, party, `GET ${url.pathname}${url.search}`, atMs, why);
        if (!(error instanceof ConnectError)) {
          if (!(error instanceof CdnError)) throw error;
          throw partyError(error.code, role, url, endpoint, reasonOf(error, endpoint), error);
        }
        failures.push(`${formatEndpoint(endpoint)}: ${reasonOf(error, endpoint)}`);
        failed = partyError(role === 'portal' ? 'PORTAL_UNREACHABLE' : 'STORE_UNREACHABLE', role, url, endpoint, reasonOf(error, endpoint), error);
      }
    }
    if (failed !== undefined && failures.length > 1) {
      throw new CdnError(failed.code, `no ${role} answers GET ${printable(url.href)}: ${failures.join('; ')}`, failed);
    }
    throw failed ?? new CdnError('NO_SUCH_NAME', `${url.hostname} has no address`);
  };
}
