// What a primary and its workers say to each other, whatever they serve. Both are the same program, so that
// what one of them sends is what the other expects.

import { CdnError, messageOf, type ErrorCode } from '../base/errors.js';
import type { LogLevel, LogLine } from '../observe/log.js';
import type { FinishedSpan } from '../observe/spans.js';

/** From the primary. */
export type Order<Start, Told> =
  | { readonly kind: 'start'; readonly start: Start; readonly level: LogLevel; readonly traced: boolean }
  /** With an `id`, the worker says when it has done it. */
  | { readonly kind: 'tell'; readonly told: Told; readonly id: number | undefined }
  | { readonly kind: 'stop'; readonly graceMs: number };

/** From a worker; nothing is sent to it before it has said hello. */
export type Word<Ready, Said> =
  | { readonly kind: 'hello' }
  | { readonly kind: 'ready'; readonly ready: Ready }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'said'; readonly said: Said }
  /** `atMs`: on the clock that all processes of the machine share. */
  | { readonly kind: 'log'; readonly line: LogLine; readonly atMs: number }
  | { readonly kind: 'span'; readonly span: FinishedSpan };

/** An error on its way to another process. */
export interface Failure {
  /** undefined: it is no CdnError. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly suggestions: readonly string[];
}

export function packError(error: unknown): Failure {
  if (!(error instanceof CdnError)) return { code: undefined, message: messageOf(error), details: {}, suggestions: [] };
  const { code, message, details, suggestions } = error;
  return { code, message, details, suggestions };
}

export function unpackError({ code, message, details, suggestions }: Failure): Error {
  return code === undefined ? new Error(message) : new CdnError(code, message, { details, suggestions });
}
