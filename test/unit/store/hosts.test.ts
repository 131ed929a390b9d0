import { expect } from 'chai';
import { textResponse, type HttpResponse } from '../../../src/net/http/message.js';
import { createHosts, hostOf, servesHost } from '../../../src/store/hosts.js';

describe('the hosts of a store', () => {
  const parsed: readonly [authority: string, host: string][] = [
    ['Video1.herCDN.com', 'video1.hercdn.com'], ['a.example:8080', 'a.example'], ['a.example.', 'a.example'], ['127.0.0.1:40721', '127.0.0.1'], ['[::1]:40721', '::1'], ['[2001:DB8::1]', '2001:db8::1'], ['', ''], [':80', ''],
  ];
  for (const [authority, host] of parsed) it(`of ${JSON.stringify(authority)} is ${JSON.stringify(host)}`, () => expect(hostOf(authority)).to.equal(host));

  const names = ['hercdn.com', '*.hercdn.com', 'cdn.example', '*.films.example'];
  const cases: readonly [section: string, rule: string, host: string, serves: boolean][] = [
    ['9110 7.4', 'a name of ours', 'cdn.example', true],
    ['9110 7.4', 'a name below one of ours', 'file1.hercdn.com', true],
    ['9110 7.4', 'a name far below one of ours', 'a.b.hercdn.com', true],
    ['9110 7.4', 'the parent of names of ours', 'films.example', false],
    ['9110 7.4', 'a name that only ends like one of ours', 'evilhercdn.com', false],
    ['9110 7.4', 'a name that begins like one of ours', 'cdn.example.evil.test', false],
    ['9110 7.4', 'a stranger’s name, bound to this address', 'evil.test', false],
    ['9112 3.2', 'no authority at all', '', true],
    ['9110 7.4', 'the address that was connected to', '127.0.0.1', true],
    ['9110 7.4', 'another address of this machine', '::1', true],
    ['9110 7.4', 'an address of a machine in front, that forwards a port to this one', '192.0.2.1', true],
    ['9110 7.4', 'an address in another spelling', '0:0:0:0:0:0:0:1', true],
    ['9110 7.4', 'what is nearly an address', '192.0.2.256', false],
    ['6761 6.3', 'localhost', 'localhost', true],
    ['6761 6.3', 'a name below localhost', 'x.localhost', true],
    ['6761 6.3', 'a name that only begins like it', 'localhost.evil.test', false],
  ];
  for (const [section, rule, host, serves] of cases) it(`§${section}: ${rule}: ${serves ? 'served' : 'not served'}`, () => expect(servesHost(host, names)).to.equal(serves));
  it('any host where "*" is one', () => expect(servesHost('evil.test', ['*'])).to.equal(true));

  const at = { address: '127.0.0.1', port: 1 };
  const statusOf = (host: string | undefined, served?: readonly string[]): number => {
    const request = { method: 'GET', target: '/', fields: host === undefined ? {} : { host }, peer: at, local: at, signal: new AbortController().signal };
    return (createHosts(served)(() => textResponse(200, 'ok'))(request) as HttpResponse).status;
  };
  it('§9110 15.5.20: 421 for one that is not served, and the answer for one that is', () => {
    expect(['evil.test', 'evil.test:80', 'cdn.example', undefined].map((host) => statusOf(host, ['cdn.example']))).to.deep.equal([421, 421, 200, 200]);
  });
  it('any where nothing was said', () => expect(statusOf('evil.test')).to.equal(200));
});
