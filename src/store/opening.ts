// One request to the origin about one target, for whoever waits: asks, judges the answer by the rules of
// RFC 9111, stores what may be stored and says what came of it.

import { setMaxListeners } from 'node:events';
import type { Random } from '../base/random.js';
import type { Clock } from '../base/clock.js';
import { FRESHNESS } from '../net/http/freshness.js';
import { appendVia } from '../net/http/forwarding.js';
import { formatHttpDate } from '../net/http/date.js';
import type { HeaderFields, HttpRequest } from '../net/http/message.js';
import { OriginError, type OriginResponse } from '../net/http/origin-client.js';
import { parseContentRange, type ByteRange } from '../net/http/range.js';
import { freshenedFields, isFreshenedBy, validationFields } from '../net/http/revalidation.js';
import { selectStorage } from '../net/http/storable.js';
import { parseVary } from '../net/http/vary.js';
import { interimTo, sharedFields } from './forward.js';
import type { Origin } from './http-source.js';
import type { FillCounts } from './fill.js';
import { createLiveFill, type LiveFill } from './live-fill.js';
import type { Octets } from './octets.js';
import type { PurgeTest } from './purge.js';
import type { Shelf } from './shelf.js';
import { strongEtagOf, tagsOf, type Stored, type StoredHead } from './stored.js';

export type Opened =
  /** It is stored, and comes or is here. `fwdStatus`: what the origin said, where that wasn't the answer itself. */
  | { readonly kind: 'stored'; readonly stored: Stored; readonly fwdStatus?: number }
  /** Of unknown length: it comes, and is stored when all has come. */
  | { readonly kind: 'live'; readonly live: LiveFill }
  /** Not to be shared. `response`: of the one who asked; absent where that was asked for in another form than the client's. */
  | { readonly kind: 'pass'; readonly why: string; readonly response?: OriginResponse };

export interface OpeningParts {
  readonly origin: Origin;
  readonly shelf: Shelf;
  readonly octets: Octets;
  readonly fills: FillCounts;
  readonly sliceOctets: number;
  readonly maxWholeOctets: number;
  readonly via: string;
  /** Called with each live fill: others may join it while it runs. */
  onLive(target: string, live: LiveFill): void;
}

export interface Opening {
  readonly done: Promise<Opened>;
}

/** One request under way whose answer may become what is stored. */
export interface Watch {
  /** Whether somebody changed or purged it since (RFC 9111 §4.4): an answer with these tags is not to be stored. */
  isSpoiled(tags: readonly string[]): boolean;
  end(): void;
}

/** The slice that holds the first octet asked for; of a suffix its last octet, which tells the length. undefined: ask for all. */
export function sliceToAskFor(field: string | undefined, sliceOctets: number): { readonly range: string; readonly firstPos: number | undefined } | undefined {
  const match = field === undefined ? null : /^bytes=[\s,]*(?:(\d{1,15})-|-\d)/i.exec(field);
  if (match === null) return undefined;
  if (match[1] === undefined) return { range: 'bytes=-1', firstPos: undefined };
  const firstPos = Math.floor(Number(match[1]) / sliceOctets) * sliceOctets;
  return { range: `bytes=${firstPos}-${firstPos + sliceOctets - 1}`, firstPos };
}

/**
 * The request fields that chose an answer: those of Vary. Also Origin where it may have been put into
 * Access-Control-Allow-Origin, which the Fetch standard has answered with Vary, and many forget.
 */
function namesOf(asked: HeaderFields, answered: HeaderFields): readonly string[] {
  const names = parseVary(answered['vary']);
  if (names === '*') return [];
  const allowed = answered['access-control-allow-origin'];
  const isReflected = asked['origin'] !== undefined && allowed !== undefined && allowed.trim() !== '*';
  return isReflected && !names.includes('origin') ? [...names, 'origin'].sort() : names;
}

