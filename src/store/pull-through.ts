// An edge: objects pulled through from an origin, kept by the rules of a shared cache (RFC 9111), and
// served from here. Decides for each request whether it is answered from here or goes forward, and why.

import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { Eventual } from '../net/handler.js';
import { parseCacheControl } from '../net/http/cache-control.js';
import { appendCacheStatus, formatCacheStatus, type CacheStatus } from '../net/http/cache-status.js';
import { selectPrecondition } from '../net/http/conditional.js';
import { methodNotAllowed } from '../net/http/deliver.js';
import { hasPassed } from '../net/http/forwarding.js';
import { ageAt, FRESHNESS, judgeFreshness, shelfLifeOf, type Freshness } from '../net/http/freshness.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import { OriginError } from '../net/http/origin-client.js';
import { compareToHead, invalidatedTargets, validationFields } from '../net/http/revalidation.js';
import type { Log } from '../observe/log.js';
import { createAnswers } from './answers.js';
import type { CacheStore } from './cache-store.js';
import { interimTo, isPersonal, passedFields, relay, sharedFields } from './forward.js';
import type { FillCounts } from './fill.js';
import type { Origin } from './http-source.js';
import type { LiveFill } from './live-fill.js';
import { createOctets, VersionChanged } from './octets.js';
import { createOpener, type Opened, type Opening } from './opening.js';
import { purgeShelf, purgeTest, type Purge, type PurgeTest } from './purge.js';
import { createShelf } from './shelf.js';
import { standingOf, type Standing } from './standing.js';
import { tagsOf, type Stored } from './stored.js';

export interface PullThroughOptions {
  readonly cache: CacheStore;
  readonly origin: Origin;
  /** Of this cache, in Cache-Status: "store-1". */
  readonly id: string;
  readonly sliceOctets: number;
  /** What can't be fetched in slices, for want of a strong validator or a length, is kept up to this size. */
  readonly maxWholeOctets: number;
}

export interface PullThrough {
  readonly handler: HttpHandler;
  readonly fills: Readonly<FillCounts>;
  /** Forgets all that is stored of a target; false when there was nothing. */
  forget(target: string, why: string): boolean;
  /** Resolves with the number of responses purged, when nothing of them is answered as fresh any more, nor anything that is under way. */
  purge(purge: Purge): Promise<number>;
  /** What is stored for such a request, fresh or not. */
  find(request: Pick<HttpRequest, 'target' | 'fields'>): Stored | undefined;
  /** What there is of a target, and what became of what there was. */
  why(target: string): Standing;
  stop(): Promise<void>;
}

/** How often an answer is begun anew because the origin's version changed meanwhile. */
const MAX_RESTARTS = 3;
/** All that an origin may know, but for TRACE. */
const ALLOWED: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

type Reason = 'uri-miss' | 'vary-miss' | 'stale' | 'request';

interface Need {
  readonly reason: Reason;
  readonly stale: Stored | undefined;
  readonly mayServeStale: boolean;
  readonly restarts: number;
}

