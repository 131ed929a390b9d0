// The portal as a client: which copy of a title viewers get, when a store is asked for it, and
// which copies make room. One transfer a title at a time, whoever and however many want it.

import type { Clock } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { Title } from '../catalog/index.js';
import { formatEndpoint } from '../net/address.js';
import type { Log } from '../observe/log.js';
import type { Progress } from '../observe/progress.js';
import { createArrival, type Arrival } from './arrival.js';
import type { Content, ContentSource } from './content-source.js';
import type { Scratch } from './scratch.js';

/** A copy nobody has used for so long is asked about at the store before it is used again. */
const FRESH_MS = 10_000;
const DEFAULT_SPACE_BYTES = 4 * 1024 ** 3;

/** A copy whose head is known, held for whoever got it. */
export interface Lease {
  readonly copy: Arrival;
  /** Must be called, once the bytes aren't needed any more. */
  release(): void;
}

export interface Relay {
  /** Transfers under way. */
  readonly running: number;
  /**
   * A copy of the title, complete or arriving. Begins a transfer if there is none. A complete copy is
   * checked at the store first: always for a new page, and for media when nobody used it lately.
   * @throws CdnError of the party that failed, when there is no copy to go on with
   */
  obtain(title: Title, use: 'page' | 'media', signal: AbortSignal): Promise<Lease>;
  /** Breaks off all transfers and deletes all copies. */
  stop(): Promise<void>;
}

interface Entry {
  copy: Arrival | undefined;
  opening: Promise<Arrival> | undefined;
  usedAt: number;
}

export function createRelay(
  options: { readonly spaceBytes?: number | undefined },
  env: { readonly clock: Clock; readonly log: Log; readonly content: Pick<ContentSource, 'open'>; readonly progress: Progress; readonly scratch: Scratch },
): Relay {
  const { clock, log, content, progress, scratch } = env;
  const spaceBytes = options.spaceBytes ?? DEFAULT_SPACE_BYTES;
  const entries = new Map<number, Entry>();
  const stopping = new AbortController();
  const transfers = new Set<Promise<void>>();

  function entryOf(title: Title): Entry {
    let entry = entries.get(title.number);
    if (entry === undefined) entries.set(title.number, (entry = { copy: undefined, opening: undefined, usedAt: -Infinity }));
    return entry;
  }

  function drop(copy: Arrival): void {
    for (const entry of entries.values()) if (entry.copy === copy) entry.copy = undefined;
    copy.discard().catch((error: unknown) => log.warn(`cannot delete a copy: ${messageOf(error)}`));
  }

  /** Complete copies nobody holds, least recently used first, until they fit; the last used stays, so that a seek never starts a transfer anew. */
  function makeRoom(): void {
    const used = [...entries.values()].filter((entry) => entry.copy !== undefined).sort((a, b) => a.usedAt - b.usedAt);
    used.pop();
    const idle = [...entries.values()].flatMap(({ copy }) => (copy?.state === 'complete' && copy.holders === 0 ? [copy] : []));
    let total = idle.reduce((sum, copy) => sum + copy.received, 0);
    for (const { copy } of used) {
      if (total <= spaceBytes) return;
      if (copy === undefined || !idle.includes(copy)) continue;
      total -= copy.received;
      log.debug('a copy made room', { bytes: copy.received });
      drop(copy);
    }
  }

  async function receive(title: Title, copy: Arrival, found: Content): Promise<void> {
    const name = printable(title.objectName);
    try {
      await copy.receive(found.body, progress.begin({ label: name, totalBytes: found.length }));
      log.info('Download Complete!', { object: name, bytes: copy.received, from: formatEndpoint(found.from) });
      makeRoom();
    } catch (error) {
      drop(copy);
      if (stopping.signal.aborted) return;
      log.error(`Receiving ${name} from ${formatEndpoint(found.from)} failed: ${printable(messageOf(error))}`, {
        ...(error instanceof CdnError ? { code: error.code, ...error.details } : {}),
        object: name,
        received: copy.received,
      });
    }
  }

  async function begin(title: Title, entry: Entry, old: Arrival | undefined): Promise<Arrival> {
    const giveUp = new AbortController();
    let found;
    try {
      const etag = old?.head.etag;
      found = await content.open(title, etag === undefined ? undefined : { etag }, AbortSignal.any([stopping.signal, giveUp.signal]));
    } catch (error) {
      // Trouble on the way says nothing about the copy; a store that has no such object does.
      if (old === undefined || !(error instanceof CdnError) || !error.retry || stopping.signal.aborted) throw error;
      log.warn(`cannot ask whether ${printable(title.objectName)} has changed, going on with the copy at hand: ${printable(messageOf(error))}`, { code: error.code });
      return old;
    }
    if (found.kind === 'unchanged') {
      if (old === undefined) throw new CdnError('PEER_PROTOCOL', `the store says ${title.objectName} is unchanged, but was not asked that`);
      return old;
    }
    const file = await scratch.createFile().catch((error: unknown) => {
      giveUp.abort(error);
      throw error;
    });
    const copy = createArrival(title.objectName, found, file);
    if (old !== undefined) drop(old);
    entry.copy = copy;
    const transfer = receive(title, copy, found).finally(() => transfers.delete(transfer));
    transfers.add(transfer);
    return copy;
  }

  function current(title: Title, use: 'page' | 'media'): Promise<Arrival> {
    const entry = entryOf(title);
    if (entry.opening !== undefined) return entry.opening;
    const { copy } = entry;
    const idle = copy?.holders === 0 && clock.monotonic() - entry.usedAt > FRESH_MS;
    if (copy !== undefined && (copy.state === 'arriving' || (use === 'media' && !idle))) return Promise.resolve(copy);
    entry.opening = begin(title, entry, copy)
      .catch((error: unknown) => {
        if (copy !== undefined) drop(copy);
        throw error;
      })
      .finally(() => (entry.opening = undefined));
    return entry.opening;
  }

  return {
    get running() {
      return transfers.size;
    },

    async obtain(title, use, signal) {
      for (let attempt = 1; ; attempt += 1) {
        stopping.signal.throwIfAborted();
        const copy = await orAborted(current(title, use), signal);
        const entry = entryOf(title);
        entry.usedAt = clock.monotonic();
        const release = copy.hold();
        if (release !== undefined) {
          return {
            copy,
            release: () => {
              entry.usedAt = clock.monotonic();
              release();
              makeRoom();
            },
          };
        }
        // It made room, or failed, between its opening and here.
        if (attempt === 3) throw new CdnError('INCOMPLETE', `every transfer of ${title.objectName} broke off as soon as it began`);
      }
    },

    async stop() {
      stopping.abort(new CdnError('TERMINATED', 'the portal stops'));
      await Promise.allSettled([...entries.values()].flatMap(({ opening }) => opening ?? []));
      await Promise.allSettled(transfers);
      await Promise.allSettled([...entries.values()].flatMap(({ copy }) => copy?.discard(true) ?? []));
      entries.clear();
      await scratch.remove();
    },
  };
}

/** The promise's value, unless the signal aborts first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
