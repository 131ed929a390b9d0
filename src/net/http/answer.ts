// From an admitted request to the end of its answer: asks the handler, writes what it returns, and
// tells what went wrong. Nothing that a handler or a source does gets past this file.

import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import type { Log } from '../../observe/log.js';
import { textResponse, type HttpHandler, type HttpRequest, type HttpResponse } from './message.js';
import { planResponse } from './response-plan.js';
import { writeResponse, type WriteResult } from './response-writer.js';

export interface AnswerEnv {
  readonly handler: HttpHandler;
  readonly clock: Clock;
  readonly log: Log;
}

function failure(request: HttpRequest, error: unknown, log: Log): HttpResponse {
  const facts = { method: request.method, target: request.target, peer: request.peer.address, error: messageOf(error) };
  // Who asked is gone: that the work for it failed is what was wanted.
  if (request.signal.aborted) log.debug(`gave up ${request.method} ${request.target}`, facts);
  else log.error(`${request.method} ${request.target} failed: ${messageOf(error)}`, { ...facts, stack: error instanceof Error ? error.stack : undefined });
  return textResponse(500, 'internal error\n');
}

async function ask(request: HttpRequest, env: AnswerEnv): Promise<HttpResponse> {
  try {
    const eventual = env.handler(request);
    return eventual instanceof Promise ? await eventual : eventual;
  } catch (error) {
    return failure(request, error, env.log);
  }
}

async function write(res: ServerResponse, request: HttpRequest, response: HttpResponse): Promise<WriteResult> {
  try {
    return await writeResponse(res, planResponse(request.method, response), request.signal);
  } catch (error) {
    return { kind: 'failed', bytes: 0, headSent: false, error };
  }
}

/**
 * Answers one request; never rejects. A handler or a source that fails before the head is out becomes
 * a 500, later a broken connection; either is logged once, as an error.
 * @param isLast asked when the answer begins: whether the connection ends after it
 */
export async function answerRequest(request: HttpRequest, res: ServerResponse, isLast: () => boolean, env: AnswerEnv): Promise<void> {
  const startedMs = env.clock.monotonic();
  const response = await ask(request, env);
  if (isLast()) res.setHeader('connection', 'close');
  const result = await write(res, request, response);
  try {
    response.finished?.({ complete: result.kind === 'complete', bytes: result.bytes, durationMs: env.clock.monotonic() - startedMs });
  } catch (error) {
    env.log.error(`after ${request.method} ${request.target}: ${messageOf(error)}`, { error: messageOf(error) });
  }
  if (result.kind !== 'failed') return;
  const instead = failure(request, result.error, env.log);
  if (!result.headSent) await write(res, request, instead);
}
