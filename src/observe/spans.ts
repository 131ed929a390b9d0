// Spans: who worked for how long on what, within which trace, on whose behalf. A tracer hands finished ones on;
// what is under way is known to whatever is called meanwhile.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import { createTrace } from './trace.js';

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
}

/** A span that has ended. */
export interface FinishedSpan extends SpanContext {
  /** Whose it is: "cdn store store-1". */
  readonly service: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** What went wrong; undefined when nothing did. */
  readonly error: string | undefined;
}

export interface SpanStart {
  readonly service: string;
  readonly name: string;
  readonly kind: FinishedSpan['kind'];
  /** `spanId` undefined: its trace is known, its parent is not. */
  readonly parent?: { readonly traceId: string; readonly spanId: string | undefined } | undefined;
  /** An ID that has been told to others already. */
  readonly context?: SpanContext;
  readonly attributes: Attributes;
}

export interface OpenSpan {
  readonly context: SpanContext;
  readonly service: string;
  /** A second call does nothing. */
  end(outcome?: { readonly attributes?: Attributes; readonly error?: string | undefined }): void;
}

export interface Tracer {
  start(start: SpanStart): OpenSpan;
  /** Runs `work`, in which, and in all that it begins, `span` is the current one. */
  run<T>(span: OpenSpan, work: () => T): T;
  current(): OpenSpan | undefined;
}

export function createTracer(env: { readonly clock: Clock; readonly random: Random }, take: (span: FinishedSpan) => void): Tracer {
  const { clock, random } = env;
  const storage = new AsyncLocalStorage<OpenSpan>();
  return {
    start: ({ service, name, kind, parent, context, attributes }) => {
      const made = createTrace(random);
      const own = context ?? { traceId: parent?.traceId ?? made.traceId, spanId: made.spanId };
      const startMs = clock.now();
      const begun = clock.monotonic();
      let ended = false;
      return {
        context: own,
        service,
        end: ({ attributes: more = {}, error } = {}) => {
          if (ended) return;
          ended = true;
          // Wall time may jump: how long it took is the monotonic clock's to say.
          take({ ...own, service, parentSpanId: parent?.spanId, name, kind, startMs, endMs: startMs + clock.monotonic() - begun, attributes: { ...attributes, ...more }, error });
        },
      };
    },
    run: (span, work) => storage.run(span, work),
    current: () => storage.getStore(),
  };
}
