// How it stands with an object at an edge, for people.

import { printable } from '../base/printable.js';
import { formatBytes } from '../base/units.js';
import type { Standing } from '../store/index.js';

type Response = Standing['responses'][number];

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

function freshness({ freshness: state, rule, ttlSeconds, lifetimeSeconds, ageSeconds, purgedSoftly }: Response): string {
  if (state === 'fresh') return `fresh for ${ttlSeconds} s more: ${ageSeconds} s old of ${lifetimeSeconds} s, by ${rule}`;
  const allowed = state === 'stale' ? 'to be validated before it is served' : `may still be served: ${state}`;
  if (purgedSoftly !== null) return `stale since it was purged softly at ${purgedSoftly}; ${allowed}`;
  if (rule === 'none') return `never fresh, for no rule says so; ${allowed}`;
  return `stale: ${ageSeconds} s old of ${lifetimeSeconds} s, by ${rule}; ${allowed}`;
}

function slices({ slices: { memory, disk, missing }, octets }: Response): string {
  const total = memory + disk + missing;
  if (total === 0) return formatBytes(octets);
  const places = [[memory, 'in memory'], [disk, 'on disk'], [missing, 'at the origin']] as const;
  return `${formatBytes(octets)} in ${plural(total, 'slice')}: ${places.filter(([count]) => count > 0).map(([count, place]) => `${count} ${place}`).join(', ')}`;
}

function responseLines(response: Response): readonly string[] {
  const { vary, status, hits, tags, etag } = response;
  const more = [plural(hits, 'hit'), ...(tags.length === 0 ? [] : [`tags ${tags.join(' ')}`]), ...(etag === null ? [] : [`ETag ${etag}`])];
  return [
    `${response.store === undefined ? '' : `${response.store}: `}${status}, ${freshness(response)}`,
    ...(vary.length === 0 ? [] : [`  for requests with ${vary.map((line) => (line.includes(':') ? line : `no ${line}`)).join('; ')}`]),
    `  ${slices(response)}`,
    `  ${more.join('; ')}`,
  ];
}

/** A headline, and some lines for each response there is. */
export function standingLines({ target, here, underWay, responses, removals }: Standing): readonly string[] {
  const coming = underWay ? ', and the origin is being asked just now' : '';
  const gone = removals.map(({ store, why, at }) => `${store === undefined ? '' : `${store}: `}gone since ${at}: ${why}`);
  const unknown = !here && gone.length === 0 ? ['nothing is known of it: never asked for, never stored, or gone too long ago'] : [];
  return [`${target} is ${here ? '' : 'not '}here${coming}`, ...[...responses.flatMap(responseLines), ...gone, ...unknown].map((line) => `  ${line}`)].map(printable);
}
