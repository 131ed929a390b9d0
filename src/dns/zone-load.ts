// Zone files from the disk: read, checked and built a little at a time, so that a server that loads one
// goes on answering.

import { readFileSync, statSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../base/clock.js';
import { CdnError, messageOf } from '../base/errors.js';
import type { ZoneProblem } from './zone-draft.js';
import { parseZoneInSteps } from './zone-file.js';
import { finishInTurns } from './zone-steps.js';
import type { Zone } from './zone.js';

const MAX_PROBLEMS_SHOWN = 50;
/** A million names with a few records each need a tenth of it; a text in memory can't be much longer. */
const MAX_FILE_MB = 512;

export interface LoadedZone {
  readonly zone: Zone;
  /** The file and all that it includes, absolute. */
  readonly files: readonly string[];
  /** `file:line:column: what`, for each mistake that doesn't keep the zone from being served. */
  readonly warnings: readonly string[];
}

/**
 * The zone of a master file.
 * @throws CdnError USAGE, with a line `file:line:column: what` for each mistake
 */
export async function loadZoneFile(file: string, env: { readonly clock: Clock }): Promise<Zone> {
  return (await loadZone(file, env)).zone;
}

/** The same, and which files it was read from; `onFile` hears of each before it is read, and so also when the zone turns out broken. */
export async function loadZone(file: string, env: { readonly clock: Clock }, onFile: (file: string) => void = () => undefined): Promise<LoadedZone> {
  const outermost = path.resolve(file);
  const files = new Set<string>();
  const opening = (name: string): void => {
    files.add(name);
    onFile(name);
  };
  let text: string;
  opening(outermost);
  try {
    expectReadable(await stat(outermost));
    text = asText(await readFile(outermost));
  } catch (cause) {
    throw new CdnError('USAGE', `cannot read the zone file ${file}: ${messageOf(cause)}`, { details: { file }, suggestions: ['name a readable master file with --zone FILE'], cause });
  }
  const read = (name: string): string => {
    opening(name);
    expectReadable(statSync(name));
    return asText(readFileSync(name));
  };
  const parsed = await finishInTurns(parseZoneInSteps({ text, file: outermost, read }), env.clock);
  if (parsed.kind === 'zone') return { zone: parsed.zone, files: [...files], warnings: linesOf(file, sortByPlace(parsed.warnings)) };
  throw complaint(file, parsed.problems);
}

/** A device or a pipe may have no end. */
function expectReadable(file: Stats): void {
  if (!file.isFile()) throw new Error('it is no regular file');
  if (file.size > MAX_FILE_MB * 1_000_000) throw new Error(`it has ${file.size} octets, more than ${MAX_FILE_MB} MB`);
}

/** One octet a character; a byte order mark is no part of the first name. */
function asText(octets: Buffer): string {
  return octets.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
}

function complaint(file: string, unsorted: readonly ZoneProblem[]): CdnError {
  const problems = sortByPlace(unsorted);
  return new CdnError('USAGE', `the zone file ${file} can't be served:\n${linesOf(file, problems).join('\n')}`, {
    details: { file, problems: problems.map(({ at, text }) => ({ file: at?.file ?? file, line: at?.line, column: at?.column, text })) },
    suggestions: ['mend these lines, then start again'],
  });
}

function linesOf(file: string, problems: readonly ZoneProblem[]): readonly string[] {
  const lines = problems.slice(0, MAX_PROBLEMS_SHOWN).map(({ at, text }) => (at ? `${at.file ?? file}:${at.line}:${at.column}: ${text}` : `${file}: ${text}`));
  return problems.length > lines.length ? [...lines, `… and ${problems.length - lines.length} more`] : lines;
}

/** Those of the zone's own file first, each file's in the order of its lines. */
function sortByPlace(problems: readonly ZoneProblem[]): readonly ZoneProblem[] {
  const files = new Map<string | undefined, number>([[undefined, 0]]);
  for (const { at } of problems) if (!files.has(at?.file)) files.set(at?.file, files.size);
  const rank = ({ at }: ZoneProblem): number => files.get(at?.file) ?? 0;
  return [...problems].sort((a, b) => rank(a) - rank(b) || (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));
}
