// The whole network in one process: stores, portal and DNS, each on sockets of its own.

import path from 'node:path';
import { CdnError, systemCode } from '../base/errors.js';
import { DEFAULTS, LOOPBACK, storeEndpoint } from '../config/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import { openCatalog } from './catalog.js';
import { createDnsService } from './dns.js';
import type { DnsService } from './dns-options.js';
import type { Env } from './env.js';
import { mapStores, type RoutingPlan } from './routing.js';
import { placeStores, type StorePlan } from './up-stores.js';
import { stopAll, type Service } from './service.js';
import type { AdminListen, EdgeObjects } from './store-options.js';
import { createStoreService, type StoreService } from './store.js';
import { createUpAdmin, type UpAdmin } from './up-admin.js';
import { createWebService, type WebService } from './web.js';

export interface NetworkOptions {
  /** The stores to run, and how requests are routed between them. */
  readonly plan: RoutingPlan<readonly StorePlan[]>;
  readonly dir: string;
  /** Stores are edges that fill from a shield, and that from these origins; undefined: they serve the folder. */
  readonly edge?: EdgeObjects | undefined;
  /** One door to all these edges and their shield. */
  readonly admin?: AdminListen | undefined;
  readonly mode: 'relay' | 'direct';
  /** Where the state of the stores is told; undefined: at the usual place. */
  readonly status: Endpoint | undefined;
  /** Take a free port where the usual one is in use. */
  readonly freePorts: boolean;
  /** All stores on 127.0.0.1; what happens by itself where 127.0.0.2 can't be bound. */
  readonly oneAddress: boolean;
}

export interface Network extends Service {
  /** Known once started. */
  readonly endpoints: { readonly portal: Endpoint; readonly dns: Endpoint; readonly stores: readonly Endpoint[] };
  /** Where everybody is, in a sentence. */
  describe(): string;
}

/** Tries `start` with the usual endpoint; where its port is taken and that is allowed, with any free one. */
async function withPort<T>(endpoint: Endpoint, freePorts: boolean, start: (endpoint: Endpoint) => Promise<T>): Promise<T> {
  try {
    return await start(endpoint);
  } catch (error) {
    if (!freePorts || !(error instanceof CdnError) || error.code !== 'ADDRESS_IN_USE') throw error;
    return await start({ ...endpoint, port: 0 });
  }
}

/** Each store keeps what it has in a folder of its own. */
function withFolderOf(id: string, edge: EdgeObjects): EdgeObjects {
  const { disk } = edge.cache;
  return disk === undefined ? edge : { ...edge, cache: { ...edge.cache, disk: { ...disk, folder: path.join(disk.folder, id) } } };
}

async function startStore(endpoint: Endpoint, plan: StorePlan, options: NetworkOptions, env: Env): Promise<StoreService> {
  const { id, rateBytesPerSecond, capacity } = plan;
  // Of one process: the stores together take what one alone would.
  const memoryOctets = Math.floor(DEFAULTS.memoryOctets / options.plan.stores.length);
  const objects = options.edge === undefined ? ({ kind: 'folder', dir: options.dir, memoryOctets } as const) : withFolderOf(id, options.edge);
  const store = createStoreService({ listen: endpoint, objects, id, rateBytesPerSecond, capacity }, { ...env, log: env.log.as(id) });
  await store.start();
  return store;
}

/** The stores fill from one shield, so that the origin is asked once for all of them. */
async function startShield(edge: EdgeObjects, options: NetworkOptions, env: Env): Promise<StoreService> {
  const plan: StorePlan = { id: 'shield', rateBytesPerSecond: undefined };
  return withPort(DEFAULTS.shield, options.freePorts, (endpoint) => startStore(endpoint, plan, { ...options, edge }, env));
}

/** The same options for the stores behind that shield. */
function behind(shield: StoreService, options: NetworkOptions): NetworkOptions {
  return options.edge === undefined ? options : { ...options, edge: { ...options.edge, origins: [new URL(`http://${formatEndpoint(shield.endpoint)}`)] } };
}

/**
 * All on one port of neighbouring addresses, or none: an A record carries no port. `started` gets
 * each store as soon as it runs, so that the caller can stop them when a later one fails.
 */
async function startStores(options: NetworkOptions, env: Env, started: StoreService[]): Promise<void> {
  const oneAddress = options.oneAddress;
  for (const [index, plan] of options.plan.stores.entries()) {
    const first = started[0]?.endpoint;
    const usual = storeEndpoint(index, oneAddress);
    const wanted = plan.endpoint ?? (oneAddress || first === undefined ? usual : { ...usual, port: first.port });
    // Only the first store, or one told apart by its port, may look for another port.
    const mayMove = options.freePorts && (oneAddress || index === 0 || plan.endpoint !== undefined);
    started.push(await withPort(wanted, mayMove, (endpoint) => startStore(endpoint, plan, options, env)));
  }
}

