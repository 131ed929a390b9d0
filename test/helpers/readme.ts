// The README as something to run: its sections, the commands in them, and the output that it shows.

/** One fenced block: "```sh background" has language "sh" and words ["background"]. */
export interface Block {
  readonly line: number;
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Sections begin at "## " and "### " headings. */
export function parseSections(markdown: string): readonly Section[] {
  const sections: { title: string; blocks: Block[] }[] = [{ title: '', blocks: [] }];
  let open: { line: number; language: string; words: readonly string[]; text: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence && open) {
      sections.at(-1)?.blocks.push({ ...open, text: open.text.join('\n') });
      open = undefined;
    } else if (fence) {
      const [language = '', ...words] = (fence[1] ?? '').trim().split(/\s+/);
      open = { line: index + 1, language, words, text: [] };
    } else if (open) {
      open.text.push(line);
    } else if (/^##+ /.test(line)) {
      sections.push({ title: line.replace(/^#+ /, ''), blocks: [] });
    }
  }
  if (open) throw new Error(`the block that opens at line ${open.line} never ends`);
  return sections;
}

/**
 * Whether `output` has the shown lines, in this order and with nothing between them but where a line is
 * "…" alone; within a line, "…" stands for anything. Trailing spaces don't count.
 */
export function shows(output: string, shown: string): boolean {
  const pattern = shown.trimEnd().split('\n').map((line) => {
    if (line.trim() === '…') return '(?:.*\\n)*?';
    return `${line.trimEnd().split('…').map((part) => part.replace(/[/\\^$*+?.()|[\]{}-]/g, '\\$&')).join('.*?')}[ \\t]*\\n`;
  }).join('');
  return new RegExp(`^${pattern}`, 'm').test(`${output.replace(/\r/g, '')}\n`);
}
