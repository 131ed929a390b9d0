// The life of a service: start, run until a signal, stop gracefully, stop at once.

import { CdnError, type ErrorCode } from '../base/errors.js';
import type { Log } from '../observe/log.js';

export interface Service {
  /** Listens and serves, or throws and holds nothing. */
  start(): Promise<void>;
  /** Takes no new work and gives the work under way `graceMs`; called again with 0, cuts it off. */
  stop(graceMs: number): Promise<void>;
  /** Reads again what it serves from; absent where there is no such thing. Never rejects. */
  reload?(): Promise<void>;
  /** Opens anew the logs that it writes; absent where there are none. Never rejects. */
  reopen?(): Promise<void>;
}

/** Stops them all at the same time; one that fails to stop doesn't keep the others up. */
export async function stopAll(services: readonly Service[], graceMs: number): Promise<void> {
  const outcomes = await Promise.allSettled(services.map((service) => service.stop(graceMs)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

const SIGNALS = { SIGINT: 'INTERRUPTED', SIGTERM: 'TERMINATED' } as const satisfies Record<string, ErrorCode>;

/**
 * A signal that aborts with INTERRUPTED or TERMINATED on the first Ctrl-C (SIGINT) or SIGTERM. The
 * second restores the terminal and finds the system's own handling again, which ends the process at once.
 */
export function untilSignal(restoreTerminal: () => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  const release = (): void => {
    for (const name of names) process.off(name, onSignal);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      release();
      restoreTerminal();
      process.kill(process.pid, name);
      return;
    }
    const code = name === 'SIGTERM' ? SIGNALS.SIGTERM : SIGNALS.SIGINT;
    controller.abort(new CdnError(code, code === 'INTERRUPTED' ? 'interrupted' : 'terminated'));
  };
  for (const name of names) process.on(name, onSignal);
  return { signal: controller.signal, release };
}

/**
 * SIGHUP, which daemons take for "read your files again" and for logs that were moved away; SIGUSR1, which
 * nginx takes for the latter alone. Who has no files dies of them as ever, or in node's debugger.
 */
function onFileSignals(service: Service): () => void {
  const reopen = (): void => void service.reopen?.();
  const reload = (): void => {
    reopen();
    void service.reload?.();
  };
  if (service.reload ?? service.reopen) process.on('SIGHUP', reload);
  if (service.reopen) process.on('SIGUSR1', reopen);
  return () => {
    process.off('SIGHUP', reload);
    process.off('SIGUSR1', reopen);
  };
}

/** Of a process that another one starts and stops: what a terminal or a service manager sends to both is for that one. */
export function ignoreSignals(): void {
  for (const name of [...Object.keys(SIGNALS), 'SIGHUP', 'SIGUSR1']) process.on(name, () => undefined);
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/**
 * Runs a service until Ctrl-C or SIGTERM, then stops it: transfers under way may end within
 * `graceMs`. A service that was asked to stop and did has done its work: no error.
 */
export async function runUntilSignal(service: Service, options: { graceMs: number }, env: { log: Log; restoreTerminal(): void; readonly tracing?: { close(): Promise<void> } | undefined }): Promise<void> {
  const { signal, release } = untilSignal(() => env.restoreTerminal());
  const releaseFileSignals = onFileSignals(service);
  try {
    const asked = aborted(signal);
    const starting = service.start().then(() => 'started' as const);
    // What a start may wait for, such as a pipe that nobody writes, must not keep a Ctrl-C waiting.
    if ((await Promise.race([starting, asked])) !== 'started') {
      starting.catch(() => undefined);
      throw signal.reason;
    }
    await asked;
    env.log.info('Stopping: transfers under way may end; press CTRL+C again to stop at once', { graceMs: options.graceMs });
    await service.stop(options.graceMs);
  } finally {
    await env.tracing?.close();
    releaseFileSignals();
    release();
  }
}
