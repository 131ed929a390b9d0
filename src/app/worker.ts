// The life of a worker process: it does what its primary says, tells it all there is to log or to trace, and
// ends when told to, or when the primary is gone. Signals are the primary's: Ctrl-C reaches both.

import cluster from 'node:cluster';
import { machineMs, systemClock } from '../base/clock.js';
import { systemRandom } from '../base/random.js';
import { createLog, type Log, type LogLevel, type LogLine } from '../observe/log.js';
import { silentProgress } from '../observe/progress.js';
import { createEnv, type Env } from './env.js';
import { ignoreSignals } from './service.js';
import { traceInto } from './tracing.js';
import { packError, type Order, type Word } from './worker-words.js';

/** What a worker runs. */
export interface WorkerService<Told, Ready> {
  /** Serves when it resolves, and says whatever the primary wants to know. */
  start(): Promise<Ready>;
  /** May be called before the start has ended. What is rejected ends the process: another begins with what holds then. */
  hear(told: Told): void | Promise<void>;
  stop(graceMs: number): Promise<void>;
}

/** `sent`: called when it is on its way, or never will be. */
export type Say<Said> = (said: Said, sent?: () => void) => void;
export type CreateWorker<Start, Told, Said, Ready> = (start: Start, env: Env, say: Say<Said>) => WorkerService<Told, Ready>;

/** Lines on their way to the primary; a flood that it can't write that fast is counted instead. */
const MAX_LINES_UNDER_WAY = 1000;

function createWorkerLog(level: LogLevel): Log {
  let underWay = 0;
  let lost = 0;
  const post = (line: LogLine): void => {
    underWay += 1;
    const word: Word<never, never> = { kind: 'log', line, atMs: machineMs() };
    process.send?.(word, undefined, {}, () => {
      underWay -= 1;
      if (lost === 0 || underWay > 0) return;
      const message = `… and ${lost.toLocaleString('en')} more lines, which came faster than they can be written`;
      post({ level: 'warn', party: line.party, message, facts: { lines: lost } });
      lost = 0;
    });
  };
  return createLog((line) => {
    if (underWay < MAX_LINES_UNDER_WAY) post(line);
    else lost += 1;
  }, undefined, level);
}

/** To be called once, by the module that a worker runs. */
export function runWorker<Start, Told, Said, Ready>(create: CreateWorker<Start, Told, Said, Ready>): void {
  ignoreSignals();
  // What can't be sent any more, for the primary has gone: so does this process, as soon as it hears of it.
  cluster.worker?.on('error', () => undefined);
  const send = (word: Word<Ready, Said>, sent: () => void = () => undefined): void => void process.send?.(word, undefined, {}, sent);
  let service: WorkerService<Told, Ready> | undefined;

  const begin = async ({ start, level, traced }: Extract<Order<Start, Told>, { kind: 'start' }>): Promise<void> => {
    const tracing = traced ? traceInto({ add: (span) => send({ kind: 'span', span }), close: () => Promise.resolve() }, { clock: systemClock, random: systemRandom }) : undefined;
    const env = createEnv({ log: createWorkerLog(level), tracing, progressOf: () => silentProgress, restoreTerminal: () => undefined });
    try {
      service = create(start, env, (said, sent) => send({ kind: 'said', said }, sent));
      send({ kind: 'ready', ready: await service.start() });
    } catch (error) {
      send({ kind: 'failed', failure: packError(error) });
    }
  };
  const obey = async (order: Order<Start, Told>): Promise<void> => {
    switch (order.kind) {
      case 'start':
        return await begin(order);
      case 'tell':
        await service?.hear(order.told);
        if (order.id !== undefined) send({ kind: 'done', id: order.id });
        return;
      case 'stop':
        await service?.stop(order.graceMs);
        // Nothing keeps the process up any more.
        process.disconnect();
    }
  };
  process.on('message', (order: Order<Start, Told>) => void obey(order));
  send({ kind: 'hello' });
}
