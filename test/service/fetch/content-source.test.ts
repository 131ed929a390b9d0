import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { RCODE } from '../../../src/net/dns/message.js';
import { formatReprDigest } from '../../../src/net/http/digest.js';
import { textResponse, type HttpRequest } from '../../../src/net/http/message.js';
import { a, aaaa, cname, srv, table, useParties } from './parties.js';

const signal = new AbortController().signal;
const SHA256 = createHash('sha256').update('hello').digest();

describe('fetch: what the portal needs of the client', () => {
  const parties = useParties();

  it('locate gives the URL with the address that DNS gives', async () => {
    const dns = await parties.dns(table({
      'A file1.hiscinema.com': { answers: [cname('file1.hiscinema.com', 'file1.hercdn.com'), a('file1.hercdn.com', '127.0.0.2')] },
      'A six.hercdn.com': {}, 'AAAA six.hercdn.com': { answers: [aaaa('six.hercdn.com', '::1')] },
    }));
    const client = parties.fetcher({ dns });
    expect((await client.locate(new URL('http://file1.hiscinema.com:40721/video1.mp4'), signal)).href).to.equal('http://127.0.0.2:40721/video1.mp4');
    expect((await client.locate(new URL('http://six.hercdn.com:40721/video1.mp4'), signal)).href).to.equal('http://[::1]:40721/video1.mp4');
    expect((await client.locate(new URL('http://127.0.0.1:1/x'), signal)).href).to.equal('http://127.0.0.1:1/x');
    const error: unknown = await client.locate(new URL('http://nosuch.hercdn.com/x'), signal).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(CdnError).and.include({ code: 'NO_SUCH_NAME' });
  });

  it('servicePort gives the SRV record’s port, of the lowest priority number, at the end of the chain', async () => {
    const owner = '_http._tcp.file1.hiscinema.com';
    const end = '_http._tcp.file1.hercdn.com';
    const dns = await parties.dns(table({
      [`SRV ${owner}`]: { answers: [cname(owner, end), srv(end, 2, 'store-2.hercdn.com', 20), srv(end, 1, 'store-1.hercdn.com', 10), srv('other.hercdn.com', 3, 'x.hercdn.com', 1)] },
      'SRV _http._tcp.none.hiscinema.com': {},
      'SRV _http._tcp.off.hiscinema.com': { answers: [srv('_http._tcp.off.hiscinema.com', 9, '.')] },
      'SRV _http._tcp.bad.hiscinema.com': { rcode: RCODE.SERVFAIL },
    }));
    const client = parties.fetcher({ dns });
    expect(await client.servicePort('file1.hiscinema.com', signal)).to.equal(1);
    expect(await client.servicePort('none.hiscinema.com', signal)).to.equal(undefined);
    expect(await client.servicePort('off.hiscinema.com', signal)).to.equal(undefined);
    expect(await client.servicePort('nosuch.hiscinema.com', signal)).to.equal(undefined);
    expect(await client.servicePort('bad.hiscinema.com', signal).catch((error: unknown) => (error instanceof CdnError ? error.code : error))).to.equal('DNS_FAILURE');
  });

  it('open gives the head’s facts and the bytes, and knows when nothing has changed', async () => {
    const requests: HttpRequest[] = [];
    const store = await parties.http((request) => {
      requests.push(request);
      if (request.fields['if-none-match'] === '"v1"') return { status: 304, fields: { etag: '"v1"' }, body: { kind: 'none' } };
      return textResponse(200, 'hello', { 'content-type': 'video/mp4', etag: '"v1"', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT', 'repr-digest': formatReprDigest(SHA256) });
    });
    const dns = await parties.dns(table({ 'A file1.hiscinema.com': { answers: [a('file1.hiscinema.com', '127.0.0.1')] } }));
    const client = parties.fetcher({ dns });
    const url = new URL(`http://file1.hiscinema.com:${store.port}/video1.mp4`);
    const opened = await client.open(url, undefined, signal);
    if (opened.kind !== 'content') throw new Error(opened.kind);
    const { body, ...facts } = opened;
    expect(facts).to.deep.equal({ kind: 'content', length: 5, etag: '"v1"', lastModifiedMs: 784111777000, contentType: 'video/mp4', sha256: facts.sha256, from: store });
    expect(Buffer.from(facts.sha256 ?? []).equals(SHA256)).to.equal(true);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).to.equal('hello');
    expect(await client.open(url, { etag: '"v1"' }, signal)).to.deep.equal({ kind: 'unchanged' });
    expect(requests.map((request) => request.fields['if-none-match'])).to.deep.equal([undefined, '"v1"']);
    expect(requests[0]?.fields['want-repr-digest']).to.equal('sha-256=10');
  });

  it('open without validators leaves out what it isn’t told', async () => {
    const store = await parties.tcp((socket) => socket.end('HTTP/1.1 200 OK\r\nLast-Modified: yesterday\r\nRepr-Digest: junk\r\n\r\nx'));
    const opened = await parties.fetcher({ dns: await parties.nobody() }).open(new URL(`http://127.0.0.1:${store.port}/x`), undefined, signal);
    if (opened.kind !== 'content') throw new Error(opened.kind);
    const { body, ...facts } = opened;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    expect(facts).to.deep.equal({ kind: 'content', length: undefined, etag: undefined, lastModifiedMs: undefined, contentType: 'application/octet-stream', sha256: undefined, from: store });
    expect(Buffer.concat(chunks).toString()).to.equal('x');
  });
});
