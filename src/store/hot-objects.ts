// A layer before the objects of a folder: what is in memory is answered from there, at once; whatever
// else is asked for goes on to the disk, and is read into memory when it is asked for again.

import type { Clock } from '../base/clock.js';
import type { Layer } from '../net/handler.js';
import { deliver, type Representation } from '../net/http/deliver.js';
import { formatReprDigest, wantsReprDigest } from '../net/http/digest.js';
import { mediaTypeOf } from '../net/http/media-type.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../net/http/message.js';
import type { Digests } from './digests.js';
import { cutSlices, type HotFile, type HotFiles } from './hot-files.js';
import { objectNameOf, parseObjectPath } from './object-path.js';
import type { TellTransfer } from './transcript.js';
import type { TransferPlaces } from './transfer-places.js';

export interface HotObjectsParts {
  readonly files: HotFiles;
  readonly digests: Digests;
  readonly tellTransfer: TellTransfer;
  /** Of each object. */
  readonly cacheControl: string;
  /** Where there is none for one more, the objects of the folder have the word. */
  readonly places: TransferPlaces;
}

/** None of the fields that can make another answer than the whole file. Spelt out: each is looked up as fast as can be. */
function isWhole({ fields }: HttpRequest): boolean {
  return fields['range'] === undefined && fields['if-none-match'] === undefined && fields['if-modified-since'] === undefined
    && fields['if-match'] === undefined && fields['if-unmodified-since'] === undefined && fields['if-range'] === undefined
    && fields['want-repr-digest'] === undefined;
}

interface Ready {
  readonly digest: Uint8Array | undefined;
  readonly response: HttpResponse;
}

export function createHotObjects(parts: HotObjectsParts, clock: Clock): Layer<HttpHandler> {
  const { cacheControl, files, digests, places, tellTransfer } = parts;
  const names = new WeakMap<HotFile, string>();
  const ready = new WeakMap<HotFile, Ready>();

  function represent({ name, version, slices }: HotFile, digest: Uint8Array | undefined): Representation {
    const cut = (range: { readonly firstPos: number; readonly lastPos: number }): readonly Uint8Array[] =>
      range.firstPos === 0 && range.lastPos === version.length - 1 ? slices : cutSlices(slices, range);
    return {
      length: version.length,
      etag: version.etag,
      lastModifiedMs: version.modifiedMs,
      contentType: mediaTypeOf(name),
      fields: { 'cache-control': cacheControl, ...(digest === undefined ? {} : { 'repr-digest': formatReprDigest(digest) }) },
      slices: cut,
      async *open(range) {
        for (const slice of cut(range)) yield await Promise.resolve(slice);
      },
    };
  }

  const ended = (): void => places.leave();

  /** The whole file is the same answer each time, so that whatever is made of it is made once. */
  function answer(request: HttpRequest, file: HotFile): HttpResponse {
    const digest = digests.known(file.version);
    const nowMs = clock.now();
    const before = ready.get(file);
    // A file from the future has a date that moves on (RFC 9110 §8.8.2.1).
    const lasting = request.method === 'GET' && isWhole(request) && file.version.modifiedMs <= nowMs;
    if (lasting && before !== undefined && before.digest === digest) return before.response;
    const response = deliver(request, represent(file, digest), nowMs);
    if (!lasting) return response;
    const whole = Object.freeze({ ...response, fields: Object.freeze({ ...response.fields }), finished: ended });
    ready.set(file, { digest, response: whole });
    return whole;
  }

  function transfer(request: HttpRequest, file: HotFile, instead: HttpHandler): ReturnType<HttpHandler> {
    const response = answer(request, file);
    if (request.method !== 'GET' || (response.status !== 200 && response.status !== 206)) return response;
    const taken = places.take();
    if (taken instanceof Promise) return taken.then((isTaken) => (isTaken ? told(request, file, response) : instead(request)));
    return taken ? told(request, file, response) : instead(request);
  }

  function told(request: HttpRequest, file: HotFile, response: HttpResponse): HttpResponse {
    let name = names.get(file);
    if (name === undefined) names.set(file, (name = objectNameOf(file.name)));
    return tellTransfer(request, response.finished === undefined ? { ...response, finished: ended } : response, name, () => undefined);
  }

  /** Only the plainest spelling of a path is a key, so that no file is kept twice. */
  function note(request: HttpRequest, response: HttpResponse): void {
    const etag = response.fields['etag'];
    if (request.method !== 'GET' || response.body.kind !== 'stream' || etag === undefined) return;
    const path = parseObjectPath(request.target);
    if (path.kind !== 'path' || `/${path.segments.map(encodeURIComponent).join('/')}` !== request.target) return;
    const total = /\/(\d+)$/.exec(response.fields['content-range'] ?? '')?.[1];
    const octets = total === undefined ? response.body.length : Number(total);
    if (octets !== undefined) files.asked(request.target, path.segments, etag, octets);
  }

  return (next) => {
    async function fromDisk(request: HttpRequest): Promise<HttpResponse> {
      const response = await next(request);
      note(request, response);
      return response;
    }
    return (request) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return next(request);
      const found = files.find(request.target);
      if (found === undefined) return fromDisk(request);
      const use = (file: HotFile | undefined): ReturnType<HttpHandler> => {
        // Who wants a digest that isn't known yet waits for it there.
        if (file === undefined || (wantsReprDigest(request.fields['want-repr-digest']) && digests.known(file.version) === undefined)) return fromDisk(request);
        return transfer(request, file, fromDisk);
      };
      return found instanceof Promise ? found.then(use) : use(found);
    };
  };
}
