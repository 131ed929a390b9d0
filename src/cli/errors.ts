// What a person reads when a command fails: what was attempted on what, and what to type next.

import { CdnError, ERRORS, messageOf } from '../base/errors.js';

export interface Failure {
  readonly exit: number;
  /** "error: …", then one indented line for each suggestion. */
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

const INDENT = '  try: ';

function failureOf(code: string, exit: number, retry: boolean, message: string, suggestions: readonly string[], details: Readonly<Record<string, unknown>>): Failure {
  return {
    exit,
    lines: [`error: ${message}`, ...suggestions.map((suggestion) => INDENT + suggestion)],
    json: { error: { code, message, exit, retry, suggestions, details } },
  };
}

/** oclif's own errors are about what was typed; they carry their exit status, or 2. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'oclif' in error;
}

export function describeFailure(error: unknown, command: string): Failure {
  if (error instanceof CdnError) return failureOf(error.code, error.exit, error.retry, error.message, error.suggestions, error.details);
  if (isUsageError(error)) {
    // oclif appends a pointer to --help, which is said below.
    const said = error.message.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('See more help'));
    const told = said.filter((line) => !line.startsWith('The following error'));
    const message = told.map((line) => line.trim().replace(/^--(\S+)=true /, '--$1 ').replace(/\s{2,}/g, ': ')).join(' ').replace(/\.$/, '');
    return failureOf('USAGE', ERRORS.USAGE.exit, false, message, [`cdn ${command} --help`], {});
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  const failure = failureOf('BUG', 1, false, `this is a bug in cdn: ${messageOf(error)}`, [], {});
  return { ...failure, lines: [...failure.lines, stack] };
}
