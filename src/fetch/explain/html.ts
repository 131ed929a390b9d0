// The story as one page: a sequence diagram, a waterfall and tables, in HTML and SVG, with nothing loaded
// and no script. It reads on a screen, light or dark, on paper, and aloud.

import { formatBytes, formatDuration } from '../../base/units.js';
import { formatEndpoint } from '../../net/address.js';
import type { Party, StoryMessage } from '../model.js';
import { closingLines, type Explanation } from './explanation.js';
import { STYLE } from './html-style.js';
import { escapeHtml as text } from './html-text.js';
import { drawStory } from './parties.js';
import { sequenceSvg } from './svg-sequence.js';
import { waterfallSvg } from './svg-waterfall.js';
import { phaseLabel } from './waterfall.js';

function formatParty({ role, endpoint }: Party): string {
  return endpoint === undefined ? text(role) : `${text(role)} <span class="at">${text(formatEndpoint(endpoint))}</span>`;
}

const SIGHT: Readonly<Record<StoryMessage['sight'], string>> = { seen: 'seen', told: 'told by the local DNS', 'not-sent': 'not sent', 'not-visible': 'not visible' };

function messageRow(message: StoryMessage): string {
  const { number, from, to, what, atMs, sight, transport } = message;
  const sent = sight === 'seen' || sight === 'told';
  const ends = sent ? `<td>${formatParty(from)}</td><td>${formatParty(to)}</td>` : '<td>–</td><td>–</td>';
  return `<tr class="${sight}"><th scope="row" class="key">${number}</th>${ends}<td>${text(what)}</td><td class="key">${transport === undefined ? '–' : transport.toUpperCase()}</td><td class="n">${sent ? `${atMs.toFixed(1)} ms` : '–'}</td><td>${SIGHT[sight]}</td></tr>`;
}

function messageTable({ messages }: Explanation): string {
  return `<div class="wide"><table><caption>The messages, in order</caption><thead><tr><th scope="col" class="key">No.</th><th scope="col">From</th><th scope="col">To</th><th scope="col">What is asked or answered</th><th scope="col" class="key">Over</th><th scope="col">At</th><th scope="col">Known how</th></tr></thead><tbody>\n${messages.map(messageRow).join('\n')}\n</tbody></table></div>`;
}

function phaseTable({ waterfall }: Explanation): string {
  const rows = waterfall.map((phase) => `<tr><th scope="row">${text(phaseLabel(phase).replace('└', 'within it:'))}</th><td class="n">${phase.startMs.toFixed(1)} ms</td><td class="n">${formatDuration(phase.endMs - phase.startMs)}</td><td>${text(phase.failed ?? '–')}</td></tr>`);
  return `<div class="wide"><table><caption>The bars, in words</caption><thead><tr><th scope="col">For</th><th scope="col" class="n">From</th><th scope="col" class="n">Took</th><th scope="col">Failed</th></tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
}

function outcomeWords({ outcome, durationMs }: Explanation): string {
  const took = formatDuration(durationMs);
  if (outcome.kind === 'failed') return `It failed after ${took}: ${text(outcome.message)} (${text(outcome.code)})`;
  if (outcome.kind === 'answered') return `DNS answered ${text(outcome.rcode)} in ${took}${outcome.records.length === 0 ? '' : `: ${outcome.records.map(text).join('; ')}`}`;
  const digest = { verified: 'SHA-256 verified', 'not promised': 'no digest was promised', unreadable: 'a digest was promised that cannot be read', 'of the whole': 'a digest was promised of the whole only, and this is a part' }[outcome.digest];
  return `${formatBytes(outcome.bytes)} in ${took}, ${digest}, from ${text(outcome.url)}`;
}

export function formatHtml(explanation: Explanation): string {
  const { target, startedAt, turns, waterfall } = explanation;
  const notes = [...turns.map(({ what, atMs }) => `After ${atMs.toFixed(1)} ms: ${what}`), ...closingLines(explanation)].map((line) => `<li>${text(line)}</li>`).join('');
  const time = waterfall.length === 0 ? '' : `<section aria-labelledby="time"><h2 id="time">Where the time went</h2>${waterfallSvg(explanation)}${phaseTable(explanation)}</section>\n`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>How ${text(target)} came</title><style>${STYLE}</style></head>
<body><main><h1>How <span class="target">${text(target)}</span> came</h1>
<p>${outcomeWords(explanation)}.</p><p class="small">Begun <time datetime="${text(startedAt)}">${text(startedAt)}</time></p>
<section aria-labelledby="said"><h2 id="said">Who said what</h2>
${sequenceSvg(drawStory(explanation))}
<ul>${notes}</ul>
${messageTable(explanation)}</section>
${time}</main></body></html>
`;
}
