// Spans to an OpenTelemetry collector: OTLP/HTTP with JSON (opentelemetry-proto 1.x). They wait in a bounded
// queue and go out in batches; a collector that is slow or gone costs spans, and never time.

import type { Clock } from '../base/clock.js';
import type { Log } from './log.js';
import type { AttributeValue, FinishedSpan } from './spans.js';

/** Sends a batch; resolves with the HTTP status, rejects when there is none. */
export type PostBatch = (body: Uint8Array, signal: AbortSignal) => Promise<number>;

export interface SpanExporter {
  add(span: FinishedSpan): void;
  /** Sends what waits, for so long at most; afterwards nothing is taken any more. */
  close(graceMs: number): Promise<void>;
}

const MAX_WAITING = 4096;
const BATCH = 512;
const EVERY_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** OTLP 1.x, "Failures": worth another try. */
const RETRYABLE: readonly number[] = [429, 502, 503, 504];
const TELL_MS = 60_000;

const KIND: Readonly<Record<FinishedSpan['kind'], number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;
const SAMPLED = 1;

function anyValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  // The JSON mapping of protobuf writes 64-bit integers as strings.
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
}

function keyValues(attributes: FinishedSpan['attributes']): readonly unknown[] {
  return Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));
}

/** 64-bit nanoseconds, which no number holds. */
function nanoseconds(ms: number): string {
  const whole = Math.floor(ms);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000)));
}

function encodeSpan(span: FinishedSpan): unknown {
  const { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error } = span;
  return {
    traceId, spanId, ...(parentSpanId !== undefined && { parentSpanId }), flags: SAMPLED, name, kind: KIND[kind],
    startTimeUnixNano: nanoseconds(startMs), endTimeUnixNano: nanoseconds(endMs), attributes: keyValues(attributes),
    ...(error !== undefined && { status: { code: STATUS_ERROR, message: error } }),
  };
}

/** An ExportTraceServiceRequest: each service a resource of its own. */
export function encodeTraces(spans: readonly FinishedSpan[], about: { readonly version: string }): Uint8Array {
  const services = new Map<string, FinishedSpan[]>();
  for (const span of spans) {
    const own = services.get(span.service);
    if (own === undefined) services.set(span.service, [span]);
    else own.push(span);
  }
  const resourceSpans = [...services].map(([service, own]) => ({
    resource: { attributes: keyValues({ 'service.name': service, 'service.version': about.version, 'telemetry.sdk.name': 'hercdn', 'telemetry.sdk.language': 'nodejs', 'telemetry.sdk.version': about.version }) },
    scopeSpans: [{ scope: { name: 'hercdn', version: about.version }, spans: own.map(encodeSpan) }],
  }));
  return Buffer.from(JSON.stringify({ resourceSpans }), 'utf8');
}

export function createSpanExporter(options: { readonly version: string; readonly post: PostBatch }, env: { readonly clock: Clock; readonly log: Log }): SpanExporter {
  const { clock, log } = env;
  let waiting: FinishedSpan[] = [];
  let sending: Promise<void> | undefined;
  let stopTimer: (() => void) | undefined;
  let pauseMs = EVERY_MS;
  let lost = 0;
  let toldMs = -Infinity;
  let closed = false;
  const late = new AbortController();

  const lose = (count: number, why: string): void => {
    lost += count;
    if (count === 0 || clock.monotonic() - toldMs < TELL_MS) return;
    toldMs = clock.monotonic();
    log.warn(`spans are lost: ${why}`, { lost });
  };

  async function send(): Promise<void> {
    const batch = waiting.slice(0, BATCH);
    if (batch.length === 0) return;
    const outcome = await options.post(encodeTraces(batch, options), late.signal).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    const retry = typeof outcome === 'string' || RETRYABLE.includes(outcome);
    if (retry) {
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      return;
    }
    pauseMs = EVERY_MS;
    waiting = waiting.slice(batch.length);
    if (outcome < 200 || outcome > 299) lose(batch.length, `the collector answered ${outcome}`);
  }

  function schedule(): void {
    if (stopTimer !== undefined || closed) return;
    stopTimer = clock.after(waiting.length >= BATCH && pauseMs === EVERY_MS ? 0 : pauseMs, () => {
      stopTimer = undefined;
      sending ??= send().finally(() => {
        sending = undefined;
        if (waiting.length > 0) schedule();
      });
    });
  }

  return {
    add: (span) => {
      if (closed) return;
      if (waiting.length >= MAX_WAITING) {
        lose(1, `${MAX_WAITING} wait for a collector that does not take them`);
        return;
      }
      waiting.push(span);
      schedule();
    },
    close: async (graceMs) => {
      if (closed) return;
      closed = true;
      stopTimer?.();
      const drain = async (): Promise<void> => {
        await sending;
        for (let left = Infinity; waiting.length > 0 && waiting.length < left; ) {
          left = waiting.length;
          await send();
        }
      };
      const stopGrace = clock.after(graceMs, () => late.abort(new Error('time is up')));
      await drain();
      stopGrace();
      lose(waiting.length, 'the collector did not take the last of them');
    },
  };
}
