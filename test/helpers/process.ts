// Child processes of a test: the built program and the machine's tools. Whatever still runs when a
// test ends is killed, also when the test failed.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The project's top folder. */
export const PROJECT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** The program as a user runs it: needs `npm run build` first, which `npm test` does. */
export const PROGRAM = path.join(PROJECT, 'bin', 'run.js');

/** How long a child may keep a test waiting for a line: a little less than mocha does, to be able to say which line. */
const PATIENCE_MS = 14_000;

export interface SpawnOptions {
  readonly cwd?: string;
  /** On top of this process's environment, without its CDN_… and colour settings. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

export interface Finished {
  /** undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly stdin: Writable;
  /** All it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the match once stdout and stderr together match; rejects if the process ends first. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
  /** The same for what no pattern says: resolves once `isThere` finds it; `what` names it in the error. */
  shows(isThere: (output: string) => boolean, what: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended and its output is read. */
  readonly finished: Promise<Finished>;
}

/** The environment for a child: nothing of the caller's CDN_…, colour and test settings, then `over`. */
export function cleanEnv(over: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(CDN_|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|NODE_ENV$|TSX_)/.test(name));
  return { ...Object.fromEntries(kept), ...over };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Call it in a `describe`: what the functions it returns started is killed after each test, or after all of them. */
export function useProcesses(options: { readonly after?: 'each' | 'all' } = {}) {
  const children = new Set<Child>();
  const hook = options.after === 'all' ? after : afterEach;
  hook('end child processes', endAll);

  async function endAll(): Promise<void> {
    const left = [...children].filter((child) => child.exitCode === null && child.signalCode === null);
    const gone = left.map((child) => once(child, 'close'));
    for (const child of left) child.kill('SIGKILL');
    await Promise.all(gone);
    children.clear();
  }

  function start(command: string, args: readonly string[], options: SpawnOptions = {}): Running {
    const child: Child = spawn(command, [...args], { cwd: options.cwd ?? PROJECT, env: cleanEnv(options.env), stdio: ['pipe', 'pipe', 'pipe'] });
    children.add(child);
    return follow(child, `${path.basename(command)} ${args.join(' ')}`, options.input);
  }

  return {
    /** Kills all that still run, and waits until they are gone. */
    endAll,
    /** Starts a program. */
    start,
    /** Runs a program to its end. */
    run: (command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Finished> =>
      start(command, args, { input: '', ...options }).finished,
    /** Starts the built `cdn`, under the Node that runs the tests. */
    startCdn: (args: readonly string[], options: SpawnOptions = {}): Running => start(process.execPath, [PROGRAM, ...args], options),
    /** Runs the built `cdn` to its end. */
    runCdn: (args: readonly string[], options: SpawnOptions = {}): Promise<Finished> =>
      start(process.execPath, [PROGRAM, ...args], { input: '', ...options }).finished,
  };
}

function follow(child: Child, what: string, input: string | Uint8Array | undefined): Running {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const waiting = new Set<() => void>();
  const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8');
  const wake = (): void => { for (const look of waiting) look(); };
  child.stdout.on('data', (part: Buffer) => { out.push(part); wake(); });
  child.stderr.on('data', (part: Buffer) => { err.push(part); wake(); });
  // A child that ends before it has read its input is no failure of the test.
  child.stdin.on('error', () => undefined);
  if (input !== undefined) child.stdin.end(input);
  let ended = false;
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = true;
      resolve({ code: code ?? undefined, signal: signal ?? undefined, stdout: text(out), stdoutBytes: Buffer.concat(out), stderr: text(err) });
      wake();
    });
  });
  finished.catch(() => { ended = true; wake(); });
  const wait = (isThere: () => boolean, sought: string): Promise<void> => new Promise((resolve, reject) => {
    const giveUp = (how: string): void => reject(new Error(`${what} ${how} without printing ${sought}; it printed:\n${text(out)}${text(err)}`));
    const timer = setTimeout(() => { waiting.delete(look); giveUp(`ran for ${PATIENCE_MS} ms`); }, PATIENCE_MS);
    const look = (): void => {
      const found = isThere();
      if (!found && !ended) return;
      clearTimeout(timer);
      waiting.delete(look);
      if (found) resolve();
      else giveUp('ended');
    };
    waiting.add(look);
    look();
  });
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout: () => text(out),
    stderr: () => text(err),
    printed: async (pattern) => {
      await wait(() => pattern.test(text(out) + text(err)), String(pattern));
      const match = pattern.exec(text(out) + text(err));
      if (match === null) throw new Error(`${String(pattern)} matches only at times`);
      return match;
    },
    shows: (isThere, what) => wait(() => isThere(text(out) + text(err)), what),
    kill: (signal) => { child.kill(signal); },
    finished,
  };
}
