// What is answered when no store is up: a guess that some client may still be served by, or the plain
// truth.

import { admit } from './admit.js';
import type { Edge } from '../routing-edge.js';

export const WHEN_ALL_DOWN = ['serve-all', 'last-good', 'backup', 'nodata', 'servfail'] as const;
export type WhenAllDown = (typeof WHEN_ALL_DOWN)[number];

export interface DownStores {
  /** All that the name could have. */
  readonly edges: readonly Edge[];
  /** Those that were up last; empty: none ever was. */
  readonly lastGood: readonly Edge[];
  isUp(edge: Edge): boolean;
}

/** The stores to choose from all the same. */
export function selectWhenAllDown(rule: WhenAllDown, { edges, lastGood, isUp }: DownStores): readonly Edge[] | 'nodata' | 'servfail' {
  // The checks may be what is wrong: then every store is as good as before.
  const all = orAll(admit(edges), edges);
  switch (rule) {
    case 'serve-all':
      return all;
    case 'last-good':
      return orAll(admit(lastGood), all);
    case 'backup': {
      const backups = edges.filter((edge) => edge.backup === true && edge.drain !== true);
      return orAll(backups.filter(isUp), orAll(backups, all));
    }
    case 'nodata':
    case 'servfail':
      return rule;
  }
}

function orAll(some: readonly Edge[], all: readonly Edge[]): readonly Edge[] {
  return some.length > 0 ? some : all;
}
