// What a store tells: a line when an object is asked for, and one when it has gone out.

import type { Clock } from '../base/clock.js';
import { formatBytes } from '../base/units.js';
import { formatEndpoint } from '../net/address.js';
import type { Layer } from '../net/handler.js';
import type { HttpHandler, HttpRequest, HttpResponse, TransferOutcome } from '../net/http/message.js';
import type { Log, LogFacts } from '../observe/log.js';
import { parseTraceparent } from '../observe/trace.js';

function factsOf(request: HttpRequest): LogFacts {
  const traceId = parseTraceparent(request.fields['traceparent'] ?? '')?.traceId;
  return { method: request.method, peer: formatEndpoint(request.peer), ...(traceId === undefined ? {} : { traceId }) };
}

/** A line for each answer at debug level, whatever it is. */
export function createAccessLog(env: { clock: Clock; log: Log }): Layer<HttpHandler> {
  return (next) => async (request) => {
    const startedMs = env.clock.monotonic();
    const response = await next(request);
    const handlerMs = env.clock.monotonic() - startedMs;
    env.log.debug(`${request.method} ${request.target} ${response.status}`, {
      ...factsOf(request),
      target: request.target,
      status: response.status,
      handlerMs,
    });
    return response;
  };
}

/**
 * The transfer of an object in the words of the original demo; `objectName` is "video1". `whyBroken`
 * tells, afterwards, what was wrong on this side, if anything.
 */
export function tellTransfer(log: Log, request: HttpRequest, response: HttpResponse, objectName: string, whyBroken: () => string | undefined): HttpResponse {
  const range = response.status === 206 ? { range: response.fields['content-range'] ?? request.fields['range'] } : {};
  const facts: LogFacts = { object: objectName, status: response.status, ...range, ...factsOf(request) };
  log.info(`Received data: ${objectName}`, facts);
  const finished = (outcome: TransferOutcome): void => {
    response.finished?.(outcome);
    const { bytes, durationMs } = outcome;
    if (outcome.complete) {
      log.info(`${objectName} Transfer Complete!`, { ...facts, bytes, durationMs });
      return;
    }
    const why = whyBroken();
    log.warn(`${objectName} transfer broke off after ${formatBytes(bytes)}${why === undefined ? '' : `: ${why}`}`, {
      ...facts,
      bytes,
      durationMs,
      ...(why === undefined ? {} : { why }),
    });
  };
  return { ...response, finished };
}
