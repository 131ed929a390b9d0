// Who may have the object: every address that DNS gave, now or when asked again; what came of asking each;
// and who is asked next.

import type { Clock } from '../base/clock.js';
import type { CdnError } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';

export interface Candidate {
  readonly endpoint: Endpoint;
  /** How many lanes it serves. */
  lanes: number;
  /** How many bytes of the file came from it. */
  bytes: number;
  /** Not again in this round. */
  tried: boolean;
  /** Not before (RFC 9110 §10.2.3, Retry-After). */
  notBeforeMs: number;
  /** Never again: it has another version, or won't. */
  out: boolean;
}

export interface Candidates {
  /** Who may be asked now, best first: who has the least to do. */
  ready(): readonly Candidate[];
  of(endpoint: Endpoint): Candidate;
  failed(candidate: Candidate, error: CdnError, options?: { readonly out?: boolean; readonly retryAfterMs?: number }): void;
  /** Adds those that are new; says how many. */
  add(endpoints: readonly Endpoint[]): number;
  /** All that were tried may be tried again. */
  newRound(): void;
  /** Until when nobody can be asked, as far as they said themselves. */
  readonly notBeforeMs: number;
  /** Whether anybody is left for another round. */
  readonly anyLeft: boolean;
  readonly all: readonly Candidate[];
  readonly lastError: CdnError | undefined;
}

export function createCandidates(clock: Clock): Candidates {
  const known = new Map<string, Candidate>();
  let lastError: CdnError | undefined;

  function of(endpoint: Endpoint): Candidate {
    const key = formatEndpoint(endpoint);
    const found = known.get(key) ?? { endpoint, lanes: 0, bytes: 0, tried: false, notBeforeMs: 0, out: false };
    known.set(key, found);
    return found;
  }

  const left = (): readonly Candidate[] => [...known.values()].filter((candidate) => !candidate.out);

  return {
    ready: () => left().filter(({ tried, notBeforeMs }) => !tried && notBeforeMs <= clock.monotonic()).sort((a, b) => a.lanes - b.lanes),
    of,
    failed: (candidate, error, { out = false, retryAfterMs = 0 } = {}) => {
      candidate.tried = true;
      candidate.out ||= out;
      candidate.notBeforeMs = retryAfterMs === 0 ? 0 : clock.monotonic() + retryAfterMs;
      lastError = error;
    },
    add: (endpoints) => {
      const before = known.size;
      for (const endpoint of endpoints) of(endpoint);
      return known.size - before;
    },
    newRound: () => {
      for (const candidate of known.values()) candidate.tried = false;
    },
    get notBeforeMs() {
      return Math.min(...left().map((candidate) => candidate.notBeforeMs));
    },
    get anyLeft() {
      return left().length > 0;
    },
    get all() {
      return [...known.values()];
    },
    get lastError() {
      return lastError;
    },
  };
}
