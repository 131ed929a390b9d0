// The flags that make a store an edge, for the commands that run stores.

import type { EdgeObjects } from '../app/store.js';
import { CdnError } from '../base/errors.js';
import { DEFAULTS, EDGE_FIELDS, FIELDS } from '../config/index.js';
import { fieldFlag, fieldListFlag, readList, readOptional } from './flags.js';

export const EDGE_FLAGS = {
  origin: fieldListFlag(EDGE_FIELDS.origin),
  slice: fieldFlag(EDGE_FIELDS.slice, { defaultText: '1MiB' }),
};

/** With less, an edge could not even keep account of what passes. */
const LEAST_OCTETS = 4_194_304;

export interface EdgeFlags {
  readonly origin?: readonly string[] | undefined;
  readonly memory?: string | undefined;
  readonly slice?: string | undefined;
}

/**
 * undefined without an origin: the store is no edge.
 * @throws CdnError USAGE for a flag that can't be used, or that only an edge has
 */
export function readEdge(flags: EdgeFlags, command: string): EdgeObjects | undefined {
  const origins = readList('origin', EDGE_FIELDS.origin, flags.origin) ?? [];
  const memoryOctets = readOptional('memory', FIELDS.memory, flags.memory) ?? DEFAULTS.memoryOctets;
  const sliceOctets = readOptional('slice', EDGE_FIELDS.slice, flags.slice);
  if (origins.length > 0) return { kind: 'edge', origins, cache: { memoryOctets: Math.max(memoryOctets, LEAST_OCTETS) }, sliceOctets: sliceOctets ?? DEFAULTS.sliceOctets };
  if (sliceOctets === undefined) return undefined;
  throw new CdnError('USAGE', '--slice: only a store with an origin fetches slices', { details: { flag: 'slice' }, suggestions: [`cdn ${command} --origin http://127.0.0.1:40721`] });
}
