// What came of warming, for people: a line for each object, and one for all.

import { printable } from '../base/printable.js';
import { formatBytes } from '../base/units.js';
import type { Warmed } from '../store/index.js';

const WORDS: Readonly<Record<Warmed['outcome'], string>> = { hit: 'was here', stored: 'stored', 'not-stored': 'not stored', failed: 'failed' };

export const isWarm = ({ outcome }: Warmed): boolean => outcome === 'hit' || outcome === 'stored';

export function warmedLine({ outcome, storedOctets, why, edges }: Warmed, url: string): string {
  const where = edges === undefined ? '' : ` in ${edges} edges`;
  const here = outcome === 'hit' || outcome === 'stored' ? `, ${formatBytes(storedOctets)}${where}` : outcome === 'not-stored' && storedOctets > 0 ? `, ${formatBytes(storedOctets)} of it are here${where}` : '';
  return printable(`${url}: ${WORDS[outcome]}${why === null ? '' : `: ${why}`}${here}`);
}

export function warmedSummary(all: readonly Warmed[]): string {
  const count = (wanted: Warmed['outcome']): number => all.filter(({ outcome }) => outcome === wanted).length;
  const octets = all.filter(isWarm).reduce((sum, { storedOctets }) => sum + storedOctets, 0);
  const parts = (Object.keys(WORDS) as Warmed['outcome'][]).flatMap((outcome) => (count(outcome) === 0 ? [] : [`${count(outcome)} ${WORDS[outcome]}`]));
  return `${all.filter(isWarm).length} of ${all.length} warm, ${formatBytes(octets)}: ${parts.join(', ')}`;
}
