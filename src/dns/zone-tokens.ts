// The lexical side of master files (RFC 1035 §5.1): text, one octet a character -> entries of tokens. An entry is a line, or
// several that parentheses join. What a token means isn't decided here.

import type { Position, ZoneProblem } from './zone-draft.js';

export interface Token extends Position {
  /** Escapes as written, quotes off; between quotes an octet above 127 is an escape too. */
  readonly text: string;
  readonly quoted: boolean;
}

export type Entry =
  /** `indented`: the line begins with white space, so the owner is that of the entry before. At least one token. */
  | { readonly kind: 'entry'; readonly indented: boolean; readonly tokens: readonly Token[] }
  | { readonly kind: 'problem'; readonly problem: ZoneProblem };

/** One entry at a time, so that a large file needs no copy of itself in memory. */
export function* readEntries(text: string): Generator<Entry> {
  let line = 1;
  let lineStart = 0;
  let tokens: Token[] = [];
  let indented = false;
  let opened: Position[] = [];
  let broken: ZoneProblem | undefined;
  const flush = (): Entry | undefined => {
    const entry: Entry | undefined = broken ? { kind: 'problem', problem: broken } : tokens.length > 0 ? { kind: 'entry', indented, tokens } : undefined;
    tokens = [];
    opened = [];
    broken = undefined;
    indented = false;
    return entry;
  };

  for (let position = 0; position < text.length; ) {
    const column = position - lineStart + 1;
    const character = text[position] as string;
    if (character === '\n') {
      line += 1;
      position += 1;
      lineStart = position;
      // A line that can't be read ends its entry: the next one may be sound.
      const entry = opened.length === 0 || broken ? flush() : undefined;
      if (entry) yield entry;
    } else if (BLANK.has(character)) {
      if (column === 1 && opened.length === 0) indented = true;
      position += 1;
    } else if (character === ';') {
      position = endOfLine(text, position);
    } else if (character === '(') {
      opened.push({ line, column });
      position += 1;
    } else if (character === ')') {
      if (!opened.pop()) broken ??= { at: { line, column }, text: 'a closing parenthesis without an opening one' };
      position += 1;
    } else {
      const quoted = character === '"';
      const start = quoted ? position + 1 : position;
      const end = endOfToken(text, start, quoted ? '"\n' : WORD_ENDS);
      if (quoted && text[end] !== '"') broken ??= { at: { line, column }, text: 'a quoted string that does not end on its line' };
      const written = text.slice(start, end);
      tokens.push({ line, column, text: quoted ? asAscii(written) : written, quoted });
      position = quoted && text[end] === '"' ? end + 1 : end;
    }
  }
  const open = opened[0];
  if (open) broken ??= { at: open, text: 'an opening parenthesis that is never closed' };
  const last = flush();
  if (last) yield last;
}

const BLANK: ReadonlySet<string> = new Set(' \t\r\f\v');
const WORD_ENDS = ' \t\r\f\v\n;()"';

/** Where the first of `ends` stands that no backslash escapes; a line's end can't be escaped. */
function endOfToken(text: string, from: number, ends: string): number {
  for (let position = from; position < text.length; position += 1) {
    const character = text[position] as string;
    if (ends.includes(character)) return position;
    if (character === '\\' && text[position + 1] !== '\n') position += 1;
  }
  return text.length;
}

/** What a string says in UTF-8 or any other code is carried octet by octet; in a name it would be a mistake. */
function asAscii(text: string): string {
  return text.replace(/\\[^\u0080-\u00ff]|\\?[\u0080-\u00ff]/g, (found) => {
    const octet = found.charCodeAt(found.length - 1);
    return octet < 0x80 ? found : `\\${octet}`;
  });
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
