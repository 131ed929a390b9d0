// Strangers' text in HTML and SVG.

import { printable } from '../text.js';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For the content of an element and for an attribute in quotes. */
export function escapeHtml(text: string, maxLength = 2000): string {
  return printable(text, maxLength).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** The same, cut to so many characters, since text in SVG does not wrap. */
export function clipHtml(text: string, characters: number): string {
  const clean = printable(text);
  return escapeHtml(clean.length > characters ? `${clean.slice(0, characters - 1)}…` : clean);
}
