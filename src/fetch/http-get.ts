// GET of a URL up to the head of the final response: the host resolved, redirects followed, any
// status but success made an error that names the party.

import { CdnError } from '../base/errors.js';
import type { Clock } from '../base/clock.js';
import { PUBLISHER_ZONE } from '../catalog/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { parseHttpDate } from '../net/http/date.js';
import type { HeaderFields } from '../net/http/message.js';
import { adviceFor, adviceToLook, partyError, portOf, roleOf, type Contact, type Reply, type Role } from './contact.js';
import { formatCacheStep, parseCacheStatus } from './explain/cache-status.js';
import type { FetchOptions } from './model.js';
import type { Asking, Resolve } from './resolve.js';
import { formatStatus } from './status.js';
import { printable } from './text.js';

export interface GetRequest {
  readonly url: URL;
  readonly role: Role;
  readonly fields: HeaderFields;
  /** Where to ask, when that is known already. */
  readonly endpoints?: readonly Endpoint[];
  /** Hears of each of them where nobody was. */
  readonly onUnreachable?: (endpoint: Endpoint, error: CdnError) => void;
  /** Statuses that are an answer to what was asked; 200 if not said. */
  readonly accept?: readonly number[];
}

/** The answer, and where else the server that gave it may be. */
export interface Found extends Reply {
  readonly endpoints: readonly Endpoint[];
  /** For how long that may be believed. */
  readonly ttlSeconds: number;
  /** How many redirects led there. */
  readonly redirects: number;
}

export type Get = (request: GetRequest, asking: Asking) => Promise<Found>;

/** As wget has it; browsers and curl stop at 20 and 50. */
const MAX_REDIRECTS = 20;
/** Meant for one server, and not for those it sends us to. */
const CREDENTIALS: readonly string[] = ['authorization', 'cookie', 'proxy-authorization', 'host'];
/** RFC 9110 §15.4: the ones that name another place in Location. */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Tells the answer to a request: message 2 of the portal, 10 of anybody else. */
export function tellAnswer(reply: Reply, what: string, asking: Asking): void {
  const { party, client, response } = reply;
  asking.story.tell({
    number: party.role === 'portal' ? 2 : 10, atMs: asking.story.elapsedMs(), sight: 'seen', from: party, to: client, transport: 'http',
    what: [formatStatus(response.status), ...(what === '' ? [] : [what]), ...parseCacheStatus(response.fields['cache-status']).map((step) => `cache ${formatCacheStep(step)}`)].join(', '),
    facts: { status: response.status, fields: response.fields },
  });
}

function unexpected(reply: Reply, role: Role, nowMs: number): CdnError {
  const { url, party, response } = reply;
  const error = refusal(reply, role);
  const retryAfter = retryAfterSeconds(reply, nowMs);
  const details = { party: party.role, ...party.endpoint, url: url.href, ...error.details, status: response.status, ...(retryAfter === undefined ? {} : { retryAfter }) };
  return new CdnError(error.code, error.message, { details, suggestions: error.suggestions, cause: error.cause });
}

function refusal(reply: Reply, role: Role): CdnError {
  const { url, party, response } = reply;
  const { status } = response;
  const answered = `answered ${formatStatus(status)}`;
  if ((status === 404 || status === 410) && role !== 'portal') {
    return new CdnError('NO_SUCH_OBJECT', `${role} ${formatEndpoint(party.endpoint)} has no ${printable(url.pathname)}: GET ${printable(url.href)} was ${answered}`, {
      details: { party: role, ...party.endpoint, url: url.href, status },
      suggestions: [
        adviceToLook(url, party.endpoint),
        ...(url.hostname.toLowerCase().endsWith(`.${PUBLISHER_ZONE}`) ? [`cdn fetch ${PUBLISHER_ZONE}   (says which titles there are)`] : []),
      ],
    });
  }
  if (status >= 400) return partyError('PEER_REFUSED', role, url, party.endpoint, answered);
  return partyError('PEER_PROTOCOL', role, url, party.endpoint, `${answered}, which is no answer to what was asked`);
}

