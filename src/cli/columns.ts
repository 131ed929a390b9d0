// How many columns of a terminal a text takes, and texts cut to fit them.

/** UAX #11: what is wide takes two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** Set upon the character before it. */
const NONE = /\p{Mn}|\p{Me}|\p{Cf}/u;

function widthOf(character: string): number {
  return NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** As much of the text as fits, from its beginning. */
export function cutEnd(text: string, columns: number): string {
  let left = columns;
  let kept = '';
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return kept;
}

/** A text that is too long loses its middle: names differ at the beginning, and say at the end what they are. */
export function cutMiddle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const end = Math.floor((columns - 1) / 2);
  const backwards = cutEnd(Array.from(text).reverse().join(''), end);
  return `${cutEnd(text, columns - 1 - end)}…${Array.from(backwards).reverse().join('')}`;
}
