// `cdn store --workers N`: workers serve the folder, and the primary does what is to be done once: it reads the
// keys, writes the access log, gives out the places of the capacity, and adds up the load.

import { CdnError } from '../base/errors.js';
import { repeat } from '../base/file-state.js';
import { formatEndpoint } from '../net/address.js';
import { createAccessLogFile } from './access-log.js';
import type { Env } from './env.js';
import type { Service } from './service.js';
import { createLiveSigningKeys } from './signing-keys.js';
import { ROUND_MS, type Load, type StoreReady, type StoreSaid, type StoreTold, type StoreWorkerStart } from './store-worker-words.js';
import { DEFAULT_MAX_CONNECTIONS, type StoreServiceOptions } from './store-options.js';
import { createWorkers } from './workers.js';

/** As it is run here: compiled, or from the sources. */
const MODULE = new URL(import.meta.url.endsWith('.ts') ? './store-worker.ts' : './store-worker.js', import.meta.url);

const NO_LOAD: Load = { transfers: 0, refused: 0 };

/** What each of `count` workers has of what all of them may have. */
function partOf(options: StoreServiceOptions, count: number): StoreServiceOptions {
  const { objects, maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  if (objects.kind === 'edge') throw new CdnError('USAGE', `--workers ${count}: the cache of an edge belongs to one process; run several edges that fill from one shield instead`, {
    details: { workers: count },
    suggestions: ['the same command without --workers', 'cdn store --origin URL --listen 127.0.0.3:40721 --id shield, then for each core: cdn store --origin http://127.0.0.3:40721 --listen ADDR:PORT --id NAME'],
  });
  if (maxConnections < count) throw new CdnError('USAGE', `--max-connections ${maxConnections}: each of ${count} workers needs one at least`, { details: { workers: count, maxConnections } });
  const memoryOctets = objects.memoryOctets === undefined ? {} : { memoryOctets: Math.floor(objects.memoryOctets / count) };
  return { ...options, objects: { ...objects, ...memoryOctets }, maxConnections: Math.floor(maxConnections / count) };
}

/** @throws CdnError USAGE for what can't be served by several */
export function createStoreWorkers(options: StoreServiceOptions, count: number, env: Env): Service {
  const { clock, log } = env;
  let part = partOf(options, count);
  const accessLog = options.accessLog && createAccessLogFile(options.accessLog, env);
  const keys = options.signedUrls === undefined ? undefined : createLiveSigningKeys(options.signedUrls, env, (read) => workers.agree({ kind: 'keys', keys: read }));
  let endpoint = options.listen;
  let startedMs: number | undefined;

  const loads = Array.from({ length: count }, () => NO_LOAD);
  /** Refused by workers that are no more. */
  let refusedBefore = 0;
  /** Places of the capacity that each has taken. */
  const taken = Array.from({ length: count }, () => 0);
  let heardOf = false;
  const passOn = async (): Promise<void> => {
    if (!heardOf) return;
    heardOf = false;
    const all = loads.reduce((sum, each) => ({ transfers: sum.transfers + each.transfers, refused: sum.refused + each.refused }), { transfers: 0, refused: refusedBefore });
    for (const [index, own] of loads.entries()) workers.tell({ kind: 'load', load: { transfers: all.transfers - own.transfers, refused: all.refused - own.refused } }, index);
  };
  const hear = (said: StoreSaid, index: number): void => {
    switch (said.kind) {
      case 'load':
        loads[index] = said.load;
        heardOf = true;
        return;
      case 'take': {
        const isFree = taken.reduce((sum, each) => sum + each, 0) < (options.capacity ?? Infinity);
        if (isFree) taken[index] = (taken[index] ?? 0) + 1;
        return workers.tell({ kind: 'place', id: said.id, isFree }, index);
      }
      case 'leave':
        taken[index] = Math.max(0, (taken[index] ?? 0) - 1);
        return;
      case 'digest':
        for (let other = 0; other < count; other += 1) if (other !== index) workers.tell({ kind: 'digest', digest: said.digest }, other);
        return;
      case 'lines':
        accessLog?.write(said.lines);
    }
  };
  const ended = (index: number): void => {
    refusedBefore += loads[index]?.refused ?? 0;
    loads[index] = NO_LOAD;
    taken[index] = 0;
    heardOf = true;
    // The socket went with the last of them: whoever comes next opens the same port, also where it was any.
    if (workers.pids().length === 0) part = { ...part, listen: endpoint };
  };
  const startOf = (index: number): StoreWorkerStart => {
    // It hears of the load of the others soon.
    heardOf = true;
    return { options: part, index, workers: count, upMs: startedMs === undefined ? 0 : clock.monotonic() - startedMs, keys: keys?.current() ?? [] };
  };
  const workers = createWorkers<StoreWorkerStart, StoreTold, StoreSaid, StoreReady>({ module: MODULE, count, start: startOf, hear, ended }, env);
  let stopPassing = (): void => undefined;

  const stop = async (graceMs: number): Promise<void> => {
    await workers.stop(graceMs);
    stopPassing();
    await accessLog?.stop();
    await keys?.stop(0);
  };
  const start = async (): Promise<void> => {
    await keys?.start();
    await accessLog?.start();
    ({ endpoint } = await workers.start());
    startedMs = clock.monotonic();
    stopPassing = repeat(ROUND_MS, passOn, env);
    const dir = options.objects.kind === 'folder' ? { dir: options.objects.dir } : {};
    log.info(` * Running on http://${formatEndpoint(endpoint)}/ (Press CTRL+C to quit)`, { ...endpoint, ...dir });
    const processes = workers.pids();
    log.info(`${count} workers answer: processes ${processes.join(', ')}`, { role: 'workers', processes });
  };
  return {
    start: async () => {
      try {
        await start();
      } catch (error) {
        await stop(0);
        throw error;
      }
    },
    stop,
    ...(keys === undefined ? {} : { reload: () => keys.reload() }),
    ...(accessLog === undefined ? {} : { reopen: () => accessLog.reopen() }),
  };
}
