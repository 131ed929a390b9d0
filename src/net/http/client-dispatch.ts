// undici's callbacks as one head and a queue of octets. Unlike a stream that is destroyed, the queue
// keeps what has arrived: that a connection broke off is told after the last octet that came before.

import type { Client, Dispatcher } from 'undici';

export interface Arriving {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Read at most once. Throws undici's error where the octets end early; an abort of the signal at once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** With this many octets unread, no more are taken from the connection. */
const HIGH_WATER_OCTETS = 131_072;

class Arrivals {
  private readonly chunks: Uint8Array[] = [];
  private octets = 0;
  private end: { readonly error: Error | undefined } | undefined;
  private wake = (): void => undefined;
  private readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  add(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.octets += chunk.byteLength;
    if (this.octets >= HIGH_WATER_OCTETS) controller.pause();
    this.wake();
  }

  /** Nothing comes any more; `error` is undefined when all has come. */
  finish(error: Error | undefined): void {
    this.end ??= { error };
    this.wake();
  }

  async *read(controller: Dispatcher.DispatchController): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      this.signal.throwIfAborted();
      const chunk = this.chunks.shift();
      if (chunk !== undefined) {
        this.octets -= chunk.byteLength;
        if (controller.paused && this.octets < HIGH_WATER_OCTETS / 2) controller.resume();
        yield chunk;
      } else if (this.end !== undefined) {
        if (this.end.error !== undefined) throw this.end.error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }
}

/** What may come before the final head. */
export type OnInterim = (status: number, headers: Arriving['headers']) => void;

/** Sends a request and resolves with the final head (interim ones are told, if wanted); rejects with undici's error. */
export function dispatch(client: Client, options: Dispatcher.DispatchOptions, signal: AbortSignal, onInterim?: OnInterim): Promise<Arriving> {
  return new Promise((resolve, reject) => {
    const arrivals = new Arrivals(signal);
    client.dispatch(options, {
      onRequestStart: (controller) => {
        const onAbort = (): void => controller.abort(signal.reason as Error);
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      },
      onResponseStart: (controller, status, headers) => {
        // RFC 9110 §15.2: any number of interim answers may come first.
        if (status >= 200) resolve({ status, headers, body: { [Symbol.asyncIterator]: () => arrivals.read(controller) } });
        else onInterim?.(status, headers);
      },
      onResponseData: (controller, chunk) => arrivals.add(controller, chunk),
      onResponseEnd: () => arrivals.finish(undefined),
      onResponseError: (_controller, error) => {
        reject(error);
        arrivals.finish(error);
      },
    });
  });
}
