// Entity tags (RFC 9110 §8.8.3) and lists of them, by the grammar: a comma may stand inside a tag.

import { parseList } from './fields.js';

export interface EntityTag {
  readonly weak: boolean;
  /** What stands between the quotes. */
  readonly opaque: string;
}

// §8.8.3: W is case-sensitive; etagc has no space, no quote, and no escape.
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y;

function toTag(match: RegExpExecArray): EntityTag {
  return { weak: match[1] !== undefined, opaque: match[2] ?? '' };
}

export function parseEntityTag(text: string): EntityTag | undefined {
  ENTITY_TAG.lastIndex = 0;
  const match = ENTITY_TAG.exec(text);
  return match !== null && ENTITY_TAG.lastIndex === text.length ? toTag(match) : undefined;
}

export function formatEntityTag(tag: EntityTag): string {
  return `${tag.weak ? 'W/' : ''}"${tag.opaque}"`;
}

/** The value of If-Match or If-None-Match: `*`, or at least one tag; undefined if it is malformed. */
export function parseEntityTags(text: string): '*' | readonly EntityTag[] | undefined {
  if (text === '*') return '*';
  const matches = parseList(text, ENTITY_TAG);
  return matches?.map(toTag);
}

/** §8.8.3.2: equal, and neither is weak. */
export function matchesStrongly(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** §8.8.3.2: equal, weak or not. */
export function matchesWeakly(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}
