// Reads a topology file. YAML and JSON are one language here: every JSON text is YAML 1.2.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CdnError, messageOf } from '../base/errors.js';
import { readTopology, type Topology } from './topology.js';

/** Nobody writes more by hand, and a file of another kind is not read whole. */
const MAX_OCTETS = 4_000_000;

/** What a topology without a word says. */
export const NO_TOPOLOGY: Topology = readTopology({}).topology;

/**
 * Paths in it are relative to its folder.
 * @throws CdnError USAGE, with a line `path: what` for each mistake
 */
export async function loadTopology(file: string): Promise<Topology> {
  const { topology, problems } = readTopology(await parseFile(file));
  if (problems.length > 0) throw refuse(file, problems);
  const from = (relative: string | undefined): string | undefined => (relative === undefined ? undefined : path.resolve(path.dirname(file), relative));
  return { ...topology, routing: { ...topology.routing, map: from(topology.routing.map), mmdb: from(topology.routing.mmdb) } };
}

async function parseFile(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
    if (text.length > MAX_OCTETS) throw new RangeError('it is too long for a topology');
  } catch (cause) {
    throw new CdnError('USAGE', `cannot read the topology ${file}: ${messageOf(cause)}`, { details: { file }, suggestions: ['name a readable YAML or JSON file with --topology FILE'], cause });
  }
  // Loaded for those who have a file.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' });
  if (document.errors.length > 0) {
    throw refuse(file, document.errors.map(({ linePos, message }) => `${linePos?.[0].line ?? 1}:${linePos?.[0].col ?? 1}: ${message.split(/ at line|\n/, 1)[0] ?? message}`));
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw refuse(file, [messageOf(error)]);
  }
}

function refuse(file: string, problems: readonly string[]): CdnError {
  return new CdnError('USAGE', `the topology ${file} can't be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
    details: { file, problems },
    suggestions: ['mend these lines, then start again'],
  });
}
