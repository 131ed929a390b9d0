// Structured fields (RFC 9651): text <-> value. A field with any fault in it is undefined as a whole
// (§4.2): nobody acts on half of one.

export type BareItem =
  | { readonly kind: 'integer' | 'decimal'; readonly value: number }
  /** Seconds since 1970-01-01 UTC. */
  | { readonly kind: 'date'; readonly value: number }
  | { readonly kind: 'string' | 'token' | 'display'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly kind: 'item';
  readonly value: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly kind: 'inner-list';
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Member = Item | InnerList;

const KEY = /[a-z*][a-z0-9_\-.*]*/y; // §3.1.2
const NUMBER = /(-?)(\d+)(?:\.(\d*))?/y; // §4.2.4
const STRING = /"((?:[ !#-[\]-~]|\\["\\])*)"/y; // §3.3.3
const TOKEN = /[A-Za-z*][A-Za-z0-9:/!#$%&'*+\-.^_`|~]*/y; // §3.3.4
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y; // §3.3.5
const BOOLEAN = /\?([01])/y; // §3.3.6
const DATE = /@(-?\d{1,15})(?![\d.])/y; // §3.3.7
const DISPLAY = /%"((?:[ !#-$&-~]|%[0-9a-f]{2})*)"/y; // §3.3.8

const NO_PARAMETERS: Parameters = new Map();
const TRUE: BareItem = { kind: 'boolean', value: true };

class Malformed extends Error {}

/** §4.2.7: padding may be missing, but what remains must be whole. */
function decodeBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  if (digits.length % 4 === 1 || (digits !== text && text.length % 4 !== 0)) throw new Malformed();
  return Buffer.from(digits, 'base64');
}

/** §4.2.10: the octets must be UTF-8. */
function decodeDisplay(text: string): string {
  const octets = Buffer.from(text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    throw new Malformed();
  }
}

/** Walks over a field's text; each method consumes what it recognises. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  ended(): boolean {
    return this.at === this.text.length;
  }

  skip(characters: string): void {
    while (!this.ended() && characters.includes(this.text.charAt(this.at))) this.at += 1;
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }

  private takeIf(character: string): boolean {
    if (this.text.charAt(this.at) !== character) return false;
    this.at += 1;
    return true;
  }

  key(): string {
    const match = this.take(KEY);
    if (match === undefined) throw new Malformed();
    return match[0];
  }

  /** §4.2.4: at most 15 digits, or 12 before the point and 1 to 3 after it. */
  private number(): BareItem {
    const match = this.take(NUMBER);
    const [text = '', , whole = '', fraction] = match ?? [];
    if (match === undefined || whole.length > (fraction === undefined ? 15 : 12)) throw new Malformed();
    if (fraction === undefined) return { kind: 'integer', value: Number(text) + 0 };
    if (fraction.length < 1 || fraction.length > 3) throw new Malformed();
    return { kind: 'decimal', value: Number(text) + 0 };
  }

  bareItem(): BareItem {
    const first = this.text.charAt(this.at);
    if (/[-\d]/.test(first)) return this.number();
    const string = this.take(STRING);
    if (string !== undefined) return { kind: 'string', value: (string[1] ?? '').replace(/\\(.)/g, '$1') };
    const token = this.take(TOKEN);
    if (token !== undefined) return { kind: 'token', value: token[0] };
    const bytes = this.take(BYTES);
    if (bytes !== undefined) return { kind: 'bytes', value: decodeBase64(bytes[1] ?? '') };
    const boolean = this.take(BOOLEAN);
    if (boolean !== undefined) return { kind: 'boolean', value: boolean[1] === '1' };
    const date = this.take(DATE);
    if (date !== undefined) return { kind: 'date', value: Number(date[1]) + 0 };
    const display = this.take(DISPLAY);
    if (display !== undefined) return { kind: 'display', value: decodeDisplay(display[1] ?? '') };
    throw new Malformed();
  }

  /** §4.2.3.2: of a parameter given twice, the last counts. */
  parameters(): Parameters {
    if (this.text.charAt(this.at) !== ';') return NO_PARAMETERS;
    const parameters = new Map<string, BareItem>();
    while (this.takeIf(';')) {
      this.skip(' ');
      const key = this.key();
      const value = this.takeIf('=') ? this.bareItem() : TRUE;
      parameters.delete(key);
      parameters.set(key, value);
    }
    return parameters;
  }

  item(): Item {
    const value = this.bareItem();
    return { kind: 'item', value, parameters: this.parameters() };
  }

  /** §4.2.1.1 */
  itemOrInnerList(): Member {
    if (!this.takeIf('(')) return this.item();
    const items: Item[] = [];
    for (;;) {
      this.skip(' ');
      if (this.takeIf(')')) return { kind: 'inner-list', items, parameters: this.parameters() };
      items.push(this.item());
      if (!/[ )]/.test(this.text.charAt(this.at))) throw new Malformed();
    }
  }

  /** §4.2.2: a key alone is true. */
  member(): Member {
    return this.takeIf('=') ? this.itemOrInnerList() : { kind: 'item', value: TRUE, parameters: this.parameters() };
  }

  /** Between two members; false at the end. A comma must be followed by a member. */
  more(): boolean {
    this.skip(' \t');
    if (this.ended()) return false;
    if (!this.takeIf(',')) throw new Malformed();
    this.skip(' \t');
    if (this.ended()) throw new Malformed();
    return true;
  }
}

/** §4.2: spaces around the field are no part of it; anything else that is left over makes it malformed. */
function parseWhole<T>(text: string, parse: (reader: Reader) => T): T | undefined {
  const reader = new Reader(text);
  try {
    reader.skip(' ');
    const value = parse(reader);
    reader.skip(' ');
    return reader.ended() ? value : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** A dictionary (§3.2, §4.2.2); of a key given twice, the last counts. Empty text is an empty dictionary. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | undefined {
  return parseWhole(text, (reader) => {
    const members = new Map<string, Member>();
    if (reader.ended()) return members;
    do {
      const key = reader.key();
      const member = reader.member();
      members.delete(key);
      members.set(key, member);
    } while (reader.more());
    return members;
  });
}

/** A list (§3.1, §4.2.1). Empty text is an empty list. */
export function parseStructuredList(text: string): readonly Member[] | undefined {
  return parseWhole(text, (reader) => {
    const members: Member[] = [];
    if (reader.ended()) return members;
    do members.push(reader.itemOrInnerList());
    while (reader.more());
    return members;
  });
}

/** A single item (§3.3, §4.2.3). */
export function parseItem(text: string): Item | undefined {
  return parseWhole(text, (reader) => reader.item());
}

const WHOLE_TOKEN = /^[A-Za-z*][A-Za-z0-9:/!#$%&'*+\-.^_`|~]*$/;

/** A token where the text is one, otherwise a string in which what no string may hold is a question mark (§4.1.6, §4.1.7). */
export function formatTokenOrString(text: string): string {
  if (WHOLE_TOKEN.test(text)) return text;
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, String.raw`\$&`)}"`;
}
