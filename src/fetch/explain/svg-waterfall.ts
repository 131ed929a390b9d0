// The waterfall of an explanation's page: a bar for each phase on one scale of time.

import { formatDuration } from '../../base/units.js';
import type { Explanation } from './explanation.js';
import { clipHtml, escapeHtml } from './html-text.js';
import { phaseLabel } from './waterfall.js';

const WIDTH = 960;
const LABELS = 300;
const TIMES = 100;
const ROW = 24;
const TOP = 24;

/** 1, 2 or 5 times a power of ten, so that the scale has four to ten lines. */
function stepOf(totalMs: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(totalMs, 0.001) / 4));
  const [step = 10] = [1, 2, 5].filter((factor) => (factor * power * 10) >= totalMs);
  return step * power;
}

export function waterfallSvg({ waterfall, durationMs }: Explanation): string {
  const bars = WIDTH - LABELS - TIMES;
  const totalMs = Math.max(durationMs, 0.001);
  const at = (ms: number): number => Math.round((LABELS + (ms / totalMs) * bars) * 10) / 10;
  const height = TOP + waterfall.length * ROW + 8;
  const step = stepOf(totalMs);
  const lines = Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => {
    const x = at(index * step);
    return `<line class="grid" x1="${x}" y1="${TOP - 4}" x2="${x}" y2="${height - 4}"/><text class="soft" x="${x}" y="14" text-anchor="middle">${index === 0 ? '0' : formatDuration(index * step)}</text>`;
  });
  const rows = waterfall.map((phase, index) => {
    const y = TOP + index * ROW;
    const label = phaseLabel(phase);
    const took = formatDuration(phase.endMs - phase.startMs);
    const broken = phase.failed === undefined ? '' : ' broken';
    const title = `${label.replace('└ ', 'within it, ')}: from ${phase.startMs.toFixed(1)} ms, took ${took}${phase.failed === undefined ? '' : `, failed: ${phase.failed}`}`;
    const width = Math.max(2, Math.round((at(phase.endMs) - at(phase.startMs)) * 10) / 10);
    return `<g><title>${escapeHtml(title)}</title><text x="0" y="${y + 15}">${clipHtml(label, 40)}</text><rect class="${phase.kind}${phase.sight === 'told' ? ' within' : ''}${broken}" x="${at(phase.startMs)}" y="${y + 4}" width="${width}" height="${ROW - 9}" rx="2"/><text class="soft" x="${WIDTH}" y="${y + 15}" text-anchor="end">${took}${broken === '' ? '' : ' ✗'}</text></g>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="fall-t fall-d"><title id="fall-t">Waterfall</title><desc id="fall-d">${waterfall.length} bars over ${formatDuration(totalMs)}; the table below has the same in words.</desc>
${[...lines, ...rows].join('\n')}
</svg>`;
}
