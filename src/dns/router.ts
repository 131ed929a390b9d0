// A router: the pipeline of routing.ts and what it remembers from one answer to the next: whose turn
// it is, how the answers were spread lately, and which stores were up when last some were.

import type { Clock } from '../base/clock.js';
import { createTally } from './routing-tally.js';
import { decide, type RoutingRules } from './routing.js';
import type { Circumstances, Edge } from './routing-edge.js';
import { networkOf, type SelectRecords } from './select.js';
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
  /** As the store reports it. */
  capacity(id: string): number | undefined;
  rttMs(id: string): number | undefined;
}

/** Every store is taken to be up. */
export const uncheckedHealth: Health = { isUp: () => true, transfers: () => 0, capacity: () => undefined, rttMs: () => undefined };

/** One RRset to route: the stores that each of its records stands for, by position. */
export interface RoutedRecords {
  /** The content name; A, AAAA and SRV of one name share it. */
  readonly name: string;
  readonly stores: readonly (readonly Edge[])[];
  /** The first answer's turn. */
  readonly firstTurn: number;
}

export interface Router {
  readonly ttlSeconds: number;
  readonly rules: RouterOptions;
  select(records: RoutedRecords): SelectRecords;
  /** Which part of the answers lately named the store, 0 to 1. */
  shareOf(id: string): number;
  /** Drains a store, or takes it back, beyond what the topology says. */
  setDrain(id: string, drain: boolean): void;
  isDrained(edge: Edge): boolean;
}

const OPTIONS: RouterOptions = { policies: ['round-robin'], whenAllDown: 'serve-all', ttlSeconds: 20, take: { least: 1, most: 8 } };

export function createRouter(options: Partial<RouterOptions>, env: { readonly clock: Clock; readonly health: Health }): Router {
  const rules = { ...OPTIONS, ...options };
  const { health } = env;
  // An answer counts as long as it may be cached: by then half of its clients have gone elsewhere.
  const halfLifeMs = Math.max(1, rules.ttlSeconds) * 1000;
  const answersByStore = createTally(halfLifeMs, env);
  const answersByName = createTally(halfLifeMs, env);
  const drains = new Map<string, boolean>();

  const view: Pick<Circumstances, 'isUp' | 'load' | 'room' | 'rttMs'> = {
    isUp: ({ id }) => health.isUp(id),
    load: ({ id }) => health.transfers(id) + answersByStore.of(id),
    room: (edge) => (edge.capacity ?? health.capacity(edge.id) ?? Infinity) - health.transfers(edge.id),
    rttMs: ({ id }) => health.rttMs(id),
  };
  const administered = (edge: Edge): Edge => {
    const drain = drains.get(edge.id);
    return drain === undefined ? edge : { ...edge, drain };
  };

  return {
    ttlSeconds: rules.ttlSeconds,
    rules,
    select: ({ name, stores, firstTurn }) => {
      const known = [...new Map(stores.flat().map((edge) => [edge.id, edge])).values()];
      const positions = new Map(stores.flatMap((edges, position) => edges.map((edge) => [edge.id, position] as const)));
      let turn = firstTurn;
      let lastGood: readonly Edge[] = [];
      return (asker) => {
        const candidates = drains.size === 0 ? known : known.map(administered);
        const decision = decide(candidates, rules, { ...view, name, turn, lastGood, network: rules.locate && networkOf(asker) });
        turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
        if (decision.kind !== 'edges') return decision;
        if (decision.up.length > 0) lastGood = decision.up;
        answersByName.add(name, 1);
        const count = countTaken(rules.take, { name: answersByName.of(name), all: answersByName.total() }, decision.edges.length);
        // Stores that share an address are one record: the first of them speaks for it.
        const picked = new Map<number, Edge>();
        for (const edge of decision.edges) {
          const position = positions.get(edge.id);
          if (position !== undefined && !picked.has(position)) picked.set(position, edge);
          if (picked.size === count) break;
        }
        for (const { id } of picked.values()) answersByStore.add(id, 1 / picked.size);
        return { kind: 'records', picks: [...picked.keys()], scope: decision.scope };
      };
    },
    shareOf: (id) => answersByStore.of(id) / (answersByStore.total() || 1),
    setDrain: (id, drain) => void drains.set(id, drain),
    isDrained: (edge) => administered(edge).drain === true,
  };
}
