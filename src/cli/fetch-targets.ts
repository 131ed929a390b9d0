// What `cdn fetch` is to fetch, and where each of it goes.

import { readFileSync, statSync } from 'node:fs';
import { CdnError, messageOf } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import type { FetchOutput } from '../fetch/index.js';
import { stdoutSink } from './fetch-output.js';

const STANDARD_INPUT = 0;

/** A target a line; what begins with # says something to people only. */
export function readTargets(file: string | undefined): readonly string[] {
  if (file === undefined) return [];
  let text: string;
  try {
    text = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
  } catch (cause) {
    throw new CdnError('USAGE', `--input-file: cannot read ${file}: ${messageOf(cause)}`, { details: { file }, cause });
  }
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** What is listed twice is fetched once, unless each has an output of its own. */
export function selectTargets(targets: readonly string[], outputs: readonly string[]): readonly string[] {
  return outputs.length === 0 ? [...new Set(targets)] : targets;
}

function isFolder(path: string): boolean {
  return /[/\\]$/.test(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Outputs and targets go together in their order, as curl has it; one folder is for all of them.
 * @throws CdnError USAGE when there is nothing to fetch, or more outputs than targets
 */
export function pairOutputs(targets: readonly string[], outputs: readonly string[]): readonly { readonly target: string; readonly output: FetchOutput }[] {
  const [first] = outputs;
  if (targets.length === 0) throw new CdnError('USAGE', 'there is nothing to fetch: name a target, a title or a URL', { suggestions: ['cdn fetch hiscinema.com/File1', 'cdn fetch --help'] });
  if (outputs.length > targets.length) throw new CdnError('USAGE', `-o was given ${outputs.length} times for ${targets.length} ${targets.length === 1 ? 'target' : 'targets'}`);
  const forAll = outputs.length === 1 && first !== undefined && (first === '-' || isFolder(first)) ? first : undefined;
  let stdout: FetchOutput | undefined;
  return targets.map((target, index) => {
    const name = forAll ?? outputs[index];
    if (name === '-') return { target, output: (stdout ??= stdoutSink()) };
    return { target, output: name === undefined ? { kind: 'default' } : { kind: 'file', path: name } };
  });
}

/** --json and a file both want the standard output. */
export function oneOutputOnly(outputs: readonly string[], flag: string, targets: readonly string[]): void {
  if (!outputs.includes('-')) return;
  throw new CdnError('USAGE', `${flag} and -o - both want the standard output`, { suggestions: [`${commandOf(targets)} ${flag} -o FILE`] });
}

/** The command line as far as it says what is fetched. */
export function commandOf(targets: readonly string[]): string {
  return `cdn fetch ${targets.map(shellWord).join(' ')}`;
}
