// The HTTP/1.1 server on the wire, rule by rule. Every case is followed, on the same connection, by
// one more request: where the connection lives on it is answered; where it must end it is not, so
// that no octet of a bad request is ever taken for the next one.

import { expect } from 'chai';
import type { HttpHandler, HttpResponse } from '../../src/net/http/message.js';
import { textResponse } from '../../src/net/http/message.js';
import { parseResponses, sendRaw, useBench, WAYS } from '../service/net/http/raw.js';

async function* octets(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

const RESPONSES: Readonly<Record<string, HttpResponse>> = {
  '/known': { status: 200, fields: {}, body: { kind: 'stream', length: 10, open: () => octets('01234', '56789') } },
  '/unknown': { status: 200, fields: {}, body: { kind: 'stream', length: undefined, open: () => octets('01234', '56789') } },
  '/204': textResponse(204, 'nobody may see this'),
  '/205': textResponse(205, 'nobody may see this'),
  '/304': { ...textResponse(304, 'nobody may see this'), fields: { etag: '"x"' } },
  '/owns': textResponse(200, 'hello', { 'content-length': '99', 'transfer-encoding': 'chunked', connection: 'close', date: 'yesterday' }),
};

const handler: HttpHandler = (request) => RESPONSES[request.target] ?? textResponse(200, `${request.method} ${request.target} ${request.fields['host'] ?? '-'}`);

interface Case {
  /** Of RFC 9112, unless it says 9110. */
  readonly section: string;
  readonly rule: string;
  readonly send: string;
  readonly status: number;
  readonly then: 'lives' | 'ends';
  readonly body?: string | RegExp;
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** Before the final status. */
  readonly interim?: readonly number[];
}

const H = 'Host: a\r\n';
const CASES: readonly Case[] = [
  { section: '2.2', rule: 'an empty line before the request line is skipped', send: `\r\nGET /x HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'GET /x a' },
  { section: '2.2', rule: 'garbage is 400', send: 'how do you do\r\n\r\n', status: 400, then: 'ends' },
  { section: '2.2', rule: 'octets that are no text are 400', send: '\x00\x01\xff\xfe\r\n\r\n', status: 400, then: 'ends' },
  { section: '2.2', rule: 'a TLS hello is 400', send: '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', status: 400, then: 'ends' },
  { section: '2.2', rule: 'space before the first field is 400', send: `GET / HTTP/1.1\r\n ${H}\r\n`, status: 400, then: 'ends' },
  { section: '2.2', rule: 'a bare CR in the head is 400', send: `GET / HTTP/1.1\r\n${H}X: a\rb\r\n\r\n`, status: 400, then: 'ends' },
  { section: '2.3', rule: 'the preface of HTTP/2 is refused', send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400, then: 'ends' },
  { section: '2.3', rule: 'another major version is 505', send: `GET / HTTP/2.0\r\n${H}\r\n`, status: 505, then: 'ends' },
  { section: '2.3', rule: 'a version that is none is 400', send: `GET / HTTP/1.x\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '2.3', rule: 'HTTP/1.0 is answered as 1.1, and closed', send: 'GET /x HTTP/1.0\r\n\r\n', status: 200, then: 'ends', body: 'GET /x -' },
  { section: '3', rule: 'a request line without a version is refused', send: 'GET /\r\n\r\n', status: 505, then: 'ends' },
  { section: '9110 9.1', rule: 'a method nobody knows is 501', send: `BREW /pot HTTP/1.1\r\n${H}\r\n`, status: 501, then: 'ends' },
  { section: '9110 9.1', rule: 'a known method is the handler’s to answer', send: `DELETE /x HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'DELETE /x a' },
  { section: '9110 9.1', rule: 'methods are case-sensitive', send: `get / HTTP/1.1\r\n${H}\r\n`, status: 501, then: 'ends' },
  { section: '9110 9.3.6', rule: 'CONNECT is 501', send: `CONNECT a:443 HTTP/1.1\r\n${H}\r\n`, status: 501, then: 'ends' },
  { section: '3.2', rule: 'no Host in HTTP/1.1 is 400', send: 'GET / HTTP/1.1\r\n\r\n', status: 400, then: 'ends' },
  { section: '3.2', rule: 'two Host lines are 400', send: `GET / HTTP/1.1\r\n${H}${H}\r\n`, status: 400, then: 'ends' },
  { section: '3.2', rule: 'two Host lines are 400 in HTTP/1.0', send: `GET / HTTP/1.0\r\n${H}Host: b\r\n\r\n`, status: 400, then: 'ends' },
  { section: '3.2', rule: 'a Host that is none is 400', send: 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', status: 400, then: 'ends' },
  { section: '3.2', rule: 'a Host with userinfo is 400', send: 'GET / HTTP/1.1\r\nHost: me@a\r\n\r\n', status: 400, then: 'ends' },
  { section: '3.2', rule: 'an empty Host is allowed', send: 'GET /x HTTP/1.1\r\nHost:\r\n\r\n', status: 200, then: 'lives', body: 'GET /x ' },
  { section: '3.2', rule: 'a Host may be an IPv6 address with a port', send: 'GET /x HTTP/1.1\r\nHost: [::1]:40720\r\n\r\n', status: 200, then: 'lives', body: 'GET /x [::1]:40720' },
  { section: '3.2.1', rule: 'origin-form reaches the handler as it was sent', send: `GET /a%2fb/../c?d=/e%00 HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'GET /a%2fb/../c?d=/e%00 a' },
  { section: '3.2.1', rule: 'a path without its slash is 400', send: `GET video1.mp4 HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '3.2.1', rule: 'a fragment is 400', send: `GET /a#b HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '3.2.1', rule: 'octets beyond ASCII are 400', send: `GET /\xc3\xa4 HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '3.2.2', rule: 'absolute-form is accepted, and replaces Host', send: `GET http://b:80/x?y HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'GET /x?y b:80' },
  { section: '3.2.2', rule: 'absolute-form without a path means /', send: `GET http://b HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'GET / b' },
  { section: '3.2.2', rule: 'absolute-form with only a query means /?', send: `GET HTTP://b?q HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'GET /?q b' },
  { section: '3.2.2', rule: 'absolute-form doesn’t excuse a missing Host', send: 'GET http://b/ HTTP/1.1\r\n\r\n', status: 400, then: 'ends' },
  { section: '9110 4.2.4', rule: 'userinfo in absolute-form is 400', send: `GET http://me@b/ HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '9110 4.2.1', rule: 'absolute-form without a host is 400', send: `GET http://:80/ HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '3.2.2', rule: 'another scheme is 400', send: `GET ftp://b/ HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '3.2.4', rule: 'OPTIONS * is the handler’s', send: `OPTIONS * HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'OPTIONS * a' },
  { section: '3.2.4', rule: 'OPTIONS of an authority alone is *', send: `OPTIONS http://b HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'OPTIONS * b' },
  { section: '3.2.4', rule: '* with another method is 400', send: `GET * HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends' },
  { section: '5', rule: 'a head beyond the limit is 431', send: `GET / HTTP/1.1\r\n${H}X: ${'x'.repeat(17_000)}\r\n\r\n`, status: 431, then: 'ends' },
  { section: '5', rule: 'many small fields beyond the limit are 431', send: `GET / HTTP/1.1\r\n${H}${'a:bcdefgh\r\n'.repeat(2000)}\r\n`, status: 431, then: 'ends' },
  { section: '5', rule: 'a head that never ends is 431', send: `GET / HTTP/1.1\r\n${H}${'a: b\r\n'.repeat(20_000)}`, status: 431, then: 'ends' },
  { section: '3', rule: 'a target beyond the limit is refused', send: `GET /${'x'.repeat(17_000)} HTTP/1.1\r\n${H}\r\n`, status: 431, then: 'ends' },
  { section: '5', rule: 'a head just below the limit is taken, to its last line', send: `GET /x HTTP/1.1\r\n${'a:b\r\n'.repeat(3000)}${H}\r\n`, status: 200, then: 'lives', body: 'GET /x a' },
  { section: '5.1', rule: 'space before the colon is 400', send: 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', status: 400, then: 'ends' },
  { section: '5.1', rule: 'a field name that is no token is 400', send: `GET / HTTP/1.1\r\n${H}a b: c\r\n\r\n`, status: 400, then: 'ends' },
  { section: '5.2', rule: 'a folded line is 400', send: `GET / HTTP/1.1\r\n${H}X: a\r\n b\r\n\r\n`, status: 400, then: 'ends' },
  { section: '6', rule: 'content of a GET is read away', send: `GET /x HTTP/1.1\r\n${H}Content-Length: 33\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n`, status: 200, then: 'lives', body: 'GET /x a' },
  { section: '7.1', rule: 'chunks of a POST are read away', send: `POST /x HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: a\r\n\r\n`, status: 200, then: 'lives', body: 'POST /x a' },
  { section: '9110 15.5.14', rule: 'content beyond the limit is 413', send: `POST / HTTP/1.1\r\n${H}Content-Length: 100000\r\n\r\nhello`, status: 413, then: 'ends' },
  { section: '9110 15.5.14', rule: 'content beyond the limit is 413, and no reset while the client still sends', send: `POST / HTTP/1.1\r\n${H}Content-Length: 8000000\r\n\r\n${'x'.repeat(8_000_000)}`, status: 413, then: 'ends' },
  { section: '9110 15.5.14', rule: 'chunks beyond the limit are 413', send: `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${`4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(5)}`, status: 413, then: 'ends' },
  { section: '6.1', rule: 'Transfer-Encoding and Content-Length at once are 400', send: `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, status: 400, then: 'ends' },
  { section: '6.1', rule: 'the same the other way round', send: `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, status: 400, then: 'ends' },
  { section: '6.1', rule: 'a transfer coding in HTTP/1.0 is 400', send: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', status: 400, then: 'ends' },
  { section: '6.1', rule: 'a coding nobody knows is 501', send: `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, status: 501, then: 'ends' },
  { section: '6.3', rule: 'a request whose last coding isn’t chunked is 400', send: `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, status: 400, then: 'ends' },
  { section: '6.3', rule: 'two lengths are 400', send: `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`, status: 400, then: 'ends' },
  { section: '6.3', rule: 'a length that is no number is 400', send: `POST / HTTP/1.1\r\n${H}Content-Length: +5\r\n\r\nhello`, status: 400, then: 'ends' },
  { section: '6.3', rule: 'a length beyond all numbers is 400', send: `POST / HTTP/1.1\r\n${H}Content-Length: 99999999999999999999999\r\n\r\nhello`, status: 400, then: 'ends' },
  { section: '7.1', rule: 'a chunk size that is none is 400', send: `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`, status: 400, then: 'ends' },
  { section: '9110 10.1.1', rule: '100-continue is met', send: `PUT /x HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`, interim: [100], status: 200, then: 'lives', body: 'PUT /x a' },
  { section: '9110 10.1.1', rule: '100-continue isn’t said for content that is refused', send: `PUT /x HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 99999\r\n\r\n`, status: 413, then: 'ends' },
  { section: '9110 10.1.1', rule: '100-continue in HTTP/1.0 is ignored', send: 'PUT /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi', status: 200, then: 'ends', body: 'PUT /x -' },
  { section: '9110 10.1.1', rule: 'another expectation is 417', send: `GET / HTTP/1.1\r\n${H}Expect: the-best\r\n\r\n`, status: 417, then: 'ends' },
  { section: '9110 7.8', rule: 'Upgrade is ignored', send: `GET /x HTTP/1.1\r\n${H}Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`, status: 200, then: 'ends', body: 'GET /x a' },
  { section: '9.3', rule: 'Connection: close is obeyed', send: `GET /x HTTP/1.1\r\n${H}Connection: close\r\n\r\n`, status: 200, then: 'ends', fields: { connection: 'close' } },
  { section: '9.3', rule: 'HTTP/1.0 may ask for more', send: 'GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', status: 200, then: 'lives', fields: { connection: 'keep-alive' } },
  { section: '6.2', rule: 'a known length is said', send: `GET /known HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: '0123456789', fields: { 'content-length': '10', 'transfer-encoding': undefined } },
  { section: '7.1', rule: 'an unknown length goes in chunks', send: `GET /unknown HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: '0123456789', fields: { 'content-length': undefined, 'transfer-encoding': 'chunked' } },
  { section: '6.1', rule: 'HTTP/1.0 never gets chunks: the close is the end', send: 'GET /unknown HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', status: 200, then: 'ends', body: '0123456789', fields: { 'transfer-encoding': undefined } },
  { section: '9110 9.3.2', rule: 'HEAD of a known length says it, and no more', send: `HEAD /known HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: '', fields: { 'content-length': '10' } },
  { section: '9110 9.3.2', rule: 'HEAD of text says its length', send: `HEAD /x HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: '', fields: { 'content-length': '9' } },
  { section: '9110 9.3.2', rule: 'HEAD of an unknown length says none', send: `HEAD /unknown HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: '', fields: { 'content-length': undefined } },
  { section: '9110 9.3.2', rule: 'a refused HEAD has no content either', send: `HEAD * HTTP/1.1\r\n${H}\r\n`, status: 400, then: 'ends', body: '' },
  { section: '6.3', rule: '204 has no content and no length', send: `GET /204 HTTP/1.1\r\n${H}\r\n`, status: 204, then: 'lives', fields: { 'content-length': undefined, 'transfer-encoding': undefined } },
  { section: '9110 15.3.6', rule: '205 has no content', send: `GET /205 HTTP/1.1\r\n${H}\r\n`, status: 205, then: 'lives', body: '', fields: { 'content-length': '0' } },
  { section: '6.3', rule: '304 has no content and no length of its own', send: `GET /304 HTTP/1.1\r\n${H}\r\n`, status: 304, then: 'lives', fields: { 'content-length': undefined, 'transfer-encoding': undefined, etag: '"x"' } },
  { section: '6', rule: 'framing is the transport’s, whatever a handler says', send: `GET /owns HTTP/1.1\r\n${H}\r\n`, status: 200, then: 'lives', body: 'hello', fields: { 'content-length': '5', connection: 'keep-alive' } },
];

const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

for (const { way, direct } of WAYS) {
  describe(`RFC 9112: the HTTP/1.1 server: ${way}`, () => {
    const bench = useBench(direct);

    for (const { section, rule, send, status, then, body, fields, interim = [] } of CASES) {
      it(`§${section}: ${rule}`, async () => {
        const { endpoint } = await bench.serve(handler);
        const method = /^\s*(\S+)/.exec(send)?.[1] ?? '';
        const answer = await sendRaw(endpoint, Buffer.from(send + LAST, 'latin1'));
        const responses = parseResponses(answer.octets, [method]);
        const expected = [...interim, status, ...(then === 'lives' ? [200] : [])];
        expect(responses.map((response) => response.status)).to.deep.equal(expected);
        const response = responses[interim.length];
        if (body !== undefined) expect(response?.body).to.equal(body);
        for (const [name, value] of Object.entries(fields ?? {})) expect(response?.fields[name], name).to.equal(value);
        // RFC 9110 §6.6.1: a server with a clock says Date.
        expect(Date.parse(response?.fields['date'] ?? '')).to.be.a('number').and.not.NaN;
        if (then === 'lives') expect(responses.at(-1)?.body).to.equal('GET /last a');
        else expect(response?.fields['connection']).to.equal('close');
        expect(answer.how).to.equal('end');
        // The server is there for the next one.
        expect(parseResponses((await sendRaw(endpoint, LAST)).octets)[0]?.status).to.equal(200);
      });
    }
  });
}
