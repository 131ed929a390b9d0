// What several routers behind one address tell each other, so that each knows how all of their answers were
// spread: a memory that notes what its own router adds, and takes in what the others' have added.

import type { Clock } from '../base/clock.js';
import { healthBy, type StoreHealth } from './health.js';
import type { Health } from './router.js';
import { countAnswer, createRoutingMemory, type RoutingMemory } from './routing-memory.js';
import type { Tally } from './routing-tally.js';
import type { Asker } from './select.js';
import { hashAsker } from './visits.js';

/** Answers, or parts of them: by store, and by content name. */
export interface Spread {
  readonly stores: readonly (readonly [id: string, answers: number])[];
  readonly names: readonly (readonly [name: string, answers: number])[];
}

export interface SharedMemory {
  readonly memory: RoutingMemory;
  /** What this router's answers have added since the last call; undefined: nothing. */
  takeSpread(): Spread | undefined;
  /** What another's have added. */
  addSpread(spread: Spread, health: Health): void;
}

/**
 * Whose turn it is, all routers find alike: an asker's turn is by chance, and the next one after each TTL. So
 * whoever asks one of them for an address and another for the port is told of the same store.
 */
function turnOf(asker: Asker, ttlMs: number, nowMs: number): number {
  const hash = hashAsker(0x811c_9dc5, asker);
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  const chance = (mixed ^ (mixed >>> 13)) >>> 0;
  // Not all askers' turns end at the same moment.
  return chance + Math.floor((nowMs + (chance % ttlMs)) / ttlMs);
}

export function createSharedMemory(env: { readonly clock: Clock }): SharedMemory {
  const memory = createRoutingMemory(env);
  const stores = new Map<string, number>();
  const names = new Map<string, number>();
  const noting = (tally: Tally, fresh: Map<string, number>): Tally => ({
    ...tally,
    add: (key, amount) => {
      tally.add(key, amount);
      fresh.set(key, (fresh.get(key) ?? 0) + amount);
    },
  });
  return {
    memory: { ...memory, answersByStore: noting(memory.answersByStore, stores), answersByName: noting(memory.answersByName, names), turnOf: (asker, ttlMs) => turnOf(asker, ttlMs, env.clock.now()) },
    takeSpread: () => {
      if (stores.size + names.size === 0) return undefined;
      const spread = { stores: [...stores], names: [...names] };
      stores.clear();
      names.clear();
      return spread;
    },
    // Past the noting: what others told isn't told again.
    addSpread: (spread, health) => addSpread(memory, spread, health, env.clock.monotonic()),
  };
}

/** Takes in what another router has added. */
export function addSpread(memory: RoutingMemory, spread: Spread, health: Health, nowMs: number): void {
  memory.answersByStore.age(nowMs);
  memory.answersByName.age(nowMs);
  for (const [id, amount] of spread.stores) countAnswer(memory, id, amount, health.reports(id));
  for (const [name, amount] of spread.names) memory.answersByName.add(name, amount);
}

/** All of it as of now, for a router that begins. */
export function spreadOf(memory: RoutingMemory): Spread {
  return { stores: [...memory.answersByStore.entries()], names: [...memory.answersByName.entries()] };
}

/** Health as somebody else's checks see it. */
export interface ToldHealth extends Health {
  tell(id: string, health: StoreHealth): void;
}

export function createToldHealth(): ToldHealth {
  const known = new Map<string, StoreHealth>();
  return { ...healthBy((id) => known.get(id)), tell: (id, health) => void known.set(id, health) };
}
