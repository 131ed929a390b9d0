// What request routing remembers from one answer to the next, and from one topology to the next: whose
// turn it is, how the answers were spread lately, which stores were up when last some were, and what the
// administrator said on the command line.

import type { Clock } from '../base/clock.js';
import type { Edge } from './routing-edge.js';
import type { Asker } from './select.js';
import { createTally, type Tally } from './routing-tally.js';
import { createVisits, type Visits } from './visits.js';

export interface NameMemory {
  /** Of the next answer. */
  turn: number;
  /** The stores that were up last; empty: none ever was. */
  lastGood: readonly Edge[];
}

export interface RoutingMemory {
  /** After which an answer's weight in the tallies is half. */
  setHalfLife(ms: number): void;
  readonly answersByStore: Tally;
  readonly answersByName: Tally;
  /** Answers that named a store since it last told its load. */
  readonly sinceReport: Map<string, { reports: number; answers: number }>;
  /** Drained, or taken back, beyond what the topology says. */
  readonly drains: Map<string, boolean>;
  readonly visits: Visits;
  /** `firstTurn`: of a name that was never answered. */
  of(name: string, firstTurn: number): NameMemory;
  /** How far past its name's first turn an asker's is that comes now, where several routers are to come to the same; absent: each takes the next. */
  turnOf?(asker: Asker, ttlMs: number): number;
}

/** An answer, or a part of one, named the store. `reports`: how often the store has told its load. */
export function countAnswer({ answersByStore, sinceReport }: RoutingMemory, id: string, amount: number, reports: number): void {
  answersByStore.add(id, amount);
  const since = sinceReport.get(id);
  if (since?.reports === reports) since.answers += amount;
  else sinceReport.set(id, { reports, answers: amount });
}

export function createRoutingMemory(env: { readonly clock: Clock }): RoutingMemory {
  const names = new Map<string, NameMemory>();
  let halfLifeMs = 20_000;
  return {
    setHalfLife: (ms) => {
      halfLifeMs = ms;
    },
    answersByStore: createTally(() => halfLifeMs, env),
    answersByName: createTally(() => halfLifeMs, env),
    sinceReport: new Map(),
    drains: new Map(),
    visits: createVisits(),
    of: (name, firstTurn) => {
      const known = names.get(name) ?? { turn: firstTurn, lastGood: [] };
      names.set(name, known);
      return known;
    },
  };
}
