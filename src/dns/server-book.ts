// What the local DNS remembers of the servers it asks: who didn't answer, or not to the point, is asked
// last, and one that has been silent for long is left alone for a while (RFC 9520 §3.2). Bounded.

import { formatEndpoint, type Endpoint } from '../net/address.js';
import type { Name } from '../net/dns/name.js';

export interface ServerBook {
  /** Those that may be asked about names of this zone, in the order given, but for those that failed lately: they come last. */
  order(servers: readonly Endpoint[], zone: Name): readonly Endpoint[];
  answered(server: Endpoint, zone: Name): void;
  /** Nothing came, in time or at all: whatever is asked. */
  wasSilent(server: Endpoint): void;
  /** What came is of no use: about this zone. */
  wasUseless(server: Endpoint, zone: Name): void;
}

/** The first failure puts a server last for a second, each further one for twice as long, up to the five minutes of RFC 9520 §3.2. */
const FIRST_MS = 1000;
const MOST_MS = 300_000;
/** So many silences in a row, and it isn't asked at all; one question after the other tries whether it is back. */
const SILENCES = 3;
/** Shorter than it comes last: with all servers of a zone down, whoever mends one sees it mended. */
const MOST_SKIPPED_MS = 8000;
const MAX_KEPT = 4096;

interface Failing {
  readonly times: number;
  readonly sinceMs: number;
  /** When somebody last went to see whether it is back. */
  triedMs: number;
}

export function createServerBook(monotonic: () => number): ServerBook {
  const silent = new Map<string, Failing>();
  const useless = new Map<string, Failing>();
  const note = (book: Map<string, Failing>, key: string): void => {
    const before = book.get(key);
    const now = monotonic();
    book.delete(key);
    book.set(key, { times: (before?.times ?? 0) + 1, sinceMs: now, triedMs: now });
    const oldest = book.size > MAX_KEPT ? book.keys().next().value : undefined;
    if (oldest !== undefined) book.delete(oldest);
  };
  const keyOf = (server: Endpoint, zone: Name): string => `${formatEndpoint(server)} ${zone.key}`;
  const isLate = (entry: Failing | undefined): boolean => entry !== undefined && monotonic() - entry.sinceMs < backoff(entry.times, MOST_MS);
  /** Lets one through each time the wait is over. */
  const isSkipped = (entry: Failing | undefined): boolean => {
    if (!entry || entry.times < SILENCES) return false;
    if (monotonic() - entry.triedMs < backoff(entry.times, MOST_SKIPPED_MS)) return true;
    entry.triedMs = monotonic();
    return false;
  };
  return {
    order: (servers, zone) => {
      if (silent.size + useless.size === 0) return servers;
      const last: Endpoint[] = [];
      const first = servers.filter((server) => {
        const silence = silent.get(formatEndpoint(server));
        if (!isLate(silence) && !isLate(useless.get(keyOf(server, zone)))) return true;
        if (!isSkipped(silence)) last.push(server);
        return false;
      });
      return [...first, ...last];
    },
    answered: (server, zone) => {
      silent.delete(formatEndpoint(server));
      useless.delete(keyOf(server, zone));
    },
    wasSilent: (server) => note(silent, formatEndpoint(server)),
    wasUseless: (server, zone) => {
      silent.delete(formatEndpoint(server));
      note(useless, keyOf(server, zone));
    },
  };
}

function backoff(times: number, mostMs: number): number {
  return Math.min(mostMs, FIRST_MS * 2 ** Math.min(times - 1, 20));
}
