// Accounts whose answer may not have fitted into a datagram: the client asks again over TCP, finds the
// answer cached, and still wants to know what its question caused.

import type { Clock } from '../base/clock.js';
import type { AccountedExchange } from '../net/dns/account.js';

export interface Recent {
  /** The exchanges to tell of: those of this query, or those of the same question over UDP just before. */
  complete(key: string, transport: 'udp' | 'tcp', exchanges: readonly AccountedExchange[]): readonly AccountedExchange[];
}

const MAX_KEPT = 64;
const KEPT_MS = 5000;

export function createRecent(env: { readonly clock: Clock }): Recent {
  const kept = new Map<string, { readonly exchanges: readonly AccountedExchange[]; readonly atMs: number }>();
  return {
    complete: (key, transport, exchanges) => {
      const before = kept.get(key);
      kept.delete(key);
      if (transport === 'tcp') {
        const fresh = before !== undefined && env.clock.monotonic() - before.atMs < KEPT_MS;
        return exchanges.length === 0 && fresh ? before.exchanges : exchanges;
      }
      if (exchanges.length > 0) kept.set(key, { exchanges, atMs: env.clock.monotonic() });
      const oldest = kept.size > MAX_KEPT ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      return exchanges;
    },
  };
}
