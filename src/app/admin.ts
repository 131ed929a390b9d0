// Asks a running edge, by the administrator's door, to purge or to warm, or how it stands with an object.

import { CdnError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { Standing, Warmed, Warming } from '../store/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import type { HttpClientResponse } from '../net/http/client.js';
import type { Env } from './env.js';

export interface AdminDoor {
  readonly endpoint: Endpoint;
  readonly token: string | undefined;
}

export interface PurgeWish {
  readonly by: 'url' | 'prefix' | 'tag';
  readonly what: string;
  readonly soft: boolean;
}

export interface Purged extends PurgeWish {
  /** How many objects it was about. */
  readonly purged: number;
}

export interface WarmOrder {
  readonly url: string;
  /** Request fields that choose a variant. */
  readonly fields: Readonly<Record<string, string>>;
}

const MAX_OCTETS = 8_000_000;

/** RFC 8259 §7: any character may be escaped. */
const asciiJson = (value: unknown): string => JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

type Enquire = Pick<Env, 'http'>;

/** An answer, whatever it is, of somebody who speaks HTTP. */
async function knock({ endpoint, token }: AdminDoor, method: 'GET' | 'POST', target: string, content: unknown, signal: AbortSignal, env: Enquire): Promise<HttpClientResponse> {
  const where = formatEndpoint(endpoint);
  const fields = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(content === undefined ? {} : { 'content-type': 'application/json' }) };
  return env.http.request({
    // A purge of a very large cache takes its time, and so does an origin.
    endpoint, method, target, host: where, fields, signal, headTimeoutMs: 60_000, idleTimeoutMs: 60_000,
    ...(content === undefined ? {} : { content: asciiJson(content) }),
  }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw new CdnError('STORE_UNREACHABLE', `no edge is administered on ${where}`, { details: { endpoint }, suggestions: [`cdn up --origin URL --admin ${where}   (edges, and a shield before them)`, `cdn store --origin http://127.0.0.1:40721 --listen 127.0.0.3:40721 --admin ${where}`], cause });
  });
}

async function textOf({ endpoint }: AdminDoor, response: HttpClientResponse): Promise<string> {
  const where = formatEndpoint(endpoint);
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const part of response.body) {
    octets += part.byteLength;
    if (octets > MAX_OCTETS) throw new CdnError('PEER_PROTOCOL', `${where} sent too long an answer`, { details: { endpoint } });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** @throws CdnError for any answer but 200 */
async function admitted(door: AdminDoor, response: HttpClientResponse): Promise<HttpClientResponse> {
  if (response.status === 200) return response;
  const { endpoint, token } = door;
  const where = formatEndpoint(endpoint);
  const text = await textOf(door, response);
  const said = printable(text.trim().slice(0, 300));
  if (response.status === 400) throw new CdnError('USAGE', `${where}: ${said}`, { details: { endpoint, status: 400 } });
  if (response.status === 401) throw new CdnError('PEER_REFUSED', `${where} refused: ${token === undefined ? 'it wants a token' : 'this is not its token'}`, { details: { endpoint, status: 401 }, suggestions: ['the same command with --admin-token-file FILE, or with CDN_ADMIN_TOKEN set'] });
  throw new CdnError('PEER_REFUSED', `${where} answered ${response.status}: ${said}`, { details: { endpoint, status: response.status } });
}

function parse(text: string, { endpoint }: AdminDoor): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notOurs(endpoint);
  }
}

async function ask(door: AdminDoor, method: 'GET' | 'POST', target: string, content: unknown, signal: AbortSignal, env: Enquire): Promise<unknown> {
  return parse(await textOf(door, await admitted(door, await knock(door, method, target, content, signal, env))), door);
}

function notOurs(endpoint: Endpoint): CdnError {
  return new CdnError('PEER_PROTOCOL', `${formatEndpoint(endpoint)} answers, but not as the admin listener of an edge does`, { details: { endpoint } });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** @throws CdnError STORE_UNREACHABLE, PEER_REFUSED, PEER_PROTOCOL; USAGE for what can't be purged */
export async function requestPurge(door: AdminDoor, { by, what, soft }: PurgeWish, signal: AbortSignal, env: Enquire): Promise<Purged> {
  const value = await ask(door, 'POST', '/purge', { [by]: what, soft }, signal, env);
  if (!isRecord(value) || typeof value['purged'] !== 'number') throw notOurs(door.endpoint);
  return { by, what, soft, purged: value['purged'] };
}

function isStanding(value: unknown): value is Standing {
  return isRecord(value) && typeof value['target'] === 'string' && Array.isArray(value['responses']) && Array.isArray(value['removals']);
}

/** @throws as requestPurge */
export async function requestStanding(door: AdminDoor, url: string, signal: AbortSignal, env: Enquire): Promise<Standing> {
  const value = await ask(door, 'GET', `/why?url=${encodeURIComponent(url)}`, undefined, signal, env);
  if (!isStanding(value)) throw notOurs(door.endpoint);
  return value;
}

const isWarmed = (value: unknown): value is Warmed => isRecord(value) && typeof value['outcome'] === 'string' && typeof value['storedOctets'] === 'number';
const isWarming = (value: unknown): value is Warming => isRecord(value) && typeof value['octets'] === 'number';

/** `onWord` hears how far it is, a few times a second. @throws as requestPurge, and PEER_PROTOCOL where the edge breaks off */
export async function requestWarm(door: AdminDoor, order: WarmOrder, onWord: (word: Warming) => void, signal: AbortSignal, env: Enquire): Promise<Warmed> {
  const response = await admitted(door, await knock(door, 'POST', '/warm', order, signal, env));
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of response.body) {
    text += decoder.decode(part, { stream: true });
    if (text.length > MAX_OCTETS) throw notOurs(door.endpoint);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const word = parse(line, door);
      if (isWarmed(word)) return word;
      if (!isWarming(word)) throw notOurs(door.endpoint);
      onWord(word);
    }
  }
  throw notOurs(door.endpoint);
}
