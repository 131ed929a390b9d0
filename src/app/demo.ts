// The demonstration: the whole network on loopback, one fetch through it, and its end.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FetchEvent, FetchReport } from '../fetch/index.js';
import type { Log } from '../observe/log.js';
import type { Env } from './env.js';
import { runFetch } from './fetch.js';
import { createNetwork, type NetworkOptions } from './up.js';

export interface DemoOptions {
  readonly network: NetworkOptions;
  readonly target: string;
  readonly timeoutMs: number;
  /** Let every party tell its own part, besides the story of the client. */
  readonly transcripts: boolean;
}

/** The same log without its everyday lines. */
function onlyProblems(log: Log): Log {
  return { ...log, debug: () => undefined, info: () => undefined, as: (party) => onlyProblems(log.as(party)) };
}

/** Starts the network, fetches `target` into a scratch folder, verifies it, and leaves nothing behind. */
export async function runDemo(options: DemoOptions, onEvent: (event: FetchEvent) => void, signal: AbortSignal, env: Env): Promise<FetchReport> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'cdn-demo-'));
  const network = createNetwork(options.network, options.transcripts ? env : { ...env, log: onlyProblems(env.log) });
  try {
    await network.start();
    if (!options.transcripts) env.log.info(network.describe(), { ready: true, ...network.endpoints });
    const output = { kind: 'file', path: scratch } as const;
    const fetchOptions = { dns: network.endpoints.dns, systemResolver: false, timeoutMs: options.timeoutMs };
    return await runFetch(fetchOptions, { target: options.target, type: 'A', output, force: false }, onEvent, signal, env);
  } finally {
    await network.stop(0);
    await rm(scratch, { recursive: true, force: true });
  }
}
