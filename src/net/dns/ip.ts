// IP addresses: text <-> octets. IPv6 is written as RFC 5952 has it.

/** "192.0.2.1" -> 4 octets; undefined unless four decimal numbers up to 255 without leading zeros. */
export function parseIPv4(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  let index = 0;
  let value = -1;
  for (let i = 0; i <= text.length; i += 1) {
    const code = i === text.length ? 0x2e : text.charCodeAt(i);
    if (code === 0x2e) {
      if (value < 0 || index > 3) return undefined;
      octets[index] = value;
      index += 1;
      value = -1;
    } else {
      // A leading zero would make the number octal to some readers: "010" is 8 or 10.
      if (code < 0x30 || code > 0x39 || value === 0) return undefined;
      value = (value < 0 ? 0 : value * 10) + code - 0x30;
      if (value > 255) return undefined;
    }
  }
  return index === 4 ? octets : undefined;
}

export function formatIPv4(octets: Uint8Array, at = 0): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}

/** RFC 4291 §2.2, all three forms, no zone index -> 16 octets; undefined if it is none of them. */
export function parseIPv6(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(16);
  let at = 0;
  // Where "::" stands, as the place of the octet before which the zeros go.
  let gap = -1;
  for (let position = 0; position < text.length; ) {
    if (text.charCodeAt(position) === COLON) {
      // One colon stands between groups, two stand in place of some; and none at the beginning alone.
      const double = text.charCodeAt(position + 1) === COLON;
      if (double ? gap >= 0 : at === 0 || gap === at) return undefined;
      if (double) gap = at;
      position += double ? 2 : 1;
      if (position === text.length) {
        if (!double) return undefined;
        break;
      }
      if (text.charCodeAt(position) === COLON) return undefined;
    } else if (position > 0) {
      return undefined;
    }
    const start = position;
    let value = 0;
    for (let digit = hexDigit(text.charCodeAt(position)); digit >= 0 && position < start + 4; digit = hexDigit(text.charCodeAt(position))) {
      value = value * 16 + digit;
      position += 1;
    }
    if (text.charCodeAt(position) === DOT) {
      const last = parseIPv4(text.slice(start));
      if (!last || at > 12) return undefined;
      octets.set(last, at);
      at += 4;
      break;
    }
    if (position === start || at > 14) return undefined;
    octets[at++] = value >>> 8;
    octets[at++] = value;
  }
  if (gap < 0) return at === 16 ? octets : undefined;
  // "::" is one group at least.
  if (at > 14) return undefined;
  octets.copyWithin(16 - (at - gap), gap, at);
  octets.fill(0, gap, 16 - (at - gap));
  return octets;
}

const COLON = 0x3a;
const DOT = 0x2e;

/** -1 for anything else, the end of the text (NaN) as well. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Of one octet: without leading zeros, and with. */
const SHORT = Array.from({ length: 256 }, (_, octet) => octet.toString(16));
const PADDED = SHORT.map((text) => text.padStart(2, '0'));

export function formatIPv6(octets: Uint8Array, at = 0): string {
  // RFC 5952 §4.2: "::" stands for the longest run of two or more zero groups, the first of equals.
  let bestStart = 8;
  let bestLength = 1;
  for (let index = 0, length = 0; index < 8; index += 1) {
    length = octets[at + 2 * index] === 0 && octets[at + 2 * index + 1] === 0 ? length + 1 : 0;
    if (length <= bestLength) continue;
    bestStart = index + 1 - length;
    bestLength = length;
  }
  // §5: an IPv4-mapped address shows its IPv4 address.
  if (bestStart === 0 && bestLength === 5 && octets[at + 10] === 0xff && octets[at + 11] === 0xff) return `::ffff:${formatIPv4(octets, at + 12)}`;
  let text = '';
  for (let index = 0; index < 8; index += 1) {
    if (index === bestStart) {
      text += index === 0 ? '::' : ':';
      index += bestLength - 1;
      continue;
    }
    const high = octets[at + 2 * index] as number;
    const low = octets[at + 2 * index + 1] as number;
    text += high === 0 ? (SHORT[low] as string) : `${SHORT[high] as string}${PADDED[low] as string}`;
    if (index < 7) text += ':';
  }
  return text;
}
