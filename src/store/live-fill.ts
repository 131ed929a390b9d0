// An answer whose length nobody knows before it has come: passed on as it comes, to all who ask
// meanwhile, and stored when it is complete and not too large.

import type { HeaderFields, HttpRequest } from '../net/http/message.js';
import { variantKey } from '../net/http/vary.js';
import { countFill, Fill, type FillCounts, type FillSource } from './fill.js';
import type { StoredHead } from './stored.js';

export interface LiveFillOptions {
  readonly request: HttpRequest;
  readonly head: StoredHead;
  readonly response: FillSource;
  /** Of Vary. */
  readonly names: readonly string[];
  readonly sliceOctets: number;
  readonly maxOctets: number;
  readonly fills: FillCounts;
  /** All of it has come, and can be kept. */
  whole(octets: number, slices: readonly Uint8Array[]): void;
}

export interface LiveFill {
  readonly head: StoredHead;
  /** Whether a request with these fields may read it, from the beginning. */
  serves(fields: HeaderFields): boolean;
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Somebody changed the target meanwhile (RFC 9111 §4.4): what comes is not stored. */
  spoil(): void;
  /** Called when no one can join any more. */
  onEnd(listener: () => void): void;
  stop(reason: Error): void;
}

export function createLiveFill(options: LiveFillOptions): LiveFill {
  const { names, request, head } = options;
  const slices: Uint8Array[] = [];
  let ended = false;
  let spoiled = false;
  let listener = (): void => undefined;
  const fill = new Fill({
    sliceOctets: options.sliceOctets, startPos: 0, endPos: undefined, sliceable: false, maxKept: options.maxOctets,
    open: () => Promise.resolve(options.response),
    onSlice: (slice, octets) => (slices[slice] = octets),
    onEnd: ({ whole, octets, error }) => {
      countFill(options.fills, octets, error);
      ended = true;
      if (whole && !spoiled) options.whole(octets, slices);
      listener();
    },
  });
  fill.start();
  const wanted = variantKey(names, request.fields);
  return {
    head,
    serves: (fields) => !ended && !fill.incomplete && variantKey(names, fields) === wanted,
    read: () => fill.followAll({ slice: 0 }),
    spoil: () => (spoiled = true),
    onEnd: (run) => {
      listener = run;
      if (ended) run();
    },
    stop: (reason) => fill.stop(reason),
  };
}
