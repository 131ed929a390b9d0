// The DNS part of a fetch alone: the room `fetch/` with the sockets of this process.

import { traceName, type FetchEvent, type TraceReport } from '../fetch/index.js';
import type { Name } from '../net/dns/name.js';
import { systemLookup } from '../net/lookup.js';
import type { Env } from './env.js';
import type { FetchServiceOptions } from './fetch.js';
import { traceWhole } from './trace-whole.js';

/** @throws CdnError */
export async function runTrace(options: FetchServiceOptions, request: { readonly name: Name; readonly type: number }, onEvent: (event: FetchEvent) => void, signal: AbortSignal, env: Env): Promise<TraceReport> {
  const whole = traceWhole(env.tracing, 'cdn trace', { 'dns.question.name': request.name.toString() });
  const hear = (event: FetchEvent): void => {
    whole.hear(event);
    onEvent(event);
  };
  try {
    const report = await traceName(request, options, { ...env, lookup: systemLookup }, hear, signal);
    whole.end();
    return report;
  } catch (error) {
    whole.end(error);
    throw error;
  } finally {
    await env.http.close();
    await env.tracing?.close();
  }
}
