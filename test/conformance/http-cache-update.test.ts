// What later answers do to a stored one (RFC 9111 §4.3, §4.4, §3.2), what an intermediary passes on
// (RFC 9110 §7.6), and Cache-Status (RFC 9211), one case a line.

import { expect } from 'chai';
import { appendCacheStatus, formatCacheStatus, parseCacheStatus, type CacheStatus } from '../../src/net/http/cache-status.js';
import { appendVia, endToEnd, hasPassed } from '../../src/net/http/forwarding.js';
import { compareToHead, freshenedFields, invalidatedTargets, isFreshenedBy, validationFields } from '../../src/net/http/revalidation.js';

type Fields = Readonly<Record<string, string>>;
const D1 = 'Sun, 06 Nov 1994 08:49:37 GMT';
const D2 = 'Sun, 06 Nov 1994 08:49:38 GMT';

const ASKED: readonly [section: string, stored: Fields, asked: Fields][] = [
  ['§4.3.1 by the entity tag', { etag: '"a"' }, { 'if-none-match': '"a"' }],
  ['§4.3.1 also by a weak one', { etag: 'W/"a"' }, { 'if-none-match': 'W/"a"' }],
  ['§4.3.1 by the date', { 'last-modified': D1 }, { 'if-modified-since': D1 }],
  ['§4.3.1 by both', { etag: '"a"', 'last-modified': D1 }, { 'if-none-match': '"a"', 'if-modified-since': D1 }],
  ['§4.3.1 by what is a validator', { etag: 'a', 'last-modified': 'x' }, {}],
];

const FRESHENS: readonly [section: string, stored: Fields, update: Fields, fits: boolean][] = [
  ['§4.3.4 the same strong tag', { etag: '"a"' }, { etag: '"a"' }, true],
  ['§4.3.4 another', { etag: '"a"' }, { etag: '"b"' }, false],
  ['§4.3.4 a tag where there was none', {}, { etag: '"b"' }, false],
  ['§4.3.4 the same weak tag', { etag: 'W/"a"' }, { etag: 'W/"a"' }, true],
  ['§4.3.4 weak now, strong before', { etag: '"a"' }, { etag: 'W/"a"' }, true],
  ['§4.3.4 no tag, the same date', { 'last-modified': D1 }, { 'last-modified': D1 }, true],
  ['§4.3.4 no tag, another date', { 'last-modified': D1 }, { 'last-modified': D2 }, false],
  ['§4.3.4 no validator at all: about the one that was asked by', { etag: '"a"' }, {}, true],
];

const FRESHENED: readonly [section: string, stored: Fields, update: Fields, result: Fields][] = [
  ['§3.2 new values in place of the old', { etag: '"a"', expires: D1 }, { expires: D2 }, { etag: '"a"', expires: D2 }],
  ['§3.2 new fields', { etag: '"a"' }, { 'x-a': '1' }, { etag: '"a"', 'x-a': '1' }],
  ['§3.2 what isn\'t named stays', { 'cache-control': 'max-age=1', 'x-a': '1' }, { 'cache-control': 'max-age=2' }, { 'cache-control': 'max-age=2', 'x-a': '1' }],
  ['§3.2 never the length', { 'content-length': '5' }, { 'content-length': '0' }, { 'content-length': '5' }],
  ['§3.2 nor how it is encoded, or of which type', { 'content-encoding': 'gzip', 'content-type': 'a/b' }, { 'content-encoding': 'br', 'content-type': 'c/d' }, { 'content-encoding': 'gzip', 'content-type': 'a/b' }],
  ['§4.2.3 the age is that of the update', { age: '50', date: D1 }, { date: D2 }, { date: D2 }],
  ['§3.1 nothing of the connection', {}, { connection: 'x-a', 'x-a': '1', 'keep-alive': 'x' }, {}],
  ['§7.3 no cookie', {}, { 'set-cookie': 'a=b' }, {}],
];

const HEADS: readonly [section: string, head: Fields, outcome: 'same' | 'differs'][] = [
  ['§4.3.5 the same in all', { etag: '"a"', 'last-modified': D1, 'content-length': '5' }, 'same'],
  ['§4.3.5 what isn\'t said doesn\'t differ', {}, 'same'],
  ['§4.3.5 another tag', { etag: '"b"' }, 'differs'],
  ['§4.3.5 another date', { etag: '"a"', 'last-modified': D2 }, 'differs'],
  ['§4.3.5 another length', { etag: '"a"', 'content-length': '6' }, 'differs'],
];

