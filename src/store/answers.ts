// Answers from what is stored: at once when all of it is in memory, otherwise as soon as the first
// octets are there, so that what can't even begin leaves room for an answer that says so.

import type { Eventual } from '../net/handler.js';
import { formatCacheStatus, type CacheStatus } from '../net/http/cache-status.js';
import { deliver } from '../net/http/deliver.js';
import type { HeaderFields, HttpBody, HttpRequest, HttpResponse } from '../net/http/message.js';
import type { ByteRange } from '../net/http/range.js';
import type { Octets } from './octets.js';
import { withCacheFields, type Stored } from './stored.js';

export interface Answers {
  /** `status`: what Cache-Status tells; of a hit whose slices aren't all here it becomes fwd=partial. */
  from(stored: Stored, request: HttpRequest, status: CacheStatus, nowMs: number): Eventual<HttpResponse>;
}

type StreamBody = Extract<HttpBody, { kind: 'stream' }>;

/** Conditions and ranges, which the planner sees to; without any of them, a hit is the stored response as it is. */
function isPlain(fields: HeaderFields): boolean {
  return fields['range'] === undefined && fields['if-none-match'] === undefined && fields['if-modified-since'] === undefined
    && fields['if-match'] === undefined && fields['if-unmodified-since'] === undefined;
}

/** Small answers that come again and again are the same objects, so that the transport forms their heads once. */
const HOT_OCTETS = 131_072;
/** Of so many objects: what the transport remembers of them keeps their octets in memory. */
const MAX_HOT = 128;

const EMPTY: HttpBody = { kind: 'bytes', bytes: new Uint8Array() };

/** The planner knows these itself. */
const PLANNED: ReadonlySet<string> = new Set(['content-type', 'etag', 'last-modified', 'accept-ranges', 'content-length']);

const wholeOf = (stored: Stored): ByteRange => ({ firstPos: 0, lastPos: stored.meta.length - 1 });

/** The body with its first octets read already; throws what they fail with. */
async function begun(body: StreamBody, signal: AbortSignal): Promise<HttpBody> {
  const iterator = body.open(signal)[Symbol.asyncIterator]();
  const close = (): void => void iterator.return?.().catch(() => undefined);
  signal.addEventListener('abort', close, { once: true });
  const first = await iterator.next();
  return {
    kind: 'stream',
    length: body.length,
    async *open() {
      try {
        if (first.done !== true) yield first.value;
        for (;;) {
          const step = await iterator.next();
          if (step.done === true) return;
          yield step.value;
        }
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    },
  };
}

export function createAnswers(cache: string, octets: Octets): Answers {
  const bodies = new WeakMap<Uint8Array, HttpBody>();
  const hot: Stored[] = [];
  let nextHot = 0;

  /** The same body for the same octets. */
  function sameBody(slice: Uint8Array): HttpBody {
    const known = bodies.get(slice);
    if (known !== undefined) return known;
    const body: HttpBody = { kind: 'bytes', bytes: slice };
    bodies.set(slice, body);
    return body;
  }

  function remember(stored: Stored, second: number, response: HttpResponse): void {
    if (stored.hit === undefined) {
      const before = hot[nextHot];
      if (before !== undefined) before.hit = undefined;
      hot[nextHot] = stored;
      nextHot = (nextHot + 1) % MAX_HOT;
    }
    stored.hit = { second, response };
  }

  /** What is read of a stored body, and whether any of it has to be fetched: for HEAD, nothing of it has. */
  function bodyOf(stored: Stored, range: ByteRange, request: HttpRequest): { readonly body: HttpBody; readonly missing: boolean } {
    if (stored.meta.length === 0) return { body: EMPTY, missing: false };
    const { slices, missing: isMissing } = octets.atHand(stored, range);
    const missing = isMissing && request.method !== 'HEAD';
    const length = range.lastPos - range.firstPos + 1;
    const [only, second] = slices ?? [];
    if (only !== undefined && second === undefined && length <= HOT_OCTETS) return { body: sameBody(only), missing };
    if (slices !== undefined) return { body: { kind: 'slices', length, slices }, missing };
    return { body: { kind: 'stream', length, open: () => octets.read(stored, range, request.signal) }, missing };
  }

  function planned(stored: Stored, request: HttpRequest, nowMs: number): { readonly response: HttpResponse; readonly missing: boolean } {
    const { fields } = stored.head;
    let missing = false;
    const response = deliver(request, {
      length: stored.meta.length,
      etag: fields['etag'],
      lastModifiedMs: stored.lastModifiedMs,
      contentType: fields['content-type'] ?? 'application/octet-stream',
      fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !PLANNED.has(name))),
      open: (range) => octets.read(stored, range, request.signal),
      slices: (range) => {
        const found = octets.atHand(stored, range);
        missing ||= found.missing;
        return found.slices;
      },
    }, nowMs);
    return { response, missing };
  }

  function plainFields(stored: Stored, status: CacheStatus, nowMs: number): HeaderFields {
    const { fields, status: code } = stored.head;
    return withCacheFields(code === 200 ? { ...fields, 'accept-ranges': 'bytes' } : fields, stored, cache, status, nowMs);
  }

  /** A hit changes with its age only: made once a second, where all of it is in memory and small, and frozen. */
  function hitFrom(stored: Stored, body: HttpBody, status: CacheStatus, nowMs: number): HttpResponse {
    const second = Math.floor(nowMs / 1000);
    const before = stored.hit;
    if (before?.second === second && before.response.body === body) return before.response;
    const response = { status: stored.head.status, fields: plainFields(stored, status, nowMs), body };
    if (body.kind !== 'bytes') return response;
    Object.freeze(response.fields);
    remember(stored, second, Object.freeze(response));
    return response;
  }

  return {
    from: (stored, request, status, nowMs) => {
      const isHit = status.hit === true && status.detail === undefined;
      const finish = (response: HttpResponse): Eventual<HttpResponse> => {
        const { body } = response;
        if (body.kind !== 'stream' || request.method === 'HEAD') return response;
        return begun(body, request.signal).then((ready) => ({ ...response, body: ready }));
      };
      const told = (missing: boolean): CacheStatus => (status.hit === true && missing ? { fwd: 'partial', stored: true, ...(status.ttl === undefined ? {} : { ttl: status.ttl }) } : status);
      // RFC 9110 §13.2.1, §14.2: conditions and ranges are about a 200; other stored answers are what they are.
      if (stored.head.status !== 200 || isPlain(request.fields)) {
        const { body, missing } = bodyOf(stored, wholeOf(stored), request);
        if (status.hit === true && !missing) stored.hits += 1;
        return finish(isHit && !missing ? hitFrom(stored, body, status, nowMs) : { status: stored.head.status, fields: plainFields(stored, told(missing), nowMs), body });
      }
      const { response, missing } = planned(stored, request, nowMs);
      if (status.hit === true && !missing) stored.hits += 1;
      return finish({ ...response, fields: withCacheFields(response.fields, stored, cache, told(missing && request.method === 'GET'), nowMs) });
    },
  };
}

/** Of an answer that is made here because there is none from the origin. */
export function cacheStatusField(cache: string, status: CacheStatus): HeaderFields {
  return { 'cache-status': formatCacheStatus(cache, status) };
}
