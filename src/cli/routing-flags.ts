// The flags of request routing, shared by `cdn dns` and `cdn up`, and what they and the topology say
// together.

import { Flags } from '@oclif/core';
import type { RoutingPlan } from '../app/routing.js';
import type { StatusRequest } from '../app/status.js';
import { DEFAULTS, loadTopology, idOf, NO_TOPOLOGY, resolveHealth, resolveRouting, ROUTING_FIELDS, storeEndpoint, type Topology } from '../config/index.js';
import type { Edge } from '../dns/index.js';
import type { Endpoint } from '../net/address.js';
import { fieldFlag, fieldListFlag, readList, readOptional } from './flags.js';

export const ROUTING_FLAGS = {
  topology: fieldFlag(ROUTING_FIELDS.topology),
  policy: fieldListFlag(ROUTING_FIELDS.policy, { defaultText: 'round-robin' }),
  ttl: fieldFlag(ROUTING_FIELDS.ttl, { defaultText: '20s' }),
  take: fieldFlag(ROUTING_FIELDS.take, { defaultText: '1-8' }),
  'when-all-down': fieldFlag(ROUTING_FIELDS.whenAllDown, { defaultText: 'serve-all' }),
  map: fieldFlag(ROUTING_FIELDS.map),
  mmdb: fieldFlag(ROUTING_FIELDS.mmdb),
  'health-interval': fieldFlag(ROUTING_FIELDS.interval, { defaultText: '2s' }),
  'no-health': Flags.boolean({ summary: 'probe no store: each is taken to be up', env: 'CDN_NO_HEALTH' }),
  'status-listen': fieldFlag(ROUTING_FIELDS.status, { defaultText: '127.0.0.1:40729, a free port where that is taken' }),
};

/** What `cdn dns` asks a running one instead of running itself. */
export const STATUS_FLAGS = {
  status: Flags.boolean({ summary: 'print how the stores are, as the cdn dns that runs sees them, and stop' }),
  drain: Flags.string({ summary: 'let a store take no new clients (repeatable); a cdn dns that runs is told', helpValue: 'STORE', multiple: true, multipleNonGreedy: true }),
  undrain: Flags.string({ summary: 'let a drained store take clients again (repeatable)', helpValue: 'STORE', multiple: true, multipleNonGreedy: true }),
  json: Flags.boolean({ summary: 'print the status as JSON', dependsOn: ['status'] }),
};

export interface StatusFlags {
  readonly status: boolean;
  readonly drain?: readonly string[] | undefined;
  readonly undrain?: readonly string[] | undefined;
  readonly 'status-listen'?: string | undefined;
}

/** undefined: nothing is asked of a running one. */
export function readStatusRequest(flags: StatusFlags): StatusRequest | undefined {
  const { drain = [], undrain = [] } = flags;
  if (!flags.status && drain.length + undrain.length === 0) return undefined;
  return { endpoint: readStatusListen(flags) ?? DEFAULTS.status, drain, undrain };
}

export interface RoutingFlags {
  readonly topology?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly ttl?: string | undefined;
  readonly take?: string | undefined;
  readonly 'when-all-down'?: string | undefined;
  readonly map?: string | undefined;
  readonly mmdb?: string | undefined;
  readonly 'health-interval'?: string | undefined;
  readonly 'no-health': boolean;
  readonly 'status-listen'?: string | undefined;
}

/** A store as the topology has it. */
export interface PlannedStore extends Omit<Edge, 'endpoint'> {
  readonly endpoint: Endpoint | undefined;
  readonly rateBytesPerSecond: number | undefined;
}

/** undefined: the topology says nothing of stores. */
export type PlannedStores = readonly PlannedStore[] | undefined;

export function readStatusListen(flags: Pick<RoutingFlags, 'status-listen'>): Endpoint | undefined {
  return readOptional('status-listen', ROUTING_FIELDS.status, flags['status-listen']);
}

/** @throws CdnError USAGE for a flag, or a topology, that can't be used */
export async function readRouting(flags: RoutingFlags): Promise<RoutingPlan<PlannedStores>> {
  const file = readOptional('topology', ROUTING_FIELDS.topology, flags.topology);
  const topology = file === undefined ? NO_TOPOLOGY : await loadTopology(file);
  const ttlMs = readOptional('ttl', ROUTING_FIELDS.ttl, flags.ttl);
  const routing = resolveRouting(
    {
      policies: readList('policy', ROUTING_FIELDS.policy, flags.policy),
      ttlSeconds: ttlMs === undefined ? undefined : Math.round(ttlMs / 1000),
      take: readOptional('take', ROUTING_FIELDS.take, flags.take),
      whenAllDown: readOptional('when-all-down', ROUTING_FIELDS.whenAllDown, flags['when-all-down']),
      mapFile: readOptional('map', ROUTING_FIELDS.map, flags.map),
      mmdbFile: readOptional('mmdb', ROUTING_FIELDS.mmdb, flags.mmdb),
    },
    topology,
  );
  const health = resolveHealth({ intervalMs: readOptional('health-interval', ROUTING_FIELDS.interval, flags['health-interval']) }, topology);
  const files = [file, routing.mapFile, routing.mmdbFile].flatMap((name) => name ?? []);
  return { stores: topology.stores?.map(planStore), routing, health: flags['no-health'] ? undefined : health, files, ...(files.length > 0 && { reread: () => readRouting(flags) }) };
}

function planStore(store: NonNullable<Topology['stores']>[number], index: number): PlannedStore {
  const { weight, capacity, coordinates, region, drain, backup } = store;
  return {
    id: idOf(store, index),
    endpoint: store.address,
    rateBytesPerSecond: store.rate,
    ...(weight !== undefined && { weight }),
    ...(capacity !== undefined && { capacity }),
    ...(coordinates && { location: coordinates }),
    ...(region !== undefined && { region }),
    ...(drain !== undefined && { drain }),
    ...(backup !== undefined && { backup }),
  };
}

/** The stores of a topology that run elsewhere, each where `cdn up` would have it unless told otherwise. */
export function edgesOf(stores: PlannedStores): readonly Edge[] | undefined {
  return stores?.map((store, index) => ({ ...store, endpoint: store.endpoint ?? storeEndpoint(index, false) }));
}

/** `count` stores that nothing is said of. */
export function plainStores(count: number): readonly PlannedStore[] {
  return Array.from({ length: count }, (_, index) => ({ id: `store-${index + 1}`, endpoint: undefined, rateBytesPerSecond: undefined }));
}
