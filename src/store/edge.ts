// A store that is an edge: objects of an origin, kept in memory and on disk. Tiers are composition: an
// edge whose origin is a shield is this twice.

import type { Clock } from '../base/clock.js';
import { printable } from '../base/printable.js';
import type { Random } from '../base/random.js';
import { compose, type Eventual, type Layer } from '../net/handler.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import type { AdminControls } from './admin.js';
import type { CacheStore } from './cache-store.js';
import { createHealth, type Gauges } from './health.js';
import { createHosts } from './hosts.js';
import { createHttpSource, type Origin } from './http-source.js';
import { objectNameOf, parseObjectPath } from './object-path.js';
import { createOwnStatus } from './own-status.js';
import { pace } from './pace.js';
import { edgeMetrics } from './metrics.js';
import { createPullThrough, type PullThrough } from './pull-through.js';
import type { Purge } from './purge.js';
import { createSignedUrls, type SigningKeys } from './signed-urls.js';
import type { Store } from './store.js';
import { warm } from './warm.js';
import { createTally, type Tally } from './tally.js';
import { createCacheStore, type CacheStoreOptions } from './tiered-store.js';
import { renewParents } from './traced-origin.js';
import { createAnswerLog, createTransferLog } from './transcript.js';

export interface EdgeOptions {
  /** Servers of the same objects, asked in this order; nothing else is ever asked. */
  readonly origins: readonly URL[];
  /** Which store this is, for people and in Cache-Status: "store-1". */
  readonly id: string;
  readonly cache: CacheStoreOptions;
  readonly sliceOctets: number;
  /** For each answer; without it, as fast as it goes. */
  readonly rateBytesPerSecond?: number | undefined;
  /** Transfers at a time: reported, so that routing keeps more away, and more are answered 503. */
  readonly capacity?: number | undefined;
  /** Hosts it answers for besides its own addresses; without it, any. */
  readonly hosts?: readonly string[];
  /** It can be administered, and counts what it does. */
  readonly administered?: boolean;
  /** Only what one of these has signed is served; without it, whatever is asked for. */
  readonly signingKeys?: SigningKeys | undefined;
}

export interface Edge extends Store {
  /** Where it is administered. */
  readonly controls: AdminControls | undefined;
}

/** Of what can't be fetched in slices, this part of the memory is held at most while it comes. */
const WHOLE_PART = 8;

function nameOf(target: string): string {
  const path = parseObjectPath(target);
  return objectNameOf(path.kind === 'path' ? (path.segments.at(-1) ?? '/') : '/');
}

interface Transfer {
  readonly response: HttpResponse;
  /** Of its object. */
  readonly name: string;
}

/** Counts transfers, tells them, holds them to the rate, and takes no more than `capacity` at a time. */
function createTransfers(gauges: Gauges, capacity: number, rateBytesPerSecond: number | undefined, env: { readonly clock: Clock; readonly log: Log }): Layer<HttpHandler> {
  const tells = env.log.tells('info');
  const tellTransfer = createTransferLog(env);
  /** Of answers that come again and again, which are frozen. */
  const known = new WeakMap<HttpResponse, Transfer>();
  const ended = (): void => {
    gauges.transfers -= 1;
  };
  function counted(response: HttpResponse): HttpResponse {
    const { finished } = response;
    if (finished === undefined) return { ...response, finished: ended };
    return {
      ...response,
      finished: (outcome) => {
        ended();
        finished(outcome);
      },
    };
  }
  function transferOf({ target }: HttpRequest, response: HttpResponse): Transfer {
    const before = known.get(response);
    if (before !== undefined) return before;
    const transfer = { response: counted(response), name: nameOf(target) };
    if (!Object.isFrozen(response)) return transfer;
    Object.freeze(transfer.response);
    known.set(response, transfer);
    return transfer;
  }
  function transfer(request: HttpRequest, response: HttpResponse): HttpResponse {
    const hasContent = request.method === 'GET' && (response.status === 200 || response.status === 206);
    if (!hasContent) return response;
    const paced = pace(response, rateBytesPerSecond, env.clock);
    // What is in memory and small has gone before anybody could count it.
    if (!tells && paced.body.kind === 'bytes') return paced;
    const { response: answer, name } = transferOf(request, paced);
    gauges.transfers += 1;
    return tells ? tellTransfer(request, answer, name, () => undefined) : answer;
  }
  /** RFC 9110 §15.6.4 */
  function full(): HttpResponse {
    gauges.refused += 1;
    return textResponse(503, 'This store has as many transfers under way as it takes; try again in a moment.\n', { 'retry-after': '1', 'cache-control': 'no-store' });
  }
  return (next) => (request): Eventual<HttpResponse> => {
    if (gauges.transfers >= capacity && request.method === 'GET') return full();
    const response = next(request);
    return response instanceof Promise ? response.then((answer) => transfer(request, answer)) : transfer(request, response);
  };
}

