// Writes a message's octets from front to back, with name compression (RFC 1035 §4.1.4).

import type { Name } from './name.js';
import type { NameForm } from './reader.js';

/** What the two octets of a TCP length can say (RFC 1035 §4.2.2). */
export const MAX_MESSAGE_OCTETS = 65_535;
/** A pointer has 14 bits. */
const MAX_POINTER = 0x3fff;

// One message is written at a time, from the first octet to the copy that finish() makes of it.
const scratch = new Uint8Array(MAX_MESSAGE_OCTETS);

/** One at a time: the next Writer writes over what this one has not yet given away by `finish`. */
export class Writer {
  readonly #limit: number;
  #length = 0;
  #overflowed = false;
  /** Where each name, and each end of one, begins; by the key of Name. */
  readonly #offsets: Map<string, number> | undefined;

  /** `names`: 'plain' writes every name whole, for data that stands outside a message. */
  constructor(limit: number, names: NameForm = 'compressed') {
    this.#limit = Math.min(limit, MAX_MESSAGE_OCTETS);
    this.#offsets = names === 'compressed' ? new Map() : undefined;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether more was written than the limit allows; what lies beyond is lost. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The message, as octets of its own. */
  finish(): Uint8Array {
    return scratch.slice(0, this.#length);
  }

  u8(value: number): void {
    if (this.#room(1)) scratch[this.#length++] = value;
  }

  u16(value: number): void {
    if (!this.#room(2)) return;
    scratch[this.#length++] = value >>> 8;
    scratch[this.#length++] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  bytes(octets: Uint8Array): void {
    if (!this.#room(octets.length)) return;
    scratch.set(octets, this.#length);
    this.#length += octets.length;
  }

  /** A <character-string>; the caller answers for its being 255 octets or fewer. */
  characterString(octets: Uint8Array): void {
    this.u8(octets.length);
    this.bytes(octets);
  }

  /** Two octets of length, then what `write` writes. */
  sized(write: () => void): void {
    const at = this.#length;
    this.u16(0);
    write();
    if (this.#overflowed) return;
    const size = this.#length - at - 2;
    scratch[at] = size >>> 8;
    scratch[at + 1] = size;
  }

  /**
   * A compressed name ends in a pointer to the first place where the rest of it was written, ASCII
   * letter case aside, as every server does it: a reader then sees that rest in the earlier place's
   * case. The question is written first and so always keeps its own, which is what clients that
   * compare it letter by letter need; a record's owner takes on the question's.
   */
  name(name: Name, form: NameForm): void {
    const { wire } = name;
    if (!this.#offsets) {
      this.bytes(wire);
      return;
    }
    const { key } = name;
    for (let at = 0; ; ) {
      const size = wire[at] as number;
      if (size === 0) {
        this.u8(0);
        return;
      }
      const rest = at === 0 ? key : key.slice(at);
      const known = this.#offsets.get(rest);
      if (known === undefined) {
        if (this.#length <= MAX_POINTER) this.#offsets.set(rest, this.#length);
      } else if (form === 'compressed') {
        this.u16(0xc000 | known);
        return;
      }
      const next = at + 1 + size;
      if (!this.#room(next - at)) return;
      while (at < next) scratch[this.#length++] = wire[at++] as number;
    }
  }

  #room(count: number): boolean {
    if (this.#length + count > this.#limit) this.#overflowed = true;
    return !this.#overflowed;
  }
}
