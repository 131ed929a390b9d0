// --explain: which form, where it goes, and when it is told.

import { access, writeFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { CdnError, messageOf, systemCode } from '../base/errors.js';
import { printable, shellWord } from '../base/printable.js';
import { createExplainer, createTurn, isTurn, turnLine, EXPLAIN_FILES, EXPLAIN_FORMATS, formatEnding, renderExplanation, type ExplainEnd, type ExplainFormat, type FetchEvent, type FetchOutput, type StoryMessage } from '../fetch/index.js';
import { stdoutSink } from './fetch-output.js';

export const EXPLAIN_FLAGS = {
  explain: Flags.string({ summary: `tell how it came: --explain alone as it happens, or --explain=FORMAT at the end (${EXPLAIN_FORMATS.join(', ')})`, helpValue: 'FORMAT', options: [...EXPLAIN_FORMATS], noCacheDefault: true }),
  'explain-file': Flags.string({ summary: 'file for what --explain tells; - is the standard output', helpValue: 'FILE' }),
};

/** oclif has no flags whose value may be left out: `--explain` alone becomes `--explain=text`, and stays where one of `values` follows. */
export function withBareFlag(argv: readonly string[], flag: string, value: string, values: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const isBare = (word: string, index: number): boolean => word === flag && (end === -1 || index < end) && !values.includes(argv[index + 1] ?? '');
  return argv.map((word, index) => (isBare(word, index) ? `${flag}=${value}` : word));
}

/** The command line with `--explain` in a form that oclif takes. */
export function withExplain(argv: readonly string[]): string[] {
  return withBareFlag(argv, '--explain', 'text', EXPLAIN_FORMATS);
}

export interface ExplainRequest {
  readonly format: ExplainFormat;
  /** undefined: the standard output. */
  readonly file: string | undefined;
  /** Told as it happens, and not at the end. */
  readonly live: boolean;
}

interface Wanted {
  readonly explain?: string | undefined;
  readonly 'explain-file'?: string | undefined;
}

/**
 * Where it goes: to the file that is named, or to the standard output unless that is taken; what no
 * terminal can show never goes to one, but to a file called explain with its usual ending.
 * @param taken who has the standard output already: "-o -"
 * @throws CdnError USAGE, FILE_EXISTS
 */
export async function readExplain(flags: Wanted, context: { readonly taken: string | undefined; readonly force: boolean; readonly command: string }): Promise<ExplainRequest | undefined> {
  const named = flags['explain-file'];
  const format = EXPLAIN_FORMATS.find((one) => one === flags.explain) ?? (named === undefined ? undefined : 'text');
  if (format === undefined) return undefined;
  const { legible, suffix } = EXPLAIN_FILES[format];
  const onTerminal = process.stdout.isTTY && !legible;
  const file = named === '-' ? undefined : (named ?? (onTerminal && context.taken === undefined ? `explain${suffix}` : undefined));
  if (file === '') throw new CdnError('USAGE', '--explain-file: the file has no name', { suggestions: [`${context.command} --explain-file FILE`] });
  if (file === undefined && onTerminal) throw new CdnError('USAGE', `--explain=${format} is not for a terminal to show`, { suggestions: [`${context.command} --explain=${format} --explain-file explain${suffix}`] });
  const live = format === 'text' && named === undefined;
  if (file === undefined && context.taken !== undefined && !live) {
    throw new CdnError('USAGE', `--explain=${format} and ${context.taken} both want the standard output`, { suggestions: [`${context.command} --explain=${format} --explain-file explain${suffix}`] });
  }
  const isThere = file !== undefined && !context.force && (await access(file).then(() => true, () => false));
  if (isThere) throw new CdnError('FILE_EXISTS', `${printable(file)} is there already`, { details: { file }, suggestions: ['the same command with --force, to replace it', 'the same command with --explain-file FILE, to write another'] });
  return { format, file, live };
}

export interface Explaining {
  hear(event: FetchEvent): void;
  /** Tells the rest, if there is anything to tell, also when the fetch failed; a second call does nothing. */
  end(end: ExplainEnd): Promise<void>;
}

export interface ExplainTeller {
  message(message: StoryMessage): void;
  line(line: string): void;
  /** Where the rest went. */
  note(line: string): void;
}

/** As wide as the terminal; a pipe gets what fits a page. */
function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns : 100;
}

async function writeOut(request: ExplainRequest, octets: Uint8Array, sink: () => FetchOutput): Promise<void> {
  if (request.file !== undefined) {
    await writeFile(request.file, octets).catch((cause: unknown) => {
      const why = systemCode(cause) === 'ENOENT' ? 'there is no such folder' : messageOf(cause);
      throw new CdnError('DISK_WRITE', `cannot write ${printable(request.file ?? '')}: ${why}`, { details: { file: request.file }, suggestions: [`--explain-file ${shellWord('/tmp/explain')}`], cause });
    });
    return;
  }
  const output = sink();
  if (output.kind === 'stdout') await output.write(octets);
}

/** Without a request it hears and tells nothing. */
export function createExplaining(request: ExplainRequest | undefined, target: string, tell: ExplainTeller): Explaining {
  if (request === undefined) return { hear: () => undefined, end: () => Promise.resolve() };
  const explainer = createExplainer(target, request.format === 'pcap' ? { keepBodies: true } : {});
  let ended = false;
  return {
    hear: (event) => {
      explainer.hear(event);
      if (!request.live) return;
      if (event.kind === 'message') tell.message(event.message);
      else if (isTurn(event)) tell.line(turnLine(createTurn(event, 0)));
    },
    end: async (end) => {
      // Nothing was sent, the command line was wrong; or it is the explanation itself that failed.
      if (explainer.atWallMs === 0 || ended) return;
      ended = true;
      const explanation = explainer.finish(end);
      const columns = columnsOf(process.stdout);
      if (request.live) {
        for (const line of formatEnding(explanation, columns)) tell.line(line);
        return;
      }
      await writeOut(request, await renderExplanation(request.format, explanation, explainer.wire, columns), stdoutSink);
      if (request.file !== undefined) tell.note(`Explained in ${request.file}`);
    },
  };
}
