// What a store tells: a line when an object is asked for, and one when it has gone out.

import type { Clock } from '../base/clock.js';
import { formatBytes } from '../base/units.js';
import { formatEndpoint } from '../net/address.js';
import type { Layer } from '../net/handler.js';
import type { HttpHandler, HttpRequest, HttpResponse, TransferOutcome } from '../net/http/message.js';
import { withoutSignature } from '../net/http/signed-url.js';
import type { Log, LogFacts } from '../observe/log.js';
import { parseTraceparent } from '../observe/trace.js';

function factsOf(request: HttpRequest): LogFacts {
  const traceId = parseTraceparent(request.fields['traceparent'] ?? '')?.traceId;
  return { method: request.method, peer: formatEndpoint(request.peer), ...(traceId === undefined ? {} : { traceId }) };
}

/** What an edge did: the member of Cache-Status that is its own, and those before it. */
function cacheFacts(response: HttpResponse): LogFacts {
  const cacheStatus = response.fields['cache-status'];
  return cacheStatus === undefined ? {} : { cacheStatus };
}

/** A line for each answer at debug level, whatever it is. */
export function createAnswerLog(env: { clock: Clock; log: Log }): Layer<HttpHandler> {
  const { clock, log } = env;
  return (next) => {
    // Asked once: whether a log wants such lines doesn't change.
    if (!log.tells('debug')) return next;
    return async (request) => {
      const startedMs = clock.monotonic();
      const response = await next(request);
      const handlerMs = clock.monotonic() - startedMs;
      const target = withoutSignature(request.target);
      log.debug(`${request.method} ${target} ${response.status}`, { ...factsOf(request), target, status: response.status, ...cacheFacts(response), handlerMs });
      return response;
    };
  };
}

/**
 * Tells the transfer of an object in the words of the original demo; `objectName` is "video1".
 * `whyBroken` tells, afterwards, what was wrong on this side, if anything. Gives the response to send.
 */
export type TellTransfer = (request: HttpRequest, response: HttpResponse, objectName: string, whyBroken: () => string | undefined) => HttpResponse;

/** Beyond so many transfers in one second nobody reads a line for each: the rest is told in one. */
export const MOST_TOLD_A_SECOND = 100;
const NAMES_TOLD = 3;

/** Transfers that were counted and not told. */
class Tally {
  transfers = 0;
  broken = 0;
  octets = 0;
  readonly names = new Map<string, number>();

  add(objectName: string, { complete, bytes }: TransferOutcome): void {
    this.transfers += 1;
    this.octets += bytes;
    if (!complete) this.broken += 1;
    this.names.set(objectName, (this.names.get(objectName) ?? 0) + 1);
  }

  tell(log: Log): void {
    const most = [...this.names].sort((a, b) => b[1] - a[1]);
    const rest = most.length > NAMES_TOLD ? `, and ${most.length - NAMES_TOLD} more objects` : '';
    const broken = this.broken === 0 ? '' : `, ${this.broken} of them broke off`;
    const shown = most.slice(0, NAMES_TOLD).map(([name, times]) => `${name} ${times} times`).join(', ');
    log.info(`… and ${this.transfers} more transfers, ${formatBytes(this.octets)}${broken}: ${shown}${rest}`, { transfers: this.transfers, broken: this.broken, bytes: this.octets });
  }
}

/** `most`: how many transfers are told in a second, each with a line for its begin and one for its end. */
export function createTransferLog({ clock, log }: { clock: Clock; log: Log }, most = MOST_TOLD_A_SECOND): TellTransfer {
  let tally: Tally | undefined;
  let since = -Infinity;
  let told = 0;

  function count(objectName: string, outcome: TransferOutcome): void {
    if (tally === undefined) {
      const counting = (tally = new Tally());
      clock.after(1000, () => {
        tally = undefined;
        counting.tell(log);
      });
    }
    tally.add(objectName, outcome);
  }

  function isOneTooMany(): boolean {
    const now = clock.monotonic();
    if (now - since >= 1000) {
      since = now;
      told = 0;
    }
    told += 1;
    return told > most;
  }

  /** Of answers that come again and again, which are frozen. */
  const known = new WeakMap<HttpResponse, HttpResponse>();
  function counted(response: HttpResponse, objectName: string): HttpResponse {
    const before = known.get(response);
    if (before !== undefined) return before;
    const finished = (outcome: TransferOutcome): void => {
      response.finished?.(outcome);
      count(objectName, outcome);
    };
    const answer = { ...response, finished };
    if (Object.isFrozen(response)) known.set(response, Object.freeze(answer));
    return answer;
  }

  return (request, response, objectName, whyBroken) => {
    if (isOneTooMany()) return counted(response, objectName);
    const range = response.status === 206 ? { range: response.fields['content-range'] ?? request.fields['range'] } : {};
    const facts: LogFacts = { object: objectName, status: response.status, ...range, ...factsOf(request), ...cacheFacts(response) };
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
  };
}
