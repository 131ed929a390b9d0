import { expect } from 'chai';
import { anyHolds, parsePrefix, type Prefix } from '../../../src/net/prefix.js';

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(`no prefix: ${text}`);
  return parsed;
};

describe('a prefix', () => {
  const HOLDS: readonly (readonly [prefix: string, address: string, holds: boolean])[] = [
    ['192.0.2.0/24', '192.0.2.0', true],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '192.0.2.1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.0/24', 'not an address', false],
  ];
  for (const [text, address, holds] of HOLDS) it(`${text} ${holds ? 'holds' : "doesn't hold"} ${address}`, () => expect(anyHolds([prefix(text)], address)).to.equal(holds));

  for (const text of ['', '/24', '192.0.2.0/', '192.0.2.0/33', '2001:db8::/129', '192.0.2.1/24', '192.0.2.0/24/8', '192.0.2/24', 'localhost', '192.0.2.0/-1']) {
    it(`is not ${JSON.stringify(text)}`, () => expect(parsePrefix(text)).to.equal(undefined));
  }
  it('is one of a list', () => expect(anyHolds([prefix('192.0.2.0/24'), prefix('::1')], '::1')).to.equal(true));
});
