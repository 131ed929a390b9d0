// Reads a message's octets from front to back (RFC 1035 §4). The first mistake is kept in `failure`
// and every later read gives zero or nothing, so that who reads a structure checks once, at its end.

import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name } from './name.js';

const POINTER = 0xc0;

/** Steps beyond one an octet: enough for a name or two, and a thousand copies, in the smallest message. */
const SPARE_NAME_STEPS = 1024;
const SPARE_COPY_STEPS = 16_384;
export const SPARE_STEPS = SPARE_NAME_STEPS + SPARE_COPY_STEPS;
/** What a label, or a pointer, costs to follow, and an array to copy, beside eight octets of a name. */
const LABEL_STEPS = 2;
const COPY_STEPS = 16;
const EMPTY_STEPS = 4;
const EMPTY = new Uint8Array(0);

/** Whether a name may, by the standard of what it stands in, be cut short by a pointer. */
export type NameForm = 'compressed' | 'plain';

// Filled and emptied within one call of Reader.name; saves an array a name.
const scratch = new Uint8Array(MAX_NAME_OCTETS);

// Which of a message's names begins where, for the message that was read last: a map would cost more than
// the names. A message that is read in between takes places away, and the names there are read again.
const places = new Uint16Array(0x4000);
const readBy = new Uint32Array(0x4000);
let readings = 0;

export class Reader {
  readonly octets: Uint8Array;
  offset: number;
  /** Nothing is read at or beyond it: the end of the message, or of the RDATA being read. */
  limit: number;
  failure: string | undefined;
  /** A pointer to where one of them begins gives the very same Name again. */
  readonly #names: Name[] = [];
  readonly #reading: number;
  /**
   * Steps that this message's names may still cost: two for each label and pointer followed, one for each
   * eight octets of a name not met before. There are as many as the message has octets, and honest messages
   * need far fewer, because of #names; without a bound 64 KiB could make us follow millions of pointers, or
   * copy thousands of names of 255 octets.
   */
  #nameSteps: number;
  /**
   * Steps that its other pieces may still cost, COPY_STEPS for each that is copied. It is room for one piece
   * of data in as many records as a message can have; without a bound 64 KiB could make us copy 32,000 texts.
   */
  #copySteps: number;

  /** No pointer leads to before it: into a header, or out of RDATA that stands alone. */
  readonly #floor: number;

  /** Reads from `offset` on; pointers may lead to any place from `floor` on. */
  constructor(octets: Uint8Array, offset: number, floor = offset) {
    this.octets = octets;
    this.offset = offset;
    this.limit = octets.length;
    this.#floor = floor;
    readings = readings === 0xffff_ffff ? 1 : readings + 1;
    this.#reading = readings;
    this.#nameSteps = octets.length + SPARE_NAME_STEPS;
    this.#copySteps = octets.length + SPARE_COPY_STEPS;
  }

  /** What has been read so far has cost: in proportion to the octets, whatever they say. */
  get steps(): number {
    return 2 * this.octets.length + SPARE_STEPS - this.#nameSteps - this.#copySteps;
  }

  /** Octets left before the limit. */
  get left(): number {
    return this.limit - this.offset;
  }

  /** Only the first mistake counts. Always 0, to be returned as the value that isn't there. */
  fail(why: string): 0 {
    this.failure ??= why;
    this.offset = this.limit;
    return 0;
  }

  u8(): number {
    if (this.left < 1) return this.fail('ends within a number');
    return this.octets[this.offset++] as number;
  }

  u16(): number {
    if (this.left < 2) return this.fail('ends within a number');
    const { octets, offset } = this;
    this.offset = offset + 2;
    return ((octets[offset] as number) << 8) | (octets[offset + 1] as number);
  }

  u32(): number {
    const high = this.u16();
    return high * 0x1_0000 + this.u16();
  }

