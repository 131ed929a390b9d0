// A router: the pipeline of routing.ts, fed with what is remembered from one answer to the next.

import type { Clock } from '../base/clock.js';
import { decide, type RoutingRules } from './routing.js';
import { countAnswer, createRoutingMemory, type RoutingMemory } from './routing-memory.js';
import { sameList } from './remember.js';
import type { Edge } from './routing-edge.js';
import { networkOf, type Asker, type SelectRecords } from './select.js';
import type { Visit } from './visits.js';
import { countTaken } from './policies/take.js';

export interface RouterOptions extends RoutingRules {
  readonly ttlSeconds: number;
  /** How many stores an answer names: the least, and the most for a hot name. */
  readonly take: { readonly least: number; readonly most: number };
}

/** What the health checks say; without checks, `uncheckedHealth`. */
export interface Health {
  isUp(id: string): boolean;
  /** Transfers under way as the store last reported them; 0 when it doesn't. */
  transfers(id: string): number;
  /** How often it has reported them. */
  reports(id: string): number;
  /** As the store reports it. */
  capacity(id: string): number | undefined;
  rttMs(id: string): number | undefined;
}

/** Every store is taken to be up. */
export const uncheckedHealth: Health = { isUp: () => true, transfers: () => 0, reports: () => 0, capacity: () => undefined, rttMs: () => undefined };

/** The stores that the records of an RRset lead to. */
export interface Candidates {
  readonly edges: readonly Edge[];
  readonly byId: ReadonlyMap<string, { readonly edge: Edge; readonly position: number }>;
  /** How many records there are. */
  readonly records: number;
}

/** One content name. */
export interface RoutedName {
  /** For one RRset of the name: A, AAAA or SRV. Whoever asks for several of them, within a TTL, is told of the same stores. */
  select(candidates: Candidates): SelectRecords;
}

export interface Router {
  readonly ttlSeconds: number;
  readonly rules: RouterOptions;
  /** `stores`: those that each record stands for, by position. */
  candidates(stores: readonly (readonly Edge[])[]): Candidates;
  /** `firstTurn`: of a name that was never answered before. */
  open(name: string, firstTurn: number): RoutedName;
  /** Which part of the answers lately named the store, 0 to 1. */
  shareOf(id: string): number;
  /** Transfers at a time; undefined: nobody says. */
  capacityOf(edge: Edge): number | undefined;
  /** As many transfers as it can take, those that answers may have caused since it last told included. */
  isFull(edge: Edge): boolean;
  /** Drains a store, or takes it back, beyond what the topology says. */
  setDrain(id: string, drain: boolean): void;
  isDrained(edge: Edge): boolean;
}

interface Chosen {
  /** Ids. */
  readonly stores: readonly string[];
  readonly picks: readonly number[];
  readonly scope: number;
}

const OPTIONS: RouterOptions = { policies: ['round-robin'], whenAllDown: 'serve-all', ttlSeconds: 20, take: { least: 1, most: 8 } };

