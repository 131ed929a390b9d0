// One POST, for telemetry: to an http or https URL, its answer's body thrown away.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../base/clock.js';
import type { HeaderFields } from './message.js';

/** The status of the answer; rejects when none has come within `timeoutMs`, or the signal aborts. */
export function post(url: URL, fields: HeaderFields, body: Uint8Array, timeoutMs: number, signal: AbortSignal, clock: Clock): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, { method: 'POST', headers: { ...fields, 'content-length': body.byteLength }, agent: false, signal }, (response) => {
      response.resume();
      // Whatever becomes of the body: the status was all that was wanted.
      response.on('error', () => undefined);
      response.on('close', () => finish(() => resolve(response.statusCode ?? 0)));
    });
    const stopTimer = clock.after(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    const finish = (settle: () => void): void => {
      stopTimer();
      settle();
    };
    request.on('error', (error) => finish(() => reject(error)));
    request.end(body);
  });
}
