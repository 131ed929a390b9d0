// One line a request, in the wording of the original demo's server, when its last octet is sent.

import type { Clock } from '../base/clock.js';
import type { Layer } from '../net/handler.js';
import { MONTHS } from '../net/http/date.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import { parseTraceparent } from '../observe/trace.js';
import { printableAscii } from '../base/printable.js';

/** Milliseconds since 1970 -> "22/Nov/2026 18:04:06" in local time, as the original prints it. */
export function formatAccessTime(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()] ?? ''}/${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function accessLog(env: { readonly clock: Clock; readonly log: Log }): Layer<HttpHandler> {
  const { clock, log } = env;
  return (next) => (request) => {
    const begun = clock.monotonic();
    const answered = next(request);
    return answered instanceof Promise
      ? answered.then((response) => noted(request, response, begun))
      : noted(request, answered, begun);
  };

  function noted(request: HttpRequest, response: HttpResponse, begun: number): HttpResponse {
    return {
      ...response,
      finished: (outcome) => {
        response.finished?.(outcome);
        const method = printableAscii(request.method);
        const target = printableAscii(request.target);
        const traceId = parseTraceparent(request.fields['traceparent'] ?? '')?.traceId;
        log.info(`${request.peer.address} - - [${formatAccessTime(clock.now())}] "${method} ${target} HTTP/1.1" ${response.status} -`, {
          method,
          target,
          status: response.status,
          bytes: outcome.bytes,
          complete: outcome.complete,
          durationMs: clock.monotonic() - begun,
          peer: request.peer,
          ...(traceId === undefined ? {} : { traceId }),
        });
      },
    };
  }
}
