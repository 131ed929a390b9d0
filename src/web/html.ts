// HTML as a value apart from text, so that text can't become markup by oversight.

/** Markup that is safe to send. Made by `html` and `trusted` only. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type HtmlValue = string | number | Html | readonly HtmlValue[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Text for any place between tags or within a quoted attribute. Control characters, which a parser
 * would drop or turn into others (HTML §13.2.3.5), and those that turn the direction of the writing
 * after them (UAX #9 §2), become U+FFFD, so that they are seen and do nothing.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd').replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(markupOf).join('');
}

/** A template whose values are escaped, Html aside. Attributes must stand in quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.reduce((markup, part, index) => markup + markupOf(values[index - 1]) + part));
}

/** Markup written in this program, never anything that came from outside. */
export function trusted(markup: string): Html {
  return new Html(markup);
}
