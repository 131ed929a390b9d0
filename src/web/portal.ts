// The portal as a whole: pages, relay and ports put together.

import type { Clock } from '../base/clock.js';
import type { HttpHandler } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import type { Progress } from '../observe/progress.js';
import { createChain } from './chain.js';
import type { ContentSource, PortalOptions } from './content-source.js';
import { createRelay } from './relay.js';
import { createRoutes } from './routes.js';
import { createScratch, type Scratch } from './scratch.js';
import { createStorePorts } from './store-ports.js';

export interface Portal {
  readonly handler: HttpHandler;
  /** Asks nobody for anything: a portal starts whether or not DNS and stores are up. */
  start(): Promise<void>;
  /** Breaks off the transfers that run and deletes the copies. The server should have stopped before. */
  stop(): Promise<void>;
}

export interface PortalEnv {
  readonly clock: Clock;
  readonly log: Log;
  readonly content: ContentSource;
  readonly progress: Progress;
  /** Where copies are written; files within `scratchDir` by default. */
  readonly scratch?: Scratch;
}

export function createPortal(options: PortalOptions, env: PortalEnv): Portal {
  const { clock, log, content, progress } = env;
  const stopping = new AbortController();
  const scratch = env.scratch ?? createScratch(options.scratchDir);
  const relay = createRelay({ spaceBytes: options.relaySpaceBytes }, { clock, log, content, progress, scratch });
  const ports = createStorePorts({ defaultPort: options.defaultStorePort }, { clock, content, signal: stopping.signal });
  const routes = createRoutes({ catalog: options.catalog, mode: options.mode }, { clock, content, relay, ports });
  return {
    handler: createChain(routes, { clock, log }),
    start: () => Promise.resolve(),
    async stop() {
      stopping.abort(new Error('the portal stops'));
      await relay.stop();
    },
  };
}
