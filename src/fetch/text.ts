// Text that strangers wrote, made fit for a terminal and for a file's name.

import { printable as escapeUnprintable } from '../base/printable.js';

/** One line of them that fits a terminal. */
export function printable(text: string, maxLength = 500): string {
  const clean = escapeUnprintable(text);
  return clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean;
}

/** A plain value with every text in it made printable, however deep, whole. */
export function printableFacts<T>(value: T): T;
export function printableFacts(value: unknown): unknown {
  if (typeof value === 'string') return escapeUnprintable(value);
  if (Array.isArray(value)) return value.map((item: unknown) => printableFacts(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, printableFacts(item)]));
}

/** How many octets of UTF-8 a file's name may have on the usual file systems. */
const MAX_NAME_BYTES = 255;
/** Device names on Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Cut to `maxBytes` of UTF-8, never within a character. */
function clip(text: string, maxBytes: number): string {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}

/** The name with `suffix` after it, the name shortened where the two together would be too long. */
export function withSuffix(name: string, suffix: string): string {
  const most = MAX_NAME_BYTES - Buffer.byteLength(suffix);
  return (Buffer.byteLength(name) <= most ? name : clip(name, most)) + suffix;
}

/**
 * The name under which a URL's object is saved: the last segment of its path, percent-decoded, and
 * then nothing that could leave the folder, hide, address a device or look like an option.
 */
export function fileNameOf(url: URL): string {
  const segment = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  const name = decodePercent(segment)
    .replace(/\p{C}/gu, '')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^\.+/, '')
    .replace(/^-/, '_')
    .replace(/[. ]+$/, '')
    .trim();
  if (name === '') return 'download';
  const safe = RESERVED.test(name) ? `_${name}` : name;
  const extension = /\.[^.]{1,16}$/.exec(safe)?.[0] ?? '';
  return withSuffix(safe.slice(0, safe.length - extension.length), extension);
}

/** What transcripts call an object: its file name without the extension. */
export function objectNameOf(url: URL): string {
  return fileNameOf(url).replace(/(?<=.)\.[^.]*$/, '');
}
