// Grammars that several fields share: comma-separated lists (RFC 9110 §5.6.1) and the dictionaries
// of structured fields (RFC 9651).

const SEPARATOR = /[ \t]*,[ \t]*/y;

/**
 * `1#element`: the match of each element in turn, empty elements passed over (§5.6.1.2);
 * undefined when anything else stands in the text, or no element at all.
 * `element` is sticky and never matches nothing.
 */
export function parseList(text: string, element: RegExp): readonly RegExpExecArray[] | undefined {
  const found: RegExpExecArray[] = [];
  let at = 0;
  for (;;) {
    element.lastIndex = at;
    const match = element.exec(text);
    if (match !== null) {
      found.push(match);
      at = element.lastIndex;
    }
    if (at === text.length) return found.length === 0 ? undefined : found;
    SEPARATOR.lastIndex = at;
    if (!SEPARATOR.test(text)) return undefined;
    at = SEPARATOR.lastIndex;
  }
}

/** A bare item of RFC 9651 §3.3, as far as anybody here looks into it. */
export type BareItem =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  /** A decimal, string, token, date, display string or inner list: well-formed, not looked into. */
  | { readonly kind: 'other' };

const KEY = /[a-z*][a-z0-9_\-.*]*/y; // §3.1.2
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y; // §3.3.5
const BOOLEAN = /\?([01])/y; // §3.3.6
const INTEGER = /-?\d{1,15}(?![\d.])/y; // §3.3.1
// §3.3.2 decimal, §3.3.3 string, §3.3.4 token, §3.3.7 date, §3.3.8 display string
const OTHER = /-?\d{1,12}\.\d{1,3}(?![\d.])|"(?:[ !#-[\]-~]|\\["\\])*"|[A-Za-z*][A-Za-z0-9:/!#$%&'*+\-.^_`|~]*|@-?\d{1,15}(?![\d.])|%"(?:[ !#-$&-~]|%[0-9a-f]{2})*"/y;

class Malformed extends Error {}

/** Walks over a structured field's text; each method consumes what it recognises. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  ended(): boolean {
    return this.at === this.text.length;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  skip(characters: string): void {
    while (!this.ended() && characters.includes(this.text.charAt(this.at))) this.at += 1;
  }

  takeIf(character: string): boolean {
    if (this.text.charAt(this.at) !== character) return false;
    this.at += 1;
    return true;
  }

  key(): string {
    const match = this.take(KEY);
    if (match === undefined) throw new Malformed();
    return match[0];
  }

  bareItem(): BareItem {
    const bytes = this.take(BYTES);
    if (bytes !== undefined) return { kind: 'bytes', value: decodeBase64(bytes[1] ?? '') };
    const boolean = this.take(BOOLEAN);
    if (boolean !== undefined) return { kind: 'boolean', value: boolean[1] === '1' };
    const integer = this.take(INTEGER);
    if (integer !== undefined) return { kind: 'integer', value: Number(integer[0]) };
    if (this.take(OTHER) !== undefined) return { kind: 'other' };
    throw new Malformed();
  }

  parameters(): void {
    while (this.takeIf(';')) {
      this.skip(' ');
      this.key();
      if (this.takeIf('=')) this.bareItem();
    }
  }

  /** §4.2.1.2, after the opening parenthesis. */
  innerList(): BareItem {
    for (;;) {
      this.skip(' ');
      if (this.takeIf(')')) return { kind: 'other' };
      this.bareItem();
      this.parameters();
      if (!/^[ )]/.test(this.text.slice(this.at, this.at + 1))) throw new Malformed();
    }
  }

  member(): BareItem {
    if (!this.takeIf('=')) {
      this.parameters();
      return { kind: 'boolean', value: true }; // §4.2.2: a key alone is true
    }
    const item = this.takeIf('(') ? this.innerList() : this.bareItem();
    this.parameters();
    return item;
  }
}

/** §4.2.7: padding may be missing, but what remains must be whole. */
function decodeBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  if (digits.length % 4 === 1 || (digits !== text && text.length % 4 !== 0)) throw new Malformed();
  return Buffer.from(digits, 'base64');
}

/**
 * A dictionary (RFC 9651 §4.2.2); parameters are checked and dropped, of a key given twice the last
 * counts. undefined if any part is malformed: the whole field is then to be ignored (§4.2).
 */
export function parseDictionary(text: string): ReadonlyMap<string, BareItem> | undefined {
  const reader = new Reader(text);
  const members = new Map<string, BareItem>();
  try {
    reader.skip(' ');
    while (!reader.ended()) {
      members.set(reader.key(), reader.member());
      reader.skip(' \t');
      if (reader.ended()) return members;
      if (!reader.takeIf(',')) return undefined;
      reader.skip(' \t');
      if (reader.ended()) return undefined; // §4.2.2: no comma at the end
    }
    return members;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
