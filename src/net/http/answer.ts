// From an admitted request to the end of its answer: asks the handler, writes what it returns, and
// tells what went wrong. Nothing that a handler or a source does gets past this file.

import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import type { Eventual } from '../handler.js';
import type { AccessLog } from './access-log.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse, type TransferOutcome } from './message.js';
import type { Outlet } from './outlet.js';
import { planResponse } from './response-plan.js';
import { writeResponse, type WriteResult } from './response-writer.js';

export interface AnswerEnv {
  readonly handler: HttpHandler;
  readonly clock: Clock;
  readonly log: Log;
  readonly accessLog?: AccessLog | undefined;
}

function failure(request: HttpRequest, error: unknown, log: Log): HttpResponse {
  const facts = { method: request.method, target: request.target, peer: request.peer.address, error: messageOf(error) };
  // Who asked is gone: that the work for it failed is what was wanted.
  if (request.signal.aborted) log.debug(`gave up ${request.method} ${request.target}`, facts);
  else log.error(`${request.method} ${request.target} failed: ${messageOf(error)}`, { ...facts, stack: error instanceof Error ? error.stack : undefined });
  return textResponse(500, 'internal error\n');
}

/** The handler's answer, at once if it has it at once; 500 where it fails. Neither throws nor rejects. */
export function ask(request: HttpRequest, env: AnswerEnv): Eventual<HttpResponse> {
  try {
    const eventual = env.handler(request);
    return eventual instanceof Promise ? eventual.catch((error: unknown) => failure(request, error, env.log)) : eventual;
  } catch (error) {
    return failure(request, error, env.log);
  }
}

async function write(outlet: Outlet, request: HttpRequest, response: HttpResponse): Promise<WriteResult> {
  try {
    return await writeResponse(outlet, planResponse(request.method, response), request.signal);
  } catch (error) {
    return { kind: 'failed', bytes: 0, headSent: false, error };
  }
}

/** Tells the handler how its answer went; what it does then is no reason for anything to fail. */
function tellHandler(request: HttpRequest, response: HttpResponse, outcome: TransferOutcome, log: Log): void {
  try {
    response.finished?.(outcome);
  } catch (error) {
    log.error(`after ${request.method} ${request.target}: ${messageOf(error)}`, { error: messageOf(error) });
  }
}

/** Tells the handler and the access log how an answer went. */
export function tellFinished(request: HttpRequest, response: HttpResponse, outcome: TransferOutcome, env: AnswerEnv): void {
  tellHandler(request, response, outcome, env.log);
  env.accessLog?.answered(request, response, outcome);
}

/**
 * Writes the answer that `ask` gave at `startedMs` on the monotonic clock; never rejects. A handler or a
 * source that fails before the head is out becomes a 500, later a broken connection; either is logged
 * once, as an error.
 */
export async function answerRequest(request: HttpRequest, asked: Eventual<HttpResponse>, outlet: Outlet, startedMs: number, env: AnswerEnv): Promise<void> {
  const response = await asked;
  const outcomeOf = ({ kind, bytes }: WriteResult): TransferOutcome => ({ complete: kind === 'complete', bytes, durationMs: env.clock.monotonic() - startedMs });
  const result = await write(outlet, request, response);
  const outcome = outcomeOf(result);
  if (result.kind !== 'failed') {
    tellFinished(request, response, outcome, env);
    return;
  }
  tellHandler(request, response, outcome, env.log);
  const instead = failure(request, result.error, env.log);
  if (result.headSent) {
    env.accessLog?.answered(request, response, outcome);
    return;
  }
  const sent = await write(outlet, request, instead);
  env.accessLog?.answered(request, instead, outcomeOf(sent));
}
