// Text <-> quantity: bytes, rates, durations. Sizes are decimal (1 MB = 1,000,000 bytes) unless
// written with an i (1 MiB).

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i;
const RATE = /^(\d+(?:\.\d+)?)\s*([kmgtKMGT]?)(i?)(bit\/s|bit|bps|[bB]\/s|Bps|[bB])$/;
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const EXPONENT: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

function scale(prefix: string, binary: string): number {
  return (binary === '' ? 1000 : 1024) ** (EXPONENT[prefix.toLowerCase()] ?? 0);
}

/** "4 MiB", "10mb", "512" -> bytes; undefined if it is none of these. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * scale(match[2] ?? '', match[3] ?? ''));
}

/** "8Mbit/s", "8Mbps", "500 kB/s" -> bytes a second; undefined if it is none of these. "bit" and "bps" are bits, every other b is a byte. */
export function parseRate(text: string): number | undefined {
  const match = RATE.exec(text.trim());
  if (!match) return undefined;
  const value = Number(match[1]) * scale(match[2] ?? '', match[3] ?? '');
  const bits = /^(bit|bps)/.test(match[4] ?? '');
  return bits ? value / 8 : value;
}

/** "2s", "500 ms", "1.5m", "1h" -> milliseconds; undefined if it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (!match) return undefined;
  return Number(match[1]) * (MILLISECONDS[match[2] ?? ''] ?? 0);
}

/** 2_912_345 -> "2.9 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Bytes a second -> "212 MB/s". */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Milliseconds -> "0.4 ms", "37 ms", "2.4 s", "3m 20s". */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}
