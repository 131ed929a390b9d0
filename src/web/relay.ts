// The portal as a client: which copy of a title viewers get, when a store is asked for it, and
// which copies make room. One transfer a title at a time, whoever and however many want it; not too
// many at once, and none for long that nobody wants.

import type { Clock, Stop } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { Title } from '../catalog/index.js';
import { formatEndpoint } from '../net/address.js';
import type { Log } from '../observe/log.js';
import type { Progress } from '../observe/progress.js';
import { createArrival, type Arrival } from './arrival.js';
import type { Content, ContentSource } from './content-source.js';
import { isDiskFull, type Scratch, type ScratchFile } from './scratch.js';
import { TooBusy } from './too-busy.js';

/** A copy nobody has used for so long is asked about at the store before it is used again. */
const FRESH_MS = 10_000;
/**
 * A transfer that nobody watches ends after so long: enough for a player to come after its page, to
 * seek, or to try again after a broken connection; too little to fetch films for nobody.
 */
const ABANDONED_MS = 10_000;
/** Each takes a connection, a file and its share of the disk; more would make all of them slow. */
const TRANSFERS_AT_ONCE = 16;
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
   * @throws TooBusy when it would be one transfer too many
   */
  obtain(title: Title, use: 'page' | 'media', signal: AbortSignal): Promise<Lease>;
  /** The copy at hand, complete or arriving, without asking anybody; only for telling what it is. */
  find(title: Title): Arrival | undefined;
  /** Breaks off all transfers and deletes all copies. */
  stop(): Promise<void>;
}

interface Entry {
  copy: Arrival | undefined;
  opening: Promise<Arrival> | undefined;
  /** Ends the transfer of `copy`, while it is arriving. */
  giveUp: ((reason: Error) => void) | undefined;
  /** Stops the timer that ends it. */
  abandoning: Stop | undefined;
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
  /** Stores asked that have not answered yet. */
  let asking = 0;
  let freeing: Promise<boolean> | undefined;

  function entryOf(title: Title): Entry {
    let entry = entries.get(title.number);
    if (entry === undefined) entries.set(title.number, (entry = { copy: undefined, opening: undefined, giveUp: undefined, abandoning: undefined, usedAt: -Infinity }));
    return entry;
  }

  function drop(copy: Arrival): void {
    for (const entry of entries.values()) if (entry.copy === copy) entry.copy = undefined;
    copy.discard().catch((error: unknown) => log.warn(`cannot delete a copy: ${messageOf(error)}`));
  }

  /** Complete copies nobody holds, least recently used first. */
  function idleCopies(): Arrival[] {
    return [...entries.values()].sort((a, b) => a.usedAt - b.usedAt).flatMap(({ copy }) => (copy?.state === 'complete' && copy.holders === 0 ? [copy] : []));
  }

  /** Idle copies go until all copies fit; the last used stays, so that a seek never starts a transfer anew. Those in use may take more. */
  function makeRoom(): void {
    const used = [...entries.values()].filter((entry) => entry.copy !== undefined).sort((a, b) => a.usedAt - b.usedAt);
    const last = used.at(-1)?.copy;
    let total = used.reduce((sum, { copy }) => sum + Math.max(copy?.received ?? 0, copy?.length ?? 0), 0);
    for (const copy of idleCopies()) {
      if (total <= spaceBytes) return;
      if (copy === last) continue;
      total -= copy.received;
      log.debug('a copy made room', { bytes: copy.received });
      drop(copy);
    }
  }

  /** The disk is full: the idle copy that was used least recently goes, even the last. False: there is none. */
  async function freeOne(): Promise<boolean> {
    const [copy] = idleCopies();
    if (copy === undefined) return false;
    log.warn('the disk is full: an idle copy made room', { bytes: copy.received });
    drop(copy);
    await copy.discard();
    return true;
  }

