// One trace ID joins a fetch's DNS and HTTP messages (W3C Trace Context, level 1).

import type { Random } from '../base/random.js';

export interface Trace {
  /** 16 octets as 32 lower-case hexadecimal digits; never all zero. */
  readonly traceId: string;
  /** 8 octets as 16 lower-case hexadecimal digits; never all zero. */
  readonly spanId: string;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function nonZero(random: Random, count: number): string {
  for (;;) {
    const text = hex(random.bytes(count));
    if (/[^0]/.test(text)) return text;
  }
}

export function createTrace(random: Random): Trace {
  return { traceId: nonZero(random, 16), spanId: nonZero(random, 8) };
}

/** Trace Context §3.2: version 00, sampled. */
export function formatTraceparent(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-01`;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** undefined when the field must be ignored (§3.2.2.3, §3.2.2.4: zero IDs, version ff, extra data in version 00). */
export function parseTraceparent(text: string): Trace | undefined {
  const match = TRACEPARENT.exec(text.trim());
  if (!match) return undefined;
  const [, version, traceId, spanId, , rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}

/**
 * What goes on to the next party, from one that takes part: the same trace, itself as the parent (Trace Context
 * §3.4, "Update parent-id"), sampled or not as it was. undefined when the field must be ignored.
 */
export function renewTraceparent(text: string, random: Random): string | undefined {
  const trace = parseTraceparent(text);
  const flags = TRACEPARENT.exec(text.trim())?.[4];
  return trace === undefined || flags === undefined ? undefined : `00-${trace.traceId}-${nonZero(random, 8)}-0${Number.parseInt(flags, 16) & 1}`;
}
