// The grammar that many fields share: comma-separated lists (RFC 9110 §5.6.1).

const SEPARATOR = /[ \t]*,[ \t]*/y;

/**
 * `1#element`: the match of each element in turn, empty elements passed over (§5.6.1.2);
 * undefined when anything else stands in the text, or no element at all.
 * `element` is sticky and never matches nothing.
 */
export function parseList(text: string, element: RegExp): readonly RegExpExecArray[] | undefined {
  const found: RegExpExecArray[] = [];
  let at = 0;
  for (;;) {
    element.lastIndex = at;
    const match = element.exec(text);
    if (match !== null) {
      found.push(match);
      at = element.lastIndex;
    }
    if (at === text.length) return found.length === 0 ? undefined : found;
    SEPARATOR.lastIndex = at;
    if (!SEPARATOR.test(text)) return undefined;
    at = SEPARATOR.lastIndex;
  }
}
