// Octets as the letters and digits of master files: hexadecimal, base64, base32 with the extended hex
// alphabet (RFC 4648 §4, §7, §8). Parsing takes the canonical form only, letter case aside where it has none.

/** undefined unless pairs of hexadecimal digits. */
export function parseHex(text: string): Uint8Array | undefined {
  return /^([0-9a-f]{2})*$/i.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined;
}

export function formatHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
}

/** undefined for other characters, missing padding, and bits beyond the last octet. */
export function parseBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? new Uint8Array(octets) : undefined;
}

export function formatBase64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');
}

const BASE32HEX = '0123456789abcdefghijklmnopqrstuv';

/** RFC 5155 §3.3: without padding. */
export function formatBase32Hex(octets: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32HEX[(held >>> (bits - 5)) & 31] as string;
  }
  return bits === 0 ? text : text + (BASE32HEX[(held << (5 - bits)) & 31] as string);
}

/** undefined for other characters, a length that no octets give, and bits beyond the last octet. */
export function parseBase32Hex(text: string): Uint8Array | undefined {
  const octets: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text.toLowerCase()) {
    const value = BASE32HEX.indexOf(character);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets.push((held >>> bits) & 0xff);
    }
  }
  return bits < 5 && (held & ((1 << bits) - 1)) === 0 ? Uint8Array.from(octets) : undefined;
}
