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

/** Of the first `length` octets of `message`: eight octets in the order of the hash's definition, least significant first. */
export function sipHash24([k0, k0High, k1, k1High]: SipKey, message: Uint8Array, length = message.length): Uint8Array {
  // "somepseudorandomlygeneratedbytes"
  let a = k0 ^ 0x70736575, aHigh = k0High ^ 0x736f6d65; // v0
  let b = k1 ^ 0x6e646f6d, bHigh = k1High ^ 0x646f7261; // v1
  let c = k0 ^ 0x6e657261, cHigh = k0High ^ 0x6c796765; // v2
  let d = k1 ^ 0x79746573, dHigh = k1High ^ 0x74656462; // v3
  // Words of the message, the last one with what is left and the length; then, in place of a word, the end.
  const words = (length >>> 3) + 1;
  for (let index = 0; index <= words; index += 1) {
    let m = 0, mHigh = 0;
    if (index < words - 1) {
      m = word(message, index * 8);
      mHigh = word(message, index * 8 + 4);
    } else if (index < words) {
      for (let at = index * 8; at < length; at += 1) {
        const octet = (message[at] as number) << (8 * (at & 3));
        if ((at & 4) === 0) m |= octet;
        else mHigh |= octet;
      }
      mHigh |= length << 24;
    } else c ^= 0xff;
    d ^= m;
    dHigh ^= mHigh;
    for (let round = index < words ? 2 : 4; round > 0; round -= 1) {
      let low = (a + b) | 0; // v0 += v1
      aHigh = (aHigh + bHigh + carry(low, a)) | 0;
      a = low;
      low = (b << 13) | (bHigh >>> 19); // v1 <<<= 13
      let high = (bHigh << 13) | (b >>> 19);
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
    a ^= m;
    aHigh ^= mHigh;
  }
  const hash = new Uint8Array(8);
  writeWord(hash, 0, a ^ b ^ c ^ d);
  writeWord(hash, 4, aHigh ^ bHigh ^ cHigh ^ dHigh);
  return hash;
}

function writeWord(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value;
  octets[at + 1] = value >>> 8;
  octets[at + 2] = value >>> 16;
  octets[at + 3] = value >>> 24;
}

/** Whether the sum of two 32-bit words has overflown: it is then less than either. */
function carry(sum: number, summand: number): number {
  return sum >>> 0 < summand >>> 0 ? 1 : 0;
}
