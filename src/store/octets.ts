// The octets of stored objects, from wherever each slice is: at hand, arriving, or still at the origin,
// which is then asked for just the slices that are missing. Versions are never mixed.

import { setMaxListeners } from 'node:events';
import { messageOf } from '../base/errors.js';
import { parseContentRange, type ByteRange } from '../net/http/range.js';
import { OriginError } from '../net/http/origin-client.js';
import type { CacheStore } from './cache-store.js';
import { countFill, Fill, type FillCounts, type FillOptions, type FillReader, type FillSource } from './fill.js';
import type { Origin } from './http-source.js';
import { strongEtagOf, type Stored } from './stored.js';

/** The origin has another version by now: of the one that was begun, no more can be had. */
export class VersionChanged extends Error {
  override readonly name = 'VersionChanged';
}

export interface OctetsOptions {
  readonly cache: CacheStore;
  readonly origin: Origin;
  /** Of what can't be fetched slice by slice, so much is held while it comes. */
  readonly maxWholeOctets: number;
  readonly fills: FillCounts;
  /** Fields of the requests for slices. */
  sliceFields(stored: Stored): Record<string, string>;
  /** Called when it turns out that the origin has another version. */
  onChanged(stored: Stored): void;
}

export interface Octets {
  /** The slices of a range when every one of them is in memory; `missing`: at least one is nowhere in the cache. */
  atHand(stored: Stored, range: ByteRange): { readonly slices: readonly Uint8Array[] | undefined; readonly missing: boolean };
  read(stored: Stored, range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
  /** Takes in what has begun to come: all of the object, or slices of it. */
  fill(stored: Stored, range: ByteRange, source: FillSource): void;
  /** Whether some of an object that can't be fetched in parts is gone, and not on its way either. */
  isBroken(stored: Stored): boolean;
  /** One slice that has come in another way. */
  keep(stored: Stored, slice: number, octets: Uint8Array): void;
  stop(): void;
}

/** Missing slices asked for in one request, at most. */
const MAX_RUN = 64;
/** A larger answer isn't handed to the transport as a list: a slow reader would hold all of it in memory. */
const MAX_LIST_OCTETS = 4_194_304;
/** How often the rest of a range is asked for again after it broke off without a new octet. */
const MAX_RETRIES = 2;

/** A reader's place at the fill that it reads along with: that fill keeps its pace, and goes on for its sake. */
interface Seat {
  take(fill: Fill, slice: number): void;
  /** The fill that it is at, if that has all of this slice. */
  with(slice: number): Fill | undefined;
  moveTo(slice: number): void;
  leave(): void;
}

function createSeat(): Seat {
  const reader: FillReader = { slice: 0 };
  let at: Fill | undefined;
  const leave = (): void => {
    at?.leave(reader);
    at = undefined;
  };
  return {
    take: (fill, slice) => {
      reader.slice = slice;
      if (fill === at) return;
      leave();
      at = fill;
      fill.join(reader);
    },
    with: (slice) => (at?.hasWhole(slice) === true ? at : undefined),
    moveTo: (slice) => {
      reader.slice = slice;
      if (at?.comesTo(slice) === true) at.moved();
      else leave();
    },
    leave,
  };
}

export function createOctets(options: OctetsOptions): Octets {
  const { cache, origin } = options;
  const fills = new Map<string, Set<Fill>>();
  const ended = new AbortController();
  // Each request to the origin listens to it.
  setMaxListeners(0, ended.signal);

  const nameOf = (stored: Stored): string => `${stored.key}\0${stored.meta.version}`;
  const fillsOf = (stored: Stored): ReadonlySet<Fill> | undefined => fills.get(nameOf(stored));

  function begin(stored: Stored, range: ByteRange, open: FillOptions['open']): Fill {
    const { key, meta } = stored;
    const name = nameOf(stored);
    const sliceable = stored.strongEtag !== undefined && meta.length > meta.sliceOctets;
    const fill: Fill = new Fill({
      sliceOctets: meta.sliceOctets, startPos: range.firstPos, endPos: range.lastPos + 1, sliceable, maxKept: options.maxWholeOctets, open,
      onSlice: (slice, octets) => cache.write(key, meta.version, slice, octets),
      onEnd: ({ error, octets }) => {
        countFill(options.fills, octets, error);
        const running = fills.get(name);
        running?.delete(fill);
        if (running?.size === 0) fills.delete(name);
        // What can't be had in parts is kept whole or not at all.
        if (error !== undefined && !sliceable && cache.find(key)?.version === meta.version) cache.delete(key, `its fill failed: ${messageOf(error)}`);
        if (error instanceof VersionChanged) options.onChanged(stored);
      },
    });
    const running = fills.get(name) ?? new Set();
    running.add(fill);
    fills.set(name, running);
    fill.start();
    return fill;
  }

  /** §3.4, §4.3.4 of RFC 9111: octets are put together only under the same strong validator. */
  async function openSlices(stored: Stored, range: ByteRange): Promise<FillSource> {
    const etag = stored.strongEtag;
    if (etag === undefined) throw new VersionChanged(`${stored.head.target} can't be fetched in parts`);
    const response = await origin.request({
      method: 'GET', target: stored.head.target, signal: ended.signal,
      fields: { ...options.sliceFields(stored), range: `bytes=${range.firstPos}-${range.lastPos}`, 'if-match': etag },
    });
    const given = response.status === 206 ? parseContentRange(response.fields['content-range'] ?? '') : undefined;
    const right = given?.range?.firstPos === range.firstPos && given.range.lastPos === range.lastPos && given.completeLength === stored.meta.length;
    if (right && strongEtagOf(response.fields) === etag) return response;
    response.discard();
    // 404, 410, 412, another tag, another length: what was stored isn't there any more. An origin that
    // has it and gives no ranges of it, or fails, may not be the only one.
    const isThere = response.status === 200 && strongEtagOf(response.fields) === etag;
    if (response.status < 500 && !isThere) throw new VersionChanged(`${stored.head.target} changed at the origin`);
    throw new OriginError('protocol', `${origin.url} answered ${response.status} to a range of ${stored.head.target}`);
  }

  function fillWith(stored: Stored, slice: number): Fill | undefined {
    const running = fillsOf(stored);
    if (running === undefined) return undefined;
    for (const fill of running) if (fill.has(slice)) return fill;
    return undefined;
  }

  function fillComingTo(stored: Stored, slice: number): Fill | undefined {
    const running = fillsOf(stored);
    if (running === undefined) return undefined;
    for (const fill of running) if (fill.comesTo(slice)) return fill;
    return undefined;
  }

  const isMissing = (stored: Stored, slice: number): boolean =>
    cache.where(stored.key, stored.meta.version, slice) === undefined && fillComingTo(stored, slice) === undefined;

  /** Asks for this slice, and for those after it that are missing too, up to the end of what is wanted. */
  function fetchRun(stored: Stored, slice: number, lastWanted: number): Fill {
    const { sliceOctets, length } = stored.meta;
    let last = slice;
    while (last < lastWanted && last - slice + 1 < MAX_RUN && isMissing(stored, last + 1)) last += 1;
    const range = { firstPos: slice * sliceOctets, lastPos: Math.min((last + 1) * sliceOctets, length) - 1 };
    return begin(stored, range, () => openSlices(stored, range));
  }

  async function* readSlice(stored: Stored, slice: number, from: number, to: number, lastWanted: number, seat: Seat): AsyncGenerator<Uint8Array, void, undefined> {
    const { key, meta } = stored;
    let at = from;
    let retries = 0;
    while (at < to) {
      // A fill that has ended still has for its readers what can't be had again.
      let fill = seat.with(slice) ?? fillWith(stored, slice);
      if (fill === undefined) {
        const octets = await cache.read(key, meta.version, slice);
        if (octets !== undefined) {
          yield octets.subarray(at, to);
          return;
        }
        fill = fillComingTo(stored, slice) ?? fetchRun(stored, slice, lastWanted);
      }
      seat.take(fill, slice);
      const before = at;
      try {
        for await (const chunk of fill.follow(slice, at, to)) {
          at += chunk.byteLength;
          yield chunk;
        }
      } catch (error) {
        // The rest of it may be had from another origin, or from the same one now.
        if (!(error instanceof OriginError) || stored.strongEtag === undefined || retries >= MAX_RETRIES) throw error;
      }
      retries = at > before ? 0 : retries + 1;
      if (at < to && retries > MAX_RETRIES) throw new OriginError('cut', `${stored.head.target} could not be read whole`);
    }
  }

  return {
    atHand: (stored, range) => {
      const { key, meta } = stored;
      const { sliceOctets } = meta;
      const [first, last] = [Math.floor(range.firstPos / sliceOctets), Math.floor(range.lastPos / sliceOctets)];
      let inMemory = true;
      for (let slice = first; slice <= last; slice += 1) {
        const where = cache.where(key, meta.version, slice);
        if (where === undefined) return { slices: undefined, missing: true };
        if (where !== 'memory') inMemory = false;
      }
      if (!inMemory || range.lastPos - range.firstPos >= MAX_LIST_OCTETS) return { slices: undefined, missing: false };
      const slices: Uint8Array[] = [];
      for (let slice = first; slice <= last; slice += 1) {
        const octets = cache.read(key, meta.version, slice);
        if (!(octets instanceof Uint8Array)) return { slices: undefined, missing: octets === undefined };
        const begin = slice * sliceOctets;
        const [from, to] = [Math.max(0, range.firstPos - begin), Math.min(octets.byteLength, range.lastPos + 1 - begin)];
        slices.push(from === 0 && to === octets.byteLength ? octets : octets.subarray(from, to));
      }
      return { slices, missing: false };
    },
    async *read(stored, range, signal) {
      const { sliceOctets } = stored.meta;
      const lastWanted = Math.floor(range.lastPos / sliceOctets);
      const seat = createSeat();
      try {
        for (let slice = Math.floor(range.firstPos / sliceOctets); slice <= lastWanted; slice += 1) {
          signal.throwIfAborted();
          seat.moveTo(slice);
          const begin = slice * sliceOctets;
          yield* readSlice(stored, slice, Math.max(0, range.firstPos - begin), Math.min(sliceOctets, range.lastPos + 1 - begin), lastWanted, seat);
        }
      } finally {
        seat.leave();
      }
    },
    fill: (stored, range, source) => {
      begin(stored, range, () => Promise.resolve(source));
    },
    isBroken: (stored) => {
      if (stored.strongEtag !== undefined || fillsOf(stored) !== undefined) return false;
      const { length, sliceOctets, version } = stored.meta;
      for (let slice = 0; slice * sliceOctets < length; slice += 1) if (cache.where(stored.key, version, slice) === undefined) return true;
      return false;
    },
    keep: (stored, slice, octets) => cache.write(stored.key, stored.meta.version, slice, octets),
    stop: () => {
      ended.abort(new Error('the store stops'));
      for (const running of fills.values()) for (const fill of running) fill.stop(new Error('the store stops'));
    },
  };
}
