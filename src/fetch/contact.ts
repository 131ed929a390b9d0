// One HTTP request to whoever a URL names, told as part of the story, and what it means when nobody
// answers.

import { CdnError, messageOf, systemCode, type ErrorCode } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import { formatEndpoint, isLoopback, parseEndpoint, type Endpoint } from '../net/address.js';
import { ConnectError, type TransferResponse } from '../net/http/client.js';
import type { HeaderFields } from '../net/http/message.js';
import { formatTraceparent } from '../observe/trace.js';
import { tellNoAnswer, tellResponse } from './explain/http.js';
import { literalAddress } from './host.js';
import type { FetchEnv, FetchOptions, Party, Proxy } from './model.js';
import type { Asking } from './resolve.js';
import { printable } from './text.js';

export type Role = 'portal' | 'store' | 'server';

export interface Visit {
  readonly url: URL;
  readonly role: Role;
  readonly fields: HeaderFields;
  /** Best first, in a staggered race; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Hears of each endpoint where nobody was. */
  readonly onUnreachable?: ((endpoint: Endpoint, error: CdnError) => void) | undefined;
}

export interface Reply {
  readonly url: URL;
  readonly party: { readonly role: Role; readonly endpoint: Endpoint };
  readonly client: Party;
  readonly response: TransferResponse;
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

/** Codes of TLS for certificates that are none, or nobody's who is trusted. */
const NOT_TRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;
const TRUST: readonly string[] = ['the same command with --cacert FILE, the certificates of who may have signed it', 'the same command with -k, to take any certificate and know nobody'];

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

/** Shows all that a party says that is there and answers; curl doesn't know the names of our DNS. */
export function adviceToLook(url: URL, { address }: Endpoint): string {
  const named = literalAddress(url.hostname) === undefined ? `--resolve ${url.hostname}:${portOf(url)}:${address} ` : '';
  return `curl -i ${named}${shellWord(url.href)}   (shows all that it says)`;
}

/** Of these the party has answered: starting another there is no help. */
const ANSWERED: readonly ErrorCode[] = ['PEER_REFUSED', 'PEER_PROTOCOL'];

/** An error of this party: what was asked of whom, where, and what came of it. */
export function partyError(code: ErrorCode, role: Role, url: URL, endpoint: Endpoint, what: string, cause?: unknown): CdnError {
  return new CdnError(code, `${role} ${formatEndpoint(endpoint)} (GET ${printable(url.href)}): ${what}`, {
    details: { party: role, address: endpoint.address, port: endpoint.port, url: url.href },
    suggestions: ANSWERED.includes(code) ? [adviceToLook(url, endpoint)] : adviceFor(role, url, endpoint),
    cause,
  });
}

export type Contact = (visit: Visit, asking: Asking) => Promise<Reply>;

/** @throws CdnError PORTAL_UNREACHABLE, STORE_UNREACHABLE, PEER_PROTOCOL */
export function createContact(options: FetchOptions, env: Pick<FetchEnv, 'http'>): Contact {
  const { timeoutMs, connectTimeoutMs = timeoutMs, silenceMs = timeoutMs, localAddress, ca, insecure, reuse } = options;
  return async ({ url, role, fields, endpoints, onUnreachable }, asking) => {
    const { story } = asking;
    const what = `GET ${url.pathname}${url.search}, Host: ${fields['host'] ?? url.host}`;
    const facts = { method: 'GET', url: url.href };
    const unreachable = role === 'portal' ? 'PORTAL_UNREACHABLE' : 'STORE_UNREACHABLE';
    const failures: string[] = [];
    const [endpoint, ...alternatives] = endpoints;
    if (endpoint === undefined) throw new CdnError('NO_SUCH_NAME', `${url.hostname} has no address`);
    const atMs = story.elapsedMs();
    story.doing(`asking ${role} ${formatEndpoint(endpoint)}: GET ${url.pathname}`);
    const tell = (client: Party, to: Endpoint, text: string, more = {}): void =>
      story.tell({ number: role === 'portal' ? 1 : 9, atMs, sight: 'seen', from: client, to: { role, endpoint: to }, transport: 'http', what: text, facts: { ...facts, ...more } });
    const tellFailure = (to: Endpoint, why: string): void => {
      tell({ role: 'client', endpoint: undefined }, to, `${what}: ${why}`, { failed: why });
      tellNoAnswer(story, { role, endpoint: to }, `GET ${url.pathname}${url.search}`, atMs, why);
    };
    const failedAt = (error: ConnectError): CdnError => {
      const failed = partyError(unreachable, role, url, error.endpoint, reasonOf(error, error.endpoint), error);
      return NOT_TRUSTED.test(error.code) ? new CdnError(failed.code, failed.message, { details: failed.details, suggestions: TRUST, cause: error }) : failed;
    };
    const hear = (error: ConnectError): void => {
      failures.push(`${formatEndpoint(error.endpoint)}: ${reasonOf(error, error.endpoint)}`);
      tellFailure(error.endpoint, reasonOf(error, error.endpoint));
      onUnreachable?.(error.endpoint, failedAt(error));
    };
    const { host, ...others } = fields;
    const proxy = options.proxyOf?.(url);
    const route = proxy === undefined ? { target: `${url.pathname}${url.search}` } : throughProxy(url, proxy);
    try {
      const request = {
        endpoint, alternatives,
        // RFC 6066 §3: an address is no server name; the certificate is then checked against the address.
        ...(url.protocol === 'https:' ? { tls: { servername: literalAddress(url.hostname) === undefined ? url.hostname : '', ...(ca === undefined ? {} : { ca }), ...(insecure === true ? { insecure } : {}) } } : {}),
        ...(route.tunnel === undefined ? {} : { tunnel: route.tunnel }),
        ...(localAddress === undefined ? {} : { localAddress }),
        method: 'GET',
        target: route.target,
        host: host ?? url.host,
        fields: { 'user-agent': 'hercdn', ...others, ...route.fields, 'accept-encoding': 'identity', traceparent: formatTraceparent(asking.trace) },
        reuse: reuse === true,
        signal: asking.signal,
        connectTimeoutMs,
        headTimeoutMs: silenceMs,
        idleTimeoutMs: silenceMs,
        onUnreachable: hear,
      };
      const answered = await env.http.request(request);
      const response = tellResponse(story, { role, endpoint: answered.remote }, request, answered, atMs);
      const client = { role: 'client', endpoint: response.local };
      tell(client, response.remote, what);
      return { url, party: { role, endpoint: response.remote }, client, response };
    } catch (error) {
      asking.signal.throwIfAborted();
      const heard = failures.length;
      if (!(error instanceof ConnectError)) {
        const at = peerOf(error) ?? endpoint;
        tellFailure(at, reasonOf(error, at));
        if (!(error instanceof CdnError)) throw error;
        throw partyError(error.code, role, url, at, reasonOf(error, at), error);
      }
      // One that took the connection and gave no answer was not heard of yet.
      if (heard === 0 || !failures.some((failure) => failure.startsWith(`${formatEndpoint(error.endpoint)}: `))) hear(error);
      const failed = failedAt(error);
      if (failures.length === 1) throw failed;
      throw new CdnError(failed.code, `no ${role} answers GET ${printable(url.href)}: ${failures.join('; ')}`, failed);
    }
  };
}

/** The exchange knows whom it spoke with. */
function peerOf(error: unknown): Endpoint | undefined {
  const peer = error instanceof CdnError ? error.details['peer'] : undefined;
  return typeof peer === 'string' ? parseEndpoint(peer) : undefined;
}

/** RFC 9110 §7.1 and §9.3.6: http goes to a proxy as a whole URL, https through a tunnel. */
function throughProxy(url: URL, proxy: Proxy): { readonly target: string; readonly tunnel?: { authority: string; authorization: string | undefined }; readonly fields?: HeaderFields } {
  if (url.protocol === 'https:') {
    return { target: `${url.pathname}${url.search}`, tunnel: { authority: `${url.hostname}:${portOf(url)}`, authorization: proxy.authorization } };
  }
  const target = new URL(url);
  target.hash = '';
  return { target: target.href, ...(proxy.authorization === undefined ? {} : { fields: { 'proxy-authorization': proxy.authorization } }) };
}