/** RFC 9110 §10.2.2: Location may be relative. */
function redirectTarget(reply: Reply, role: Role): URL {
  const location = reply.response.fields['location'];
  const fail = (what: string): CdnError => partyError('PEER_PROTOCOL', role, reply.url, reply.party.endpoint, `answered ${formatStatus(reply.response.status)} ${what}`);
  if (location === undefined) throw fail('without saying where to go (no Location)');
  if (!URL.canParse(location, reply.url.href)) throw fail(`with a Location that is no URL: ${printable(location)}`);
  const url = new URL(location, reply.url.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fail(`to ${printable(url.protocol)}, which isn't spoken here`);
  if (url.username !== '' || url.password !== '') throw fail('to a URL with a password in it');
  // What was asked for in private is not fetched in public.
  if (reply.url.protocol === 'https:' && url.protocol === 'http:') throw fail(`from https to http: ${printable(url.href)}`);
  return url;
}

/** RFC 9110 §15.4: fields that were meant for the first server don't go to another (scheme, host or port). */
function withoutCredentials(fields: HeaderFields, from: URL, to: URL): HeaderFields {
  if (from.origin === to.origin) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !CREDENTIALS.includes(name)));
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterSeconds(reply: Reply, nowMs: number): number | undefined {
  const field = reply.response.fields['retry-after'];
  if (field === undefined) return undefined;
  if (/^\d{1,9}$/.test(field)) return Number(field);
  const dateMs = parseHttpDate(field, nowMs);
  return dateMs === undefined ? undefined : Math.max(0, (dateMs - nowMs) / 1000);
}

/**
 * The codings of the content, none of which was asked for (RFC 9110 §8.4): what is sent then is not the
 * representation that was asked for, so its length and its octets aren't the file's.
 */
function codingsOf(reply: Reply): string {
  const codings = (reply.response.fields['content-encoding'] ?? '').split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding.toLowerCase() !== 'identity').join(', ');
}

function checkCoding(reply: Reply, role: Role, asking: Asking): void {
  const codings = codingsOf(reply);
  // §15.4.5: a 304 carries no content.
  if (codings === '' || reply.response.status === 304) return;
  reply.response.discard();
  tellAnswer(reply, `coded as ${codings}`, asking);
  throw partyError('PEER_PROTOCOL', role, reply.url, reply.party.endpoint, `sends the content coded as ${printable(codings, 80)} (Content-Encoding), though only identity was asked for`);
}

/** Where whoever serves a URL may be, or the proxy that leads there. */
export type Locate = (url: URL, role: Role, asking: Asking) => Promise<{ readonly endpoints: readonly Endpoint[]; readonly ttlSeconds: number }>;

export function createLocate(resolve: Resolve, options: Pick<FetchOptions, 'proxyOf' | 'resolveTo'>): Locate {
  return async (url, role, asking) => {
    const proxy = options.proxyOf?.(url);
    const [host, port] = proxy === undefined ? [url.hostname, portOf(url)] : [proxy.host, proxy.port];
    const named = options.resolveTo?.(host.toLowerCase(), port);
    const located = named === undefined ? await resolve.locate(host, role === 'portal' ? 'portal' : 'content', asking) : { addresses: named, ttlSeconds: Infinity };
    return { endpoints: located.addresses.map((address) => ({ address, port })), ttlSeconds: located.ttlSeconds };
  };
}

export function createGet(locate: Locate, contact: Contact, clock: Clock): Get {
  return async (request, asking) => {
    const accept = request.accept ?? [200];
    const visited = new Set<string>();
    let { url, role, fields } = request;
    let known: { endpoints: readonly Endpoint[]; ttlSeconds: number } | undefined = request.endpoints === undefined ? undefined : { endpoints: request.endpoints, ttlSeconds: Infinity };
    for (;;) {
      visited.add(url.href);
      known ??= await locate(url, role, asking);
      const reply = await contact({ url, role, fields, endpoints: known.endpoints, onUnreachable: visited.size === 1 ? request.onUnreachable : undefined }, asking);
      if (accept.includes(reply.response.status)) {
        checkCoding(reply, role, asking);
        return { ...reply, ...known, redirects: visited.size - 1 };
      }
      reply.response.discard();
      if (!REDIRECTS.includes(reply.response.status)) {
        tellAnswer(reply, '', asking);
        throw unexpected(reply, role, clock.now());
      }
      const next = redirectTarget(reply, role);
      tellAnswer(reply, `go to ${next.href}`, asking);
      if (visited.has(next.href) || visited.size > MAX_REDIRECTS) {
        const why = visited.has(next.href) ? `in a circle, back to ${printable(next.href)}` : `more than ${MAX_REDIRECTS} times`;
        throw new CdnError('PEER_PROTOCOL', `${role} ${formatEndpoint(reply.party.endpoint)} redirects ${why} (asked for ${printable(request.url.href)})`, {
          details: { url: request.url.href, visited: [...visited] }, suggestions: adviceFor('server', request.url, reply.party.endpoint),
        });
      }
      fields = withoutCredentials(fields, url, next);
      url = next;
      known = undefined;
      if (role !== 'portal') role = roleOf(url);
    }
  };
}
