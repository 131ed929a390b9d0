// Domain names as octets (RFC 1035 §3.1, RFC 4343, RFC 2181 §11). A label may hold any octet, a dot
// included; two names are equal when their labels are, ASCII letter case aside.

import { formatOctet, readOctet } from './presentation.js';

/** RFC 1035 §2.3.4. */
export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;

/** What a master file reads as something else than itself. */
const SPECIAL = '."\\;()@$';
const DOT = 0x2e;

/** Of an octet the one that is equal to it, ASCII letter case aside; lengths are none that has another. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

// One name is written at a time, from its first octet to the copy that is made of it.
const scratch = Buffer.alloc(MAX_NAME_OCTETS);

/**
 * Lower-cases every octet, lengths too: a length is at most 63, and "A" is 65. The lengths stay in the
 * key, so the label "a.b" and the labels "a", "b" have different keys.
 */
function canonicalKey(wire: Uint8Array): string {
  for (let at = 0; at < wire.length; at += 1) scratch[at] = LOWER[wire[at] as number] as number;
  return scratch.toString('latin1', 0, wire.length);
}

/** FNV-1a over a key without its final zero, its bits mixed at the end. OrdinaryQuery.nameHash is the same of octets. */
export function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length - 1; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return mixHash(hash);
}

export function mixHash(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

const NOTHING = new Uint8Array(0);

export class Name {
  static readonly root: Name = new Name(new Uint8Array(1));

  /** Uncompressed, with the final zero; letter case as given. Never changed by anybody. */
  readonly wire: Uint8Array;
  #key: string | undefined;

  /** Only for octets already known to be one whole name; everybody else starts from parse, fromLabels or a message. */
  constructor(wire: Uint8Array, key?: string) {
    this.wire = wire;
    this.#key = key;
  }

  /**
   * From presentation form, with \X and \DDD (RFC 1035 §5.1). Without a final dot the name is relative
   * to `origin`. undefined: an empty label, a label over 63 or a name over 255 octets, a broken escape,
   * unescaped white space or control characters, anything outside ASCII.
   */
  static parse(text: string, origin: Name = Name.root): Name | undefined {
    if (text === '.') return Name.root;
    // Where the label being read begins, with its length, and where its next octet goes.
    let start = 0;
    let end = 1;
    for (let position = 0; position < text.length; ) {
      const read = readOctet(text, position);
      if (!read || (!read.escaped && (read.octet <= 0x20 || read.octet === 0x7f))) return undefined;
      position = read.next;
      if (read.octet === DOT && !read.escaped) {
        if (end === start + 1) return undefined;
        scratch[start] = end - start - 1;
        start = end;
      } else {
        if (end - start > MAX_LABEL_OCTETS) return undefined;
        scratch[end] = read.octet;
      }
      end += 1;
      if (end > MAX_NAME_OCTETS) return undefined;
    }
    if (text === '') return undefined;
    scratch[start] = end - start - 1;
    // A final dot has left an empty label open: the root's, and the name is absolute.
    const suffix = end === start + 1 ? NOTHING : origin.wire;
    if (end + suffix.length > MAX_NAME_OCTETS) return undefined;
    const wire = new Uint8Array(end + suffix.length);
    for (let at = 0; at < end; at += 1) wire[at] = scratch[at] as number;
    wire.set(suffix, end);
    return new Name(wire);
  }

  /** undefined for an empty or too long label, or too many of them. No labels is the root. */
  static fromLabels(labels: readonly Uint8Array[]): Name | undefined {
    const wire: number[] = [];
    for (const label of labels) {
      if (label.length === 0 || label.length > MAX_LABEL_OCTETS) return undefined;
      wire.push(label.length, ...label);
      if (wire.length >= MAX_NAME_OCTETS) return undefined;
    }
    wire.push(0);
    return new Name(Uint8Array.from(wire));
  }

  /** Canonical: equal keys, equal names. For maps; not for people. */
  get key(): string {
    return (this.#key ??= canonicalKey(this.wire));
  }

  /** The root not counted: 0 for the root, 2 for "hercdn.com.". */
  get labelCount(): number {
    let count = 0;
    for (let at = 0; this.wire[at] !== 0; at += 1 + (this.wire[at] as number)) count += 1;
    return count;
  }

  /** From the leftmost on, the root's empty one not among them. */
  labels(): readonly Uint8Array[] {
    const labels: Uint8Array[] = [];
    for (let at = 0; this.wire[at] !== 0; ) {
      const end = at + 1 + (this.wire[at] as number);
      labels.push(this.wire.subarray(at + 1, end));
      at = end;
    }
    return labels;
  }

  equals(other: Name): boolean {
    return this === other || (this.wire.length === other.wire.length && this.key === other.key);
  }

  isAtOrBelow(ancestor: Name): boolean {
    const start = this.wire.length - ancestor.wire.length;
    let at = 0;
    while (at < start) at += 1 + (this.wire[at] as number);
    // Only where a label begins: "badhercdn.com." isn't below "hercdn.com.".
    return at === start && this.key.endsWith(ancestor.key);
  }

  /** undefined for the root. */
  parent(): Name | undefined {
    const length = this.wire[0] as number;
    if (length === 0) return undefined;
    return new Name(this.wire.subarray(length + 1), this.#key?.slice(length + 1));
  }

  /** This name below one label more, or several: `prepend('_http._tcp')`. Presentation form, no final dot. */
  prepend(label: string): Name | undefined {
    return isAbsolute(label) ? undefined : Name.parse(label, this);
  }

  /** This name, at or below `from`, with `to` in place of `from` (RFC 6672 §2.2); undefined when that has over 255 octets. */
  moved(from: Name, to: Name): Name | undefined {
    const kept = this.wire.length - from.wire.length;
    if (kept + to.wire.length > MAX_NAME_OCTETS) return undefined;
    const wire = new Uint8Array(kept + to.wire.length);
    wire.set(this.wire.subarray(0, kept));
    wire.set(to.wire, kept);
    return new Name(wire);
  }

  /** Presentation form with the final dot: "file1.hercdn.com.", "." for the root; `Name.parse` reads it back. */
  toString(): string {
    if (this.wire[0] === 0) return '.';
    let text = '';
    for (const label of this.labels()) {
      for (const octet of label) text += formatOctet(octet, SPECIAL, 0x21);
      text += '.';
    }
    return text;
  }
}

/** Whether a name in presentation form ends with a dot that isn't escaped. */
function isAbsolute(text: string): boolean {
  const backslashes = /(\\*)\.$/.exec(text)?.[1];
  return backslashes !== undefined && backslashes.length % 2 === 0;
}
