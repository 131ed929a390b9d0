import { expect } from 'chai';
import { CdnError } from '../../../../src/base/errors.js';
import { parseProxy, selectProxy } from '../../../../src/net/http/proxy.js';

const variables = { http: 'http://proxy.example:3128', https: undefined, all: 'all.example', none: 'b.example example.org, .example.net,192.0.2.1' };
const via = (url: string, over: Partial<typeof variables> = {}): string | undefined => {
  const proxy = selectProxy(new URL(url), { ...variables, ...over });
  return proxy === undefined ? undefined : `${proxy.host}:${proxy.port}`;
};

describe('net: the proxy of a URL', () => {
  const CASES: readonly [string, string, string | undefined][] = [
    ['http by its own variable', 'http://a.example/', 'proxy.example:3128'],
    ['https by all_proxy, port 1080', 'https://a.example/', 'all.example:1080'],
    ['a name of no_proxy', 'http://example.org/', undefined],
    ['what is below a name of no_proxy', 'http://www.example.org/', undefined],
    ['what only ends like one', 'http://ab.example/', 'proxy.example:3128'],
    ['a name with a leading dot', 'http://example.net/', undefined],
    ['an address of no_proxy', 'http://192.0.2.1/', undefined],
    ['this machine', 'http://127.0.0.5/', undefined],
    ['this machine by name', 'http://localhost:8000/', undefined],
    ['this machine by IPv6', 'http://[::1]/', undefined],
  ];
  for (const [what, url, expected] of CASES) it(`${what}: ${expected ?? 'none'}`, () => expect(via(url)).to.equal(expected));

  it('no_proxy=* is for all', () => expect(via('http://a.example/', { none: '*' })).to.equal(undefined));
  it('knows names with passwords, the default port and what is no HTTP proxy', () => {
    expect(parseProxy('http://u%40x:p@proxy:80')).to.deep.equal({ host: 'proxy', port: 80, authorization: `Basic ${Buffer.from('u@x:p').toString('base64')}` });
    expect(parseProxy('[::1]:3128')).to.include({ host: '::1', port: 3128 });
    for (const bad of ['socks5://proxy:1080', 'https://proxy', 'http://', ':::']) expect(parseProxy(bad), bad).to.equal(undefined);
  });
  it('a name that is no escape is sent as it stands', () => {
    expect(parseProxy('http://u%zz:p@proxy:80')?.authorization).to.equal(`Basic ${Buffer.from('u%zz:p').toString('base64')}`);
  });
  it('never goes straight where a proxy of another kind is named, and does not show its password', () => {
    const work = (): unknown => via('https://a.example/', { all: 'socks5h://me:secret@127.0.0.1:9050' });
    expect(work).to.throw(CdnError, 'no HTTP proxy (socks5h)').with.property('code', 'USAGE');
    expect(work).not.to.throw(/secret/);
    expect(via('https://example.org/', { all: 'socks5h://127.0.0.1:9050' })).to.equal(undefined);
  });
});
