// The port in each content URL, from DNS; remembered for a while, and never waited for long.

import { setMaxListeners } from 'node:events';
import { deadline, type Clock } from '../base/clock.js';
import type { Title } from '../catalog/index.js';
import type { ContentSource } from './content-source.js';

const WAIT_MS = 500;
const REMEMBER_MS = 5_000;
const AT_ONCE = 16;

export interface StorePorts {
  /** A port for each title, within half a second: the default one where DNS hasn't said. */
  portsOf(titles: readonly Title[]): Promise<readonly number[]>;
}

export function createStorePorts(
  options: { readonly defaultPort: number },
  env: { readonly clock: Clock; readonly content: Pick<ContentSource, 'port'>; readonly signal: AbortSignal },
): StorePorts {
  const { clock, content } = env;
  const known = new Map<number, { readonly port: number; readonly until: number }>();
  let running: Promise<void> | undefined;
  let silentUntil = -Infinity;

  const portOf = (title: Title): number | undefined => {
    const entry = known.get(title.number);
    return entry !== undefined && entry.until > clock.monotonic() ? entry.port : undefined;
  };

  async function ask(titles: readonly Title[]): Promise<void> {
    const limit = deadline(clock, WAIT_MS, () => new Error(`DNS didn't say the stores' port within ${WAIT_MS} ms`), env.signal);
    // Each question under way listens; Node takes more than ten for a leak.
    setMaxListeners(0, limit.signal);
    let answers = 0;
    const rest = titles.values();
    const worker = async (): Promise<void> => {
      for (const title of rest) {
        const port = await unlessAborted(content.port(title, limit.signal), limit.signal);
        if (limit.signal.aborted) return;
        if (port === undefined) continue;
        answers += 1;
        known.set(title.number, { port, until: clock.monotonic() + REMEMBER_MS });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, titles.length) }, worker));
    limit.stop();
    // When DNS is down, one visitor in five seconds waits for it, not every one.
    if (answers === 0) silentUntil = clock.monotonic() + REMEMBER_MS;
  }

  return {
    async portsOf(titles) {
      const missing = titles.filter((title) => portOf(title) === undefined);
      if (missing.length > 0 && clock.monotonic() >= silentUntil) {
        running ??= ask(missing).finally(() => (running = undefined));
        await running;
      }
      return titles.map((title) => portOf(title) ?? options.defaultPort);
    },
  };
}

/** The promise's value; undefined if it fails or the signal aborts first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(undefined);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, giveUp).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
