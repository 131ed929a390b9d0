// Text from strangers, made fit for a terminal, a log and a page.

const PLAIN = /^[ -~]*$/;

/**
 * Every character that is none to see (controls, terminal escapes, line separators, overrides of the
 * direction of writing) as \xHH or \uHHHH, so that no name or answer can forge a line, colour a
 * terminal or turn the order of what is read. Any script stays as it is.
 */
export function printable(text: string): string {
  // Most of what is shown is plain ASCII, and that is seen quickly.
  return PLAIN.test(text) ? text : text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escapeCharacter);
}

/** The same with everything that isn't ASCII, for lines that are read by machines too; `"` and `\` get a backslash. */
export function printableAscii(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (char) => (char === '"' || char === '\\' ? `\\${char}` : escapeCharacter(char)));
}

/** An argument that can be pasted into a POSIX shell: as it is, or in single quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function escapeCharacter(character: string): string {
  return Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join('');
}

function escapeUnit(unit: number): string {
  const hex = unit.toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
