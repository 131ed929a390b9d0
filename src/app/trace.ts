// The DNS part of a fetch alone: the room `fetch/` with the sockets of this process.

import { traceName, type FetchEvent, type TraceReport } from '../fetch/index.js';
import type { Name } from '../net/dns/name.js';
import { systemLookup } from '../net/lookup.js';
import type { Env } from './env.js';
import type { FetchServiceOptions } from './fetch.js';

/** @throws CdnError */
export async function runTrace(options: FetchServiceOptions, request: { readonly name: Name; readonly type: number }, onEvent: (event: FetchEvent) => void, signal: AbortSignal, env: Env): Promise<TraceReport> {
  try {
    return await traceName(request, options, { ...env, lookup: systemLookup }, onEvent, signal);
  } finally {
    await env.http.close();
  }
}
