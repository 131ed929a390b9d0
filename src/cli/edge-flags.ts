// The flags that make a store an edge, for the commands that run stores.

import type { EdgeObjects } from '../app/store-options.js';
import { CdnError } from '../base/errors.js';
import { DEFAULTS, EDGE_FIELDS, FIELDS } from '../config/index.js';
import { fieldFlag, fieldListFlag, readList, readOptional } from './flags.js';

export const EDGE_FLAGS = {
  origin: fieldListFlag(EDGE_FIELDS.origin),
  'cache-dir': fieldFlag(EDGE_FIELDS.cacheDir),
  'cache-disk': fieldFlag(EDGE_FIELDS.cacheDisk, { defaultText: '10GB' }),
  'cache-fsync': fieldFlag(EDGE_FIELDS.cacheFsync, { defaultText: 'never' }),
  slice: fieldFlag(EDGE_FIELDS.slice, { defaultText: '1MiB' }),
};

/** With less, an edge could not even keep account of what passes. */
const LEAST_OCTETS = 4_194_304;

export interface EdgeFlags {
  readonly origin?: readonly string[] | undefined;
  readonly memory?: string | undefined;
  readonly 'cache-dir'?: string | undefined;
  readonly 'cache-disk'?: string | undefined;
  readonly 'cache-fsync'?: string | undefined;
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
  const folder = readOptional('cache-dir', EDGE_FIELDS.cacheDir, flags['cache-dir']);
  const diskOctets = readOptional('cache-disk', EDGE_FIELDS.cacheDisk, flags['cache-disk']);
  const fsync = readOptional('cache-fsync', EDGE_FIELDS.cacheFsync, flags['cache-fsync']) ?? 'never';
  const idle = diskOctets !== undefined ? 'cache-disk' : flags['cache-fsync'] !== undefined ? 'cache-fsync' : undefined;
  if (folder === undefined && idle !== undefined) throw new CdnError('USAGE', `--${idle}: there is no folder to fill`, { details: { flag: idle }, suggestions: ['name one with --cache-dir FOLDER'] });
  if (origins.length > 0) {
    const disk = folder === undefined ? {} : { disk: { folder, maxOctets: diskOctets ?? DEFAULTS.cacheDiskOctets, fsync: fsync === 'always' } };
    return { kind: 'edge', origins, cache: { memoryOctets: Math.max(memoryOctets, LEAST_OCTETS), ...disk }, sliceOctets: sliceOctets ?? DEFAULTS.sliceOctets };
  }
  const flag = sliceOctets === undefined ? folder === undefined ? undefined : '--cache-dir' : '--slice';
  if (flag === undefined) return undefined;
  throw new CdnError('USAGE', `${flag}: only a store with an origin fetches and keeps slices`, { details: { flag }, suggestions: [`cdn ${command} --origin http://127.0.0.1:40721`] });
}
