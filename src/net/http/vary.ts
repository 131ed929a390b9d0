// Vary (RFC 9111 §4.1, RFC 9110 §12.5.5): which request fields chose a response, and whether another
// request would have chosen the same.

import { parseList } from './fields.js';
import type { HeaderFields } from './message.js';

const FIELD_NAME = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;

/** Lists of case-insensitive members whose order says nothing (RFC 9110 §12.5). */
const UNORDERED: ReadonlySet<string> = new Set(['accept', 'accept-charset', 'accept-encoding', 'accept-language']);

/** The names in lower case, sorted, each once; '*' also for what can't be read: nothing is then sure to match. */
export function parseVary(text: string | undefined): '*' | readonly string[] {
  if (text === undefined || /^[ \t,]*$/.test(text)) return [];
  const names = parseList(text, FIELD_NAME)?.map((match) => match[0].toLowerCase());
  // A `*` among other names is one all the same.
  if (names === undefined || names.includes('*')) return '*';
  return [...new Set(names)].sort();
}

/** §4.1: white space and, where it says nothing, order and letter case don't make another request of it. */
function normalise(name: string, value: string): string {
  // What is in quotes stays as it is.
  const members = value.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((member) => member.trim()).filter((member) => member !== '');
  if (!UNORDERED.has(name)) return members.join(', ');
  return members.map((member) => (member.includes('"') ? member : member.replace(/[ \t]+/g, '').toLowerCase())).sort().join(',');
}

/**
 * What these fields of a request are, as text: the same text for two requests exactly when a response
 * that was chosen by these fields serves both (§4.1). A field that isn't there is not one that is empty.
 */
export function variantKey(names: readonly string[], fields: HeaderFields): string {
  return names.map((name) => {
    const value = fields[name];
    return value === undefined ? name : `${name}: ${normalise(name, value)}`;
  }).join('\n');
}
