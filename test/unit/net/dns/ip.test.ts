import { expect } from 'chai';
import fc from 'fast-check';
import { isIPv4, isIPv6 } from 'node:net';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../../../../src/net/dns/ip.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

describe('IP addresses as text', () => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1..2.3', '1.2.3.', '.1.2.3', '1.2.3.4 ', '1.2.3.0x4', '-1.2.3.4']) {
    it(`${JSON.stringify(text)} is no IPv4 address`, () => expect(parseIPv4(text)).to.equal(undefined));
  }
  for (const text of ['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', '12345::', 'g::', '::1.2.3', '1.2.3.4::', '::1%eth0', '1:2:3:4:5:6:7:1.2.3.4']) {
    it(`${JSON.stringify(text)} is no IPv6 address`, () => expect(parseIPv6(text)).to.equal(undefined));
  }

  // RFC 5952: as written, as it should be
  const CANONICAL: readonly [text: string, canonical: string][] = [
    ['::', '::'],
    ['::1', '::1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'], // §4.1, §4.2.1, §4.3
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // §4.2.2: one group isn't shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // §4.2.3: the longest run
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // §4.2.3: the first of equals
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'], // §5
    ['1::', '1::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ];
  for (const [text, canonical] of CANONICAL) {
    it(`${text} is ${canonical}`, () => expect(formatIPv6(parseIPv6(text) ?? new Uint8Array(16).fill(9))).to.equal(canonical));
  }

  it('are read back as they were written, and others take them for addresses too', () => {
    fc.assert(
      fc.property(bytes(4), fc.oneof(bytes(16), bytes(16).map((octets) => octets.map((octet) => octet & 1))), (four, sixteen) => {
        expect(parseIPv4(formatIPv4(four))).to.deep.equal(four);
        expect(parseIPv6(formatIPv6(sixteen))).to.deep.equal(sixteen);
        expect(isIPv4(formatIPv4(four)) && isIPv6(formatIPv6(sixteen))).to.equal(true);
      }),
    );
  });

  it('any text is an address exactly when the system takes it for one', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('0', '1', 'f', '9', ':', '::', '.', '25'), maxLength: 24 }), (text) => {
        expect(parseIPv4(text) !== undefined).to.equal(isIPv4(text));
        expect(parseIPv6(text) !== undefined).to.equal(isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });
});