export function createPullThrough(options: PullThroughOptions, env: { readonly clock: Clock; readonly random: Random; readonly log: Log }): PullThrough {
  const { cache, origin, id, sliceOctets, maxWholeOctets } = options;
  const { clock, log } = env;
  /** Also two stores of one name are two: a chain of them is no loop. */
  const via = `${id.replace(/[^A-Za-z0-9-]/g, '-')}-${Buffer.from(env.random.bytes(4)).toString('hex')}`;
  const fills: FillCounts = { done: 0, failed: 0, octets: 0 };
  const shelf = createShelf(cache, FRESHNESS, env.random);
  const octets = createOctets({
    cache, origin, maxWholeOctets, fills,
    // Also where Vary doesn't say so, a coding is only given to who accepts it.
    sliceFields: ({ head }) => ({ ...(head.fields['content-encoding'] === undefined ? {} : { 'accept-encoding': head.fields['content-encoding'] }), ...sharedFields({ fields: head.chosenBy ?? {} }, via) }),
    onChanged: (stored) => {
      log.debug(`${stored.head.target} changed at the origin`, { target: stored.head.target });
      shelf.drop(stored, 'it changed at the origin');
    },
  });
  const live = new Map<string, Set<LiveFill>>();
  /** Those that others may join. */
  const openings = new Map<string, Opening>();
  const opener = createOpener({
    origin, shelf, octets, fills, sliceOctets, maxWholeOctets, via,
    onLive: (target, fill) => {
      const running = live.get(target) ?? new Set();
      live.set(target, running.add(fill));
      fill.onEnd(() => {
        running.delete(fill);
        if (running.size === 0 && live.get(target) === running) live.delete(target);
      });
    },
  }, env);
  const answers = createAnswers(id, octets);

  const ttlOf = (stored: Stored): number => (stored.life.lifetimeMs - ageAt(stored.life, clock.now())) / 1000;

  function made(status: number, text: string, told: CacheStatus): HttpResponse {
    return textResponse(status, text, { 'cache-status': formatCacheStatus(id, told), 'cache-control': 'no-store' });
  }

  /** RFC 9110 §15.6.3, §15.6.5. */
  function failed(error: OriginError, told: CacheStatus): HttpResponse {
    const late = error.kind === 'timeout';
    return made(late ? 504 : 502, `No answer from the origin: ${error.message}.\n`, { ...told, detail: late ? 'origin-timeout' : `origin-${error.kind}` });
  }

  /** One at a time for each target, whoever asks. */
  function openOnce(request: HttpRequest, stale: Stored | undefined): Opening {
    const { target } = request;
    const opening = opener.open(request, stale);
    openings.set(target, opening);
    const over = (): void => {
      if (openings.get(target) === opening) openings.delete(target);
    };
    opening.done.then(over, over);
    return opening;
  }

  function fromLive(fill: LiveFill, request: HttpRequest, told: CacheStatus): HttpResponse {
    const { head } = fill;
    const nowMs = clock.now();
    const fields = {
      ...head.fields,
      age: String(Math.floor(ageAt(shelfLifeOf(head), nowMs) / 1000)),
      'cache-status': appendCacheStatus(head.fields['cache-status'], formatCacheStatus(id, told)),
    };
    if (head.status === 200) {
      const condition = selectPrecondition(request, { etag: head.fields['etag'], lastModifiedMs: undefined }, nowMs);
      if (condition.kind === 'not-modified') return { status: 304, fields, body: { kind: 'none' } };
      if (condition.kind === 'failed') return textResponse(412, 'The representation is not the one the request expects.\n', { 'cache-status': fields['cache-status'] });
    }
    return { status: head.status, fields, body: { kind: 'stream', length: undefined, open: () => fill.read() } };
  }

  /** RFC 9111 §4: what is still coming is shared as what is stored is: with whom it may be used without asking. */
  const mayJoin = (fill: LiveFill, { fields }: HttpRequest): boolean => fill.serves(fields) && judgeFreshness(shelfLifeOf(fill.head), fields, clock.now()).kind === 'fresh';
  const findLive = (request: HttpRequest): LiveFill | undefined => [...(live.get(request.target) ?? [])].find((fill) => mayJoin(fill, request));

  /** What came of an opening, for the one who asked (`own`) or for one who waited along. */
  async function settle(opened: Opened, request: HttpRequest, need: Need, own: boolean): Promise<HttpResponse> {
    const told: CacheStatus = { fwd: need.reason, ...(own ? {} : { collapsed: true }) };
    switch (opened.kind) {
      case 'stored': {
        const { stored, fwdStatus } = opened;
        const status: CacheStatus = { ...told, ...(fwdStatus === undefined ? { stored: true } : { fwdStatus }), ttl: ttlOf(stored) };
        if (own) return answers.from(stored, request, status, clock.now());
        const found = shelf.find(request.target, request.fields);
        if ('meta' in found && judgeFreshness(found.life, request.fields, clock.now()).kind === 'fresh') return answers.from(found, request, { ...status, ttl: ttlOf(found) }, clock.now());
        return goForward(request, { ...need, reason: 'meta' in found ? 'stale' : 'vary-miss', stale: 'meta' in found ? found : undefined }, true);
      }
      case 'live': {
        if (own || mayJoin(opened.live, request)) return fromLive(opened.live, request, { ...told, detail: 'stored-when-complete' });
        return goForward(request, need, true);
      }
      case 'pass':
        if (own && opened.response !== undefined) return relay(request, opened.response, via, id, { fwd: need.reason, detail: opened.why });
        return pass(request, { fwd: need.reason, detail: opened.why });
    }
  }

  /** `alone`: without waiting for another's answer, which was of no use already. */
  async function goForward(request: HttpRequest, need: Need, alone = false): Promise<HttpResponse> {
    if (request.method === 'HEAD') return head(request, need);
    const personal = isPersonal(request);
    // The answer to a personal request may not be one that can be put together from slices.
    if (personal && request.fields['range'] !== undefined) return pass(request, { fwd: 'bypass', detail: 'personal' }, true);
    const under = personal || alone ? undefined : openings.get(request.target);
    try {
      const joined = personal || alone || under !== undefined ? undefined : findLive(request);
      if (joined !== undefined) return fromLive(joined, request, { fwd: need.reason, collapsed: true });
      const opening = under ?? (personal || alone ? opener.open(request, need.stale) : openOnce(request, need.stale));
      const opened = await opening.done;
      // The origin failed, and says so itself (RFC 5861 §4).
      if (opened.kind === 'pass' && opened.response !== undefined && opened.response.status >= 500 && need.mayServeStale && need.stale !== undefined) {
        if (under === undefined) opened.response.discard();
        return await answers.from(need.stale, request, { fwd: 'stale', fwdStatus: opened.response.status, ttl: ttlOf(need.stale), detail: 'stale-if-error' }, clock.now());
      }
      return await settle(opened, request, need, under === undefined);
    } catch (error) {
      return await recover(error, request, need);
    }
  }

  async function recover(error: unknown, request: HttpRequest, need: Need): Promise<HttpResponse> {
    if (error instanceof VersionChanged && need.restarts < MAX_RESTARTS) return goForward(request, { ...need, stale: undefined, mayServeStale: false, restarts: need.restarts + 1 });
    if (!(error instanceof OriginError)) throw error;
    if (need.mayServeStale && need.stale !== undefined) return answers.from(need.stale, request, { fwd: 'stale', ttl: ttlOf(need.stale), detail: 'stale-if-error' }, clock.now());
    return failed(error, { fwd: need.reason });
  }

  /** RFC 9111 §4.3.5: asks for the head alone, and learns from it about what is stored. */
  async function head(request: HttpRequest, need: Need): Promise<HttpResponse> {
    const { reason } = need;
    // What the origin says to somebody is no word about what all others get.
    const stale = isPersonal(request) ? undefined : need.stale;
    const watch = opener.watch(request.target);
    try {
      const fields = { ...(stale === undefined ? passedFields(request, via) : { ...sharedFields(request, via), ...validationFields(stale.head.fields) }) };
      const response = await origin.request({ method: 'HEAD', target: request.target, fields, signal: request.signal, ...interimTo(request, via) });
      if (stale !== undefined) {
        const isSame = response.status === 304 || (response.status === 200 && compareToHead({ fields: stale.head.fields, length: stale.meta.length }, response.fields) === 'same');
        if (watch.isSpoiled([...stale.meta.tags, ...tagsOf(response.fields)])) return await head(request, { ...need, stale: undefined, mayServeStale: false });
        if (isSame) {
          const stored = opener.freshen(stale, response);
          if (stored !== undefined) return await answers.from(stored, request, { fwd: reason, fwdStatus: response.status, ttl: ttlOf(stored) }, clock.now());
        }
        if (response.status < 500) shelf.drop(stale, 'HEAD told of another version');
        // §4.3.3: the condition was ours, and the client knows of none.
        if (response.status === 304) return await head(request, { ...need, stale: undefined, mayServeStale: false });
      }
      return relay(request, response, via, id, { fwd: reason });
    } catch (error) {
      return await recover(error, request, need);
    } finally {
      watch.end();
    }
  }

  /** Forward and back, with nothing stored of what is passed. */
  async function pass(request: HttpRequest, told: CacheStatus, learns = false): Promise<HttpResponse> {
    const watch = opener.watch(request.target);
    try {
      const { method, target, signal, content } = request;
      const response = await origin.request({ method, target, fields: passedFields(request, via), signal, ...interimTo(request, via), ...(content === undefined ? {} : { body: content.read() }) });
      for (const doubtful of invalidatedTargets(method, target, origin.url, response)) forget(doubtful, `${method} ${target}`);
      if (learns && !watch.isSpoiled(tagsOf(response.fields))) opener.learn(request, response);
      return relay(request, response, via, id, told);
    } catch (error) {
      if (error instanceof OriginError) return failed(error, told);
      throw error;
    } finally {
      watch.end();
    }
  }

  /** §9.3.8: what carries its head back could show a page what it may not see. §7.6.2: Max-Forwards may say that we are meant. */
  function other(request: HttpRequest): Eventual<HttpResponse> {
    if (request.method === 'TRACE') return methodNotAllowed(ALLOWED);
    const isMeant = request.target === '*' || request.fields['max-forwards'] === '0';
    if (request.method === 'OPTIONS' && isMeant) return { status: 204, fields: { allow: ALLOWED.join(', ') }, body: { kind: 'none' } };
    return pass(request, { fwd: 'method' });
  }

  function forget(target: string, why: string): boolean {
    spoil((other) => other === target);
    return shelf.forget(target, why);
  }

  /** What is under way may have been asked before the change: it isn't stored, and who comes now doesn't wait for it. */
  function spoil(isMeant: PurgeTest): void {
    opener.spoil(isMeant);
    for (const target of openings.keys()) if (isMeant(target, [])) openings.delete(target);
    for (const [target, running] of live) {
      for (const fill of running) {
        if (!isMeant(target, tagsOf(fill.head.fields))) continue;
        fill.spoil();
        running.delete(fill);
      }
      if (running.size === 0) live.delete(target);
    }
  }

  async function purge(wanted: Purge): Promise<number> {
    const isMeant = purgeTest(wanted);
    if (!wanted.soft) opener.nextVersions();
    spoil(isMeant);
    const purged = await purgeShelf({ cache, shelf }, wanted, clock);
    // Also what was begun meanwhile, with something that was still here.
    spoil(isMeant);
    return purged;
  }

  /** Validates in the background (RFC 5861 §3); nobody waits for it. */
  function validateLater(request: HttpRequest, stored: Stored): void {
    if (openings.has(request.target) || isPersonal(request)) return;
    // Its answer was given: without a way for another.
    const { method, target, fields, peer, local, signal } = request;
    openOnce({ method, target, fields, peer, local, signal }, stored).done.then(
      (opened) => opened.kind === 'pass' && opened.response?.discard(),
      (error: unknown) => log.debug(`cannot validate ${request.target}: ${messageOf(error)}`, { target: request.target }),
    );
  }

  function look(request: HttpRequest): ReturnType<typeof shelf.find> {
    const found = shelf.find(request.target, request.fields);
    if (!('meta' in found) || !octets.isBroken(found)) return found;
    shelf.drop(found, 'some of it was gone, and it cannot be fetched in parts');
    return { known: false };
  }

  function needOf(found: Stored | { readonly known: boolean }, judged: Freshness | undefined): Need {
    if (!('meta' in found)) return { reason: found.known ? 'vary-miss' : 'uri-miss', stale: undefined, mayServeStale: false, restarts: 0 };
    const [reason, mayServeStale] = judged?.kind === 'validate' ? [judged.why, judged.mayServeOnError] : (['stale', false] as const);
    return { reason, stale: found, mayServeStale, restarts: 0 };
  }

  function guarded(response: Eventual<HttpResponse>, request: HttpRequest, need: Need): Eventual<HttpResponse> {
    return response instanceof Promise ? response.catch((error: unknown) => recover(error, request, need)) : response;
  }

  function handle(request: HttpRequest): Eventual<HttpResponse> {
    if (hasPassed(request.fields['via'], via)) return made(508, 'This request has been here before: the origins of these stores form a loop.\n', { fwd: 'bypass', detail: 'loop' });
    if (request.method !== 'GET' && request.method !== 'HEAD') return other(request);
    const nowMs = clock.now();
    const found = look(request);
    const judged = 'meta' in found ? judgeFreshness(found.life, request.fields, nowMs) : undefined;
    const need = needOf(found, judged);
    if ('meta' in found && judged !== undefined && judged.kind !== 'validate') {
      const ttl = judged.ttlMs / 1000;
      if (judged.kind === 'fresh') return guarded(answers.from(found, request, { hit: true, ttl }, nowMs), request, need);
      validateLater(request, found);
      return guarded(answers.from(found, request, { hit: true, ttl, detail: 'stale-while-revalidate' }, nowMs), request, need);
    }
    // RFC 9111 §5.2.1.7
    if (parseCacheControl(request.fields['cache-control']).onlyIfCached) return made(504, 'There is no fresh copy of it here, and the request wants no other.\n', { fwd: need.reason, detail: 'only-if-cached' });
    return goForward(request, need);
  }

  return {
    handler: handle,
    fills,
    forget,
    purge,
    find: ({ target, fields }) => {
      const found = shelf.find(target, fields);
      return 'meta' in found ? found : undefined;
    },
    why: (target) => standingOf(target, { cache, isUnderWay: openings.has(target) || live.has(target) }, clock.now()),
    stop: async () => {
      opener.stop();
      octets.stop();
      for (const running of live.values()) for (const fill of running) fill.stop(new Error('the store stops'));
      await origin.close();
    },
  };
}
