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
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups: number[] = [];
  const read = (parts: readonly string[], last: boolean): boolean =>
    parts.every((part, index) => {
      if (/^[0-9a-fA-F]{1,4}$/.test(part)) return groups.push(Number.parseInt(part, 16)) > 0;
      const v4 = last && index === parts.length - 1 ? parseIPv4(part) : undefined;
      if (!v4) return false;
      groups.push(((v4[0] as number) << 8) | (v4[1] as number), ((v4[2] as number) << 8) | (v4[3] as number));
      return true;
    });
  if (!read(head ?? [], tail === undefined)) return undefined;
  if (tail !== undefined) {
    const rest = groups.splice(0);
    if (!read(tail, true)) return undefined;
    const zeros = 8 - rest.length - groups.length;
    if (zeros < 1) return undefined;
    groups.unshift(...rest, ...new Array<number>(zeros).fill(0));
  }
  if (groups.length !== 8) return undefined;
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

export function formatIPv6(octets: Uint8Array, at = 0): string {
  const group = (index: number): number => ((octets[at + 2 * index] as number) << 8) | (octets[at + 2 * index + 1] as number);
  // RFC 5952 §4.2: "::" stands for the longest run of two or more zero groups, the first of equals.
  let bestStart = 8;
  let bestLength = 1;
  for (let start = 0, end = 0; start < 8; start = end + 1) {
    end = start;
    while (end < 8 && group(end) === 0) end += 1;
    if (end - start > bestLength) {
      bestStart = start;
      bestLength = end - start;
    }
  }
  // §5: an IPv4-mapped address shows its IPv4 address.
  if (bestStart === 0 && bestLength === 5 && group(5) === 0xffff) return `::ffff:${formatIPv4(octets, at + 12)}`;
  let text = '';
  for (let index = 0; index < 8; index += 1) {
    if (index === bestStart) {
      text += index === 0 ? '::' : ':';
      index += bestLength - 1;
    } else {
      text += index === 7 ? group(index).toString(16) : `${group(index).toString(16)}:`;
    }
  }
  return text;
}
