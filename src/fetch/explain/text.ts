// The story in text: messages, waterfall, and what is to be said at the end.

import { formatDuration } from '../../base/units.js';
import { formatStory } from '../explain.js';
import { closingLines, type Explanation } from './explanation.js';
import { amongTurns, turnLine } from './turns.js';
import { formatWaterfall } from './waterfall.js';

/** What comes after the messages, which may have been told live. */
export function formatEnding(explanation: Explanation, columns: number): readonly string[] {
  const bars = formatWaterfall(explanation.waterfall, explanation.durationMs, columns);
  const heading = bars.length === 0 ? [] : ['', `Where the time went, ${formatDuration(explanation.durationMs)} in all:`];
  return [...heading, ...bars, '', ...closingLines(explanation)];
}

export function formatText(explanation: Explanation, columns: number): string {
  const { messages, turns } = explanation;
  const lines = formatStory(messages);
  return [...amongTurns(turns, messages.length, (index) => lines[index], turnLine), ...formatEnding(explanation, columns), ''].join('\n');
}
