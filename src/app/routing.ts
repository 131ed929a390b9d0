// Makes the router of a topology's settings: reads the map of networks and the database of places, and
// starts the health checks.

import { readFile } from 'node:fs/promises';
import { CdnError, messageOf } from '../base/errors.js';
import type { HealthSettings, RoutingSettings } from '../config/index.js';
import { createHealthChecker, createRouter, createRoutingMemory, locateFirst, openDatabase, loadScopeMap, uncheckedHealth, type Edge, type Health, type HealthChecker, type Locate, type Router, type RoutingMemory, type StoreAddress } from '../dns/index.js';
import type { Env } from './env.js';

/** How requests are to be routed, between stores as the caller describes them. */
export interface RoutingPlan<Stores> {
  readonly stores: Stores;
  readonly routing: RoutingSettings;
  /** undefined: stores are not checked, and each is taken to be up. */
  readonly health: HealthSettings | undefined;
  /** All of this is read from these: the topology, the map, the database. */
  readonly files: readonly string[];
  /** Reads it anew; absent: it can't change. @throws CdnError USAGE for a topology that can't be used */
  readonly reread?: () => Promise<RoutingPlan<Stores>>;
}

/** The same plan, now and whenever it is read anew, between other stores. */
export function mapStores<From, To>(plan: RoutingPlan<From>, map: (stores: From) => To): RoutingPlan<To> {
  const { stores, reread, ...others } = plan;
  return { ...others, stores: map(stores), ...(reread && { reread: async () => mapStores(await reread(), map) }) };
}

/** All that a router is made of, as plain data. */
export interface RoutingInputs {
  readonly stores: readonly StoreAddress[];
  readonly routing: RoutingSettings;
  readonly health: HealthSettings | undefined;
  /** What the files of `routing` hold. */
  readonly map: Uint8Array | undefined;
  readonly mmdb: Uint8Array | undefined;
}

export interface Routing {
  readonly stores: readonly StoreAddress[];
  /** Of the zone between these stores. RFC 1982 §3.1: a later one has a later serial, also when it comes within the same second. */
  readonly serial: number;
  readonly router: Router;
  /** undefined: the stores are not checked. */
  readonly checker: HealthChecker | undefined;
  readonly memory: RoutingMemory;
}

async function readInput(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new CdnError('USAGE', `cannot read ${what} ${file}: ${messageOf(cause)}`, { details: { file }, cause });
  }
}

/** @throws CdnError USAGE for a file that can't be read */
export async function readInputs({ stores, routing, health }: RoutingPlan<readonly StoreAddress[]>): Promise<RoutingInputs> {
  const { mapFile, mmdbFile } = routing;
  const map = mapFile === undefined ? undefined : await readInput(mapFile, 'the map of networks');
  const mmdb = mmdbFile === undefined ? undefined : await readInput(mmdbFile, 'the MaxMind database');
  return { stores, routing, health, map, mmdb };
}

async function loadMap(file: string, octets: Uint8Array, stores: readonly Edge[], env: Pick<Env, 'clock'>): Promise<Locate> {
  const known = new Set(stores.flatMap(({ id, region }) => (region === undefined ? [id] : [id, region])).map((word) => word.toLowerCase()));
  const map = await loadScopeMap(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('utf8'), known, env);
  if (map.kind === 'map') return map.locate;
  const lines = map.problems.map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`);
  throw new CdnError('USAGE', `the map of networks ${file} can't be used:\n${lines.join('\n')}`, { details: { file, problems: map.problems }, suggestions: ['mend these lines, then start again'] });
}

async function loadDatabase(file: string, octets: Uint8Array): Promise<Locate> {
  try {
    return await openDatabase(octets);
  } catch (cause) {
    throw new CdnError('USAGE', `${file} is no MaxMind database: ${messageOf(cause)}`, { details: { file }, cause });
  }
}

/** @throws CdnError USAGE for a map or a database that can't be used */
export async function makeRouter({ stores, routing, map, mmdb }: RoutingInputs, env: Pick<Env, 'clock'>): Promise<(health: Health, memory: RoutingMemory) => Router> {
  const locators: Locate[] = [];
  if (map) locators.push(await loadMap(routing.mapFile ?? '', map, stores, env));
  if (mmdb) locators.push(await loadDatabase(routing.mmdbFile ?? '', mmdb));
  const { policies, ttlSeconds, take, whenAllDown } = routing;
  const options = { policies, ttlSeconds, take, whenAllDown, ...(locators.length > 0 && { locate: locateFirst(locators) }) };
  return (health, memory) => createRouter(options, { clock: env.clock, health, memory });
}

/**
 * There is a verdict on every store when it resolves. `before`: what it takes the place of, whose
 * memory it goes on with, and whose checks are the caller's to stop.
 * @throws CdnError USAGE for a file that can't be used; then nothing has changed
 */
export async function startRouting(inputs: RoutingInputs, env: Env, before?: Routing): Promise<Routing> {
  const { stores, health } = inputs;
  const router = await makeRouter(inputs, env);
  const checker = health && createHealthChecker(stores, health, env, before?.checker);
  await checker?.start();

  const memory = before?.memory ?? createRoutingMemory(env);
  if (before) forgetDrains(memory, before.stores, stores);
  const serial = Math.max((before?.serial ?? 0) + 1, Math.floor(env.clock.now() / 1000));
  return { stores, serial, checker, memory, router: router(checker ?? uncheckedHealth, memory) };
}

/** What was said on the command line holds until the topology says something else of that store. */
function forgetDrains({ drains }: RoutingMemory, before: readonly Edge[], now: readonly Edge[]): void {
  const wordsOf = (stores: readonly Edge[]): ReadonlyMap<string, boolean> => new Map(stores.map(({ id, drain }) => [id, drain === true]));
  const [said, says] = [wordsOf(before), wordsOf(now)];
  for (const id of drains.keys()) if (said.get(id) !== says.get(id)) drains.delete(id);
}
