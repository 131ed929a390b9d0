// What is decided about heads without a socket; the rest of it is in test/conformance/http-transport.

import { expect } from 'chai';
import { NO_BODY, textResponse } from '../../../../src/net/http/message.js';
import { admitRequest, collectFields } from '../../../../src/net/http/request-head.js';
import { planResponse } from '../../../../src/net/http/response-plan.js';

describe('net/http request-head', () => {
  it('joins the lines of one name, in their order, whatever their case', () => {
    expect({ ...collectFields(['Accept', 'a', 'Host', 'h', 'ACCEPT', 'b', 'accept', ''])}).to.deep.equal({ accept: 'a, b, ', host: 'h' });
  });

  it('leaves a field that must stand once, but stands twice, as no value of its grammar', () => {
    expect(collectFields(['Range', 'bytes=0-1', 'Range', 'bytes=5-6'])['range']).to.equal('bytes=0-1, bytes=5-6');
    expect(collectFields(['If-Range', '"a"', 'If-Range', '"b"'])['if-range']).to.equal('"a", "b"');
  });

  it('has no field that wasn’t sent, and any that was', () => {
    expect(collectFields([])['constructor']).to.equal(undefined);
    expect(collectFields(['__proto__', 'x'])['__proto__']).to.equal('x');
    expect(collectFields(['constructor', 'x', 'constructor', 'y'])['constructor']).to.equal('x, y');
  });

  it('refuses both ways of framing at once, whether or not the parser does', () => {
    const rawFields = ['Host', 'a', 'Content-Length', '5', 'Transfer-Encoding', 'chunked'];
    expect(admitRequest({ method: 'POST', target: '/', versionMajor: 1, versionMinor: 1, rawFields }, 1000)).to.include({ kind: 'refused', status: 400 });
  });

  it('counts the head in octets', () => {
    const head = { method: 'GET', target: '/', versionMajor: 1, versionMinor: 1, rawFields: ['Host', 'a'] };
    const bytes = 'GET / HTTP/1.1\r\nHost:a\r\n\r\n'.length;
    expect(admitRequest(head, bytes).kind).to.equal('admitted');
    expect(admitRequest(head, bytes - 1)).to.include({ kind: 'refused', status: 431 });
  });
});

describe('net/http response-plan', () => {
  it('keeps the handler’s fields and adds the length', () => {
    expect(planResponse('GET', textResponse(200, 'grün', { etag: '"x"' })).fields).to.deep.equal({
      'content-type': 'text/plain; charset=utf-8',
      etag: '"x"',
      'content-length': '5',
    });
    expect(planResponse('GET', { status: 200, fields: {}, body: NO_BODY }).fields).to.deep.equal({ 'content-length': '0' });
  });

  for (const status of [0, 99, 100, 103, 199, 600, 200.5, Number.NaN]) {
    it(`takes status ${status} for a bug`, () => {
      expect(() => planResponse('GET', textResponse(status, ''))).to.throw(RangeError);
    });
  }

  for (const length of [-1, 1.5, Number.NaN, 2 ** 60]) {
    it(`takes a length of ${length} for a bug`, () => {
      const open = async function* (): AsyncGenerator<Uint8Array> {};
      expect(() => planResponse('GET', { status: 200, fields: {}, body: { kind: 'stream', length, open } })).to.throw(RangeError);
    });
  }

  it('takes slices that are not as long as they say for a bug', () => {
    const slices = [Buffer.from('ab'), Buffer.from('c')];
    expect(planResponse('GET', { status: 200, fields: {}, body: { kind: 'slices', length: 3, slices } }).fields['content-length']).to.equal('3');
    expect(() => planResponse('GET', { status: 200, fields: {}, body: { kind: 'slices', length: 4, slices } })).to.throw(RangeError);
  });
});
