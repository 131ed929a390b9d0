// What a store's health is, and how probes change it: a store that is up falls after `fall` failures in
// a row, one that is down rises after `rise` successes. Pure.

export interface HealthRule {
  readonly rise: number;
  readonly fall: number;
}

/** What a store said of itself. */
export interface LoadReport {
  /** Answers with content that are under way. */
  readonly transfers: number | undefined;
  /** How many it can take; undefined: it doesn't say. */
  readonly capacity: number | undefined;
}

export type ProbeOutcome =
  | { readonly kind: 'alive'; readonly report: LoadReport }
  | { readonly kind: 'failed'; readonly reason: string };

export interface HealthState {
  readonly verdict: 'unchecked' | 'up' | 'down';
  /** Why the verdict is what it is. */
  readonly reason: string;
  /** When it became so, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Probes in a row that said otherwise. */
  readonly contrary: number;
}

export function createHealthState(nowMs: number): HealthState {
  return { verdict: 'unchecked', reason: 'not checked yet', sinceMs: nowMs, contrary: 0 };
}

export function judge(state: HealthState, outcome: ProbeOutcome, rule: HealthRule, nowMs: number): HealthState {
  const seen = outcome.kind === 'alive' ? 'up' : 'down';
  const reason = outcome.kind === 'alive' ? 'answers' : outcome.reason;
  if (seen === state.verdict) return { ...state, reason, contrary: 0 };
  const contrary = state.contrary + 1;
  const needed = seen === 'up' ? rule.rise : rule.fall;
  // The first probe of all decides alone: there is no verdict that it could shake.
  if (state.verdict !== 'unchecked' && contrary < needed) return { ...state, contrary };
  return { verdict: seen, reason, sinceMs: nowMs, contrary: 0 };
}