function pick(fields: HeaderFields, names: readonly string[]): HeaderFields {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

export function createOpener(parts: OpeningParts, env: { readonly clock: Clock; readonly random: Random }) {
  const { origin, shelf, octets, sliceOctets, maxWholeOctets, via } = parts;
  const ended = new AbortController();
  // Each request to the origin listens to it.
  setMaxListeners(0, ended.signal);
  const watched = new Set<{ readonly target: string; readonly tests: PurgeTest[] }>();
  let purges = 0;

  function versionOf(strongEtag: string | undefined, length: number): string {
    // The same strong validator is the same octets (RFC 9110 §8.8.1); without one, no two answers are the same version.
    if (strongEtag === undefined) return Buffer.from(env.random.bytes(12)).toString('base64url');
    // What still comes of something purged isn't of the version that is fetched after it.
    return `${strongEtag} ${length}${purges === 0 ? '' : ` ${purges}`}`;
  }

  function watch(target: string): Watch {
    const entry = { target, tests: [] as PurgeTest[] };
    watched.add(entry);
    return { isSpoiled: (tags) => entry.tests.some((test) => test(target, tags)), end: () => void watched.delete(entry) };
  }

  function headOf(request: HttpRequest, response: OriginResponse, status: number, fields: HeaderFields): StoredHead {
    const kept: Record<string, string> = { ...fields, via: appendVia(response.fields['via'], via), date: fields['date'] ?? formatHttpDate(response.receivedMs) };
    for (const name of ['content-length', 'content-range']) Reflect.deleteProperty(kept, name);
    const names = namesOf(request.fields, kept);
    const chosenBy = names.length === 0 ? {} : { chosenBy: pick(request.fields, names) };
    return { kind: 'response', target: request.target, status, fields: kept, requestedMs: response.requestedMs, receivedMs: response.receivedMs, ...chosenBy };
  }

  function put(request: HttpRequest, head: StoredHead, length: number): Stored {
    const strong = strongEtagOf(head.fields);
    const meta = { version: versionOf(strong, length), length, sliceOctets, head, tags: tagsOf(head.fields) };
    return shelf.put(request.target, namesOf(request.fields, head.fields), request.fields, meta);
  }

  /** RFC 9111 §4.3.4. undefined: by what the update says, it may not be kept any longer, or not for all who got it until now. */
  function freshen(stored: Stored, response: OriginResponse): Stored | undefined {
    const fields = freshenedFields(stored.head.fields, response.fields);
    const { target, status, chosenBy } = stored.head;
    // Not since when it was stale by a purge: this is what ends that.
    const head: StoredHead = {
      kind: 'response', target, status, ...(chosenBy === undefined ? {} : { chosenBy }), requestedMs: response.requestedMs, receivedMs: response.receivedMs,
      fields: { ...fields, via: appendVia(response.fields['via'], via), date: fields['date'] ?? formatHttpDate(response.receivedMs) },
    };
    // Who asked shapes nothing of it: it was storable when it came.
    const mayStay = selectStorage({ method: 'GET', fields: {} }, { ...head, cookies: [] }, FRESHNESS).kind === 'store';
    if (!mayStay || String(parseVary(head.fields['vary'])) !== String(parseVary(stored.head.fields['vary']))) return undefined;
    return shelf.replace(stored, { ...stored.meta, head, tags: tagsOf(head.fields) });
  }

  function takeWhole(request: HttpRequest, response: OriginResponse, fields: HeaderFields): Opened {
    const { length } = response;
    const head = headOf(request, response, response.status, fields);
    if (length === undefined) {
      const live = createLiveFill({ request, head, response, names: namesOf(request.fields, head.fields), sliceOctets, maxOctets: maxWholeOctets, fills: parts.fills, whole: (octetsOf, slices) => {
        const stored = put(request, head, octetsOf);
        slices.forEach((slice, index) => parts.octets.keep(stored, index, slice));
      } });
      parts.onLive(request.target, live);
      return { kind: 'live', live };
    }
    if (length > maxWholeOctets && strongEtagOf(fields) === undefined) return { kind: 'pass', why: 'too-large-without-etag', response };
    const stored = put(request, head, length);
    if (length > 0) octets.fill(stored, { firstPos: 0, lastPos: length - 1 }, response);
    else response.discard();
    return { kind: 'stored', stored };
  }

  /** RFC 9111 §3.3, §3.4: a part is kept where its validator allows to complete it. undefined: it is of no use. */
  function takePart(request: HttpRequest, response: OriginResponse, fields: HeaderFields, firstPos: number | undefined): Opened | undefined {
    const given = parseContentRange(response.fields['content-range'] ?? '');
    const length = given?.completeLength;
    if (given?.range === undefined || length === undefined || strongEtagOf(response.fields) === undefined) return undefined;
    const range: ByteRange = given.range;
    if (firstPos !== undefined && (range.firstPos !== firstPos || (range.lastPos !== firstPos + sliceOctets - 1 && range.lastPos !== length - 1))) return undefined;
    const stored = put(request, headOf(request, response, 200, fields), length);
    if (firstPos === undefined) response.discard();
    else octets.fill(stored, range, response);
    return { kind: 'stored', stored };
  }

  /**
   * Somebody's own range went by: what the object is may be kept where all of it could be, so that the next
   * who asks for it fills it. None of its octets are: they go to the one who asked.
   */
  function learn(request: HttpRequest, response: OriginResponse): void {
    const length = parseContentRange(response.fields['content-range'] ?? '')?.completeLength;
    if (response.status !== 206 || length === undefined || strongEtagOf(response.fields) === undefined) return;
    const storage = selectStorage({ method: request.method, fields: request.fields }, { ...response, status: 200 }, FRESHNESS);
    if (storage.kind === 'store') put(request, headOf(request, response, 200, storage.fields), length);
  }

  async function ask(request: HttpRequest, stale: Stored | undefined, watch: Watch, ranges: boolean): Promise<Opened> {
    const part = ranges && (stale === undefined || stale.strongEtag !== undefined) ? sliceToAskFor(request.fields['range'], sliceOctets) : undefined;
    const conditions = stale === undefined ? {} : validationFields(stale.head.fields);
    const fields = { ...sharedFields(request, via), ...conditions, ...(part === undefined ? {} : { range: part.range }) };
    const response = await origin.request({ method: 'GET', target: request.target, fields, signal: ended.signal, ...interimTo(request, via) });
    if (response.status === 304 && stale !== undefined) {
      const holds = isFreshenedBy(stale.head.fields, response.fields) && !watch.isSpoiled([...stale.meta.tags, ...tagsOf(response.fields)]);
      const stored = holds ? freshen(stale, response) : undefined;
      if (stored !== undefined) return { kind: 'stored', stored, fwdStatus: 304 };
      const anew = await ask(request, undefined, watch, ranges);
      if (anew.kind === 'pass' && (anew.response?.status ?? 0) < 500) shelf.drop(stale, `replaced by an answer that isn't stored: ${anew.why}`);
      return anew;
    }
    // RFC 9110 §15.3.7, §15.4.5: answers to a range and to a condition that nobody asked for.
    if (response.status === 304 || (response.status === 206 && part === undefined)) {
      response.discard();
      throw new OriginError('protocol', `${origin.url} answered ${response.status} to a request for all of ${request.target}`);
    }
    const status = response.status === 206 ? 200 : response.status;
    const storage = selectStorage({ method: 'GET', fields: request.fields }, { ...response, status }, FRESHNESS);
    const why = watch.isSpoiled(tagsOf(response.fields)) ? 'invalidated' : storage.kind === 'pass' ? storage.why : undefined;
    const inOtherForm = part !== undefined && response.status === 206;
    // §4.3.3: what the origin answers now takes the place of what was stale, unless the origin itself fails.
    if (why !== undefined && stale !== undefined && response.status < 500) shelf.drop(stale, `replaced by an answer that isn't stored: ${why}`);
    if (why !== undefined || storage.kind === 'pass') {
      if (!inOtherForm) return { kind: 'pass', why: why ?? '', response };
      response.discard();
      return { kind: 'pass', why: why ?? '' };
    }
    if (!inOtherForm) return takeWhole(request, response, storage.fields);
    const taken = takePart(request, response, storage.fields, part?.firstPos);
    if (taken !== undefined) return taken;
    response.discard();
    return ask(request, stale, watch, false);
  }

  return {
    /** `stale`: what there is, to be validated (§4.3). */
    open: (request: HttpRequest, stale: Stored | undefined): Opening => {
      const watching = watch(request.target);
      return { done: ask(request, stale, watching, true).finally(() => watching.end()) };
    },
    freshen,
    learn,
    watch,
    /** What is under way and meant by this isn't stored when it comes. */
    spoil: (test: PurgeTest): void => {
      for (const entry of watched) entry.tests.push(test);
    },
    /** Nothing fetched from here on is of a version that was fetched before. */
    nextVersions: () => (purges += 1),
    stop: () => ended.abort(new Error('the store stops')),
  };
}
