// The administrator's door to an edge, on a listener of its own: purge, warm, why, metrics. Who may come
// in is decided by admin-guard.ts.

import { refuseMethod } from '../net/http/deliver.js';
import { jsonResponse, textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import { EXPOSITION_TYPE, formatExposition, type Metric } from '../observe/exposition.js';
import { createAdminGuard } from './admin-guard.js';
import type { Purge } from './purge.js';
import type { Standing } from './standing.js';
import type { Warmed, Warming, WarmWish } from './warm.js';

/** What can be asked of an edge, whoever asks. */
export interface AdminControls {
  purge(purge: Purge): Promise<number>;
  warm(wish: WarmWish, signal: AbortSignal): AsyncIterable<Warming | Warmed>;
  why(target: string): Standing;
  metrics(): readonly Metric[];
}

export interface AdminParts extends AdminControls {
  /** undefined: whoever is on this machine may come in, but for pages in a browser. */
  readonly token: string | undefined;
}

/** What a request to purge or to warm may carry. */
const MAX_CONTENT_OCTETS = 65_536;
const NO_STORE = { 'cache-control': 'no-store' };
const HERE = 'Here are POST /purge, POST /warm, GET /why?url=URL and GET /metrics.\n';
const KINDS = ['url', 'prefix', 'tag'] as const;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const problem = (status: number, why: string): HttpResponse => textResponse(status, `${why}\n`, NO_STORE);

/** The target that an edge knows a URL by: its path and query, whatever the host. undefined for what is none. */
export function targetOfUrl(text: string): string | undefined {
  // As clients send it: nothing to be encoded, no fragment.
  if (/^\/[!"$-~]*$/.test(text)) return text;
  if (!text.startsWith('/') && !/^https?:\/\//i.test(text)) return undefined;
  if (!URL.canParse(text, 'http://host')) return undefined;
  const url = new URL(text, 'http://host');
  return url.pathname + url.search;
}

/** @returns why it is none, as a sentence */
function parseRecord(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'The content is no JSON.';
  }
  return isRecord(value) ? value : 'The content is no JSON object.';
}

const NO_URL = '"url" is a path that begins with "/", or an http or https URL.';
/** Fields that choose between variants; what would make the request somebody's own isn't among them. */
const CHOOSING: readonly string[] = ['accept', 'accept-encoding', 'accept-language', 'accept-charset', 'origin'];

/** @returns why it is none, as a sentence */
export function parseWarm(text: string): WarmWish | string {
  const value = parseRecord(text);
  if (typeof value === 'string') return value;
  const unknown = Object.keys(value).find((name) => name !== 'url' && name !== 'fields');
  if (unknown !== undefined) return `There is no member ${JSON.stringify(unknown)}; there are url and fields.`;
  const { url, fields = {} } = value;
  const target = typeof url === 'string' ? targetOfUrl(url) : undefined;
  if (target === undefined) return NO_URL;
  if (!isRecord(fields)) return '"fields" is an object of request fields.';
  const wanted: Record<string, string> = {};
  for (const [name, text] of Object.entries(fields)) {
    if (!CHOOSING.includes(name.toLowerCase())) return `${JSON.stringify(name)} is no field that chooses a variant; those are ${CHOOSING.join(', ')}.`;
    if (typeof text !== 'string' || !/^[\t -~]*$/.test(text)) return `The value of ${JSON.stringify(name)} is no text of one line.`;
    wanted[name.toLowerCase()] = text;
  }
  return { target, fields: wanted };
}

/** @returns why it is none, as a sentence */
export function parsePurge(text: string): Purge | string {
  const value = parseRecord(text);
  if (typeof value === 'string') return value;
  const unknown = Object.keys(value).find((name) => name !== 'soft' && !KINDS.some((kind) => kind === name));
  if (unknown !== undefined) return `There is no member ${JSON.stringify(unknown)}; there are url, prefix, tag and soft.`;
  const { soft = false } = value;
  if (typeof soft !== 'boolean') return '"soft" is true or false.';
  const [by, another] = KINDS.filter((kind) => value[kind] !== undefined);
  if (by === undefined || another !== undefined) return 'Exactly one of "url", "prefix" and "tag" says what is meant.';
  const given = value[by];
  if (typeof given !== 'string' || given === '') return `"${by}" is a text that isn't empty.`;
  if (by === 'tag') return /[\s,]/.test(given) ? 'A tag has no space and no comma in it.' : { by, what: given, soft };
  const what = targetOfUrl(given);
  return what === undefined ? `"${by}" is a path that begins with "/", or an http or https URL.` : { by, what, soft };
}

async function contentOf(request: HttpRequest): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request.content?.read() ?? []) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

export interface Admin {
  readonly handler: HttpHandler;
  /** What its listener takes of a request. */
  readonly maxContentOctets: number;
}

/** A line of JSON now and then about how far it is, the last about what came of it. */
async function* warmLines(warming: AsyncIterable<Warming | Warmed>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const word of warming) yield Buffer.from(`${JSON.stringify(word)}\n`, 'utf8');
}

export function createAdmin({ token, purge, warm, why, metrics }: AdminParts): Admin {
  const guard = createAdminGuard(token);

  async function answerPurge(request: HttpRequest): Promise<HttpResponse> {
    const wanted = parsePurge(await contentOf(request));
    if (typeof wanted === 'string') return problem(400, wanted);
    return jsonResponse(200, { purged: await purge(wanted), [wanted.by]: wanted.what, soft: wanted.soft }, NO_STORE);
  }

  async function answerWarm(request: HttpRequest): Promise<HttpResponse> {
    const wanted = parseWarm(await contentOf(request));
    if (typeof wanted === 'string') return problem(400, wanted);
    return { status: 200, fields: { ...NO_STORE, 'content-type': 'application/x-ndjson' }, body: { kind: 'stream', length: undefined, open: (signal) => warmLines(warm(wanted, signal)) } };
  }

  function answerWhy(query: string): HttpResponse {
    const target = targetOfUrl(new URLSearchParams(query).get('url') ?? '');
    return target === undefined ? problem(400, 'Say what is meant: /why?url=URL, a path that begins with "/" or an http or https URL.') : jsonResponse(200, why(target), NO_STORE);
  }

  return {
    maxContentOctets: MAX_CONTENT_OCTETS,
    handler: (request) => {
      const refusal = guard(request);
      if (refusal !== undefined) return refusal;
      const { method, target } = request;
      const [path = '', query = ''] = target.split(/\?(.*)/s, 2);
      if (path === '/purge') return method === 'POST' ? answerPurge(request) : refuseMethod(method, ['POST']);
      if (path === '/warm') return method === 'POST' ? answerWarm(request) : refuseMethod(method, ['POST']);
      if (path !== '/why' && path !== '/metrics') return problem(404, HERE.trimEnd());
      if (method !== 'GET' && method !== 'HEAD') return refuseMethod(method, ['GET', 'HEAD']);
      if (path === '/why') return answerWhy(query);
      return textResponse(200, formatExposition(metrics()), { ...NO_STORE, 'content-type': EXPOSITION_TYPE });
    },
  };
}
