// $GENERATE, as BIND has it: START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA, where $ stands for the
// number and ${OFFSET,WIDTH,BASE} for the number written otherwise.

import type { Position } from './zone-draft.js';
import type { Token } from './zone-tokens.js';

export type Generated =
  /** The tokens of one entry after the other, owner first. */
  | { readonly kind: 'entries'; readonly entries: Iterable<readonly Token[]> }
  | { readonly kind: 'problem'; readonly at: Position; readonly text: string };

/** One line shall not fill the memory. */
const MAX_GENERATED = 65_536;
const MAX_NUMBER = 2 ** 31 - 1;
const MAX_WIDTH = 255;

/** A token's text in pieces: as it stands, or the number in some form. */
type Piece = string | ((value: number) => string);

export function parseGenerate(directive: Token, args: readonly Token[]): Generated {
  const problem = (at: Position, text: string): Generated => ({ kind: 'problem', at, text });
  const [range, ...template] = args;
  if (!range) return problem(directive, '$GENERATE needs a range such as 1-20 or 0-100/2, and an entry behind it');
  const [, from, to, by = '1'] = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(range.text) ?? [];
  const [start, stop, step] = [Number(from), Number(to), Number(by)];
  if (from === undefined || stop < start || step < 1 || stop > MAX_NUMBER) return problem(range, `expected a range such as 1-20 or 0-100/2, got ${JSON.stringify(range.text)}`);
  const count = Math.floor((stop - start) / step) + 1;
  if (count > MAX_GENERATED) return problem(range, `${range.text} makes ${count} entries: one $GENERATE makes at most ${MAX_GENERATED}`);
  if (template.length < 3) return problem(template.at(-1) ?? range, '$GENERATE needs an owner, a type and data behind its range');

  const pieces: (readonly Piece[])[] = [];
  for (const token of template) {
    const parsed = parseTemplate(token.text, start);
    if (typeof parsed === 'string') return problem(token, parsed);
    pieces.push(parsed);
  }
  return { kind: 'entries', entries: expand(template, pieces, start, stop, step) };
}

function* expand(template: readonly Token[], pieces: readonly (readonly Piece[])[], start: number, stop: number, step: number): Generator<readonly Token[]> {
  for (let value = start; value <= stop; value += step) {
    yield template.map((token, index) => ({ ...token, text: (pieces[index] ?? []).map((piece) => (typeof piece === 'string' ? piece : piece(value))).join('') }));
  }
}

/** The pieces, or what is wrong. `least`: the smallest number to come. */
function parseTemplate(text: string, least: number): readonly Piece[] | string {
  const pieces: Piece[] = [];
  // An escape is left for whoever reads the token; $$ is an old way to write \$.
  for (const [whole, inBraces] of text.matchAll(/\\[^]|\$\$|\$\{([^}]*)\}|\$|[^\\$]+|\\$/g)) {
    if (whole === '$$') pieces.push('\\$');
    else if (whole === '$') pieces.push(String);
    else if (inBraces === undefined) pieces.push(whole);
    else {
      const [, offset, width = '0', base = 'd'] = /^(-?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?$/.exec(inBraces) ?? [];
      if (offset === undefined || Number(width) > MAX_WIDTH) return `expected \${OFFSET,WIDTH,BASE}, BASE one of d, o, x, X, n, N, got ${JSON.stringify(whole)}`;
      if (least + Number(offset) < 0) return `${JSON.stringify(whole)} makes a number below 0 of ${least}`;
      const write = writerOf(base, Number(width));
      pieces.push((value) => write(value + Number(offset)));
    }
  }
  return pieces;
}

function writerOf(base: string, width: number): (value: number) => string {
  switch (base) {
    case 'n':
      return (value) => nibbles(value.toString(16), width);
    case 'N':
      return (value) => nibbles(value.toString(16).toUpperCase(), width);
    case 'o':
      return (value) => value.toString(8).padStart(width, '0');
    case 'x':
      return (value) => value.toString(16).padStart(width, '0');
    case 'X':
      return (value) => value.toString(16).toUpperCase().padStart(width, '0');
    default:
      return (value) => String(value).padStart(width, '0');
  }
}

/** As in ip6.arpa: the last digit first, dots between; the width counts the dots. */
function nibbles(hex: string, width: number): string {
  return Array.from(hex.padStart(Math.ceil(width / 2), '0')).reverse().join('.');
}
