// Warms an edge with many objects, a few at a time, through the administrator's door.

import type { Warmed } from '../store/index.js';
import { requestWarm, type AdminDoor } from './admin.js';
import type { Env } from './env.js';

export interface WarmPlan {
  /** Paths or URLs, each once. */
  readonly urls: readonly string[];
  /** Request fields that choose a variant. */
  readonly fields: Readonly<Record<string, string>>;
  readonly atATime: number;
}

/** What takes less is over before anybody wonders. */
const SHOW_AFTER_MS = 1000;

async function warmOne(door: AdminDoor, url: string, fields: WarmPlan['fields'], signal: AbortSignal, env: Pick<Env, 'http' | 'clock' | 'progressOf'>): Promise<Warmed> {
  const began = env.clock.monotonic();
  let shown: ReturnType<ReturnType<Env['progressOf']>['begin']> | undefined;
  let told = 0;
  let outcome: 'complete' | 'failed' = 'failed';
  try {
    const warmed = await requestWarm(door, { url, fields }, ({ octets, length }) => {
      if (shown === undefined && env.clock.monotonic() - began < SHOW_AFTER_MS) return;
      shown ??= env.progressOf(undefined).begin({ label: url, totalBytes: length ?? undefined });
      shown.advance(octets - told);
      told = octets;
    }, signal, env);
    shown?.advance(warmed.octets - told);
    outcome = warmed.outcome === 'failed' ? 'failed' : 'complete';
    return warmed;
  } finally {
    shown?.end(outcome);
  }
}

/** In the order of the URLs. `onWarmed` hears of each as it is done. @throws as requestWarm; what is under way then is given up */
export async function warmAll(door: AdminDoor, { urls, fields, atATime }: WarmPlan, onWarmed: (warmed: Warmed, url: string) => void, signal: AbortSignal, env: Pick<Env, 'http' | 'clock' | 'progressOf'>): Promise<readonly Warmed[]> {
  const results: Warmed[] = [];
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  let next = 0;
  async function work(): Promise<void> {
    for (let index = next++; index < urls.length; index = next++) {
      const url = urls[index] ?? '';
      const warmed = await warmOne(door, url, fields, either, env);
      results[index] = warmed;
      onWarmed(warmed, url);
    }
  }
  const workers = Array.from({ length: Math.min(atATime, urls.length) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    over.abort(new Error('another one failed'));
    await Promise.allSettled(workers);
    throw error;
  }
  return results;
}
