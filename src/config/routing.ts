// Request routing as it is to be: each setting from its flag or variable, else from the topology, else
// its default.

import { CdnError } from '../base/errors.js';
import { POLICIES, type Take, type WHEN_ALL_DOWN } from './schema.js';
import type { Topology } from './topology.js';

export interface RoutingSettings {
  readonly policies: readonly (typeof POLICIES)[number][];
  readonly ttlSeconds: number;
  readonly take: Take;
  readonly whenAllDown: (typeof WHEN_ALL_DOWN)[number];
  readonly mapFile: string | undefined;
  readonly mmdbFile: string | undefined;
}

export interface HealthSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

export const ROUTING_DEFAULTS = {
  policies: ['round-robin'],
  ttlSeconds: 20,
  take: { least: 1, most: 8 },
  // The checks may be what is wrong; a guess serves more clients than an error does.
  whenAllDown: 'serve-all',
  mapFile: undefined,
  mmdbFile: undefined,
} as const satisfies RoutingSettings;

export const HEALTH_DEFAULTS: HealthSettings = { intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 };

/** The settings that were given on the command line; undefined: not given. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** @throws CdnError USAGE for settings that contradict each other, all of them at once */
export function resolveRouting(given: Given<RoutingSettings>, topology: Topology): RoutingSettings {
  const { routing, stores } = topology;
  const settings: RoutingSettings = {
    policies: given.policies ?? routing.policy ?? ROUTING_DEFAULTS.policies,
    ttlSeconds: given.ttlSeconds ?? (routing.ttlMs === undefined ? ROUTING_DEFAULTS.ttlSeconds : Math.round(routing.ttlMs / 1000)),
    take: given.take ?? routing.take ?? ROUTING_DEFAULTS.take,
    whenAllDown: given.whenAllDown ?? routing.whenAllDown ?? ROUTING_DEFAULTS.whenAllDown,
    mapFile: given.mapFile ?? routing.map,
    mmdbFile: given.mmdbFile ?? routing.mmdb,
  };
  const problems: string[] = [];
  if (settings.policies.length === 0) problems.push(`routing.policy: expected one of ${POLICIES.join(', ')} at least`);
  if (settings.policies.includes('nearest') && settings.mapFile === undefined && settings.mmdbFile === undefined) {
    problems.push('routing.policy: nearest has to know where clients are: give routing.map (--map) or routing.mmdb (--mmdb)');
  }
  if (settings.mmdbFile !== undefined && !settings.policies.includes('nearest') && stores?.some(({ region }) => region !== undefined) !== true) {
    problems.push('routing.mmdb: nothing asks where clients are: add nearest to routing.policy (--policy), or regions to stores');
  }
  for (const [index, store] of (stores ?? []).entries()) {
    if (store.backup === true && settings.whenAllDown !== 'backup') problems.push(`stores[${index}].backup: it would never be used: routing.whenAllDown is ${settings.whenAllDown}, not backup`);
  }
  refuse(problems);
  return settings;
}

/** @throws CdnError USAGE as above */
export function resolveHealth(given: Given<HealthSettings>, topology: Topology): HealthSettings {
  const { health } = topology;
  const intervalMs = given.intervalMs ?? health.intervalMs ?? HEALTH_DEFAULTS.intervalMs;
  const said = given.timeoutMs ?? health.timeoutMs;
  // A store that is in doubt is probed after half an interval, and one probe ends before the next begins.
  if (said !== undefined && said > intervalMs / 2) refuse([`health.timeout: expected half of the interval at most (${intervalMs / 2} ms), got ${said} ms`]);
  return {
    intervalMs,
    timeoutMs: said ?? Math.min(HEALTH_DEFAULTS.timeoutMs, intervalMs / 2),
    rise: given.rise ?? health.rise ?? HEALTH_DEFAULTS.rise,
    fall: given.fall ?? health.fall ?? HEALTH_DEFAULTS.fall,
  };
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new CdnError('USAGE', problems.length === 1 ? (problems[0] ?? '') : `the settings contradict each other:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, { details: { problems } });
}
