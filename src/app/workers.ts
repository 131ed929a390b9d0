// A primary and its workers (node:cluster): processes that answer on the same sockets. The primary holds the
// sockets and answers nothing: a worker that ends leaves what waits in them to the others, and another takes
// its place. What the workers have to log is written here, in the order of its time.

import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { nextTurn } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import { LEVEL_RANK, type LogLevel, type LogLine } from '../observe/log.js';
import type { Env } from './env.js';
import { unpackError, type Order, type Word } from './worker-words.js';

export interface WorkersOptions<Start, Said> {
  /** The module that a worker runs; it calls runWorker. */
  readonly module: URL;
  readonly count: number;
  /** What worker `index`, from 0, begins with: asked for each that begins, also in the place of another. */
  start(index: number): Start;
  hear(said: Said, index: number): void;
  /** Worker `index` is gone: it has said all that it ever will. */
  ended?(index: number): void;
  /** How long a worker may take for what it is to do: five minutes unless said. One that hangs is put out of the way. */
  readonly patienceMs?: number;
}

export interface Workers<Told, Ready> {
  /** Resolves when all of them serve, with what the first one said; rejects with what kept one of them from it, and then wants a stop. */
  start(): Promise<Ready>;
  /** Those that have begun, or of them only the one of this index. */
  tell(told: Told, only?: number): void;
  /** The same; resolves when each has done it, or has ended. */
  agree(told: Told): Promise<void>;
  /** Of those that run. */
  pids(): readonly number[];
  /** They may end what is under way within `graceMs`; called again, they are cut off. */
  stop(graceMs: number): Promise<void>;
}

/** One that begins anew soon after it has begun waits longer each time. */
const PAUSE_MS = { first: 100, most: 10_000, wellAfter: 10_000 } as const;
/** A map of many networks, on a busy machine, may take its time. */
const PATIENCE_MS = 300_000;
/** How long an end may take beyond its grace. */
const LATE_MS = 2000;

interface Running {
  readonly worker: Worker;
  greeted: boolean;
  /** By the number of what was told: called when it is done, or never will be. */
  readonly pending: Map<number, () => void>;
  readonly ended: Promise<void>;
}

