// Text from strangers, made fit for a line of a log.

/**
 * Every character that isn't printable ASCII as \xHH or \uHHHH, and `"` and `\` with a backslash, so
 * that no request can forge a line, colour a terminal or turn the direction of writing.
 */
export function visible(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    const hex = char.charCodeAt(0).toString(16);
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });
}
