// The administrator's door to all edges of `cdn up` and their shield at once.

import type { Endpoint } from '../net/address.js';
import { administerTogether, type NamedControls } from '../store/index.js';
import type { Env } from './env.js';
import type { AdminListen } from './store-options.js';
import { createAdminServer, tellAdministered, type StoreService } from './store.js';

export interface UpAdmin {
  readonly endpoint: Endpoint;
  stop(graceMs: number): Promise<void>;
}

const named = ({ id, controls }: StoreService): readonly NamedControls[] => (controls === undefined ? [] : [{ id, controls }]);

/** Listens when it resolves. @throws CdnError ADDRESS_IN_USE, ADDRESS_UNAVAILABLE */
export async function createUpAdmin(door: AdminListen, shield: StoreService, stores: readonly StoreService[], env: Pick<Env, 'clock' | 'log'>): Promise<UpAdmin> {
  const server = createAdminServer(door, administerTogether(named(shield), stores.flatMap(named)), 'cdn up', env);
  await server.start();
  tellAdministered(server.endpoint, door, env.log);
  return { endpoint: server.endpoint, stop: (graceMs) => server.stop(graceMs) };
}
