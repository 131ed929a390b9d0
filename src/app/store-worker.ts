// What a worker of `cdn store` runs: the same store, which has its keys and its part of what all of them may do
// from the primary, and tells it what it does.

import { repeat } from '../base/file-state.js';
import { createAccessLog } from '../net/http/access-log.js';
import type { Env } from './env.js';
import { createSentLines } from './sent-lines.js';
import type { StoreAccessLog, StoreSources } from './store-sources.js';
import { ROUND_MS, type Load, type StoreReady, type StoreSaid, type StoreTold, type StoreWorkerStart } from './store-worker-words.js';
import type { StoreServiceOptions } from './store-options.js';
import { createStoreService } from './store.js';
import { runWorker, type Say, type WorkerService } from './worker.js';

function createSentAccessLog({ accessLog }: StoreServiceOptions, env: Env, say: Say<StoreSaid>): StoreAccessLog | undefined {
  if (!accessLog) return undefined;
  const lines = createSentLines((text, sent) => say({ kind: 'lines', lines: text }, sent), env);
  return { log: createAccessLog(accessLog.format, lines.write, env.clock), metrics: () => [], start: () => Promise.resolve(), stop: lines.stop };
}

function createStoreWorker({ options, index, workers, upMs, keys: first }: StoreWorkerStart, env: Env, say: Say<StoreSaid>): WorkerService<StoreTold, StoreReady> {
  let keys = first;
  let elsewhere: Load = { transfers: 0, refused: 0 };
  /** Transfers that wait to hear whether there is a place, by number. */
  const asking = new Map<number, (isFree: boolean) => void>();
  let asked = 0;
  const takePlace = (): Promise<boolean> => new Promise((resolve) => {
    asked += 1;
    asking.set(asked, resolve);
    say({ kind: 'take', id: asked });
  });
  const sources: StoreSources = {
    share: {
      index, workers, upMs,
      elsewhere: () => elsewhere,
      takePlace: options.capacity === undefined ? undefined : takePlace,
      leavePlace: () => say({ kind: 'leave' }),
      computed: (etag, sha256) => say({ kind: 'digest', digest: { etag, sha256 } }),
    },
    keys: options.signedUrls === undefined ? undefined : { current: () => keys, start: () => Promise.resolve(), stop: () => Promise.resolve() },
    accessLog: createSentAccessLog(options, env, say),
    announce: () => undefined,
  };
  const service = createStoreService(options, env, sources);
  const { folder } = service;
  let told: Load = { transfers: 0, refused: 0 };
  const tellLoad = async (): Promise<void> => {
    const load = folder?.load() ?? told;
    if (load.transfers === told.transfers && load.refused === told.refused) return;
    told = load;
    say({ kind: 'load', load });
  };
  const stopTelling = repeat(ROUND_MS, tellLoad, env);
  return {
    start: async () => {
      await service.start();
      return { endpoint: service.endpoint };
    },
    hear: (heard) => {
      switch (heard.kind) {
        case 'keys':
          keys = heard.keys;
          return;
        case 'load':
          elsewhere = heard.load;
          return;
        case 'place':
          asking.get(heard.id)?.(heard.isFree);
          asking.delete(heard.id);
          return;
        case 'digest':
          folder?.learnDigest(heard.digest.etag, heard.digest.sha256);
      }
    },
    stop: async (graceMs) => {
      await service.stop(graceMs);
      stopTelling();
    },
  };
}

runWorker(createStoreWorker);