/** `memory`: of the router that this one takes the place of. */
export function createRouter(options: Partial<RouterOptions>, env: { readonly clock: Clock; readonly health: Health; readonly memory?: RoutingMemory }): Router {
  const rules = { ...OPTIONS, ...options };
  const { clock, health, memory = createRoutingMemory(env) } = env;
  const { answersByStore, answersByName, sinceReport, drains, visits } = memory;
  const ttlMs = Math.max(1, rules.ttlSeconds) * 1000;
  // An answer counts as long as it may be cached: by then half of its clients have gone elsewhere.
  memory.setHalfLife(ttlMs);

  /** Each may become a transfer that the store hasn't told of. Of one that never tells, nothing is known to be new. */
  const answersSinceReport = (id: string): number => {
    const since = sinceReport.get(id);
    return since && since.reports > 0 && since.reports === health.reports(id) ? since.answers : 0;
  };
  /** The topology's word or the store's own, whichever is less: beyond that it refuses. */
  const capacityOf = ({ id, capacity }: Edge): number | undefined => {
    const own = health.capacity(id);
    return capacity === undefined || own === undefined ? (capacity ?? own) : Math.min(capacity, own);
  };
  const isUp = ({ id }: Edge): boolean => health.isUp(id);
  const load = ({ id }: Edge): number => health.transfers(id) + answersByStore.of(id);
  const rttMs = ({ id }: Edge): number | undefined => health.rttMs(id);
  const room = (edge: Edge): number => {
    const capacity = capacityOf(edge);
    return capacity === undefined ? Infinity : capacity - health.transfers(edge.id) - answersSinceReport(edge.id);
  };
  const administered = (edge: Edge): Edge => {
    const drain = drains.get(edge.id);
    return drain === undefined || drain === (edge.drain === true) ? edge : drainedOtherwise(edge);
  };
  const isOpen = (edge: Edge): boolean => administered(edge).drain !== true && isUp(edge);

  const open = (name: string, firstTurn: number): RoutedName => {
    const state = memory.of(name, firstTurn);
    const visitsOfName = visits.open(name);
    const nextTurn = (asker: Asker): number => {
      const { turn } = state;
      if (memory.turnOf) return turn + memory.turnOf(asker, ttlMs);
      state.turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      return turn;
    };
    /** The visit that this question belongs to: it asks for something else than the ones before, and not much later. */
    const isResumed = (visit: Visit, kind: number, nowMs: number): boolean => (visit.kinds & kind) === 0 && nowMs - visit.atMs < ttlMs;

    let kinds = 0;
    const select = ({ edges, byId, records }: Candidates): SelectRecords => {
      const kind = 1 << kinds++;
      /** With this answer counted. */
      const count = (stores: number): number => countTaken(rules.take, { name: answersByName.of(name) + 1, all: answersByName.total() + 1 }, stores);
      // Of stores that share a record only the first is named: it may take more of them.
      const countWanted = records === edges.length ? count : (stores: number): number => stores;
      const choose = (asker: Asker, turn: number): Chosen | 'nodata' | 'servfail' => {
        const network = rules.locate && networkOf(asker);
        const { lastGood } = state;
        const decision = decide(drains.size === 0 ? edges : sameList(edges, edges.map(administered)), rules, { name, turn, lastGood, network, isUp, load, room, rttMs, countWanted });
        if (decision.kind !== 'edges') return decision.kind;
        if (decision.up.length > 0) state.lastGood = decision.up;
        const chosen = firstOf(decision.edges, byId, count(decision.edges.length));
        answersByName.add(name, 1);
        for (const id of chosen.stores) countAnswer(memory, id, 1 / chosen.stores.length, health.reports(id));
        return { stores: chosen.stores, picks: chosen.picks, scope: decision.scope };
      };
      /** What the visit's other answers named, as far as that can be told again. */
      const choseBefore = ({ stores: ids, scope }: Visit): Chosen | undefined => {
        const kept = ids.filter((id) => {
          const here = byId.get(id);
          return here !== undefined && isOpen(here.edge);
        });
        return kept.length === 0 ? undefined : { stores: [], picks: [...new Set(kept.flatMap((id) => byId.get(id)?.position ?? []))], scope };
      };
      return (asker) => {
        const nowMs = clock.monotonic();
        answersByName.age(nowMs);
        answersByStore.age(nowMs);
        const last = visitsOfName.find(asker);
        const before = last && isResumed(last, kind, nowMs) ? last : undefined;
        const turn = before ? before.turn : nextTurn(asker);
        const chosen = (before && choseBefore(before)) ?? choose(asker, turn);
        if (typeof chosen === 'string') return { kind: chosen };
        if (before) {
          before.kinds |= kind;
          before.stores = [...before.stores, ...chosen.stores];
          before.scope = Math.max(before.scope, chosen.scope);
        } else if (last) {
          last.turn = turn;
          last.kinds = kind;
          last.stores = chosen.stores;
          last.scope = chosen.scope;
          last.atMs = nowMs;
        } else visitsOfName.keep({ name, asker, turn, kinds: kind, stores: chosen.stores, scope: chosen.scope, atMs: nowMs });
        return { kind: 'records', picks: chosen.picks, scope: chosen.scope };
      };
    };
    return { select };
  };

  return {
    ttlSeconds: rules.ttlSeconds,
    rules,
    candidates: (stores) => {
      const byId = new Map(stores.flatMap((some, position) => some.map((edge) => [edge.id, { edge, position }] as const)));
      return { edges: [...byId.values()].map(({ edge }) => edge), byId, records: stores.length };
    },
    open,
    shareOf: (id) => answersByStore.of(id) / (answersByStore.total() || 1),
    capacityOf,
    isFull: (edge) => room(edge) <= 0,
    setDrain: (id, drain) => void drains.set(id, drain),
    isDrained: (edge) => administered(edge).drain === true,
  };
}

/** The same store as if the topology had said the contrary. */
function drainedOtherwise(edge: Edge): Edge {
  let otherwise = contraries.get(edge);
  if (!otherwise) contraries.set(edge, (otherwise = { ...edge, drain: edge.drain !== true }));
  return otherwise;
}

const contraries = new WeakMap<Edge, Edge>();

/** The first `most` of them that have a record. Stores that share an address are one record: the first of them speaks for it. */
function firstOf(edges: readonly Edge[], byId: Candidates['byId'], most: number): Pick<Chosen, 'stores' | 'picks'> {
  const stores: string[] = [];
  const picks: number[] = [];
  for (const { id } of edges) {
    const position = byId.get(id)?.position;
    if (position === undefined || picks.includes(position)) continue;
    // What most answers are.
    if (most === 1) return { stores: [id], picks: [position] };
    stores.push(id);
    picks.push(position);
    if (picks.length === most) break;
  }
  return { stores, picks };
}
