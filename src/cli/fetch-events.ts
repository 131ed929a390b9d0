// What `cdn fetch` prints while it works and when a target is done: a story, lines, JSON, or nothing.

import type { FetchOutcome } from '../app/fetch.js';
import { isTurn, type FetchEvent } from '../fetch/index.js';
import type { Log } from '../observe/log.js';
import { describeFailure } from './errors.js';
import { createExplaining, type ExplainRequest } from './explain-output.js';
import { createTeller, storyLine } from './fetch-output.js';
import { formatWriteOut } from './write-out.js';

export interface FetchOutputOptions {
  /** One JSON object an event, and nothing else. */
  readonly lines: boolean;
  readonly logJson: boolean;
  readonly toStderr: boolean;
  readonly quiet: boolean;
  readonly silent: boolean;
  readonly writeOut: string | undefined;
  readonly log: Log;
  print(line: string): void;
  /** As it is, without an end of line. */
  write(text: string): void;
}

export interface FetchOutputSink {
  event(index: number, event: FetchEvent): void;
  outcome(index: number, outcome: FetchOutcome): Promise<void>;
}

/** What is drawn or kept, and would be said twice: messages tell what was done, and `received` from whom. */
const FOR_EYES: readonly FetchEvent['kind'][] = ['wire', 'doing', 'range'];

/** Bytes are told of at most so often in --json=lines. */
const RECEIVED_STEP = 100;

export function createFetchOutput(targets: readonly string[], explain: ExplainRequest | undefined, options: FetchOutputOptions): FetchOutputSink {
  const { lines, quiet, silent, writeOut, log } = options;
  const toStderr = options.toStderr || (explain !== undefined && !explain.live && explain.file === undefined);
  const teller = createTeller({ ...options, toStderr });
  const explainings = targets.map((target) => createExplaining(explain, target, { ...teller, note: (line) => log.info(line) }));
  const received = targets.map(() => ({ bytes: 0, total: undefined as number | undefined, told: 0 }));

  function tellLine(index: number, facts: Readonly<Record<string, unknown>>): void {
    if (!silent) options.print(JSON.stringify({ target: targets[index], ...facts }));
  }

  /** Of the bytes, what a script can follow: at most a hundred lines a file. */
  function tellReceived(index: number, event: Extract<FetchEvent, { kind: 'received' | 'resumed' | 'transfer' }>): void {
    const state = received[index];
    if (state === undefined) return;
    if (event.kind === 'transfer') {
      Object.assign(state, { bytes: 0, total: event.totalBytes, told: 0 });
      return tellLine(index, { event: event.kind, object: event.object, totalBytes: event.totalBytes });
    }
    state.bytes += event.bytes;
    if (event.kind === 'resumed') return tellLine(index, { event: event.kind, bytes: event.bytes });
    const step = state.total === undefined ? 1_000_000 : Math.max(1, state.total / RECEIVED_STEP);
    if (state.bytes - state.told < step && state.bytes !== state.total) return;
    state.told = state.bytes;
    tellLine(index, { event: event.kind, bytes: state.bytes, totalBytes: state.total, from: event.from });
  }

  return {
    event: (index, event) => {
      explainings[index]?.hear(event);
      if (lines) {
        if (event.kind === 'received' || event.kind === 'resumed' || event.kind === 'transfer') tellReceived(index, event);
        else if (!FOR_EYES.includes(event.kind)) tellLine(index, { event: event.kind, ...('message' in event ? { message: event.message } : event), kind: undefined });
      } else if (event.kind !== 'message') {
        // A story that is told live has it as a line of its own.
        if (explain?.live !== true || !isTurn(event)) teller.turn(event);
      }
      else if (explain === undefined && log.tells('debug')) log.debug(storyLine(event.message), { ...event.message });
    },
    outcome: async (index, outcome) => {
      await explainings[index]?.end(outcome);
      if (lines) tellLine(index, 'report' in outcome ? { event: 'done', report: { ...outcome.report, messages: outcome.report.messages.length } } : { event: 'failed', ...describeFailure(outcome.error, 'fetch').json });
      else if ('report' in outcome && !quiet && !silent) teller.result(outcome.report);
      // Of a single target the command itself tells the failure.
      else if ('error' in outcome && targets.length > 1 && !silent) for (const line of describeFailure(outcome.error, 'fetch').lines) log.error(line);
      if (writeOut !== undefined && !lines) options.write(formatWriteOut(writeOut, targets[index] ?? '', outcome));
    },
  };
}

/** For --json with several targets: a report, or the error, for each. */
export function outcomesAsJson(outcomes: readonly FetchOutcome[], targets: readonly string[]): readonly unknown[] {
  return outcomes.map((outcome, index) => ('report' in outcome ? outcome.report : { target: targets[index], ...describeFailure(outcome.error, 'fetch').json }));
}
