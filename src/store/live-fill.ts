// An answer whose length nobody knows before it has come: passed on as it comes, to all who ask
// meanwhile, and stored when it is complete and not too large.

import type { HeaderFields, HttpRequest } from '../net/http/message.js';
import { variantKey } from '../net/http/vary.js';
import { Fill, type FillSource } from './fill.js';
import type { StoredHead } from './stored.js';

export interface LiveFillOptions {
  readonly request: HttpRequest;
  readonly head: StoredHead;
  readonly response: FillSource;
  /** Of Vary. */
  readonly names: readonly string[];
  readonly sliceOctets: number;
  readonly maxOctets: number;
  /** All of it has come, and can be kept. */
  whole(octets: number, slices: readonly Uint8Array[]): void;
}

export interface LiveFill {
  readonly head: StoredHead;
  /** Whether a request with these fields may read it, from the beginning. */
  serves(fields: HeaderFields): boolean;
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Called when no one can join any more. */
  onEnd(listener: () => void): void;
  stop(reason: Error): void;
}

export function createLiveFill(options: LiveFillOptions): LiveFill {
  const { names, request, head } = options;
  const slices: Uint8Array[] = [];
  let ended = false;
  let listener = (): void => undefined;
  const fill = new Fill({
    sliceOctets: options.sliceOctets, startPos: 0, endPos: undefined, sliceable: false, maxKept: options.maxOctets,
    open: () => Promise.resolve(options.response),
    onSlice: (slice, octets) => (slices[slice] = octets),
    onEnd: ({ whole, octets }) => {
      ended = true;
      if (whole) options.whole(octets, slices);
      listener();
    },
  });
  fill.start();
  const wanted = variantKey(names, request.fields);
  return {
    head,
    serves: (fields) => !ended && !fill.incomplete && variantKey(names, fields) === wanted,
    read: () => fill.followAll({ slice: 0 }),
    onEnd: (run) => {
      listener = run;
      if (ended) run();
    },
    stop: (reason) => fill.stop(reason),
  };
}
