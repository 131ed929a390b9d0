// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short messages to 64 bits. Sixty-four-bit
// words are pairs of 32-bit halves, which cost a query nothing; BigInt would.

/** The key's 16 octets as four little-endian words. */
export type SipKey = readonly [k0Low: number, k0High: number, k1Low: number, k1High: number];

/** @throws RangeError unless it has 16 octets. */
export function createSipKey(key: Uint8Array): SipKey {
  if (key.length !== 16) throw new RangeError(`a SipHash key has 16 octets, not ${key.length}`);
  return [word(key, 0), word(key, 4), word(key, 8), word(key, 12)];
}

function word(octets: Uint8Array, at: number): number {
  return (octets[at] as number) | ((octets[at + 1] as number) << 8) | ((octets[at + 2] as number) << 16) | ((octets[at + 3] as number) << 24);
}

/** The hash's eight octets in the order of its definition, least significant first. */
export function sipHash24(key: SipKey, message: Uint8Array): Uint8Array {
  const state = new State(key);
  const whole = message.length & ~7;
  for (let at = 0; at < whole; at += 8) state.absorb(word(message, at), word(message, at + 4));
  const last = new Uint8Array(8);
  last.set(message.subarray(whole));
  last[7] = message.length;
  state.absorb(word(last, 0), word(last, 4));
  return state.finish();
}

class State {
  #a: number; #aHigh: number; // v0
  #b: number; #bHigh: number; // v1
  #c: number; #cHigh: number; // v2
  #d: number; #dHigh: number; // v3

  constructor([k0, k0High, k1, k1High]: SipKey) {
    // "somepseudorandomlygeneratedbytes"
    this.#a = k0 ^ 0x70736575;
    this.#aHigh = k0High ^ 0x736f6d65;
    this.#b = k1 ^ 0x6e646f6d;
    this.#bHigh = k1High ^ 0x646f7261;
    this.#c = k0 ^ 0x6e657261;
    this.#cHigh = k0High ^ 0x6c796765;
    this.#d = k1 ^ 0x79746573;
    this.#dHigh = k1High ^ 0x74656462;
  }

  absorb(low: number, high: number): void {
    this.#d ^= low;
    this.#dHigh ^= high;
    this.#rounds(2);
    this.#a ^= low;
    this.#aHigh ^= high;
  }

  finish(): Uint8Array {
    this.#c ^= 0xff;
    this.#rounds(4);
    const low = this.#a ^ this.#b ^ this.#c ^ this.#d;
    const high = this.#aHigh ^ this.#bHigh ^ this.#cHigh ^ this.#dHigh;
    return Uint8Array.of(low, low >>> 8, low >>> 16, low >>> 24, high, high >>> 8, high >>> 16, high >>> 24);
  }

  #rounds(count: number): void {
    let a = this.#a, aHigh = this.#aHigh, b = this.#b, bHigh = this.#bHigh;
    let c = this.#c, cHigh = this.#cHigh, d = this.#d, dHigh = this.#dHigh;
    let low: number;
    let high: number;
    for (let round = 0; round < count; round += 1) {
      low = (a + b) | 0; // v0 += v1
      aHigh = (aHigh + bHigh + carry(low, a)) | 0;
      a = low;
      low = (b << 13) | (bHigh >>> 19); // v1 <<<= 13
      high = (bHigh << 13) | (b >>> 19);
      b = low ^ a; // v1 ^= v0
      bHigh = high ^ aHigh;
      low = aHigh; // v0 <<<= 32
      aHigh = a;
      a = low;

      low = (c + d) | 0; // v2 += v3
      cHigh = (cHigh + dHigh + carry(low, c)) | 0;
      c = low;
      low = (d << 16) | (dHigh >>> 16); // v3 <<<= 16
      high = (dHigh << 16) | (d >>> 16);
      d = low ^ c; // v3 ^= v2
      dHigh = high ^ cHigh;

      low = (a + d) | 0; // v0 += v3
      aHigh = (aHigh + dHigh + carry(low, a)) | 0;
      a = low;
      low = (d << 21) | (dHigh >>> 11); // v3 <<<= 21
      high = (dHigh << 21) | (d >>> 11);
      d = low ^ a; // v3 ^= v0
      dHigh = high ^ aHigh;

      low = (c + b) | 0; // v2 += v1
      cHigh = (cHigh + bHigh + carry(low, c)) | 0;
      c = low;
      low = (b << 17) | (bHigh >>> 15); // v1 <<<= 17
      high = (bHigh << 17) | (b >>> 15);
      b = low ^ c; // v1 ^= v2
      bHigh = high ^ cHigh;
      low = cHigh; // v2 <<<= 32
      cHigh = c;
      c = low;
    }
    this.#a = a;
    this.#aHigh = aHigh;
    this.#b = b;
    this.#bHigh = bHigh;
    this.#c = c;
    this.#cHigh = cHigh;
    this.#d = d;
    this.#dHigh = dHigh;
  }
}

/** Whether the sum of two 32-bit words has overflown: it is then less than either. */
function carry(sum: number, summand: number): number {
  return sum >>> 0 < summand >>> 0 ? 1 : 0;
}
