import { isIPv4 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { formatEndpoint, isLoopback, parseEndpoint, unmapIPv4, type Endpoint } from '../../../src/net/address.js';

describe('net/address', () => {
  const CASES: readonly [string, number | undefined, Endpoint | undefined][] = [
    ['127.0.0.1:53', undefined, { address: '127.0.0.1', port: 53 }],
    [' 127.0.0.1:53 ', undefined, { address: '127.0.0.1', port: 53 }],
    ['127.0.0.1:0', undefined, { address: '127.0.0.1', port: 0 }],
    ['127.0.0.1:65535', undefined, { address: '127.0.0.1', port: 65_535 }],
    ['127.0.0.1:65536', undefined, undefined],
    ['127.0.0.1:100000', undefined, undefined],
    ['127.0.0.1:', undefined, undefined],
    ['127.0.0.1:5x', undefined, undefined],
    ['127.0.0.1:-5', undefined, undefined],
    ['127.0.0.1', undefined, undefined],
    ['127.0.0.1', 53, { address: '127.0.0.1', port: 53 }],
    ['127.0.0.1:54', 53, { address: '127.0.0.1', port: 54 }],
    ['127.1', 53, undefined],
    ['256.0.0.1', 53, undefined],
    ['localhost', 53, undefined],
    ['[::1]:53', undefined, { address: '::1', port: 53 }],
    ['[::1]', 53, { address: '::1', port: 53 }],
    ['::1', 53, { address: '::1', port: 53 }],
    ['::1', undefined, undefined],
    ['[127.0.0.1]:53', undefined, undefined],
    ['[::1:53', undefined, undefined],
    ['', 53, undefined],
  ];
  for (const [text, port, expected] of CASES) {
    it(`parses ${JSON.stringify(text)}${port === undefined ? '' : ` with ${port} to fall back on`}`, () => {
      expect(parseEndpoint(text, port)).to.deep.equal(expected);
    });
  }

  for (const text of ['127.0.0.1:53', '[::1]:53', '[2001:db8::1]:0']) {
    it(`formats ${text} as it was`, () => {
      const endpoint = parseEndpoint(text);
      expect(endpoint && formatEndpoint(endpoint)).to.equal(text);
    });
  }

  it('takes an IPv4-mapped address for the IPv4 address it is', () => {
    expect(unmapIPv4('::ffff:192.0.2.1')).to.equal('192.0.2.1');
    expect(unmapIPv4('::FFFF:192.0.2.1')).to.equal('192.0.2.1');
    expect(unmapIPv4('::1')).to.equal('::1');
    expect(unmapIPv4('192.0.2.1')).to.equal('192.0.2.1');
  });

  it('knows loopback', () => {
    for (const address of ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.2']) expect(isLoopback(address), address).to.equal(true);
    for (const address of ['128.0.0.1', '10.127.0.1', '::2', '::ffff:10.0.0.1', '']) expect(isLoopback(address), address).to.equal(false);
  });
  it('and nothing that only begins like one', () => {
    const others = ['127.', '127.1', '127.0.0', '127.0.0.', '127..0.1', '127.0.0.01', '127.0.0.256', '127.0.0.1.', '127.0.0.1.1', '127.0.0.1:80', '127.0.0.1.evil.test', '127.evil.test', '127.0.0.1%lo', '127.0.0.:', '127.0.0./', '::ffff:127.0.0.256', '::ffff:127.0.1', '::127.0.0.1'];
    for (const address of others) expect(isLoopback(address), address).to.equal(false);
  });
  it('as Node tells addresses from other texts', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('0', '1', '2', '5', '25', '127', '300', '.', '.', '.', 'a', '-'), { maxLength: 10 }), (parts) => {
      const address = `127.${parts.join('')}`;
      expect(isLoopback(address), address).to.equal(isIPv4(address));
    }), { numRuns: 2000 });
  });
});
