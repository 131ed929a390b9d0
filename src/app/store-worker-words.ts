// What the primary of `cdn store` tells its workers, and they tell it. All of it is plain data.

import type { Endpoint } from '../net/address.js';
import type { SigningKey } from '../net/http/signed-url.js';
import type { StoreServiceOptions } from './store-options.js';

/** What a worker begins with. */
export interface StoreWorkerStart {
  readonly options: StoreServiceOptions;
  /** From 0. */
  readonly index: number;
  readonly workers: number;
  /** For how long the store has been up. */
  readonly upMs: number;
  readonly keys: readonly SigningKey[];
}

/** Transfers under way, and how many were refused since the start. */
export interface Load {
  readonly transfers: number;
  readonly refused: number;
}

export interface Digest {
  readonly etag: string;
  readonly sha256: Uint8Array;
}

export type StoreTold =
  | { readonly kind: 'keys'; readonly keys: readonly SigningKey[] }
  /** Of all other workers together. */
  | { readonly kind: 'load'; readonly load: Load }
  /** The answer to `take` number `id`. */
  | { readonly kind: 'place'; readonly id: number; readonly isFree: boolean }
  | { readonly kind: 'digest'; readonly digest: Digest };

export type StoreSaid =
  /** Of itself, when it has changed. */
  | { readonly kind: 'load'; readonly load: Load }
  /** A transfer wants a place of the capacity. */
  | { readonly kind: 'take'; readonly id: number }
  | { readonly kind: 'leave' }
  | { readonly kind: 'digest'; readonly digest: Digest }
  /** Whole lines of the access log. */
  | { readonly kind: 'lines'; readonly lines: string };

/** How often a worker says what its load is, if that has changed, and how often the primary passes it on. */
export const ROUND_MS = 50;

export interface StoreReady {
  readonly endpoint: Endpoint;
}
