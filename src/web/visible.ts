// Text from strangers, made fit for a line of a log or a terminal.

/**
 * Every character that isn't printable ASCII as \xHH or \uHHHH, and `"` and `\` with a backslash, so
 * that no request can forge a line, colour a terminal or turn the direction of writing.
 */
export function visible(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (char) => (char === '"' || char === '\\' ? `\\${char}` : escapeUnit(char)));
}

/** The same for names and sentences, which may be in any script: only what is no character to see is escaped. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escapeUnit);
}

function escapeUnit(char: string): string {
  const hex = char.charCodeAt(0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