  /** Does it, and again after each idle copy that made room, as long as the disk is full. */
  async function withRoom<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        // Two that find it full at once both go on with what one copy gave.
        if (!isDiskFull(error) || stopping.signal.aborted) throw error;
        freeing ??= freeOne().finally(() => (freeing = undefined));
        if (!(await freeing)) throw error;
      }
    }
  }

  async function createFile(found: Content): Promise<ScratchFile> {
    const file = await withRoom(() => scratch.createFile());
    return {
      ...file,
      write: async (octets, position) => {
        await withRoom(() => file.write(octets, position));
        if (found.length === undefined) makeRoom();
      },
    };
  }

  /** Ends the transfer of a copy that nobody holds, unless somebody comes in time. */
  function abandonLater(title: Title, entry: Entry, copy: Arrival): void {
    if (entry.copy !== copy || copy.state !== 'arriving' || copy.holders > 0) return;
    entry.abandoning?.();
    entry.abandoning = clock.after(ABANDONED_MS, () => {
      if (entry.copy !== copy || copy.state !== 'arriving' || copy.holders > 0) return;
      const name = printable(title.objectName);
      // Whoever comes now gets a new transfer.
      entry.copy = undefined;
      log.info(`Nobody watches ${name} any more: its transfer is ended`, { object: name, received: copy.received });
      entry.giveUp?.(new CdnError('INCOMPLETE', `nobody has watched ${name} for ${ABANDONED_MS / 1000} s`));
    });
  }

  async function receive(title: Title, copy: Arrival, found: Content, given: AbortSignal): Promise<void> {
    const name = printable(title.objectName);
    try {
      await copy.receive(found.body, progress.begin({ label: name, totalBytes: found.length }));
      log.info('Download Complete!', { object: name, bytes: copy.received, from: formatEndpoint(found.from) });
      makeRoom();
    } catch (error) {
      drop(copy);
      if (given.aborted) return;
      log.error(`Receiving ${name} from ${formatEndpoint(found.from)} failed: ${printable(messageOf(error))}`, {
        ...(error instanceof CdnError ? { code: error.code, ...error.details } : {}),
        object: name,
        received: copy.received,
      });
    }
  }

  async function begin(title: Title, entry: Entry, old: Arrival | undefined): Promise<Arrival> {
    const giveUp = new AbortController();
    const signal = AbortSignal.any([stopping.signal, giveUp.signal]);
    let found;
    try {
      const etag = old?.head.etag;
      found = await content.open(title, etag === undefined ? undefined : { etag }, signal);
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
    const file = await createFile(found).catch((error: unknown) => {
      giveUp.abort(error);
      throw error;
    });
    const copy = createArrival(title.objectName, found, file);
    if (old !== undefined) drop(old);
    entry.copy = copy;
    entry.usedAt = clock.monotonic();
    entry.giveUp = (reason) => giveUp.abort(reason);
    const transfer = receive(title, copy, found, signal).finally(() => transfers.delete(transfer));
    transfers.add(transfer);
    makeRoom();
    // Whoever asked for it may be gone by now.
    abandonLater(title, entry, copy);
    return copy;
  }

  function current(title: Title, use: 'page' | 'media'): Promise<Arrival> {
    const entry = entryOf(title);
    if (entry.opening !== undefined) return entry.opening;
    const { copy } = entry;
    const idle = copy?.holders === 0 && clock.monotonic() - entry.usedAt > FRESH_MS;
    if (copy !== undefined && (copy.state === 'arriving' || (use === 'media' && !idle))) return Promise.resolve(copy);
    if (transfers.size + asking >= TRANSFERS_AT_ONCE) {
      // What can't be checked now may still be shown.
      if (copy !== undefined) return Promise.resolve(copy);
      return Promise.reject(new TooBusy(`The portal is receiving ${TRANSFERS_AT_ONCE} films, as many as it takes at once. Come back in a moment.`, ABANDONED_MS / 1000));
    }
    asking += 1;
    entry.opening = begin(title, entry, copy)
      .catch((error: unknown) => {
        if (copy !== undefined) drop(copy);
        throw error;
      })
      .finally(() => {
        asking -= 1;
        entry.opening = undefined;
      });
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
          entry.abandoning?.();
          entry.abandoning = undefined;
          return {
            copy,
            release: () => {
              entry.usedAt = clock.monotonic();
              release();
              abandonLater(title, entry, copy);
              makeRoom();
            },
          };
        }
        // It made room, or failed, between its opening and here.
        if (attempt === 3) throw new CdnError('INCOMPLETE', `every transfer of ${title.objectName} broke off as soon as it began`);
      }
    },

    find: (title) => entries.get(title.number)?.copy,

    async stop() {
      for (const { abandoning } of entries.values()) abandoning?.();
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
