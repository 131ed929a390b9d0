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

/** What differs from run to run, and in what way it may: times, rates, ports that the system picked, IDs, versions. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  // A slow machine tells the same in another unit.
  [/\b\d+(\.\d+)? m?s(?![\w/])/g, '0 s'],
  [/\b\d+(\.\d+)? [kMG]?B\/s(?![\w/])/g, '0 B/s'],
  [/(\d\.\d\.\d\.\d:)(?!4072\d\b)\d{4,5}\b/g, '$10'],
  [/(\('127\.0\.0\.1', )\d{4,5}\)/g, '$10)'],
  [/\(TTL \d+\)|TTL \d+ s left/g, '(TTL 0)'],
  [/^(\S+\.\s+)\d+(\s+IN\s)/gm, '$10$2'],
  [/\b\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\b/g, 'DATE'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b/g, 'DATE'],
  [/^(etag: )"[^"]*"/gim, '$1"0"'],
  [/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"DATE"'],
  [/^(hercdn\/\S+) .*$/gm, '$1'],
  [/ *[░▒▓█]+ */g, '▒'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  // Columns are as wide as what differs.
  [/(?<=\S) {2,}/g, ' '],
];

function settle(text: string): string {
  return VOLATILE.reduce((settled, [pattern, put]) => settled.replace(pattern, put), text.replace(/\r/g, ''));
}

/**
 * Whether `output` has the shown lines, in this order and with nothing between them but where a line is
 * "…" alone; within a line, "…" stands for anything. Trailing spaces don't count, nor does what differs from run to run.
 */
export function shows(output: string, shown: string): boolean {
  const pattern = settle(shown).trimEnd().split('\n').map((line) => {
    if (line.trim() === '…') return '(?:.*\\n)*?';
    return `${line.trimEnd().split('…').map((part) => part.replace(/[/\\^$*+?.()|[\]{}-]/g, '\\$&')).join('.*?')}[ \\t]*\\n`;
  }).join('');
  return new RegExp(`^${pattern}`, 'm').test(`${settle(output)}\n`);
}
