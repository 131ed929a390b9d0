// Proactive negotiation: which of our representations a client's Accept field prefers
// (RFC 9110 §12.5.1, §12.4.2).

/** One member of an Accept field. */
export interface MediaRange {
  /** Lower case; "*" for any. */
  readonly type: string;
  readonly subtype: string;
  /** Names in lower case, values unquoted; the weight is not among them. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0-1. */
  readonly weight: number;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"/y;
const SPACE = /[ \t]*/y;
// §12.4.2: at most three decimals, and none but zeros after a one.
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

interface Scanner {
  take(pattern: RegExp): string | undefined;
  char(expected: string): boolean;
  atEnd(): boolean;
}

function scan(text: string): Scanner {
  let at = 0;
  return {
    take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(text)?.[0];
      if (found !== undefined) at += found.length;
      return found;
    },
    char(expected) {
      if (text[at] !== expected) return false;
      at += 1;
      return true;
    },
    atEnd: () => at === text.length,
  };
}

function takeRange(scanner: Scanner): MediaRange | undefined {
  const type = scanner.take(TOKEN)?.toLowerCase();
  if (type === undefined || !scanner.char('/')) return undefined;
  const subtype = scanner.take(TOKEN)?.toLowerCase();
  if (subtype === undefined || (type === '*' && subtype !== '*')) return undefined;
  const parameters = new Map<string, string>();
  let weight = 1;
  for (;;) {
    scanner.take(SPACE);
    if (!scanner.char(';')) break;
    scanner.take(SPACE);
    // §5.6.6: an empty parameter is allowed.
    const name = scanner.take(TOKEN)?.toLowerCase();
    if (name === undefined) continue;
    if (!scanner.char('=')) return undefined;
    const value = scanner.take(TOKEN) ?? scanner.take(QUOTED)?.slice(1, -1).replace(/\\(.)/g, '$1');
    if (value === undefined) return undefined;
    // §12.5.1: the weight is whatever is named "q", wherever it stands.
    if (name !== 'q') parameters.set(name, value);
    else if (WEIGHT.test(value)) weight = Number(value);
    else return undefined;
  }
  return { type, subtype, parameters, weight };
}

/** The members of an Accept field; undefined if it doesn't follow the grammar. */
export function parseAccept(field: string): readonly MediaRange[] | undefined {
  const scanner = scan(field);
  const ranges: MediaRange[] = [];
  for (;;) {
    // §5.6.1.2: empty list members count for nothing.
    do scanner.take(SPACE);
    while (scanner.char(','));
    if (scanner.atEnd()) return ranges;
    const range = takeRange(scanner);
    if (range === undefined) return undefined;
    ranges.push(range);
    scanner.take(SPACE);
    if (!scanner.atEnd() && !scanner.char(',')) return undefined;
  }
}

/** §12.5.1: the most specific range that matches decides. 0 when none does. */
function specificity(range: MediaRange, type: string, subtype: string): number {
  if (range.type === '*') return 1;
  if (range.type !== type) return 0;
  if (range.subtype === '*') return 2;
  if (range.subtype !== subtype) return 0;
  for (const [name, value] of range.parameters) {
    // Ours are all UTF-8 text without further parameters.
    if (name !== 'charset' || value.toLowerCase() !== 'utf-8') return 0;
  }
  return 3 + range.parameters.size;
}

/**
 * The one of `offered` ("text/html", …; ours first in order of our own liking) that the client likes
 * best. Where weights are equal, a type the client named goes before one it only allows by a
 * wildcard. With no field, a malformed one, or nothing acceptable, it is our first: §12.5.1 lets a
 * server disregard the field rather than answer 406.
 */
export function selectMediaType<T extends string>(field: string | undefined, offered: readonly [T, ...T[]]): T {
  const ranges = field === undefined ? undefined : parseAccept(field);
  let best = { type: offered[0], weight: 0, specific: 0 };
  for (const type of offered) {
    const slash = type.indexOf('/');
    let weight = 0;
    let specific = 0;
    for (const range of ranges ?? []) {
      const found = specificity(range, type.slice(0, slash), type.slice(slash + 1));
      if (found > specific) {
        specific = found;
        weight = range.weight;
      }
    }
    if (weight > best.weight || (weight > 0 && weight === best.weight && specific > best.specific)) best = { type, weight, specific };
  }
  return best.type;
}
