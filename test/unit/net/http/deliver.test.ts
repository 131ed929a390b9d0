import { expect } from 'chai';
import fc from 'fast-check';
import { deliver, methodNotAllowed, refuseMethod, type Representation } from '../../../../src/net/http/deliver.js';
import type { HttpBody, HttpRequest } from '../../../../src/net/http/message.js';
import type { ByteRange } from '../../../../src/net/http/range.js';

const PEER = { address: '127.0.0.1', port: 1 };
const NEVER = new AbortController().signal;
const NOW_MS = Date.UTC(2026, 10, 22);

describe('deliver', () => {
  const opened: ByteRange[] = [];
  beforeEach(() => opened.splice(0));

  function represent(content: string, over: Partial<Representation> = {}): Representation {
    return {
      length: content.length,
      etag: '"tag"',
      lastModifiedMs: NOW_MS - 10_000,
      contentType: 'video/mp4',
      fields: { 'cache-control': 'max-age=60', vary: 'accept', 'content-language': 'en', 'content-encoding': 'br', 'content-type': 'from/fields', 'repr-digest': 'x=:AA==:' },
      open: async function* (range) {
        opened.push(range);
        // Octet by octet, since no one may count on the size of chunks.
        for (const octet of Buffer.from(content.slice(range.firstPos, range.lastPos + 1))) yield await Promise.resolve(Uint8Array.of(octet));
      },
      ...over,
    };
  }
  const request = (fields: HttpRequest['fields'] = {}, method = 'GET'): HttpRequest => ({ method, target: '/', fields, peer: PEER, local: PEER, signal: NEVER });
  async function octetsOf(body: HttpBody): Promise<string> {
    if (body.kind === 'none') return '';
    if (body.kind === 'bytes') return Buffer.from(body.bytes).toString();
    if (body.kind === 'slices') return Buffer.concat(body.slices, body.length).toString();
    const chunks: Uint8Array[] = [];
    for await (const chunk of body.open(NEVER)) chunks.push(chunk);
    const octets = Buffer.concat(chunks);
    expect(octets.length).to.equal(body.length);
    return octets.toString();
  }

  it('200 has all fields of the representation, its own type before any other', async () => {
    const response = deliver(request(), represent('abc'), NOW_MS);
    expect(response.fields).to.deep.equal({
      'accept-ranges': 'bytes', 'cache-control': 'max-age=60', vary: 'accept', 'content-language': 'en', 'content-encoding': 'br', 'content-type': 'video/mp4',
      'repr-digest': 'x=:AA==:', etag: '"tag"', 'last-modified': 'Sat, 21 Nov 2026 23:59:50 GMT',
    });
    expect(await octetsOf(response.body)).to.equal('abc');
  });

  it('304 has what a cache goes by, and nothing about content it doesn\'t have (§15.4.5)', () => {
    const response = deliver(request({ 'if-none-match': '"tag"' }), represent('abc'), NOW_MS);
    expect(response).to.deep.equal({ status: 304, fields: { 'cache-control': 'max-age=60', vary: 'accept', etag: '"tag"' }, body: { kind: 'none' } });
  });

  it('304 has Last-Modified where there is no tag', () => {
    const response = deliver(request({ 'if-modified-since': 'Sun, 22 Nov 2026 00:00:00 GMT' }), represent('abc', { etag: undefined, fields: {} }), NOW_MS);
    expect(response).to.deep.equal({ status: 304, fields: { 'last-modified': 'Sat, 21 Nov 2026 23:59:50 GMT' }, body: { kind: 'none' } });
  });

  it('a representation without validators claims none', () => {
    const response = deliver(request(), represent('abc', { etag: undefined, lastModifiedMs: undefined }), NOW_MS);
    expect(response.fields).not.to.have.any.keys('etag', 'last-modified');
  });

  it('a date of modification in the future is sent as now (§8.8.2.1)', () => {
    expect(deliver(request(), represent('abc', { lastModifiedMs: NOW_MS + 5000 }), NOW_MS).fields['last-modified']).to.equal('Sun, 22 Nov 2026 00:00:00 GMT');
  });

  it('nothing is opened for an empty representation', async () => {
    const response = deliver(request(), represent(''), NOW_MS);
    expect([response.status, await octetsOf(response.body), opened]).to.deep.equal([200, '', []]);
  });

  it('HEAD has the length of the whole, and opens nothing', () => {
    const response = deliver(request({ range: 'bytes=0-0' }, 'HEAD'), represent('abc'), NOW_MS);
    expect([response.status, response.body.kind === 'stream' && response.body.length, opened]).to.deep.equal([200, 3, []]);
  });

  it('several ranges are opened one after the other, each when its turn comes', async () => {
    const response = deliver(request({ range: 'bytes=4-5,0-1' }), represent('0123456789'), NOW_MS);
    if (response.body.kind !== 'stream') throw new Error('no stream');
    const parts = response.body.open(NEVER)[Symbol.asyncIterator]();
    await parts.next();
    expect(opened).to.deep.equal([]);
    await parts.next();
    expect(opened).to.deep.equal([{ firstPos: 4, lastPos: 5 }]);
    await parts.return?.();
    expect(opened).to.have.length(1);
  });

  it('no two answers have the same boundary', () => {
    const types = Array.from({ length: 20 }, () => deliver(request({ range: 'bytes=0-0,5-5' }), represent('0123456789'), NOW_MS).fields['content-type']);
    expect(new Set(types).size).to.equal(20);
  });

  it('whatever ranges are asked for, each octet that comes is the one that its part promises', async () => {
    const number = fc.nat({ max: 40 });
    const spec = fc.oneof(fc.tuple(number, number).map(([first, more]) => `${first}-${first + more}`), number.map((first) => `${first}-`), number.map((suffix) => `-${suffix}`));
    const content = '0123456789abcdefghijklmnopqrstuv';
    await fc.assert(fc.asyncProperty(fc.array(spec, { minLength: 1, maxLength: 8 }), async (specs) => {
      const response = deliver(request({ range: `bytes=${specs.join(',')}` }), represent(content), NOW_MS);
      const body = await octetsOf(response.body);
      if (response.status === 416) return;
      expect(response.status).to.equal(206);
      const boundary = /boundary=(.*)$/.exec(response.fields['content-type'] ?? '')?.[1];
      const parts = boundary === undefined
        ? [`Content-Range: ${response.fields['content-range'] ?? ''}\r\n\r\n${body}`]
        : body.split(new RegExp(`(?:^|\r\n)--${boundary}(?:--)?\r\n`)).filter((part) => part !== '');
      if (boundary !== undefined) expect(parts.length).to.be.greaterThan(1);
      const covered = new Set<number>();
      for (const part of parts) {
        const match = /Content-Range: bytes (\d+)-(\d+)\/32\r\n\r\n(.*)$/s.exec(part);
        const [first, last] = [Number(match?.[1]), Number(match?.[2])];
        expect(match?.[3]).to.equal(content.slice(first, last + 1));
        for (let at = first; at <= last; at += 1) {
          expect(covered.has(at)).to.equal(false);
          covered.add(at);
        }
      }
    }));
  });

  describe('what is in memory', () => {
    const content = 'the octets of a film';
    const inMemory = (known = content.length): Representation =>
      represent(content, {
        // In slices of seven octets, of which the first `known` octets are here.
        slices: (range) => {
          if (range.lastPos >= known) return undefined;
          const slices: Uint8Array[] = [];
          for (let at = range.firstPos; at <= range.lastPos; at += 7) slices.push(Buffer.from(content.slice(at, Math.min(at + 7, range.lastPos + 1))));
          return slices;
        },
      });
    for (const range of [undefined, 'bytes=0-9', 'bytes=5-', 'bytes=0-1,5-6,10-15', 'bytes=-3', 'bytes=99-'] as const) {
      it(`is answered at once, and as from a stream: ${range ?? 'whole'}`, async () => {
        const fields = range === undefined ? {} : { range };
        const [now, later] = [deliver(request(fields), inMemory(), NOW_MS), deliver(request(fields), represent(content), NOW_MS)];
        const boundary = (response: typeof now): RegExp => new RegExp(/boundary=(.*)/.exec(response.fields['content-type'] ?? '')?.[1] ?? '(?!)', 'g');
        expect(now.status).to.equal(later.status);
        expect(Object.keys(now.fields)).to.deep.equal(Object.keys(later.fields));
        opened.splice(0);
        expect((await octetsOf(now.body)).replace(boundary(now), '-')).to.equal((await octetsOf(later.body)).replace(boundary(later), '-'));
        expect(now.body.kind).to.equal(now.status === 416 ? 'bytes' : 'slices');
      });
    }
    it('in part only is a stream', () => {
      expect(deliver(request(), inMemory(10), NOW_MS).body.kind).to.equal('stream');
      expect(deliver(request({ range: 'bytes=0-9' }), inMemory(10), NOW_MS).body.kind).to.equal('slices');
      expect(deliver(request({ range: 'bytes=0-1,9-10' }), inMemory(10), NOW_MS).body.kind).to.equal('stream');
    });
  });

  describe('other methods', () => {
    const cases: readonly [string, number][] = [['POST', 405], ['DELETE', 405], ['TRACE', 405], ['PATCH', 405], ['get', 501], ['BREW', 501]];
    for (const [method, status] of cases) {
      it(`${method}: ${status}`, () => {
        expect(deliver(request({}, method), represent('abc'), NOW_MS).status).to.equal(status);
        expect(refuseMethod(method, ['GET']).status).to.equal(status);
      });
    }
    it('405 says what is allowed', () => expect(methodNotAllowed(['GET', 'HEAD']).fields['allow']).to.equal('GET, HEAD'));
  });
});
