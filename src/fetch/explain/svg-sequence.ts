// The sequence diagram of an explanation's page: a lane for each party, an arrow for each message, each
// with a title that says it in words.

import { formatEndpoint } from '../../net/address.js';
import type { Party } from '../model.js';
import { clipHtml, escapeHtml } from './html-text.js';
import { type Actor, type Drawn } from './parties.js';

const ROW = 34;
const TOP = 58;
/** Of whoever speaks; a box has room for "authority of hiscinema.com". */
const LANE = 206;
const BOX = 194;
const BOX_CHARACTERS = 26;
/** Of the monospaced letters at the size that the page gives them. */
const LETTER = 7.3;

const middle = (place: number): number => LANE / 2 + place * LANE;

function words({ role, endpoint }: Party): string {
  return endpoint === undefined ? role : `${role} ${formatEndpoint(endpoint)}`;
}

function actorBox({ role, endpoint }: Actor, place: number, height: number): string {
  const x = middle(place);
  const second = endpoint === undefined ? '' : `<text class="soft" x="${x}" y="38" text-anchor="middle">${clipHtml(endpoint, BOX_CHARACTERS)}</text>`;
  return `<line class="life" x1="${x}" y1="48" x2="${x}" y2="${height}"/><rect class="actor" x="${x - BOX / 2}" y="4" width="${BOX}" height="42" rx="6"/><text x="${x}" y="${endpoint === undefined ? 30 : 22}" text-anchor="middle">${clipHtml(role, BOX_CHARACTERS)}</text>${second}`;
}

function arrow({ message, from, to }: Drawn, y: number, width: number): string {
  const [start, end] = [middle(from), middle(to)];
  const direction = end >= start ? 1 : -1;
  const label = `${message.number}. ${message.what}`;
  const left = Math.min(start, end) + 6;
  const failed = typeof message.facts['failed'] === 'string' ? ' failed' : '';
  const over = message.transport === 'tcp' ? ' over TCP' : '';
  const title = `${message.number}. ${words(message.from)} to ${words(message.to)}, after ${message.atMs.toFixed(1)} ms${over}: ${message.what}`;
  return `<g class="${message.sight}${failed}"><title>${escapeHtml(title)}</title><text x="${left}" y="${y - 6}">${clipHtml(label, Math.floor((width - left) / LETTER))}</text><line class="arrow" x1="${start}" y1="${y}" x2="${end - direction * 8}" y2="${y}"/><path class="head" d="M${end} ${y}l${-direction * 9} -4v8z"/></g>`;
}

function note({ message, from, numbers }: Drawn, y: number, width: number): string {
  const label = `${numbers} ${message.what}`;
  const x = middle(from) - 80;
  const columns = Math.min(label.length, Math.floor((width - x - 16) / LETTER));
  return `<g><title>${escapeHtml(label)}</title><rect class="note" x="${x}" y="${y - 20}" width="${Math.ceil(columns * LETTER) + 12}" height="24" rx="4"/><text class="soft" x="${x + 6}" y="${y - 4}">${clipHtml(label, columns)}</text></g>`;
}

export function sequenceSvg({ actors, drawn }: { readonly actors: readonly Actor[]; readonly drawn: readonly Drawn[] }): string {
  if (actors.length === 0) return '';
  const width = Math.max(2, actors.length) * LANE + 260;
  const height = TOP + drawn.length * ROW + 20;
  const rows = drawn.map((entry, index) => (entry.sent ? arrow : note)(entry, TOP + (index + 1) * ROW - 8, width));
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="seq-t seq-d"><title id="seq-t">Sequence diagram</title><desc id="seq-d">${drawn.length} entries between ${actors.map(({ role }) => escapeHtml(role)).join(', ')}; the table below has the same in words.</desc>
${actors.map((actor, place) => actorBox(actor, place, height - 6)).join('\n')}
${rows.join('\n')}
</svg>`;
}
