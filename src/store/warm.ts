// Warming: the edge asks itself for an object as a client would, reads all of it, and looks what it has
// afterwards. What was warmed is to stay: where there is a disk, each slice goes there.

import { nextTurn, type Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { HttpBody, HttpHandler } from '../net/http/message.js';
import { parseCacheStatus } from '../net/http/cache-status.js';
import type { CacheStore } from './cache-store.js';
import { sliceLength } from './kept.js';
import type { Stored } from './stored.js';

export interface WarmWish {
  readonly target: string;
  /** Request fields that choose a variant, where the origin's answers vary. */
  readonly fields: Readonly<Record<string, string>>;
}

/** How far it is. */
export interface Warming {
  readonly octets: number;
  /** Of all, where that is known. */
  readonly length: number | null;
}

/** `hit`: it was here, whole and fresh. `stored`: it came, or the rest of it, and is here. Otherwise `why` says why it isn't. */
export interface Warmed {
  readonly target: string;
  readonly outcome: 'hit' | 'stored' | 'not-stored' | 'failed';
  readonly status: number;
  /** Of the body, as a client would have got it. */
  readonly octets: number;
  /** Of those, here now. */
  readonly storedOctets: number;
  /** The edge's own word: Cache-Status (RFC 9211). */
  readonly cacheStatus: string;
  readonly why: string | null;
  /** How many edges the octets are of, together, where it isn't one. */
  readonly edges?: number;
}

export interface WarmParts {
  readonly handler: HttpHandler;
  readonly cache: CacheStore;
  /** What is stored for such a request, fresh or not. */
  find(wish: WarmWish): Stored | undefined;
}

const HERE = { address: '127.0.0.1', port: 0 };
/** Between two words about how far it is. */
const TELL_MS = 500;

async function* octetsOf(body: HttpBody, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  switch (body.kind) {
    case 'none':
      return;
    case 'bytes':
      yield body.bytes;
      return;
    case 'slices':
      yield* body.slices;
      return;
    case 'stream':
      yield* body.open(signal);
  }
}

function kept(stored: Stored | undefined, cache: CacheStore): { readonly octets: number; readonly missing: number } {
  const found = { octets: 0, missing: 0 };
  if (stored === undefined) return found;
  const { key, meta } = stored;
  for (let slice = 0; slice * meta.sliceOctets < meta.length; slice += 1) {
    if (cache.where(key, meta.version, slice) === undefined) found.missing += 1;
    else found.octets += sliceLength(meta, slice);
  }
  return found;
}

/** Why it isn't what was wished for, whatever is here of it. */
function failureOf(status: number, detail: string | undefined): string | undefined {
  if (detail === 'stale-if-error') return 'the origin failed, and what is here is stale';
  return status >= 400 ? `answered ${status}${detail === undefined ? '' : ` (${detail})`}` : undefined;
}

/** Tells how far it is now and then, and last what came of it. Throws the signal's reason. */
export async function* warm(wish: WarmWish, { handler, cache, find }: WarmParts, signal: AbortSignal, clock: Clock): AsyncGenerator<Warming | Warmed, void, undefined> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  let octets = 0;
  let settled = 0;
  let toldMs = clock.monotonic();
  let broken: string | undefined;

  async function settle(until: (meta: Stored['meta']) => number): Promise<void> {
    const stored = find(wish);
    if (stored === undefined) return;
    for (const end = until(stored.meta); settled < end; settled += 1) await cache.settle(stored.key, stored.meta.version, settled);
  }

  try {
    // Before the first word of the origin, so that whoever waits knows that it is being asked.
    yield { octets: 0, length: null };
    const { status, fields, body } = await handler({ method: 'GET', target: wish.target, fields: wish.fields, peer: HERE, local: HERE, signal: either });
    const length = body.kind === 'stream' ? body.length ?? null : null;
    const cacheStatus = fields['cache-status'] ?? '';
    const own = parseCacheStatus(cacheStatus)?.at(-1);
    // Of what will not be stored nobody needs the rest.
    const isComing = find(wish) !== undefined || own?.collapsed === true || own?.detail === 'stored-when-complete';
    try {
      for await (const chunk of isComing ? octetsOf(body, either) : []) {
        octets += chunk.byteLength;
        await settle((meta) => Math.floor(octets / meta.sliceOctets));
        if (clock.monotonic() - toldMs < TELL_MS) continue;
        toldMs = clock.monotonic();
        yield { octets, length };
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      broken = messageOf(error);
    }
    // What came without a length is stored when its end has been seen to.
    await new Promise<void>((resolve) => nextTurn(resolve));
    await settle((meta) => Math.ceil(meta.length / meta.sliceOctets));
    const stored = find(wish);
    const { octets: storedOctets, missing } = kept(stored, cache);
    const told = { target: wish.target, status, octets, storedOctets, cacheStatus };
    const failure = broken ?? failureOf(status, own?.detail);
    if (failure !== undefined) yield { ...told, outcome: 'failed', why: failure };
    else if (stored === undefined) yield { ...told, outcome: 'not-stored', why: own?.detail ?? cache.removal(wish.target)?.why ?? 'it was gone at once' };
    else if (missing > 0) yield { ...told, outcome: 'not-stored', why: 'there is no room here for all of it' };
    else yield { ...told, outcome: own?.hit === true ? 'hit' : 'stored', why: null };
  } finally {
    over.abort(new Error('all was read, or nobody wants it'));
  }
}