export function createWorkers<Start, Told, Said, Ready>(options: WorkersOptions<Start, Said>, env: Pick<Env, 'clock' | 'log' | 'tracing'>): Workers<Told, Ready> {
  const { clock, log } = env;
  const running = new Map<number, Running>();
  let ending = new AbortController();
  const write = createWriter(env);
  const level = (Object.keys(LEVEL_RANK) as LogLevel[]).find((name) => log.tells(name)) ?? 'error';
  let phase: 'starting' | 'serving' | 'stopping' = 'starting';
  let numbers = 0;

  /** Resolves when it serves. */
  const launch = (index: number): Promise<Ready> =>
    new Promise((resolve, reject) => {
      // A connection that a primary hands to a worker as it is killed is left open, and nobody answers it.
      cluster.schedulingPolicy = cluster.SCHED_NONE;
      cluster.setupPrimary({ exec: fileURLToPath(options.module), args: [], serialization: 'advanced', windowsHide: true });
      const worker = cluster.fork();
      const send = (order: Order<Start, Told>): void => void worker.send(order, () => undefined);
      let end = (): void => undefined;
      const self: Running = { worker, greeted: false, pending: new Map(), ended: new Promise((done) => (end = done)) };
      running.set(index, self);
      worker.on('message', (word: Word<Ready, Said>) => {
        switch (word.kind) {
          case 'hello':
            self.greeted = true;
            return send({ kind: 'start', start: options.start(index), level, traced: env.tracing !== undefined });
          case 'ready':
            return resolve(word.ready);
          case 'failed':
            return reject(unpackError(word.failure));
          case 'done':
            return settle(self, word.id);
          case 'said':
            return options.hear(word.said, index);
          case 'log':
            return write({ ...word.line, facts: { ...word.line.facts, worker: index + 1 } }, word.atMs);
          case 'span':
            return env.tracing?.add(word.span);
        }
      });
      // A message that can't be sent, for it has ended: that is told below.
      worker.on('error', (error) => log.debug(`worker ${index + 1}: ${messageOf(error)}`));
      const gone = (): void => {
        options.ended?.(index);
        end();
      };
      worker.on('exit', (code, signal) => {
        const how = typeof signal === 'string' ? `by ${signal}` : `with status ${code}`;
        running.delete(index);
        for (const id of [...self.pending.keys()]) settle(self, id);
        // What it has said may be in its pipe yet.
        if (worker.isConnected()) worker.once('disconnect', gone);
        else gone();
        reject(new Error(`worker ${index + 1} (process ${worker.process.pid}) ended ${how} before it served`));
        if (phase === 'serving') onEnd(index, how, worker.process.pid);
      });
    });
  const settle = ({ pending }: Running, id: number): void => {
    pending.get(id)?.();
    pending.delete(id);
  };

  const onEnd = (index: number, how: string, pid: number | undefined): void => {
    log.error(`Worker ${index + 1} of ${options.count} (process ${pid}) ended ${how}: another takes its place`, { worker: index + 1, process: pid, how });
    replace(index);
  };
  const lastPauseMs = new Map<number, number>();
  const beganMs = new Map<number, number>();
  /** Starts another at once, or, where the one before was no good, later and later. */
  const replace = (index: number): void => {
    const wentWell = clock.monotonic() - (beganMs.get(index) ?? -Infinity) > PAUSE_MS.wellAfter;
    const pauseMs = wentWell ? 0 : Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.first, (lastPauseMs.get(index) ?? 0) * 2));
    lastPauseMs.set(index, pauseMs);
    clock.sleep(pauseMs, ending.signal).then(() => relaunch(index), () => undefined);
  };
  const relaunch = async (index: number): Promise<void> => {
    beganMs.set(index, clock.monotonic());
    try {
      await launch(index);
      const process = running.get(index)?.worker.process.pid;
      log.info(`Worker ${index + 1} of ${options.count} serves again: process ${process}`, { worker: index + 1, process });
    } catch (error) {
      // One that has ended has been told of.
      const self = running.get(index);
      if (!self || phase !== 'serving') return;
      log.error(`Worker ${index + 1} of ${options.count} cannot serve: ${messageOf(error)}`, error instanceof CdnError ? error.details : {});
      self.worker.process.kill('SIGKILL');
    }
  };
  const post = ({ worker }: Running, order: Order<Start, Told>): void => void worker.send(order, () => undefined);

  return {
    start: async () => {
      phase = 'starting';
      ending = new AbortController();
      // The first one opens the sockets, or says why they can't be; the others join it.
      const ready = await launch(0);
      await Promise.all(Array.from({ length: options.count - 1 }, (_, before) => launch(before + 1)));
      phase = 'serving';
      for (const index of running.keys()) beganMs.set(index, clock.monotonic());
      return ready;
    },
    tell: (told, only) => {
      for (const [index, self] of running) if (self.greeted && (only ?? index) === index) post(self, { kind: 'tell', told, id: undefined });
    },
    agree: async (told) => {
      const id = numbers++;
      const patienceMs = options.patienceMs ?? PATIENCE_MS;
      const each = [...running].filter(([, { greeted }]) => greeted).map(([index, self]) => new Promise<void>((resolve) => {
        const stopTimer = clock.after(patienceMs, () => {
          log.error(`Worker ${index + 1} of ${options.count} (process ${self.worker.process.pid}) has not done within ${patienceMs / 1000} s what it was told: it is ended`, { worker: index + 1 });
          self.worker.process.kill('SIGKILL');
        });
        self.pending.set(id, () => {
          stopTimer();
          resolve();
        });
        post(self, { kind: 'tell', told, id });
      }));
      await Promise.all(each);
    },
    pids: () => [...running].sort(([a], [b]) => a - b).flatMap(([, { worker }]) => worker.process.pid ?? []),
    stop: async (graceMs) => {
      const again = phase === 'stopping';
      phase = 'stopping';
      ending.abort();
      const left = [...running.values()];
      for (const self of left) {
        if (again || !self.greeted) self.worker.process.kill('SIGKILL');
        else post(self, { kind: 'stop', graceMs });
      }
      const stopTimer = clock.after(graceMs + LATE_MS, () => {
        for (const { worker } of running.values()) worker.process.kill('SIGKILL');
      });
      await Promise.all(left.map(({ ended }) => ended));
      stopTimer();
      write.flush();
    },
  };
}

interface Writer {
  (line: LogLine, atMs: number): void;
  flush(): void;
}

/**
 * Lines of several processes in the order of their times. What one said before another's answer is in its pipe by
 * then: after one more round of reading all pipes nothing earlier can come.
 */
function createWriter({ log }: Pick<Env, 'log'>): Writer {
  let lines: { readonly line: LogLine; readonly atMs: number }[] = [];
  const flush = (): void => {
    const ripe = lines.sort((a, b) => a.atMs - b.atMs);
    lines = [];
    for (const { line: { level, party, message, facts } } of ripe) (party === undefined ? log : log.as(party))[level](message, facts);
  };
  const write = (line: LogLine, atMs: number): void => {
    lines.push({ line, atMs });
    if (lines.length === 1) nextTurn(() => nextTurn(flush));
  };
  return Object.assign(write, { flush });
}
