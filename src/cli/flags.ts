// oclif flags made from the fields of config/schema.ts. oclif carries the text; the field reads it.

import { Flags } from '@oclif/core';
import { CdnError } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import type { Field } from '../config/index.js';

/** Where a bad value came from: its variable in the environment if it is that one's, otherwise the flag, also when it was typed as a letter. */
function sourceOf(name: string, field: Field<unknown>, text: string): string {
  const typed = process.argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return !typed && process.env[field.env] === text ? field.env : `--${name}`;
}

function badValue(name: string, field: Field<unknown>, texts: readonly string[]): CdnError {
  const [text = ''] = texts;
  const source = sourceOf(name, field, text);
  const value = texts.map((one) => JSON.stringify(one)).join(', ');
  const meant = field.meant?.(text);
  const suggestions = meant === undefined ? [] : [source === field.env ? `${field.env}=${shellWord(meant)}` : `the same command with --${name} ${shellWord(meant)}`];
  return new CdnError('USAGE', `${source}: expected ${field.expected}, got ${value}`, { details: { source, flag: name, value }, suggestions });
}

/** @throws CdnError USAGE, naming the flag or the variable, what was expected and what came. */
export function readField<T>(name: string, field: Field<T>, text: string): T {
  const value = field.parse(text);
  if (value === undefined) throw badValue(name, field, [text]);
  return value;
}

export function readOptional<T>(name: string, field: Field<T>, text: string | undefined): T | undefined {
  return text === undefined ? undefined : readField(name, field, text);
}

/** undefined when the flag wasn't given at all. All problems are reported at once. */
export function readList<T>(name: string, field: Field<T>, texts: readonly string[] | undefined): readonly T[] | undefined {
  const wrong = texts?.filter((text) => field.parse(text) === undefined) ?? [];
  if (wrong.length > 0) throw badValue(name, field, wrong);
  return texts?.map((text) => readField(name, field, text));
}

interface Extra {
  readonly char?: 'C' | 'o' | 'r' | 'm' | 'Y' | 'y' | 'H' | 'x' | 'w';
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

/** The same for values that may hold commas; the environment has room for one. */
export function fieldRepeatFlag(field: Field<unknown>, extra: Extra = {}) {
  return Flags.string({ ...about(field, extra), multiple: true, multipleNonGreedy: true });
}

/** A flag without a value; in the environment it takes one. */
export function switchFlag(field: Field<boolean>) {
  return Flags.boolean({ summary: field.summary, env: field.env });
}

/** @throws CdnError USAGE when the variable in the environment holds neither a yes nor a no. */
export function readSwitch(name: string, field: Field<boolean>, typed: boolean): boolean {
  const text = process.env[field.env];
  return typed || (text !== undefined && text !== '' && readField(name, field, text));
}
