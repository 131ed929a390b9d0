// Client subnet options (RFC 7871 §6): octets, values and text.

import { expect } from 'chai';
import fc from 'fast-check';
import { createClientSubnet, decodeClientSubnet, encodeClientSubnet, formatClientSubnet, OPTION } from '../../../../src/net/dns/edns.js';
import { readClientSubnet, recallClientSubnet } from '../../../../src/net/dns/client-subnet.js';
import { hex } from '../../../fixtures/dns/packets.js';

const read = (data: string): string => {
  const subnet = decodeClientSubnet({ code: OPTION.CLIENT_SUBNET, data: hex(data) });
  return subnet ? `${formatClientSubnet(subnet)} ${subnet.scopePrefixLength}` : 'FORMERR';
};

const CASES: readonly (readonly [what: string, data: string, expected: string])[] = [
  ['an IPv4 network', '0001 18 00 c00002', '192.0.2.0/24 0'],
  ['an IPv6 network', '0002 38 00 20010db8000001', '2001:db8:0:100::/56 0'],
  ['a whole address', '0001 20 20 c0000201', '192.0.2.1/32 32'],
  ['a prefix within an octet', '0001 0b 00 c0e0', '192.224.0.0/11 0'],
  ['a scope, longer than the source', '0001 10 18 c000', '192.0.0.0/16 24'],
  ['no subnet, of a family', '0001 00 00', '0.0.0.0/0 0'],
  ['no subnet, of no family', '0000 00 00', '0/0 0'],
  ['of no family, but with a prefix', '0000 08 00 c0', 'FORMERR'],
  ['a family that nobody has', '0003 00 00', 'FORMERR'],
  ['nothing at all', '', 'FORMERR'],
  ['half of it', '0001 18', 'FORMERR'],
  ['an octet too few', '0001 18 00 c000', 'FORMERR'],
  ['an octet too many, though zero', '0001 18 00 c0000200', 'FORMERR'],
  ['a bit beyond the prefix', '0001 17 00 c00003', 'FORMERR'],
  ['an IPv4 prefix of 33', '0001 21 00 c000020100', 'FORMERR'],
  ['an IPv6 prefix of 129', '0002 81 00 00000000000000000000000000000000 00', 'FORMERR'],
  ['a scope of 33', '0001 18 21 c00002', 'FORMERR'],
];

describe('client subnet', () => {
  for (const [what, data, expected] of CASES) it(`RFC 7871 §6 ${what}`, () => expect(read(data)).to.equal(expected));

  it('is cut out of an address', () => {
    const subnet = createClientSubnet('192.0.2.255', 25);
    expect(subnet && formatClientSubnet(subnet)).to.equal('192.0.2.128/25');
    expect(createClientSubnet('192.0.2.1', 33)).to.equal(undefined);
    expect(createClientSubnet('2001:db8::1', 129)).to.equal(undefined);
    expect(createClientSubnet('example', 8)).to.equal(undefined);
  });

  it('is not read from another option', () => {
    expect(decodeClientSubnet({ code: OPTION.COOKIE, data: hex('0001 18 00 c00002') })).to.equal(undefined);
  });

  it('a value whose address and prefixes disagree is a mistake of ours', () => {
    const address = Uint8Array.of(192, 0, 2, 0);
    expect(() => encodeClientSubnet({ family: 2, sourcePrefixLength: 24, scopePrefixLength: 0, address })).to.throw(RangeError);
    expect(() => encodeClientSubnet({ family: 1, sourcePrefixLength: 33, scopePrefixLength: 0, address })).to.throw(RangeError);
  });

  it('what is written is read back, whatever the address and the prefixes', () => {
    const octets = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });
    const subnets = fc.constantFrom(4, 16).chain((size) =>
      fc.tuple(octets(size), fc.integer({ min: 0, max: size * 8 }), fc.integer({ min: 0, max: size * 8 })));
    fc.assert(
      fc.property(subnets, ([address, sourcePrefixLength, scopePrefixLength]) => {
        const option = encodeClientSubnet({ family: address.length === 4 ? 1 : 2, sourcePrefixLength, scopePrefixLength, address });
        const subnet = decodeClientSubnet(option);
        expect(subnet).to.include({ sourcePrefixLength, scopePrefixLength });
        expect(subnet && encodeClientSubnet(subnet)).to.deep.equal(option);
        expect(subnet?.address.length).to.equal(address.length);
      }),
    );
  });

  it('any octets are a subnet, written as they came, or nothing', () => {
    fc.assert(
      fc.property(fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.uint8Array({ maxLength: 20 })), ([family, rest]) => {
        const option = { code: OPTION.CLIENT_SUBNET, data: Uint8Array.of(0, family, ...rest) };
        const subnet = decodeClientSubnet(option);
        if (subnet) expect(encodeClientSubnet(subnet)).to.deep.equal(option);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the one that was read before, where it was read lately, and never another', () => {
    // Two octets a network: more networks than are remembered, and each of them more than once.
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(15, 16, 24), fc.nat(255), fc.nat(254)), { minLength: 1, maxLength: 300 }), (networks) => {
        for (const [prefix, first, second] of networks) {
          const address = Uint8Array.of(first, second & 0xfe, prefix === 24 ? second : 0, 0);
          const { data } = encodeClientSubnet({ family: 1, sourcePrefixLength: prefix, scopePrefixLength: 0, address });
          const known = recallClientSubnet(data, 0);
          expect({ ...known, option: undefined }).to.deep.equal({ ...readClientSubnet(data, 0) });
          expect(recallClientSubnet(Uint8Array.of(7, ...data), 1)).to.equal(known);
          for (const scope of [0, prefix, 32, 0]) expect(encodeClientSubnet(known, scope).data).to.deep.equal(Uint8Array.of(...data.subarray(0, 3), scope, ...data.subarray(4)));
        }
      }),
    );
  });
});
