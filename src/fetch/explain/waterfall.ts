// The waterfall in text: a bar for each phase, on one scale, no wider than the terminal.

import { formatBytes, formatDuration } from '../../base/units.js';
import { formatEndpoint } from '../../net/address.js';
import { printable } from '../text.js';
import type { Phase } from '../model.js';

const KINDS: Readonly<Record<Phase['kind'], string>> = { dns: 'DNS', connect: 'connect', wait: 'first byte', transfer: 'transfer' };
/** Of the bars: a shade for each kind, so that they can be told apart without colours. */
const SHADES: Readonly<Record<Phase['kind'], string>> = { dns: '▒', connect: '▓', wait: '░', transfer: '█' };
const LEAST_BAR = 10;

/** "DNS A? file1.hiscinema.com", "connect 127.0.0.1:40721", "transfer 773 kB". */
export function phaseLabel(phase: Phase): string {
  if (phase.sight === 'told') return `└ ${phase.party.role}`;
  const where = phase.party.endpoint === undefined ? phase.party.role : formatEndpoint(phase.party.endpoint);
  const what = { dns: phase.label, connect: where, wait: phase.label, transfer: formatBytes(phase.bytes ?? 0) }[phase.kind];
  return `${KINDS[phase.kind]} ${what}`;
}

function fit(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, columns - 1)}…` : text.padEnd(columns);
}

/** Lines of at most `columns`; none when nothing took any time. */
export function formatWaterfall(phases: readonly Phase[], totalMs: number, columns: number): readonly string[] {
  if (phases.length === 0) return [];
  const labels = phases.map((phase) => printable(phaseLabel(phase)));
  const times = phases.map((phase) => `${formatDuration(phase.endMs - phase.startMs)}${phase.failed === undefined ? '' : ' failed'}`);
  const timeColumns = Math.max(...times.map((time) => time.length));
  const labelColumns = Math.min(Math.max(...labels.map((label) => label.length)), Math.max(12, Math.floor((columns - timeColumns) / 2)));
  const barColumns = Math.max(LEAST_BAR, columns - labelColumns - timeColumns - 4);
  const scale = barColumns / Math.max(totalMs, 0.001);
  return phases.map((phase, index) => {
    const from = Math.min(Math.floor(phase.startMs * scale), barColumns - 1);
    const length = Math.max(1, Math.min(Math.round((phase.endMs - phase.startMs) * scale), barColumns - from));
    const bar = `${' '.repeat(from)}${SHADES[phase.kind].repeat(length)}`.padEnd(barColumns);
    return `${fit(labels[index] ?? '', labelColumns)}  ${bar}  ${(times[index] ?? '').padStart(timeColumns)}`;
  });
}