interface ControlParts {
  readonly cache: CacheStore;
  readonly pullThrough: PullThrough;
  readonly gauges: Gauges;
  readonly tally: Tally;
}

function createControls({ cache, pullThrough, gauges, tally }: ControlParts, { clock, log }: { readonly clock: Clock; readonly log: Log }): AdminControls {
  const purges = new Map<Purge['by'], number>();
  let objects = 0;
  return {
    purge: async (purge) => {
      const purged = await pullThrough.purge(purge);
      purges.set(purge.by, (purges.get(purge.by) ?? 0) + 1);
      objects += purged;
      log.info(`Purged${purge.soft ? ' softly' : ''} by ${purge.by} ${printable(purge.what)}: ${purged} ${purged === 1 ? 'object' : 'objects'}`, { ...purge, purged });
      return purged;
    },
    warm: (wish, signal) => warm(wish, { handler: pullThrough.handler, cache, find: pullThrough.find }, signal, clock),
    why: (target) => pullThrough.why(target),
    metrics: () => edgeMetrics({ tally, fills: pullThrough.fills, gauges, usage: cache.usage(), purged: { purges, objects }, uptimeSeconds: (clock.monotonic() - (gauges.startedMs ?? clock.monotonic())) / 1000 }),
  };
}

/** `traced`: makes spans of what goes to the origin, and the origin's work their child. */
export function createEdge(options: EdgeOptions, env: { readonly clock: Clock; readonly random: Random; readonly log: Log; readonly traced?: ((origin: Origin) => Origin) | undefined }): Edge {
  const { origins, id, sliceOctets, rateBytesPerSecond, capacity } = options;
  const gauges: Gauges = { transfers: 0, refused: 0, startedMs: undefined };
  const cache = createCacheStore(options.cache, env);
  const origin = (env.traced ?? ((source) => renewParents(source, env.random)))(createHttpSource({ urls: origins }, env));
  const pullThrough = createPullThrough({ cache, origin, id, sliceOctets, maxWholeOctets: Math.max(sliceOctets, options.cache.memoryOctets / WHOLE_PART) }, env);
  const health = createHealth({
    store: { id, capacity }, gauges, trouble: 'not started',
    look: async () => ({ origins: origins.map((url) => url.origin), cache: cache.usage() }),
  }, env.clock);
  const tally = options.administered === true ? createTally() : undefined;
  return {
    controls: tally === undefined ? undefined : createControls({ cache, pullThrough, gauges, tally }, env),
    handler: compose([createAnswerLog(env), ...(tally === undefined ? [] : [tally.layer]), health, createOwnStatus(id), createHosts(options.hosts), createSignedUrls(options.signingKeys, env.clock), createTransfers(gauges, capacity ?? Infinity, rateBytesPerSecond, env)], pullThrough.handler),
    start: async () => {
      await cache.start();
      gauges.startedMs = env.clock.monotonic();
    },
    stop: async () => {
      await pullThrough.stop();
      await cache.stop();
    },
  };
}
