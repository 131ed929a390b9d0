// The client: the room `fetch/`, its progress and its story.

import { createFetcher, type FetchEvent, type FetchReport, type FetchRequest } from '../fetch/index.js';
import type { Endpoint } from '../net/address.js';
import { systemLookup } from '../net/lookup.js';
import type { Progress, TransferProgress } from '../observe/progress.js';
import type { Env } from './env.js';
import { traceWhole } from './trace-whole.js';

export interface FetchServiceOptions {
  readonly dns: Endpoint;
  /** Whether names that our DNS refuses may be asked of the system: only when no DNS was named. */
  readonly systemResolver: boolean;
  readonly timeoutMs: number;
}

/** Hears `transfer` and `received`, and draws them. `end` must be called, whatever the outcome. */
function createProgressListener(progress: Progress): { hear(event: FetchEvent): void; end(outcome: 'complete' | 'failed'): void } {
  let transfer: TransferProgress | undefined;
  return {
    hear: (event) => {
      if (event.kind === 'transfer') transfer = progress.begin({ label: event.object, totalBytes: event.totalBytes });
      else if (event.kind === 'received') transfer?.advance(event.bytes);
      else if (event.kind === 'verified' || event.kind === 'saved') {
        transfer?.end('complete');
        transfer = undefined;
      }
    },
    end: (outcome) => transfer?.end(outcome),
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
  const fetcher = createFetcher(options, { ...env, lookup: systemLookup });
  const listener = createProgressListener(env.progressOf(undefined));
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
  } finally {
    await env.http.close();
    await env.tracing?.close();
  }
}
