// Routing that follows its files: when the topology, the map or the database has changed, or on SIGHUP,
// all of it is made anew and exchanged whole; files that can't be used leave it as it was.

import { CdnError, messageOf } from '../base/errors.js';
import { openFileState, repeat, type FileState } from '../base/file-state.js';
import { createTurns, joinWaiting } from '../base/turns.js';
import type { StoreAddress } from '../dns/index.js';
import type { Env } from './env.js';
import { readInputs, startRouting, type Routing, type RoutingInputs, type RoutingPlan } from './routing.js';
import type { Service } from './service.js';

export interface LiveRouting extends Required<Omit<Service, 'reopen'>> {
  /** As of now; there is none before the start. */
  readonly current: Routing;
}

type Plan = RoutingPlan<readonly StoreAddress[]>;

const LOOK_MS = 1000;

/** `swap`: called with each new routing and what it was made of, at the start too; when it is done, that one is asked. */
export function createLiveRouting(plan: Plan, swap: (routing: Routing, inputs: RoutingInputs) => void | Promise<void>, env: Env): LiveRouting {
  const { reread } = plan;
  let state: FileState | undefined;
  let routing: Routing | undefined;
  let stopped = false;
  let stopLooking = (): void => undefined;

  const replace = async (next: Plan): Promise<void> => {
    const before = routing;
    const inputs = await readInputs(next);
    const made = await startRouting(inputs, env, before);
    try {
      if (!stopped) await swap(made, inputs);
    } catch (error) {
      await made.checker?.stop();
      throw error;
    }
    if (stopped) return await made.checker?.stop();
    routing = made;
    await before?.checker?.stop();
    if (before) env.log.info(`Routing set up again: ${describe(next, before)}`, { stores: next.stores.map(({ id }) => id), policies: next.routing.policies });
  };

  const reload = async (): Promise<void> => {
    if (!reread || !state) return;
    try {
      let { files } = state;
      for (;;) {
        state = await openFileState(files);
        const next = await reread();
        const named = next.files;
        if (named.join('\n') === files.join('\n')) return await replace(next);
        // It names another map than before, which has to be looked at before it is read.
        files = named;
      }
    } catch (error) {
      env.log.error(`${messageOf(error)}\nRequests are routed as they were before`, error instanceof CdnError ? { ...error.details } : {});
    }
  };
  const inTurn = createTurns();

  return {
    get current() {
      if (!routing) throw new Error('routing has not been started');
      return routing;
    },
    start: async () => {
      if (reread) state = await openFileState(plan.files);
      await replace(plan);
      const look = async (): Promise<void> => {
        if ((await state?.hasChanged()) === true) await reload();
      };
      if (reread) stopLooking = repeat(LOOK_MS, () => inTurn(look), env);
    },
    stop: async () => {
      stopped = true;
      stopLooking();
      await inTurn(() => Promise.resolve());
      await routing?.checker?.stop();
    },
    reload: joinWaiting(inTurn, reload),
  };
}

function describe({ stores, routing: { policies, ttlSeconds } }: Plan, before: Routing): string {
  const named = (list: readonly StoreAddress[]): string => list.map(({ id }) => id).join(', ');
  const since = stores.filter(({ id }) => !before.stores.some((store) => store.id === id));
  const gone = before.stores.filter(({ id }) => !stores.some((store) => store.id === id));
  const changes = [since.length > 0 ? `new: ${named(since)}` : '', gone.length > 0 ? `gone: ${named(gone)}` : ''].filter((text) => text !== '').join('; ');
  return `${stores.length} ${stores.length === 1 ? 'store' : 'stores'}${changes === '' ? '' : ` (${changes})`}, ${policies.join(', then ')}, TTL ${ttlSeconds} s`;
}
