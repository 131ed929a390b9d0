// The line that each request leaves behind.

import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { textResponse, type HttpRequest } from '../../../src/net/http/message.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { accessLog, formatAccessTime } from '../../../src/web/access-log.js';

const NOON = new Date(2026, 10, 22, 18, 4, 6).getTime();

function lineFor(over: Partial<HttpRequest>): LogLine | undefined {
  const lines: LogLine[] = [];
  const clock = { ...systemClock, now: () => NOON, monotonic: () => 5 };
  const peer = { address: '127.0.0.1', port: 5000 };
  const request: HttpRequest = { method: 'GET', target: '/F1/', fields: {}, peer, local: peer, signal: new AbortController().signal, ...over };
  const response = accessLog({ clock, log: createLog((line) => lines.push(line)) })(() => textResponse(200, 'hello'))(request);
  if (response instanceof Promise) throw new Error('an answer at hand must not become a promise');
  expect(lines).to.deep.equal([]);
  response.finished?.({ complete: true, bytes: 5, durationMs: 3 });
  return lines[0];
}

describe('the access log', () => {
  it('writes days of one digit with two', () => expect(formatAccessTime(new Date(2026, 0, 2, 3, 4, 5).getTime())).to.equal('02/Jan/2026 03:04:05'));

  it('has the wording of the original, once the answer is sent', () => {
    expect(lineFor({})?.message).to.equal('127.0.0.1 - - [22/Nov/2026 18:04:06] "GET /F1/ HTTP/1.1" 200 -');
  });

  it('has the same as facts', () => {
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    expect(lineFor({ fields: trace })?.facts).to.deep.equal({
      method: 'GET',
      target: '/F1/',
      status: 200,
      bytes: 5,
      complete: true,
      durationMs: 0,
      peer: { address: '127.0.0.1', port: 5000 },
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
  });

  it('escapes what a hostile target or method has', () => {
    const line = lineFor({ target: '/\u001b[31m"\r\n\u0085', method: 'G\u0007T' });
    expect(line?.message).to.include('"G\\x07T /\\x1b[31m\\"\\x0d\\x0a\\x85 HTTP/1.1" 200 -');
    expect(line?.facts['target']).to.equal('/\\x1b[31m\\"\\x0d\\x0a\\x85');
  });
});
