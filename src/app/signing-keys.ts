// The keys of a store that serves signed URLs only, read again when their file changes: keys come and go
// without a restart. A file that can't be used leaves them as they were.

import { CdnError, messageOf } from '../base/errors.js';
import { openFileState, repeat, type FileState } from '../base/file-state.js';
import { shellWord } from '../base/printable.js';
import { loadSigningKeys } from '../config/index.js';
import type { SigningKey } from '../net/http/signed-url.js';
import type { Env } from './env.js';
import type { Service } from './service.js';

export interface LiveSigningKeys extends Required<Omit<Service, 'reopen'>> {
  /** As of now; none before the start. */
  current(): readonly SigningKey[];
}

const LOOK_MS = 1000;

/** `taken`: who else is to have them; they are told to be read again when it is done. */
export function createLiveSigningKeys(file: string, env: Pick<Env, 'clock' | 'log'>, taken: (keys: readonly SigningKey[]) => Promise<void> = () => Promise.resolve()): LiveSigningKeys {
  const { log } = env;
  let keys: readonly SigningKey[] = [];
  let state: FileState | undefined;
  let stopLooking = (): void => undefined;
  let queue: Promise<void> = Promise.resolve();

  async function load(): Promise<void> {
    state = await openFileState([file]);
    const loaded = await loadSigningKeys(file);
    ({ keys } = loaded);
    await taken(keys);
    if (loaded.isShared) log.warn(`${file} holds keys, and others than its owner have access to it; chmod 600 ${shellWord(file)}`, { file });
  }

  async function reload(): Promise<void> {
    try {
      await load();
      log.info(`Keys of signed URLs read again: ${keys.map(({ id }) => id).join(', ')}`, { file, keys: keys.map(({ id }) => id) });
    } catch (error) {
      log.error(`${messageOf(error)}\nURLs are checked with the keys from before`, error instanceof CdnError ? { ...error.details } : {});
    }
  }

  const inTurn = (work: () => Promise<void>): Promise<void> => (queue = queue.then(work));
  return {
    current: () => keys,
    start: async () => {
      await load();
      stopLooking = repeat(LOOK_MS, () => inTurn(async () => {
        if ((await state?.hasChanged()) === true) await reload();
      }), env);
    },
    stop: async () => {
      stopLooking();
      await queue;
    },
    reload: () => inTurn(reload),
  };
}
