// Queries known by their octets are the ones that the codec decodes, their options included: any octets
// there are an ordinary query with the very same OPT, or are left to be decoded in full.

import { expect } from 'chai';
import fc from 'fast-check';
import { createQuery } from '../../../../src/net/dns/build.js';
import { createEdns, decodeClientSubnet, findOption, isMalformedOption, OPTION, udpReplySize } from '../../../../src/net/dns/edns.js';
import type { DnsMessage, EdnsOption } from '../../../../src/net/dns/message.js';
import { Name } from '../../../../src/net/dns/name.js';
import { findAsked, readOrdinary } from '../../../../src/net/dns/ordinary.js';
import { decodeMessage, encodeMessage } from '../../../../src/net/dns/wire.js';

const QUESTION = { name: Name.parse('www.example.org') ?? Name.root, type: 1, id: 1, recursionDesired: false };
const CODES = [OPTION.CLIENT_SUBNET, OPTION.COOKIE, OPTION.NSID, OPTION.TCP_KEEPALIVE, OPTION.PADDING, 0, 30, 31, 32, 40, 65_001, 65_535];

/** Data that is often a client subnet or a cookie, and often nearly one. */
const data = fc.oneof(
  fc.uint8Array({ maxLength: 42 }),
  fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.integer({ min: 0, max: 130 }), fc.constantFrom(0, 0, 0, 24), fc.constantFrom(0, 1, 3, 4, 7, 16)).map(([family, source, scope, octets]) => {
    const used = octets === 3 ? Math.ceil(source / 8) : octets;
    return Uint8Array.of(0, family, source, scope, ...new Uint8Array(used));
  }),
  fc.constantFrom(8, 16, 24, 40).map((length) => new Uint8Array(length)),
);
const option: fc.Arbitrary<EdnsOption> = fc.record({ code: fc.constantFrom(...CODES), data });

function decoded(octets: Uint8Array): DnsMessage | undefined {
  const result = decodeMessage(octets);
  return result.kind === 'message' ? result.message : undefined;
}

function expectSame(octets: Uint8Array): void {
  const ordinary = readOrdinary(octets);
  if (!ordinary) return;
  const whole = decoded(octets);
  expect(ordinary.edns).to.deep.equal(whole?.edns);
  expect(ordinary.edns?.options.some(isMalformedOption) ?? false).to.equal(false);
  expect(ordinary.udpReplySize).to.equal(whole && udpReplySize(whole));
  const subnet = findOption(whole?.edns, OPTION.CLIENT_SUBNET);
  expect(ordinary.clientSubnet).to.deep.equal(subnet && decodeClientSubnet(subnet));
  for (const code of CODES) expect(findAsked(ordinary, code)).to.deep.equal(findOption(whole?.edns, code));
}

describe('an ordinary query', () => {
  it('has the options that the codec finds', () => {
    let ordinary = 0;
    fc.assert(fc.property(fc.array(option, { maxLength: 4 }), fc.integer({ min: 0, max: 65_535 }), (options, udpPayloadSize) => {
      const octets = encodeMessage(createQuery({ ...QUESTION, edns: createEdns({ udpPayloadSize, options }) }));
      expectSame(octets);
      const known = readOrdinary(octets) !== undefined;
      if (known) ordinary += 1;
      expect(known).to.equal(!options.some(isMalformedOption));
    }), { numRuns: 2000 });
    expect(ordinary).to.be.greaterThan(100);
  });

  it('is none, or the one that the codec finds, whatever its OPT holds', () => {
    fc.assert(fc.property(fc.array(option, { maxLength: 3 }), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }), fc.nat({ max: 6 }), (options, changes, missing) => {
      const octets = encodeMessage(createQuery({ ...QUESTION, edns: createEdns({ options }) }));
      const optStart = octets.length - 11 - options.reduce((sum, { data: { length } }) => sum + 4 + length, 0);
      for (const [at, octet] of changes) octets[optStart + (at % (octets.length - optStart))] = octet;
      expectSame(octets.slice(0, octets.length - missing));
    }), { numRuns: 4000 });
  });

  it('has no more options than a few', () => {
    const queryWith = (count: number): Uint8Array => encodeMessage(createQuery({ ...QUESTION, edns: createEdns({ options: Array.from({ length: count }, () => ({ code: 65_002, data: new Uint8Array(1) })) }) }));
    expect(readOrdinary(queryWith(16))?.edns?.options).to.have.length(16);
    expect(readOrdinary(queryWith(17))).to.equal(undefined);
  });
});
