// The health checker: one check a store, however many names it has, in turn with all others. A store in
// doubt is asked twice as often, so that it is out of the answers within interval × fall of its death.

import type { Clock, Stop } from '../base/clock.js';
import type { Random } from '../base/random.js';
import { formatEndpoint } from '../net/address.js';
import type { HttpClient } from '../net/http/client.js';
import type { Log } from '../observe/log.js';
import { probeStore } from './health-probe.js';
import { createHealthState, judge, type HealthRule, type HealthState, type LoadReport, type ProbeOutcome } from './health-state.js';
import type { Health } from './router.js';
import type { Edge } from './routing-edge.js';

export interface HealthOptions extends HealthRule {
  readonly intervalMs: number;
  /** Half the interval at most, whatever is said here. */
  readonly timeoutMs: number;
}

export interface StoreHealth extends HealthState, LoadReport {
  /** How often it has told its load. */
  readonly reports: number;
  /** How often the verdict has changed since the first one: many changes are a store that flaps. */
  readonly changes: number;
  /** Smoothed round-trip time of the probes. */
  readonly rttMs: number | undefined;
}

export interface HealthChecker extends Health {
  /** Probes at once all that there is no verdict on, then each in its own rhythm. Resolves when every store has one. */
  start(): Promise<void>;
  stop(): Promise<void>;
  report(id: string): StoreHealth | undefined;
  /** Calls `listener` after each probe with what is known of the store from then on. */
  watch(listener: (id: string, health: StoreHealth) => void): void;
  /** The same, of this very store: one by that name elsewhere is another. */
  reportOn(edge: Edge): StoreHealth | undefined;
}

interface Check {
  readonly edge: Edge;
  health: StoreHealth;
  probes: number;
  stopTimer: Stop;
  underWay: Promise<void>;
}

/** `before`: a checker that this one takes the place of; what that knows of stores that are still where they were stays true. */
export function createHealthChecker(stores: readonly Edge[], options: HealthOptions, env: { readonly clock: Clock; readonly random: Random; readonly log: Log; readonly http: HttpClient }, before?: Pick<HealthChecker, 'reportOn'>): HealthChecker {
  const { clock, random } = env;
  const { intervalMs } = options;
  const timeoutMs = Math.min(options.timeoutMs, intervalMs / 2);
  const stopped = new AbortController();
  const unchecked: StoreHealth = { ...createHealthState(clock.now()), transfers: undefined, capacity: undefined, reports: 0, changes: 0, rttMs: undefined };
  const listeners: ((id: string, health: StoreHealth) => void)[] = [];
  const checks = new Map(stores.map((edge): [string, Check] => [edge.id, { edge, health: before?.reportOn(edge) ?? unchecked, probes: 0, stopTimer: () => undefined, underWay: Promise.resolve() }]));

  const probe = async (check: Check): Promise<void> => {
    const startedMs = clock.monotonic();
    const outcome = await probeStore(check.edge.endpoint, timeoutMs, env, stopped.signal).catch(() => undefined);
    if (!outcome || stopped.signal.aborted) return;
    check.probes += 1;
    const was = check.health;
    const state = judge(was, outcome, options, clock.now());
    // The first probes are all under way at once, and wait for whatever is loaded then: no measure of the network.
    const rttMs = outcome.kind === 'alive' && check.probes > 1 ? smooth(was.rttMs, clock.monotonic() - startedMs) : was.rttMs;
    const report = outcome.kind === 'alive' ? outcome.report : { transfers: undefined, capacity: was.capacity };
    const reports = was.reports + (report.transfers === undefined ? 0 : 1);
    const changes = was.changes + (was.verdict !== 'unchecked' && state.verdict !== was.verdict ? 1 : 0);
    check.health = { ...state, ...report, reports, changes, rttMs };
    for (const listener of listeners) listener(check.edge.id, check.health);
    tell(check, was, outcome);
    schedule(check, startedMs);
  };

  const schedule = (check: Check, startedMs: number): void => {
    // After the first round, stores are probed each at a time of its own.
    const first = check.probes <= 1;
    const jitter = first ? random.int(1001) / 1000 : 0.9 + random.int(101) / 1000;
    const wait = check.health.contrary > 0 ? intervalMs / 2 : intervalMs * jitter;
    check.stopTimer = clock.after(Math.max(0, startedMs + wait - clock.monotonic()), () => {
      check.underWay = probe(check);
    });
  };

  const tell = ({ edge, health, probes }: Check, was: StoreHealth, outcome: ProbeOutcome): void => {
    const facts = { store: edge.id, endpoint: edge.endpoint, health: health.verdict, probes, contrary: health.contrary };
    const who = `${edge.id} (${formatEndpoint(edge.endpoint)})`;
    if (outcome.kind === 'failed') env.log.debug(`probe of ${who} failed: ${outcome.reason}`, { ...facts, reason: outcome.reason });
    if (health.verdict === was.verdict) return;
    if (health.verdict === 'down') env.log.info(`${who} is down: ${health.reason}`, { ...facts, reason: health.reason });
    else if (was.verdict === 'down') env.log.info(`${who} is up`, facts);
    else env.log.debug(`${who} is up`, facts);
  };

  return {
    ...healthBy((id) => checks.get(id)?.health),
    report: (id) => checks.get(id)?.health,
    watch: (listener) => void listeners.push(listener),
    reportOn: (edge) => {
      const check = checks.get(edge.id);
      return check && formatEndpoint(check.edge.endpoint) === formatEndpoint(edge.endpoint) ? check.health : undefined;
    },
    start: async () => {
      for (const check of checks.values()) {
        if (check.health.verdict === 'unchecked') check.underWay = probe(check);
        else schedule(check, clock.monotonic());
      }
      await Promise.all([...checks.values()].map((check) => check.underWay));
    },
    stop: async () => {
      stopped.abort(new Error('the health checks were stopped'));
      for (const check of checks.values()) check.stopTimer();
      await Promise.all([...checks.values()].map((check) => check.underWay));
    },
  };
}

/** What routing asks, answered from what is known of each store. */
export function healthBy(report: (id: string) => StoreHealth | undefined): Health {
  return {
    isUp: (id) => report(id)?.verdict === 'up',
    transfers: (id) => report(id)?.transfers ?? 0,
    capacity: (id) => report(id)?.capacity,
    rttMs: (id) => report(id)?.rttMs,
    reports: (id) => report(id)?.reports ?? 0,
  };
}

/** RFC 6298 §2.3: seven eighths of what it was. */
function smooth(before: number | undefined, sample: number): number {
  return before === undefined ? sample : before * 0.875 + sample * 0.125;
}
