// What every room is given to do its work with.

import { systemClock, type Clock } from '../base/clock.js';
import { systemRandom, type Random } from '../base/random.js';
import { createDnsExchange, type DnsExchange } from '../net/dns/exchange.js';
import { createHttpClient, type TransferClient } from '../net/http/client.js';
import type { Log } from '../observe/log.js';
import type { Tracing } from './tracing.js';
import type { Progress } from '../observe/progress.js';

export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Progress drawn under this party's label; without a party, under none. */
  progressOf(party: string | undefined): Progress;
  /** Leaves the terminal as it was found; for an end that waits for nothing. */
  restoreTerminal(): void;
  readonly exchange: DnsExchange;
  readonly http: TransferClient;
  /** Where spans go, if they go anywhere. */
  readonly tracing?: Tracing | undefined;
}

export function createEnv(options: Pick<Env, 'log' | 'progressOf' | 'restoreTerminal' | 'tracing'>): Env {
  const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
  const http = createHttpClient({ clock: systemClock });
  const { tracing } = options;
  return {
    clock: systemClock,
    random: systemRandom,
    exchange: tracing?.exchange(exchange) ?? exchange,
    http: tracing?.client(http) ?? http,
    ...options,
  };
}
