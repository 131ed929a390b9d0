// Writes a message's octets from front to back, with name compression (RFC 1035 §4.1.4).

import type { Name } from './name.js';
import type { NameForm } from './reader.js';
import { addSuffix, findSuffix, forgetSuffixes, MAX_POINTER, ROOT, UNKNOWN } from './suffixes.js';

/** What the two octets of a TCP length can say (RFC 1035 §4.2.2). */
export const MAX_MESSAGE_OCTETS = 65_535;
// One message is written at a time, from the first octet to the copy that finish() makes of it.
const scratch = new Uint8Array(MAX_MESSAGE_OCTETS);
// Where the labels of the name being written begin, in that name.
const starts = new Uint8Array(128);
// Names just written whole or as a pointer, and where: the records of an RRset share their owner.
const recent = new Array<Name | undefined>(8).fill(undefined);
const recentPlaces = new Uint16Array(8);

/** One at a time: the next Writer writes over what this one has not yet given away by `finish`. */
export class Writer {
  readonly #limit: number;
  #length = 0;
  #overflowed = false;
  readonly #compressing: boolean;

  /** `names`: 'plain' writes every name whole, for data that stands outside a message. */
  constructor(limit: number, names: NameForm = 'compressed') {
    this.#limit = Math.min(limit, MAX_MESSAGE_OCTETS);
    this.#compressing = names === 'compressed';
    forgetSuffixes();
    recent.fill(undefined);
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
    const compressing = this.#compressing && form === 'compressed';
    if (compressing && recent[wire.length & 7] === name) {
      this.u16(0xc000 | (recentPlaces[wire.length & 7] as number));
      return;
    }
    let labels = 0;
    for (let at = 0; wire[at] !== 0; at += 1 + (wire[at] as number)) starts[labels++] = at;
    // From the root on: how much of its end stands in the message already, and where.
    let known = ROOT;
    let fresh = labels;
    while (fresh > 0) {
      const found = findSuffix(scratch, wire, starts[fresh - 1] as number, known);
      if (found === UNKNOWN) break;
      known = found;
      fresh -= 1;
    }
    const pointing = compressing && known !== ROOT;
    const begin = this.#length;
    this.bytes(pointing ? wire.subarray(0, starts[fresh]) : wire);
    if (pointing) this.u16(0xc000 | known);
    if (this.#overflowed) return;
    for (; fresh > 0; fresh -= 1) {
      const offset = begin + (starts[fresh - 1] as number);
      if (offset > MAX_POINTER) return;
      addSuffix(scratch, offset, known);
      known = offset;
    }
    if (known === ROOT) return;
    recent[wire.length & 7] = name;
    recentPlaces[wire.length & 7] = known;
  }

  #room(count: number): boolean {
    if (this.#length + count > this.#limit) this.#overflowed = true;
    return !this.#overflowed;
  }
}