/** Where one port of many is taken, moving that one by hand is no help. */
function suggestFreePorts(error: unknown, options: NetworkOptions): unknown {
  if (options.freePorts || !(error instanceof CdnError) || error.code !== 'ADDRESS_IN_USE') return error;
  return new CdnError(error.code, error.message, { details: error.details, suggestions: ['cdn up --free-ports'], cause: error });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof CdnError && (error.code === 'ADDRESS_UNAVAILABLE' || systemCode(error.cause) === 'EADDRNOTAVAIL');
}

async function startStoresOrFallBack(options: NetworkOptions, env: Env, started: StoreService[]): Promise<void> {
  try {
    await startStores(options, env, started);
  } catch (error) {
    const portTaken = error instanceof CdnError && error.code === 'ADDRESS_IN_USE' && options.freePorts;
    const asTold = options.plan.stores.some(({ endpoint }) => endpoint !== undefined);
    if (options.oneAddress || asTold || !(isUnavailable(error) || portTaken)) throw error;
    await stopAll(started.splice(0), 0);
    env.log.info(`Stores cannot have an address each here, so they share ${LOOPBACK} and are told apart by port`, { reason: (error as Error).message });
    await startStores({ ...options, oneAddress: true }, env, started);
  }
}

export function createNetwork(options: NetworkOptions, env: Env): Network {
  const stores: StoreService[] = [];
  let shield: StoreService | undefined;
  let admin: UpAdmin | undefined;
  let web: WebService | undefined;
  let dns: DnsService | undefined;

  const stop = async (graceMs: number): Promise<void> => {
    // The portal first: its relays are clients of the stores.
    await Promise.all([web?.stop(graceMs), admin?.stop(graceMs)]);
    await stopAll([...stores, ...(dns === undefined ? [] : [dns])], graceMs);
    await shield?.stop(graceMs);
  };

  const start = async (): Promise<void> => {
    const began = env.clock.monotonic();
    const catalog = await openCatalog(options.dir, env);
    if (options.edge !== undefined) shield = await startShield(options.edge, options, env);
    await startStoresOrFallBack(shield === undefined ? options : behind(shield, options), env, stores);
    if (options.admin !== undefined && shield !== undefined) {
      const [door, above] = [options.admin, shield];
      admin = await withPort(door.listen, options.freePorts, (listen) => createUpAdmin({ ...door, listen }, above, stores, env));
    }
    const portal = await withPort(DEFAULTS.portal, options.freePorts, async (listen) => {
      const service = createWebService(
        { listen, catalog, mode: options.mode, defaultStorePort: stores[0]?.endpoint.port ?? DEFAULTS.store.port, timeoutMs: DEFAULTS.timeoutMs },
        { ...env, log: env.log.as('web') },
      );
      await service.listen();
      return service;
    });
    web = portal;
    const addresses = stores.map(({ id, endpoint }) => ({ id, endpoint }));
    // What is read anew may say anything of the stores but where they are: these run.
    const plan = mapStores(options.plan, (planned) => placeStores(planned, options.plan.stores, addresses));
    const status = options.status ?? (options.freePorts ? { ...DEFAULTS.status, port: 0 } : undefined);
    const local = await withPort(DEFAULTS.localDns, options.freePorts, async (listen) => {
      const service = createDnsService(
        { role: 'all', listen, portal: portal.endpoint, plan, authorities: [], zoneFiles: [], catalog, status },
        { ...env, log: env.log.as('dns') },
      );
      await service.start();
      return service;
    });
    dns = local;
    await portal.serve(local.endpoint);
    const facts = { portal: portal.endpoint, dns: local.endpoint, stores: addresses, ...(shield === undefined ? {} : { shield: shield.endpoint }), ...(admin === undefined ? {} : { admin: admin.endpoint }), titles: catalog.titles.length };
    env.log.info(describe(), { ready: true, ...facts, durationMs: Math.round(env.clock.monotonic() - began) });
  };

  const endpoints = (): Network['endpoints'] => ({
    portal: web?.endpoint ?? DEFAULTS.portal,
    dns: dns?.endpoint ?? DEFAULTS.localDns,
    stores: stores.map((store) => store.endpoint),
  });

  const describe = (): string => {
    const at = endpoints();
    // Where the stores are they said themselves; with a label before it, this line has the columns of a terminal, and no more.
    return `Ready: portal http://${formatEndpoint(at.portal)}/  local DNS ${formatEndpoint(at.dns)}`;
  };

  return {
    get endpoints() {
      return endpoints();
    },
    describe,
    start: async () => {
      try {
        await start();
      } catch (error) {
        await stop(0);
        throw suggestFreePorts(error, options);
      }
    },
    stop,
    ...(options.plan.reread && { reload: async () => dns?.reload?.() }),
  };
}
