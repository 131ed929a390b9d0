// One copy of one title: the bytes come in from a store on one side, and any number of viewers
// read along on the other, never past what has arrived and never past what may be wrong.

import { createHash } from 'node:crypto';
import { CdnError } from '../base/errors.js';
import type { ByteRange } from '../net/http/range.js';
import type { TransferProgress } from '../observe/progress.js';
import type { Content } from './content-source.js';
import type { ScratchFile } from './scratch.js';

/** Octets at the end that no viewer gets before the digest has been checked. */
export const WITHHELD_OCTETS = 65_536;
const READ_OCTETS = 65_536;

export type ArrivalState = 'arriving' | 'complete' | 'failed';

/** What the store said of the bytes before it sent them. */
export type ContentHead = Omit<Content, 'kind' | 'body'>;

export interface Arrival {
  readonly head: ContentHead;
  readonly state: ArrivalState;
  /** Octets that have arrived. */
  readonly received: number;
  /** The complete length: as promised, or as it turned out; undefined until either. */
  readonly length: number | undefined;
  /** How many hold it now. */
  readonly holders: number;
  /** Keeps the bytes readable until the release is called; undefined when they are gone. */
  hold(): (() => void) | undefined;
  /**
   * The octets of `range`, or all of them; waits for what hasn't arrived. Throws what the transfer
   * failed with if it does before they have, or the signal's reason.
   */
  read(range: ByteRange | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Takes in the whole body. Rejects when the transfer fails; waiting readers fail with it. */
  receive(body: AsyncIterable<Uint8Array>, progress: Pick<TransferProgress, 'advance' | 'end'>): Promise<void>;
  /** Deletes the bytes as soon as nobody holds them; at once with `force`. Resolves when they are gone, or while they are held. */
  discard(force?: boolean): Promise<void>;
}

/** @param name the object's name, for errors */
export function createArrival(name: string, head: ContentHead, file: ScratchFile): Arrival {
  const waiting = new Set<() => void>();
  let state: ArrivalState = 'arriving';
  let failure: Error | undefined;
  let received = 0;
  /** Octets that viewers may have, from the start. */
  let readable = 0;
  let holders = 0;
  let discarded = false;
  let removed: Promise<void> | undefined;

  const wake = (): void => {
    const woken = [...waiting];
    waiting.clear();
    for (const each of woken) each();
  };

  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.delete(onWake);
        reject(signal.reason as Error);
      };
      const onWake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(onWake);
    });

  const removeIfUnused = async (): Promise<void> => {
    if (!discarded || holders > 0) return;
    removed ??= file.remove();
    await removed;
  };

  const lengthNow = (): number | undefined => (state === 'complete' ? received : head.length);

  function admit(): void {
    const checked = head.sha256 === undefined || state === 'complete';
    readable = checked ? received : Math.max(readable, Math.min(received, (head.length ?? received) - WITHHELD_OCTETS));
    wake();
  }

  function checkEnd(digest: Uint8Array): void {
    if (head.length !== undefined && received < head.length) {
      throw new CdnError('INCOMPLETE', `the store ended ${name} after ${received} of ${head.length} bytes`, { details: { received, length: head.length } });
    }
    if (head.sha256 !== undefined && Buffer.compare(digest, head.sha256) !== 0) {
      const [promised, arrived] = [head.sha256, digest].map((octets) => Buffer.from(octets).toString('hex'));
      // What was relayed can't be called back, but nothing of it is given out any more.
      readable = 0;
      throw new CdnError('DIGEST_MISMATCH', `the bytes of ${name} are not the promised ones: SHA-256 is ${arrived}, the store promised ${promised}`, {
        details: { promised, arrived },
      });
    }
  }

  return {
    head,
    get state() {
      return state;
    },
    get received() {
      return received;
    },
    get length() {
      return lengthNow();
    },
    get holders() {
      return holders;
    },

    hold() {
      if (removed !== undefined) return undefined;
      holders += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        // Closing may fail; nobody is left to whom that would matter.
        removeIfUnused().catch(() => undefined);
      };
    },

    async *read(range, signal) {
      let position = range?.firstPos ?? 0;
      for (;;) {
        signal.throwIfAborted();
        const length = lengthNow();
        const end = range === undefined ? length : range.lastPos + 1;
        if (end !== undefined && position >= end) return;
        const size = Math.min(READ_OCTETS, readable - position, (end ?? Infinity) - position);
        if (size > 0) {
          yield await file.read(position, size);
          position += size;
        } else if (failure !== undefined) {
          throw failure;
        } else {
          await change(signal);
        }
      }
    },

    async receive(body, progress) {
      const hash = createHash('sha256');
      try {
        for await (const chunk of body) {
          if (head.length !== undefined && received + chunk.length > head.length) {
            throw new CdnError('PEER_PROTOCOL', `the store sent more than the ${head.length} bytes it promised of ${name}`);
          }
          await file.write(chunk, received);
          hash.update(chunk);
          received += chunk.length;
          progress.advance(chunk.length);
          admit();
        }
        checkEnd(hash.digest());
        state = 'complete';
        progress.end('complete');
        admit();
      } catch (error) {
        state = 'failed';
        failure = error instanceof Error ? error : new Error(String(error));
        progress.end('failed');
        wake();
        throw error;
      }
    },

    async discard(force = false) {
      discarded = true;
      if (force) holders = 0;
      await removeIfUnused();
    },
  };
}
