// The client put together: plan -> resolve -> request -> receive -> report.

import { CdnError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { createTrace } from '../observe/trace.js';
import { parseHttpDate } from '../net/http/date.js';
import { RCODE, TYPE } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { selectPort, selectVideo } from './answer.js';
import { createContact } from './contact.js';
import { noSuchName } from './dns-errors.js';
import { createStory } from './explain.js';
import { isTurn } from './explain/turns.js';
import { createGet, createLocate } from './http-get.js';
import type { FetchEnv, FetchEvent, FetchOptions, FetchReport, FetchRequest, Fetcher, OpenResult } from './model.js';
import { createOrphanage } from './orphans.js';
import { parseTarget, type Plan } from './plan.js';
import { findTitle } from './portal.js';
import { createResolve, parseHostName, type Asking } from './resolve.js';
import { promisedLength, requestObject } from './reply.js';
import { openSink } from './sink.js';
import { createSources } from './sources.js';
import { fileExists, selectTarget, type Target } from './target.js';
import { fileNameOf, objectNameOf } from './text.js';
import { transfer, type Received } from './transfer.js';
import { digestPromise, promisedSha256 } from './verify.js';

interface Content {
  readonly url: URL;
  /** What transcripts call it. */
  readonly object: string;
  readonly isTitle: boolean;
}

/** Builds a client; nothing is sent before it is asked for something. */
export function createFetcher(options: FetchOptions, env: FetchEnv): Fetcher {
  const resolve = createResolve(options, env);
  const findEndpoints = createLocate(resolve, options);
  const findOrphans = createOrphanage(env.clock);
  const underway = new Set<string>();
  const get = createGet(findEndpoints, createContact(options, env), env.clock);

  function begin(onEvent: (event: FetchEvent) => void, signal: AbortSignal, watched = false): Asking {
    const trace = createTrace(env.random);
    onEvent({ kind: 'begun', ...trace, atWallMs: env.clock.now() });
    return { story: createStory(() => env.clock.monotonic(), onEvent, watched), trace, signal };
  }

  async function findContent(plan: Plan, asking: Asking): Promise<Content> {
    if (plan.kind === 'url') return { url: plan.url, object: objectNameOf(plan.url), isTitle: false };
    const entry = await findTitle(plan.site, plan.title, { resolve, get }, asking);
    return { url: entry.content, object: entry.object, isTitle: true };
  }

  /** The V query (NETWORK.md): which object of which content name the publisher's zone says it is. */
  async function askVideo(url: URL, asking: Asking): Promise<string> {
    const name = parseHostName(url.hostname);
    const message = await resolve.ask(name, TYPE.V, 'content', asking);
    if (message.rcode === RCODE.NXDOMAIN) throw noSuchName(name, options.dns, TYPE.V, 'nxdomain');
    const video = selectVideo(message, name);
    if (video === undefined) throw noSuchName(name, options.dns, TYPE.V, 'nodata');
    return video.object;
  }

  /** Two targets of one command may have the same name: the second is told before it is fetched, and not when it is here. */
  async function fetch(request: FetchRequest, hear: (event: FetchEvent) => void, signal: AbortSignal): Promise<FetchReport> {
    const own: { path?: string } = {};
    try {
      return await fetchAlone(request, hear, signal, (target) => {
        if (target.kind !== 'file' && target.kind !== 'partial') return;
        if (underway.has(target.path)) throw fileExists(target.path, ', or will be: another target of this command goes there');
        underway.add(target.path);
        own.path = target.path;
      });
    } finally {
      if (own.path !== undefined) underway.delete(own.path);
    }
  }

  async function fetchAlone(request: FetchRequest, hear: (event: FetchEvent) => void, signal: AbortSignal, claim: (target: Target) => void): Promise<FetchReport> {
    const plan = parseTarget(request.target);
    signal.throwIfAborted();
    const asking = begin(hear, signal, request.watched);
    const onEvent = (event: FetchEvent): void => hear(isTurn(event) ? { ...event, atMs: asking.story.elapsedMs() } : event);
    const known = selectTarget(request.output, plan.kind === 'url' ? fileNameOf(plan.url) : undefined, request.force, request.continueAt);
    const content = await findContent(plan, asking);
    const target = plan.kind === 'url' ? known : selectTarget(request.output, fileNameOf(content.url), request.force, request.continueAt);
    if (target === undefined) throw new CdnError('USAGE', 'no output was named');
    claim(target);
    const object = request.type === 'V' ? await askVideo(content.url, asking) : content.object;
    // What goes by can't be gone on with: it is what is behind that octet.
    const goesBy = target.kind === 'stdout' || target.kind === 'device';
    const range = request.range ?? (goesBy && typeof request.continueAt === 'number' ? { firstPos: request.continueAt, lastPos: undefined } : undefined);
    const sources = createSources(
      { url: content.url, role: content.isTitle ? 'store' : undefined, fields: { ...options.fields, ...(range === undefined ? {} : { 'want-content-digest': 'sha-256=10' }) }, retries: request.retries, retryDelayMs: request.retryDelayMs },
      { get, locate: findEndpoints, clock: env.clock }, onEvent,
    );
    // Where a suffix begins only an answer can tell, and then the leftover is chosen already: one of the same suffix.
    const offset = range === undefined ? 0 : 'suffix' in range ? -range.suffix : range.firstPos;
    const sink = await openSink(target, { url: content.url.href, offset, anew: request.anew === true, fsync: request.fsync === true }, env, signal);
    const received = await transfer({
      object, parallel: request.parallel ?? 1, range, limitBytesPerSecond: request.limitBytesPerSecond,
      speedLimit: request.speedLimit, sha256: request.sha256,
    }, sources, sink, onEvent, env.clock, asking);
    const orphans = target.kind === 'file' ? findOrphans(target.path) : [];
    if (orphans.length > 0) onEvent({ kind: 'orphans', orphans });
    return report(request, received, sink.file, asking.story.elapsedMs(), asking);
  }

  async function locate(url: URL, signal: AbortSignal): Promise<URL> {
    const [address = url.hostname] = await resolve.addresses(url.hostname, 'content', begin(() => undefined, signal));
    const located = new URL(url);
    located.hostname = address.includes(':') ? `[${address}]` : address;
    return located;
  }

  async function servicePort(contentName: string, signal: AbortSignal): Promise<number | undefined> {
    const name = Name.parse(`_http._tcp.${contentName}`);
    if (name === undefined) return undefined;
    const message = await resolve.ask(name, TYPE.SRV, 'content', begin(() => undefined, signal));
    return message.rcode === RCODE.NOERROR ? selectPort(message, name) : undefined;
  }

  async function open(url: URL, known: { readonly etag: string } | undefined, signal: AbortSignal): Promise<OpenResult> {
    const fields = known === undefined ? {} : { 'if-none-match': known.etag };
    const reply = await requestObject({ url, role: 'store', fields, accept: known === undefined ? [200] : [200, 304] }, get, begin(() => undefined, signal));
    const { response } = reply;
    if (response.status === 304) {
      response.discard();
      return { kind: 'unchanged' };
    }
    const modified = response.fields['last-modified'];
    return {
      kind: 'content',
      length: promisedLength(reply),
      etag: response.fields['etag'],
      lastModifiedMs: modified === undefined ? undefined : parseHttpDate(modified, env.clock.now()),
      contentType: response.fields['content-type'] ?? 'application/octet-stream',
      sha256: promisedSha256(response.fields),
      from: reply.party.endpoint,
      body: response.body,
    };
  }

  return { fetch, locate, servicePort, open };
}

function report(request: FetchRequest, received: Received, file: string | undefined, durationMs: number, asking: Asking): FetchReport {
  const { reply, bytes, resumedBytes, sha256, stores, redirects } = received;
  // What came together with its head took no time that could be told: as much as is shown.
  const transferMs = Math.max(0.1, Math.round(received.transferMs * 1000) / 1000);
  const { response, party } = reply;
  const promise = digestPromise(response.fields, response.status);
  const shown = (name: string): string | undefined => {
    const value = response.fields[name];
    return value === undefined ? undefined : printable(value);
  };
  return {
    target: request.target,
    url: reply.url.href,
    file,
    bytes,
    resumedBytes,
    sha256,
    digest: sha256 !== undefined ? 'verified' : promise === undefined ? 'not promised' : promise === 'unreadable' ? 'unreadable' : 'of the whole',
    store: { ...party.endpoint, server: shown('server') },
    stores: stores.map(({ endpoint, bytes: sent }) => ({ ...endpoint, bytes: sent })),
    redirects,
    status: response.status,
    etag: shown('etag'),
    contentType: shown('content-type'),
    durationMs,
    transferMs,
    rateBytesPerSecond: Math.round(((bytes - resumedBytes) * 1000) / transferMs),
    traceId: asking.trace.traceId,
    messages: asking.story.messages,
  };
}

