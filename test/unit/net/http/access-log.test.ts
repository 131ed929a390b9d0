import { expect } from 'chai';
import { systemClock, type Clock } from '../../../../src/base/clock.js';
import { createAccessLog, formatLogTime, quoteCombined, quoteJson, type AccessLogFormat } from '../../../../src/net/http/access-log.js';
import type { HeaderFields, HttpRequest, HttpResponse, TransferOutcome } from '../../../../src/net/http/message.js';

const PEER = { address: '192.0.2.7', port: 4711 };
const NOW_MS = Date.UTC(2026, 10, 27, 17, 4, 6, 250);
const clock: Clock = { ...systemClock, now: () => NOW_MS };
const SENT: TransferOutcome = { complete: true, bytes: 1234, durationMs: 1.23456 };

function lineOf(format: AccessLogFormat, { fields = {}, target = '/video1', outcome = SENT, answered = {}, requestLine, gone = false }: { fields?: HeaderFields; target?: string; outcome?: TransferOutcome; answered?: HeaderFields; requestLine?: string; gone?: boolean } = {}): string {
  const lines: string[] = [];
  const request: HttpRequest = { method: 'GET', target, fields, peer: PEER, local: PEER, signal: gone ? AbortSignal.abort() : new AbortController().signal, ...(requestLine === undefined ? {} : { requestLine }) };
  const response: HttpResponse = { status: 200, fields: answered, body: { kind: 'none' } };
  createAccessLog(format, (line) => lines.push(line), clock).answered(request, response, outcome);
  expect(lines).to.have.length(1);
  return lines[0] ?? '';
}

/** Every octet that a field may bring, and some that it may not. */
const HOSTILE = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');

describe('a line of the access log', () => {
  const time = formatLogTime(NOW_MS);

  it('has the time with its distance from UTC', () => {
    const [, day, month, year, hour, minute, second, sign, hours, minutes] = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(time) ?? [];
    const ahead = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
    expect(Date.parse(`${day} ${month} ${year} ${hour}:${minute}:${second} GMT`) - ahead).to.equal(NOW_MS - 250);
  });

  it('is combined as Apache and nginx have it', () => {
    expect(lineOf('combined', { fields: { referer: 'http://a.test/', 'user-agent': 'curl/8' } })).to.equal(`192.0.2.7 - - [${time}] "GET /video1 HTTP/1.1" 200 1234 "http://a.test/" "curl/8"\n`);
    expect(lineOf('combined', { requestLine: 'GET http://a.test/x HTTP/1.0' })).to.equal(`192.0.2.7 - - [${time}] "GET http://a.test/x HTTP/1.0" 200 1234 "-" "-"\n`);
  });

  it('is one JSON object, with what is known', () => {
    const fields = { host: 'cdn.test', referer: 'http://a.test/', 'user-agent': 'curl/8', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    expect(JSON.parse(lineOf('json', { fields, answered: { 'cache-status': 'edge-1; hit; ttl=5' } }))).to.deep.equal({
      time: '2026-11-27T17:04:06.250Z', client: '192.0.2.7', request: 'GET /video1 HTTP/1.1', host: 'cdn.test', status: 200, bytes: 1234, complete: true, durationMs: 1.235,
      referer: 'http://a.test/', userAgent: 'curl/8', cacheStatus: 'edge-1; hit; ttl=5', traceId: 'a'.repeat(32),
    });
    expect(JSON.parse(lineOf('json'))).to.have.all.keys('time', 'client', 'request', 'status', 'bytes', 'complete', 'durationMs');
  });

  for (const format of ['combined', 'json'] as const) {
    it(`${format}: whatever a client sends, it is one line of printable ASCII, and every part is where it belongs`, () => {
      const line = lineOf(format, { fields: { referer: HOSTILE, 'user-agent': `" 200 0 "forged" "${HOSTILE}\\` }, requestLine: `GET /${HOSTILE} HTTP/1.1` });
      expect(line).to.match(/^[ -~]+\n$/);
      if (format === 'combined') expect(line.split('"')).to.have.length(7);
      else expect((JSON.parse(line) as Record<string, unknown>)['userAgent']).to.equal(`" 200 0 "forged" "${HOSTILE}\\`);
    });

    it(`${format}: 499 where the client left before anything was sent`, () => {
      expect(lineOf(format, { gone: true, outcome: { complete: false, bytes: 0, durationMs: 1 } })).to.match(format === 'json' ? /"status":499,"bytes":0,"complete":false/ : /" 499 0 "/);
      expect(lineOf(format, { gone: true, outcome: { complete: false, bytes: 9, durationMs: 1 } })).to.match(format === 'json' ? /"status":200,"bytes":9,"complete":false/ : /" 200 9 "/);
    });

    it(`${format}: a signature is a credential, and isn't written down`, () => {
      const line = lineOf(format, { target: '/a?x=1&cdn-signature=secret&y=2', fields: { referer: 'http://a.test/?cdn-signature=secret' } });
      expect(line).to.include('/a?x=1&cdn-signature=').and.to.include('&y=2').and.not.to.include('secret');
      // Where it is last, as `cdn sign` has it, the version after it stays: goaccess and its like read it.
      for (const requestLine of ['GET /a?cdn-signature=secret HTTP/1.1', undefined]) {
        expect(lineOf(format, { target: '/a?cdn-signature=secret', ...(requestLine === undefined ? {} : { requestLine }) })).to.match(/GET \/a\?cdn-signature=\S+ HTTP\/1\.1"/).and.not.to.include('secret');
      }
    });

    it(`${format}: what was no request is told, too`, () => {
      const lines: string[] = [];
      const log = createAccessLog(format, (line) => lines.push(line), clock);
      log.refused(PEER, undefined, 408, 20);
      log.refused(PEER, 'GET /a"b HTTP/1.1', 400, 21);
      expect(lines.map((line) => (format === 'json' ? JSON.parse(line) as unknown : line))).to.deep.equal(format === 'json' ? [
        { time: '2026-11-27T17:04:06.250Z', client: '192.0.2.7', status: 408, bytes: 20, complete: true },
        { time: '2026-11-27T17:04:06.250Z', client: '192.0.2.7', request: 'GET /a"b HTTP/1.1', status: 400, bytes: 21, complete: true },
      ] : [`192.0.2.7 - - [${time}] "-" 408 20 "-" "-"\n`, `192.0.2.7 - - [${time}] "GET /a\\x22b HTTP/1.1" 400 21 "-" "-"\n`]);
    });
  }

  it('quotes what is ours beyond latin1 as UTF-8', () => {
    expect([quoteCombined('…'), quoteCombined('\u{1F3AC}'), JSON.parse(quoteJson('…\u{1F3AC}'))]).to.deep.equal(['\\xE2\\x80\\xA6', '\\xF0\\x9F\\x8E\\xAC', '…\u{1F3AC}']);
  });
});
