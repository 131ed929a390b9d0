// Makes the router of a topology's settings: reads the map of networks and the database of places, and
// starts the health checks.

import { readFile } from 'node:fs/promises';
import { CdnError, messageOf } from '../base/errors.js';
import type { HealthSettings, RoutingSettings } from '../config/index.js';
import { createHealthChecker, createRouter, locateFirst, openDatabase, parseScopeMap, uncheckedHealth, type Edge, type HealthChecker, type Locate, type Router } from '../dns/index.js';
import type { Env } from './env.js';

export interface Routing {
  readonly router: Router;
  /** undefined: the stores are not checked. */
  readonly checker: HealthChecker | undefined;
}

async function readInput(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new CdnError('USAGE', `cannot read ${what} ${file}: ${messageOf(cause)}`, { details: { file }, cause });
  }
}

async function loadMap(file: string, stores: readonly Edge[]): Promise<Locate> {
  const known = new Set(stores.flatMap(({ id, region }) => (region === undefined ? [id] : [id, region])).map((word) => word.toLowerCase()));
  const map = parseScopeMap((await readInput(file, 'the map of networks')).toString('utf8'), known);
  if (map.kind === 'map') return map.locate;
  const lines = map.problems.map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`);
  throw new CdnError('USAGE', `the map of networks ${file} can't be used:\n${lines.join('\n')}`, { details: { file, problems: map.problems }, suggestions: ['mend these lines, then start again'] });
}

async function loadDatabase(file: string): Promise<Locate> {
  const octets = await readInput(file, 'the MaxMind database');
  try {
    return await openDatabase(octets);
  } catch (cause) {
    throw new CdnError('USAGE', `${file} is no MaxMind database: ${messageOf(cause)}`, { details: { file }, cause });
  }
}

/** Nothing is probed before `checker.start()`. @throws CdnError USAGE for a file that can't be used */
export async function createRouting(stores: readonly Edge[], settings: RoutingSettings, health: HealthSettings | undefined, env: Env): Promise<Routing> {
  const locators: Locate[] = [];
  if (settings.mapFile !== undefined) locators.push(await loadMap(settings.mapFile, stores));
  if (settings.mmdbFile !== undefined) locators.push(await loadDatabase(settings.mmdbFile));
  const checker = health && createHealthChecker(stores, health, env);
  const { policies, ttlSeconds, take, whenAllDown } = settings;
  const options = { policies, ttlSeconds, take, whenAllDown, ...(locators.length > 0 && { locate: locateFirst(locators) }) };
  return { checker, router: createRouter(options, { clock: env.clock, health: checker ?? uncheckedHealth }) };
}
