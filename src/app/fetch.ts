// The client: the room `fetch/`, its progress and its story.

import { setMaxListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { deadline } from '../base/clock.js';
import { CdnError } from '../base/errors.js';
import { formatDuration } from '../base/units.js';
import { createFetcher, type FetchEvent, type Fetcher, type FetchOptions, type FetchReport, type FetchRequest } from '../fetch/index.js';
import { systemLookup } from '../net/lookup.js';
import type { Preparation, Progress, TransferProgress } from '../observe/progress.js';
import type { Env } from './env.js';
import { traceWhole } from './trace-whole.js';

export interface FetchServiceOptions extends FetchOptions {
  /** For all of it; undefined: as long as it takes. */
  readonly maxTimeMs?: number | undefined;
  /** Of several targets, how many at a time; 1 unless told. */
  readonly atATime?: number | undefined;
}

export type FetchOutcome = { readonly report: FetchReport } | { readonly error: unknown };

/** Hears what is done and what arrives, and draws it. `end` must be called, whatever the outcome. */
function createProgressListener(progress: Progress, label: string): { hear(event: FetchEvent): void; end(outcome: 'complete' | 'failed'): void } {
  let preparation: Preparation | undefined;
  let transfer: TransferProgress | undefined;
  const end = (outcome: 'complete' | 'failed'): void => {
    preparation?.end();
    transfer?.end(outcome);
    preparation = transfer = undefined;
  };
  return {
    hear: (event) => {
      if (event.kind === 'received') transfer?.advance(event.bytes, event.lane, event.from);
      else if (event.kind === 'begun') preparation = progress.prepare(label);
      else if (event.kind === 'doing') preparation?.doing(event.what);
      else if (event.kind === 'transfer') {
        end('failed');
        transfer = progress.begin({ label: event.object, totalBytes: event.totalBytes });
      } else if (event.kind === 'resumed') transfer?.resume(event.bytes);
      else if (event.kind === 'range') transfer?.range(event.lane, event.firstPos, event.lastPos, event.from);
      else if (event.kind === 'restarted') end('failed');
      else if (event.kind === 'verified' || event.kind === 'saved') end('complete');
    },
    end,
  };
}

/**
 * Fetches one object and draws its progress. `onEvent` hears everything else.
 * @throws CdnError; the final name is never taken by part of a file.
 */
export async function runFetch(
  options: FetchServiceOptions,
  request: FetchRequest,
  onEvent: (event: FetchEvent) => void,
  signal: AbortSignal,
  env: Env,
): Promise<FetchReport> {
  const [outcome] = await runFetches(options, [request], (_, event) => onEvent(event), () => undefined, signal, env);
  if (outcome === undefined) throw new Error('nothing was fetched');
  if ('error' in outcome) throw outcome.error;
  return outcome.report;
}

async function runOne(fetcher: Fetcher, request: FetchRequest, onEvent: (event: FetchEvent) => void, signal: AbortSignal, env: Env): Promise<FetchReport> {
  const listener = createProgressListener(env.progressOf(undefined), request.target);
  const whole = traceWhole(env.tracing, 'cdn fetch', { 'cdn.target': request.target });
  try {
    const report = await fetcher.fetch(
      request,
      (event) => {
        whole.hear(event);
        listener.hear(event);
        onEvent(event);
      },
      signal,
    );
    listener.end('complete');
    whole.end();
    return report;
  } catch (error) {
    listener.end('failed');
    whole.end(error);
    throw error;
  }
}

/**
 * Fetches several, some at a time, in this order; one that fails does not end the others, an abort ends
 * all. `onEvent` and `onOutcome` are told which of them it is. Resolves with an outcome for each.
 */
export async function runFetches(
  options: FetchServiceOptions,
  requests: readonly FetchRequest[],
  onEvent: (index: number, event: FetchEvent) => void,
  onOutcome: (index: number, outcome: FetchOutcome) => void | Promise<void>,
  signal: AbortSignal,
  env: Env,
): Promise<readonly FetchOutcome[]> {
  const { maxTimeMs, atATime = 1 } = options;
  const late = (): CdnError => new CdnError('INCOMPLETE', `not done within ${formatDuration(maxTimeMs ?? 0)}, as --max-time has it`);
  const limit = maxTimeMs === undefined ? { signal, stop: () => undefined } : deadline(env.clock, maxTimeMs, late, signal);
  // Most files are small, and what runs some hundred times is optimised for longer than it then runs faster: four
  // times as much must have run first. A large file's octets pass through little code, and often enough.
  if (requests.length > 1) setFlagsFromString('--interrupt-budget=528000');
  const fetcher = createFetcher({ ...options, reuse: requests.length > 1 }, { ...env, lookup: systemLookup });
  const outcomes: FetchOutcome[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < requests.length; index = next++) {
      const run = runOne(fetcher, requests[index] as FetchRequest, (event) => onEvent(index, event), limit.signal, env);
      const outcome = await run.then((report) => ({ report }), (error: unknown) => ({ error }));
      outcomes[index] = outcome;
      await onOutcome(index, outcome);
    }
  };
  setMaxListeners(0, signal, limit.signal);
  try {
    await Promise.all(Array.from({ length: Math.min(atATime, requests.length) }, work));
    return outcomes;
  } finally {
    limit.stop();
    await env.http.close();
    await env.tracing?.close();
  }
}
