// Where a store has from what isn't its folder or its origin: its own process, or the primary of several.

import type { AccessLog } from '../net/http/access-log.js';
import type { Metric } from '../observe/exposition.js';
import type { LogFacts } from '../observe/log.js';
import type { SigningKeys, StoreShare } from '../store/index.js';
import { createAccessLogFile } from './access-log.js';
import type { Env } from './env.js';
import type { Service } from './service.js';
import { createLiveSigningKeys } from './signing-keys.js';
import type { StoreServiceOptions } from './store-options.js';

export interface StoreSources {
  /** undefined: this process is the whole store. */
  readonly share: StoreShare | undefined;
  /** undefined: nothing has to be signed. */
  readonly keys: (Pick<Service, 'start' | 'stop' | 'reload'> & { readonly current: SigningKeys }) | undefined;
  readonly accessLog: StoreAccessLog | undefined;
  /** That it serves. */
  announce(text: string, facts: LogFacts): void;
}

export interface StoreAccessLog extends Pick<Service, 'reopen'> {
  readonly log: AccessLog;
  metrics(): readonly Metric[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A process that sees to it all itself. */
export function createOwnStoreSources(options: Pick<StoreServiceOptions, 'signedUrls' | 'accessLog'>, env: Pick<Env, 'clock' | 'log'>): StoreSources {
  return {
    share: undefined,
    keys: options.signedUrls === undefined ? undefined : createLiveSigningKeys(options.signedUrls, env),
    accessLog: options.accessLog && createAccessLogFile(options.accessLog, env),
    announce: (text, facts) => env.log.info(text, facts),
  };
}
