// The topology file as plain data: stores, routing and health checks. Every value is read by the field
// of schema.ts that a flag of that meaning has; all that is wrong is told at once, each with its path.

import { closest } from '../base/similar.js';
import type { Endpoint } from '../net/address.js';
import { FIELDS, MAX_STORES, ROUTING_FIELDS, STORE_FIELDS, type Coordinates, type Field, type POLICIES, type Take, type WHEN_ALL_DOWN } from './schema.js';

export interface TopologyStore {
  readonly id: string | undefined;
  readonly address: Endpoint | undefined;
  /** Bytes a second for each response. */
  readonly rate: number | undefined;
  readonly weight: number | undefined;
  readonly capacity: number | undefined;
  readonly coordinates: Coordinates | undefined;
  readonly region: string | undefined;
  readonly drain: boolean | undefined;
  readonly backup: boolean | undefined;
}

/** undefined throughout: not said. */
export interface Topology {
  readonly stores: readonly TopologyStore[] | undefined;
  readonly routing: {
    readonly policy: readonly (typeof POLICIES)[number][] | undefined;
    readonly ttlMs: number | undefined;
    readonly take: Take | undefined;
    readonly whenAllDown: (typeof WHEN_ALL_DOWN)[number] | undefined;
    readonly map: string | undefined;
    readonly mmdb: string | undefined;
  };
  readonly health: {
    readonly intervalMs: number | undefined;
    readonly timeoutMs: number | undefined;
    readonly rise: number | undefined;
    readonly fall: number | undefined;
  };
}

type Complain = (path: string, problem: string) => void;

/** The values of one mapping, each asked for once by name; what nobody asked for is a mistake. */
interface Section {
  read<T>(name: string, field: Field<T>): T | undefined;
  readList<T>(name: string, field: Field<T>): readonly T[] | undefined;
  section(name: string): Section;
  sections(name: string): readonly Section[] | undefined;
  /** Complains of the names that were not asked for. */
  end(): void;
}

/** `value`: the file's content as YAML or JSON gives it; empty: nothing is said. */
export function readTopology(value: unknown): { readonly topology: Topology; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const top = openSection(value ?? {}, '', (path, problem) => problems.push(`${path === '' ? 'the file' : path}: ${problem}`));
  const stores = top.sections('stores')?.map(readStore);
  const routing = top.section('routing');
  const health = top.section('health');
  const topology: Topology = {
    stores,
    routing: {
      policy: routing.readList('policy', ROUTING_FIELDS.policy),
      ttlMs: routing.read('ttl', ROUTING_FIELDS.ttl),
      take: routing.read('take', ROUTING_FIELDS.take),
      whenAllDown: routing.read('whenAllDown', ROUTING_FIELDS.whenAllDown),
      map: routing.read('map', ROUTING_FIELDS.map),
      mmdb: routing.read('mmdb', ROUTING_FIELDS.mmdb),
    },
    health: {
      intervalMs: health.read('interval', ROUTING_FIELDS.interval),
      timeoutMs: health.read('timeout', ROUTING_FIELDS.timeout),
      rise: health.read('rise', ROUTING_FIELDS.rise),
      fall: health.read('fall', ROUTING_FIELDS.fall),
    },
  };
  for (const section of [routing, health, top]) section.end();
  if (stores) problems.push(...checkStores(stores));
  return { topology, problems };
}

function readStore(section: Section): TopologyStore {
  const store = {
    id: section.read('id', FIELDS.id),
    address: section.read('address', FIELDS.store),
    rate: section.read('rate', FIELDS.rate),
    weight: section.read('weight', STORE_FIELDS.weight),
    capacity: section.read('capacity', FIELDS.capacity),
    coordinates: section.read('coordinates', STORE_FIELDS.coordinates),
    region: section.read('region', STORE_FIELDS.region),
    drain: section.read('drain', STORE_FIELDS.flag),
    backup: section.read('backup', STORE_FIELDS.flag),
  };
  section.end();
  return store;
}

function checkStores(stores: readonly TopologyStore[]): readonly string[] {
  const problems: string[] = [];
  if (stores.length === 0 || stores.length > MAX_STORES) problems.push(`stores: expected 1 to ${MAX_STORES} stores, got ${stores.length}`);
  const ids = new Map<string, number>();
  for (const [index, store] of stores.entries()) {
    const id = idOf(store, index).toLowerCase();
    const before = ids.get(id);
    if (before === undefined) ids.set(id, index);
    else problems.push(`stores[${index}].id: expected another id than that of stores[${before}], got ${JSON.stringify(idOf(store, index))}`);
  }
  return problems;
}

/** A store without an id is called by its place: "store-1". */
export function idOf(store: TopologyStore, index: number): string {
  return store.id ?? `store-${index + 1}`;
}

function openSection(value: unknown, path: string, complain: Complain): Section {
  const known = new Set<string>();
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMapping) complain(path, `expected a mapping of names to values, got ${describe(value)}`);
  const entries = new Map<string, unknown>(isMapping ? Object.entries(value) : []);
  const pathOf = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const take = (name: string): unknown => {
    known.add(name);
    return entries.get(name) ?? undefined;
  };
  const parse = <T>(at: string, field: Field<T>, one: unknown): T | undefined => {
    const text = textOf(one);
    const parsed = text === undefined ? undefined : field.parse(text);
    if (parsed === undefined) complain(at, `expected ${field.expected}, got ${describe(one)}`);
    return parsed;
  };
  return {
    read: (name, field) => {
      const one = take(name);
      return one === undefined ? undefined : parse(pathOf(name), field, one);
    },
    readList: (name, field) => {
      const one = take(name);
      if (one === undefined) return undefined;
      if (!Array.isArray(one)) return parseAll([one], () => pathOf(name), field, parse);
      return parseAll(one, (index) => `${pathOf(name)}[${index}]`, field, parse);
    },
    section: (name) => openSection(take(name) ?? {}, pathOf(name), complain),
    sections: (name) => {
      const list = take(name);
      if (list === undefined) return undefined;
      if (!Array.isArray(list)) {
        complain(pathOf(name), `expected a list, got ${describe(list)}`);
        return undefined;
      }
      return list.map((one: unknown, index) => openSection(one, `${pathOf(name)}[${index}]`, complain));
    },
    end: () => {
      for (const name of entries.keys()) {
        if (known.has(name)) continue;
        const near = closest(name, [...known]);
        complain(pathOf(name), `no such setting${near === undefined ? `; there are ${[...known].join(', ')}` : `: did you mean ${near}?`}`);
      }
    },
  };
}

function parseAll<T>(list: readonly unknown[], pathOf: (index: number) => string, field: Field<T>, parse: (at: string, field: Field<T>, one: unknown) => T | undefined): readonly T[] {
  return list.flatMap((one, index) => {
    const parsed = parse(pathOf(index), field, one);
    return parsed === undefined ? [] : [parsed];
  });
}

/** As it would be typed after a flag: [48.2, 16.37] is "48.2,16.37". undefined for what no flag takes. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(textOf);
  return texts.includes(undefined) ? undefined : texts.join(',');
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : JSON.stringify(value).slice(0, 60);
  return typeof value === 'object' && value !== null ? 'a mapping' : JSON.stringify(value) ?? 'nothing';
}
