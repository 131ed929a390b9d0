// The story as a Mermaid sequence diagram, as GitHub draws it from a block of ```mermaid.

import { printable } from '../text.js';
import type { Explanation } from './explanation.js';
import { drawStory, isQuestion, type Drawn } from './parties.js';
import { closingLines } from './explanation.js';

const MAX_LENGTH = 300;

/**
 * Text that means nothing to Mermaid: every character but the harmless ones as an entity code, "#59;".
 * A semicolon would end the statement, "%%" begin a comment, "<" be taken for a tag.
 */
export function escapeMermaid(text: string): string {
  return Array.from(printable(text, MAX_LENGTH), (character) => (/[A-Za-z0-9 .,/=()?+_-]/.test(character) ? character : `#${character.codePointAt(0) ?? 63};`)).join('');
}

function lineOf({ message, from, to, numbers, sent }: Drawn): string {
  if (!sent) return `    Note over p${from}: ${numbers} ${escapeMermaid(message.what)}`;
  const failed = typeof message.facts['failed'] === 'string';
  const arrow = failed ? '-x' : isQuestion(message) ? '->>' : '-->>';
  const over = message.transport === 'tcp' ? ' over TCP' : '';
  return `    p${from}${arrow}p${to}: ${message.number}. ${escapeMermaid(`${message.what}${over}`)} +${message.atMs.toFixed(1)} ms`;
}

export function formatMermaid(explanation: Explanation): string {
  const { actors, drawn } = drawStory(explanation);
  const participants = actors.map(({ role, endpoint }, index) => `    participant p${index} as ${escapeMermaid(role)}${endpoint === undefined ? '' : `<br/>${escapeMermaid(endpoint)}`}`);
  const notes = actors.length === 0 ? [] : closingLines(explanation).map((line) => `    Note over p0: ${escapeMermaid(line)}`);
  return `${['sequenceDiagram', ...participants, ...drawn.map(lineOf), ...notes].join('\n')}\n`;
}
