// The span of all that a client's command does; the spans of its questions and requests are its children.

import { CdnError, messageOf } from '../base/errors.js';
import type { FetchEvent } from '../fetch/index.js';
import type { OpenSpan } from '../observe/spans.js';
import type { Tracing } from './tracing.js';

export interface WholeSpan {
  /** Begins with the first event, which says what has gone out as the parent of all. */
  hear(event: FetchEvent): void;
  end(error?: unknown): void;
}

export function traceWhole(tracing: Tracing | undefined, service: string, attributes: Readonly<Record<string, string>>): WholeSpan {
  let span: OpenSpan | undefined;
  return {
    hear: (event) => {
      if (tracing === undefined || event.kind !== 'begun') return;
      const { traceId, spanId } = event;
      span = tracing.tracer.start({ service, name: service, kind: 'internal', context: { traceId, spanId }, attributes });
      tracing.adopt(span);
    },
    end: (error) => {
      if (error === undefined) span?.end();
      else span?.end({ attributes: { 'error.type': error instanceof CdnError ? error.code : 'BUG' }, error: messageOf(error) });
    },
  };
}
