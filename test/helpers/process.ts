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

/** Call it in a `describe`: what the functions it returns started is killed after each test. */
export function useProcesses() {
  const children = new Set<Child>();
  afterEach('end child processes', async () => {
    const left = [...children].filter((child) => child.exitCode === null && child.signalCode === null);
    const gone = left.map((child) => once(child, 'close'));
    for (const child of left) child.kill('SIGKILL');
    await Promise.all(gone);
    children.clear();
  });

  function start(command: string, args: readonly string[], options: SpawnOptions = {}): Running {
    const child: Child = spawn(command, [...args], { cwd: options.cwd ?? PROJECT, env: cleanEnv(options.env), stdio: ['pipe', 'pipe', 'pipe'] });
    children.add(child);
    return follow(child, `${path.basename(command)} ${args.join(' ')}`, options.input);
  }

  return {
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
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout: () => text(out),
    stderr: () => text(err),
    printed: (pattern) => new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text(out) + text(err));
        if (!match && !ended) return;
        waiting.delete(look);
        if (match) resolve(match);
        else reject(new Error(`${what} ended without printing ${pattern}; it printed:\n${text(out)}${text(err)}`));
      };
      waiting.add(look);
      look();
    }),
    kill: (signal) => { child.kill(signal); },
    finished,
  };
}