  /** A copy: the message's own octets may be used again by whoever received them. */
  take(count: number): Uint8Array {
    const at = this.skip(count);
    if ((this.#copySteps -= count > 0 ? COPY_STEPS : EMPTY_STEPS) < 0) this.fail('has more pieces than any message needs');
    return at === undefined || count === 0 || this.failure !== undefined ? EMPTY : this.octets.slice(at, at + count);
  }

  /** Where the skipped octets begin; undefined if they aren't all there. */
  skip(count: number): number | undefined {
    if (this.left < count) {
      this.fail('ends within a field');
      return undefined;
    }
    this.offset += count;
    return this.offset - count;
  }

  /** A <character-string> (RFC 1035 §3.3), without its length. */
  characterString(): Uint8Array {
    return this.take(this.u8());
  }

  /** RFC 1035 §4.1.4. A pointer leads to before the start of the name it stands in, so no chain of them has a loop. */
  name(form: NameForm): Name {
    const begin = this.offset;
    const name = this.#read(form);
    if (name !== Name.root) this.#remember(begin, name);
    return name;
  }

  #read(form: NameForm): Name {
    const { octets } = this;
    let at = this.offset;
    let end = this.limit;
    let start = at;
    let length = 0;
    let pointer: { readonly target: number; readonly before: number } | undefined;
    for (;;) {
      if ((this.#nameSteps -= LABEL_STEPS) < 0) return this.#failName('has names that cost too much to follow');
      if (at >= end) return this.#failName('ends within a name');
      const head = octets[at] as number;
      if (head === 0) {
        scratch[length] = 0;
        if (!pointer) this.offset = at + 1;
        return this.#collected(length + 1, pointer);
      }
      if (head <= MAX_LABEL_OCTETS) {
        const next = at + 1 + head;
        if (next > end) return this.#failName('ends within a label');
        // The root's label must still fit behind this one.
        if (length + 1 + head >= MAX_NAME_OCTETS) return this.#failName('has a name of over 255 octets');
        while (at < next) scratch[length++] = octets[at++] as number;
      } else if (head >= POINTER) {
        if (form === 'plain') return this.#failName('has a compressed name where none may be');
        if (at + 2 > end) return this.#failName('ends within a pointer');
        const target = ((head & 0x3f) << 8) | (octets[at + 1] as number);
        if (target >= start || target < this.#floor) return this.#failName('has a pointer that does not lead backward to a name');
        if (!pointer) {
          this.offset = at + 2;
          pointer = { target, before: length };
          const known = readBy[target] === this.#reading ? this.#names[places[target] as number] : undefined;
          if (known) {
            if (length === 0) return known;
            if (length + known.wire.length > MAX_NAME_OCTETS) return this.#failName('has a name of over 255 octets');
            scratch.set(known.wire, length);
            return this.#create(0, length + known.wire.length);
          }
        }
        end = octets.length;
        start = at = target;
      } else {
        // RFC 6891 §5: the other two kinds of label are reserved, and never came to be.
        return this.#failName('has a label of a kind that does not exist');
      }
    }
  }

  /** What `scratch` holds; where its first pointer led is remembered too, so that no chain is followed twice from one place. */
  #collected(length: number, pointer: { readonly target: number; readonly before: number } | undefined): Name {
    if (length === 1) return Name.root;
    const name = this.#create(0, length);
    if (pointer && pointer.before < length - 1) {
      this.#remember(pointer.target, pointer.before === 0 ? name : this.#create(pointer.before, length));
    }
    return name;
  }

  /** Beyond where a pointer leads nobody asks. */
  #remember(place: number, name: Name): void {
    if (place >= places.length) return;
    readBy[place] = this.#reading;
    places[place] = this.#names.push(name) - 1;
  }

  #create(from: number, to: number): Name {
    this.#nameSteps -= (to - from) >>> 3;
    return new Name(scratch.slice(from, to));
  }

  #failName(why: string): Name {
    this.fail(why);
    return Name.root;
  }
}
