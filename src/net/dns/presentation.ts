// Octets <-> the characters of a master file (RFC 1035 §5.1): \DDD for an octet by its decimal value,
// \X for a character without its special meaning.

const BACKSLASH = 0x5c;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** One octet of a presentation text, and where the next one begins. `escaped` octets have no special meaning. */
export interface PresentedOctet {
  readonly octet: number;
  readonly escaped: boolean;
  readonly next: number;
}

/** undefined for a broken escape, and for a character outside ASCII: which octets it would be isn't said anywhere. */
export function readOctet(text: string, position: number): PresentedOctet | undefined {
  const code = text.charCodeAt(position);
  if (Number.isNaN(code) || code > 0x7f) return undefined;
  if (code !== BACKSLASH) return { octet: code, escaped: false, next: position + 1 };
  const first = text.charCodeAt(position + 1);
  if (Number.isNaN(first) || first > 0x7f) return undefined;
  if (!isDigit(first)) return { octet: first, escaped: true, next: position + 2 };
  const digits = text.slice(position + 1, position + 4);
  const octet = /^\d{3}$/.test(digits) ? Number(digits) : 256;
  return octet > 255 ? undefined : { octet, escaped: true, next: position + 4 };
}

/** The octet as itself, as \X when `special` says so, or as \DDD outside `from` to "~". */
export function formatOctet(octet: number, special: string, from: number): string {
  if (octet < from || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`;
  const character = String.fromCharCode(octet);
  return special.includes(character) ? `\\${character}` : character;
}

/** A <character-string>, or a text longer than one, as master files have it: always in quotes. */
export function formatCharacterString(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) text += formatOctet(octet, '"\\', 0x20);
  return `${text}"`;
}

/** The octets of a <character-string>, the quotes already off; undefined beyond `most` octets or for a broken escape. */
export function parseCharacterString(text: string, most = 255): Uint8Array | undefined {
  const octets: number[] = [];
  for (let position = 0; position < text.length; ) {
    const read = readOctet(text, position);
    if (!read) return undefined;
    octets.push(read.octet);
    position = read.next;
  }
  return octets.length > most ? undefined : Uint8Array.from(octets);
}
