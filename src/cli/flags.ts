// oclif flags made from the fields of config/schema.ts. oclif carries the text; the field reads it.

import { Flags } from '@oclif/core';
import { CdnError } from '../base/errors.js';
import type { Field } from '../config/index.js';

/** @throws CdnError USAGE, naming the flag, what was expected and what came. */
export function readField<T>(name: string, field: Field<T>, text: string): T {
  const value = field.parse(text);
  if (value !== undefined) return value;
  throw new CdnError('USAGE', `--${name}: expected ${field.expected}, got ${JSON.stringify(text)}`, { details: { flag: name, value: text } });
}

export function readOptional<T>(name: string, field: Field<T>, text: string | undefined): T | undefined {
  return text === undefined ? undefined : readField(name, field, text);
}

/** undefined when the flag wasn't given at all. All problems are reported at once. */
export function readList<T>(name: string, field: Field<T>, texts: readonly string[] | undefined): readonly T[] | undefined {
  const wrong = texts?.filter((text) => field.parse(text) === undefined) ?? [];
  if (wrong.length > 1) {
    const list = wrong.map((text) => JSON.stringify(text)).join(', ');
    throw new CdnError('USAGE', `--${name}: expected ${field.expected}, got ${list}`, { details: { flag: name, values: wrong } });
  }
  return texts?.map((text) => readField(name, field, text));
}

interface Extra {
  readonly char?: 'o';
  readonly summary?: string;
  /** Ends the help line: "(default 127.0.0.1:40720)". */
  readonly defaultText?: string;
}

function about(field: Field<unknown>, extra: Extra) {
  const summary = extra.summary ?? field.summary;
  const ending = extra.defaultText === undefined ? '' : ` (default ${extra.defaultText})`;
  return { summary: summary + ending, env: field.env, helpValue: field.value, ...(extra.char === undefined ? {} : { char: extra.char }) };
}

/** A flag that may be left out; the command knows the default. */
export function fieldFlag(field: Field<unknown>, extra: Extra = {}) {
  return Flags.string(about(field, extra));
}

/** A flag that may be given several times; in the environment, values are separated by commas. */
export function fieldListFlag(field: Field<unknown>, extra: Extra = {}) {
  return Flags.string({ ...about(field, extra), multiple: true, multipleNonGreedy: true, delimiter: ',' });
}