const INVALIDATED: readonly [section: string, method: string, status: number, fields: Fields, targets: readonly string[]][] = [
  ['§4.4 POST', 'POST', 200, {}, ['/a?b']],
  ['§4.4 PUT', 'PUT', 204, {}, ['/a?b']],
  ['§4.4 DELETE', 'DELETE', 202, {}, ['/a?b']],
  ['§4.4 a method that nobody knows', 'PURGE', 200, {}, ['/a?b']],
  ['§4.4 a redirection is no error', 'POST', 303, {}, ['/a?b']],
  ['§4.4 an error changes nothing', 'POST', 404, {}, []],
  ['§4.4 nor does one of the server', 'POST', 500, {}, []],
  ['§4.4 a safe method', 'OPTIONS', 200, {}, []],
  ['§4.4 GET', 'GET', 200, { location: '/x' }, []],
  ['§4.4 Location', 'POST', 201, { location: '/new' }, ['/a?b', '/new']],
  ['§4.4 Content-Location, relative', 'POST', 200, { 'content-location': 'c?d' }, ['/a?b', '/c?d']],
  ['§4.4 the same origin in full', 'POST', 201, { location: 'http://o.test:81/new#x' }, ['/a?b', '/new']],
  ['§4.4 another port', 'POST', 201, { location: 'http://o.test/new' }, ['/a?b']],
  ['§4.4 another host', 'POST', 201, { location: '//other.test:81/new' }, ['/a?b']],
  ['§4.4 what is no reference', 'POST', 201, { location: 'http://[' }, ['/a?b']],
];

const STATUSES: readonly [section: string, status: CacheStatus, text: string][] = [
  ['§2.1 a hit', { hit: true, ttl: 376 }, 'edge-1; hit; ttl=376'],
  ['§2.4 a stale hit', { hit: true, ttl: -412 }, 'edge-1; hit; ttl=-412'],
  ['§2.4 whole seconds', { hit: true, ttl: 1.9 }, 'edge-1; hit; ttl=1'],
  ['§2.2 a miss', { fwd: 'uri-miss', stored: true }, 'edge-1; fwd=uri-miss; stored'],
  ['§2.6 collapsed', { fwd: 'uri-miss', stored: true, collapsed: true }, 'edge-1; fwd=uri-miss; stored; collapsed'],
  ['§2.3 validated', { fwd: 'stale', fwdStatus: 304, ttl: 60 }, 'edge-1; fwd=stale; fwd-status=304; ttl=60'],
  ['§2.8 detail', { fwd: 'bypass', detail: 'no-store' }, 'edge-1; fwd=bypass; detail=no-store'],
  ['§2.8 detail in words', { fwd: 'miss', detail: 'origin "a" is down' }, String.raw`edge-1; fwd=miss; detail="origin \"a\" is down"`],
];

describe('updating what is stored (RFC 9111 §4.3, §4.4)', () => {
  for (const [section, stored, asked] of ASKED) it(`asked: ${section}`, () => expect(validationFields(stored)).to.deep.equal(asked));
  for (const [section, stored, update, fits] of FRESHENS) it(`304: ${section}`, () => expect(isFreshenedBy(stored, update)).to.equal(fits));
  for (const [section, stored, update, result] of FRESHENED) it(`freshened: ${section}`, () => expect({ ...freshenedFields(stored, update) }).to.deep.equal(result));
  for (const [section, head, outcome] of HEADS) it(`HEAD: ${section}`, () => expect(compareToHead({ fields: { etag: '"a"', 'last-modified': D1 }, length: 5 }, head)).to.equal(outcome));
  for (const [section, method, status, fields, targets] of INVALIDATED) {
    it(`${method}: ${section}`, () => expect(invalidatedTargets(method, '/a?b', 'http://o.test:81', { status, fields })).to.deep.equal(targets));
  }
});

describe('passing on (RFC 9110 §7.6)', () => {
  it('§7.6.1 fields of the connection stay with it', () => {
    const fields = { connection: 'close, X-Mine', 'x-mine': '1', te: 'trailers', upgrade: 'h2c', 'keep-alive': '5', 'proxy-connection': 'x', range: 'bytes=0-1', via: '1.1 a' };
    expect({ ...endToEnd(fields) }).to.deep.equal({ range: 'bytes=0-1', via: '1.1 a' });
  });
  it('§7.6.3 Via grows', () => {
    expect(appendVia(undefined, 'edge-1')).to.equal('1.1 edge-1');
    expect(appendVia('1.0 a', 'edge-1')).to.equal('1.0 a, 1.1 edge-1');
  });
  it('§7.6.3 Via shows a loop', () => {
    expect(hasPassed('1.1 a, 1.1 edge-1 (x)', 'edge-1')).to.equal(true);
    expect(hasPassed('1.1 edge-10', 'edge-1')).to.equal(false);
    expect(hasPassed(undefined, 'edge-1')).to.equal(false);
  });
});

describe('Cache-Status (RFC 9211)', () => {
  for (const [section, status, text] of STATUSES) it(section, () => expect(formatCacheStatus('edge-1', status)).to.equal(text));
  it('§2 one member a cache, the nearest to the client last', () => {
    const field = appendCacheStatus('shield; hit; ttl=5', formatCacheStatus('edge 1', { fwd: 'uri-miss', stored: true, detail: 'x' }));
    expect(field).to.equal('shield; hit; ttl=5, "edge 1"; fwd=uri-miss; stored; detail=x');
    expect(parseCacheStatus(field)).to.deep.equal([
      { cache: 'shield', hit: true, fwd: undefined, ttl: 5, stored: false, collapsed: false, detail: undefined },
      { cache: 'edge 1', hit: false, fwd: 'uri-miss', ttl: undefined, stored: true, collapsed: false, detail: 'x' },
    ]);
  });
  it('RFC 9651 §4.2 a malformed one says nothing', () => expect(parseCacheStatus('edge; hit;')).to.equal(undefined));
});
