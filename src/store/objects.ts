// The objects of a store: a path -> a file of the folder, or the title it stands for, delivered.

import type { Clock } from '../base/clock.js';
import { printable } from '../base/printable.js';
import { messageOf } from '../base/errors.js';
import type { Catalog } from '../catalog/index.js';
import { deliver, refuseMethod } from '../net/http/deliver.js';
import { formatReprDigest, wantsReprDigest } from '../net/http/digest.js';
import { mediaTypeOf } from '../net/http/media-type.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import type { Digests } from './digests.js';
import type { DiskSource, OpenFile, Opening } from './disk-source.js';
import type { Gauges } from './health.js';
import { METHODS } from './identity.js';
import { objectNameOf, parseAlias, parseObjectPath } from './object-path.js';
import { pace } from './pace.js';
import type { Titles } from './titles.js';
import type { TellTransfer } from './transcript.js';
import type { TransferPlaces } from './transfer-places.js';

export interface ObjectsParts {
  readonly source: DiskSource;
  readonly titles: Titles;
  readonly digests: Digests;
  readonly gauges: Gauges;
  /** For each answer; undefined: as fast as it goes. */
  readonly rateBytesPerSecond: number | undefined;
  readonly places: TransferPlaces;
  readonly tellTransfer: TellTransfer;
  /** Of each object: how long caches may use it. */
  readonly cacheControl: string;
}

/** That there is no such object may be kept for so long; somebody may be about to put it there. */
const NEGATIVE = { 'cache-control': 'max-age=5' };

const EXAMPLES = 10;

/** "/video3.webm" stands for the third title whatever kind of video that is; "/video3.txt" for nothing. */
function findAlias(catalog: Catalog, name: string): string | undefined {
  const alias = parseAlias(name);
  if (alias === undefined) return undefined;
  if (alias.extension !== undefined && !mediaTypeOf(name).startsWith('video/')) return undefined;
  return catalog.titles[alias.number - 1]?.file;
}

export function createObjects(parts: ObjectsParts, env: { clock: Clock; log: Log }): HttpHandler {
  const { source, titles, digests, gauges, places, tellTransfer, rateBytesPerSecond, cacheControl } = parts;
  const { clock, log } = env;

  async function catalog(): Promise<Catalog> {
    try {
      return await titles.current();
    } catch (error) {
      log.warn(messageOf(error));
      return { titles: [] };
    }
  }

  async function open(segments: readonly string[], signal: AbortSignal): Promise<{ opening: Opening; segments: readonly string[] }> {
    const opening = await source.open(segments, signal);
    const [name, ...below] = segments;
    // A file of the very name comes before the title it could stand for.
    if (opening.kind !== 'absent' || name === undefined || below.length > 0) return { opening, segments };
    const file = parseAlias(name) === undefined ? undefined : findAlias(await catalog(), name);
    return file === undefined ? { opening, segments } : { opening: await source.open([file], signal), segments: [file] };
  }

  async function absent(): Promise<HttpResponse> {
    const objects = (await catalog()).titles.map((title) => title.object);
    const shown = objects.slice(0, EXAMPLES).join(' ');
    const more = objects.length > EXAMPLES ? ` and ${objects.length - EXAMPLES} more` : '';
    return textResponse(404, objects.length === 0 ? 'No such object; this store has no videos.\n' : `No such object. This store has: ${shown}${more}\n`, NEGATIVE);
  }

  async function digestOf(request: HttpRequest, file: OpenFile, segments: readonly string[]): Promise<Uint8Array | undefined> {
    if (wantsReprDigest(request.fields['want-repr-digest'])) return digests.wait(segments, file.version, request.signal);
    digests.schedule(segments, file.version);
    return digests.known(file.version);
  }

  async function answer(request: HttpRequest, file: OpenFile, segments: readonly string[]): Promise<HttpResponse> {
    const sha256 = await digestOf(request, file, segments);
    let whyBroken: string | undefined;
    const representation = {
      length: file.version.length,
      etag: file.version.etag,
      lastModifiedMs: file.version.modifiedMs,
      contentType: mediaTypeOf(file.name),
      fields: { 'cache-control': cacheControl, ...(sha256 === undefined ? {} : { 'repr-digest': formatReprDigest(sha256) }) },
      async *open(range: { firstPos: number; lastPos: number }, signal: AbortSignal) {
        try {
          yield* file.read(range, signal);
        } catch (error) {
          if (!signal.aborted) whyBroken = messageOf(error);
          throw error;
        }
      },
    };
    const response = deliver(request, representation, clock.now());
    if (request.method !== 'GET' || (response.status !== 200 && response.status !== 206)) return response;
    if (response.body.kind === 'stream' && !(await places.take())) return full();
    return tellTransfer(request, pace(response, rateBytesPerSecond, clock), objectNameOf(file.name), () => whyBroken);
  }

  /** RFC 9110 §15.6.4: what costs no transfer (HEAD, 304, 416) is answered all the same. */
  function full(): HttpResponse {
    gauges.refused += 1;
    return textResponse(503, 'This store has as many transfers under way as it takes; try again in a moment.\n', { 'retry-after': '1', 'cache-control': 'no-store' });
  }

  /** Keeps the file open while its content goes out, and not a moment longer. */
  async function lend(request: HttpRequest, file: OpenFile, segments: readonly string[]): Promise<HttpResponse> {
    let response: HttpResponse | undefined;
    try {
      response = await answer(request, file, segments);
    } finally {
      if (response?.body.kind !== 'stream' || request.method === 'HEAD') await file.close();
    }
    if (response.body.kind !== 'stream' || request.method === 'HEAD') return response;
    const { finished } = response;
    return {
      ...response,
      finished: (outcome) => {
        places.leave();
        file.close().catch((error: unknown) => log.warn(`cannot close ${file.name}: ${messageOf(error)}`));
        finished?.(outcome);
      },
    };
  }

  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(request.method, METHODS);
    const path = parseObjectPath(request.target);
    if (path.kind === 'malformed') return textResponse(400, `Bad request: ${path.why}.\n`);
    if (path.kind === 'impossible') return absent();
    const { opening, segments } = await open(path.segments, request.signal);
    switch (opening.kind) {
      case 'file':
        return lend(request, opening.file, segments);
      case 'absent':
        return absent();
      case 'denied':
        log.warn(`cannot read ${printable(segments.join('/'))}: permission denied`, { target: request.target });
        return textResponse(403, 'This store may not read that object.\n');
      case 'unsettled':
        return textResponse(503, 'That object is being written just now.\n', { 'retry-after': '1' });
      case 'busy':
        log.warn(`cannot open ${printable(segments.join('/'))}: the system has no more open files to give; see ulimit -n`, { target: request.target });
        return textResponse(503, 'This store is busy.\n', { 'retry-after': '1' });
    }
  };
}
