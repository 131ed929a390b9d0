// The EDNS options that are values of their own: NSID, TCP keepalive, padding, extended errors; and
// which ones make a query malformed.

import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeExtendedError, decodeNsid, decodePadding, decodeTcpKeepalive, encodeExtendedError, encodeNsid, encodePadding, encodeTcpKeepalive, isMalformedOption, NSID_REQUEST, OPTION,
} from '../../../../src/net/dns/edns.js';
import { hex } from '../../../fixtures/dns/packets.js';

const option = (code: number, data: string): { code: number; data: Uint8Array } => ({ code, data: hex(data) });

describe('EDNS options', () => {
  it('RFC 5001 §2: NSID is asked for with nothing, and answered with octets', () => {
    expect(NSID_REQUEST).to.deep.equal(option(OPTION.NSID, ''));
    expect(encodeNsid('ns1')).to.deep.equal(option(OPTION.NSID, '"ns1"'));
    expect([decodeNsid(encodeNsid('ns1')), decodeNsid(NSID_REQUEST), decodeNsid(option(OPTION.PADDING, ''))]).to.deep.equal(['ns1', '', undefined]);
  });

  const KEEPALIVES: readonly (readonly [what: string, timeoutMs: number | undefined, data: string])[] = [
    ['a query’s', undefined, ''],
    ['ten seconds', 10_000, '0064'],
    ['closing at once', 0, '0000'],
    ['the longest', 6_553_500, 'ffff'],
  ];
  for (const [what, timeoutMs, data] of KEEPALIVES) {
    it(`RFC 7828 §3.1: TCP keepalive, ${what}`, () => {
      expect(encodeTcpKeepalive({ timeoutMs })).to.deep.equal(option(OPTION.TCP_KEEPALIVE, data));
      expect(decodeTcpKeepalive(option(OPTION.TCP_KEEPALIVE, data))).to.deep.equal({ timeoutMs });
    });
  }

  it('RFC 7828 §3.1: a timeout is never said longer than it is', () => {
    expect([decodeTcpKeepalive(encodeTcpKeepalive({ timeoutMs: 199 })), decodeTcpKeepalive(encodeTcpKeepalive({ timeoutMs: 10_000_000 }))]).to.deep.equal([{ timeoutMs: 100 }, { timeoutMs: 6_553_500 }]);
    expect([decodeTcpKeepalive(option(OPTION.TCP_KEEPALIVE, '00')), decodeTcpKeepalive(option(OPTION.TCP_KEEPALIVE, '000000')), decodeTcpKeepalive(option(OPTION.NSID, ''))]).to.deep.equal([undefined, undefined, undefined]);
  });

  it('RFC 7830 §3: padding is zeros, and read whatever it holds', () => {
    expect(encodePadding(3)).to.deep.equal(option(OPTION.PADDING, '000000'));
    expect([decodePadding(option(OPTION.PADDING, 'ff00ff')), decodePadding(option(OPTION.PADDING, '')), decodePadding(option(OPTION.NSID, ''))]).to.deep.equal([3, 0, undefined]);
  });

  it('RFC 8914 §2: an extended error is a code and a text, or the code alone', () => {
    expect(encodeExtendedError(22, 'no')).to.deep.equal(option(OPTION.EXTENDED_ERROR, '0016 "no"'));
    expect(decodeExtendedError(option(OPTION.EXTENDED_ERROR, '0016'))).to.deep.equal({ infoCode: 22, purpose: 'No Reachable Authority', text: '' });
    expect(decodeExtendedError(option(OPTION.EXTENDED_ERROR, '00'))).to.equal(undefined);
    expect(decodeExtendedError(option(OPTION.EXTENDED_ERROR, 'ffff "x" 00'))).to.deep.equal({ infoCode: 65_535, purpose: 'Extended Error 65535', text: 'x' });
  });

  const QUERIES: readonly (readonly [section: string, code: number, data: string, malformed: boolean])[] = [
    ['RFC 7871 §6 a client subnet', OPTION.CLIENT_SUBNET, '0001 18 00 c00002', false],
    ['RFC 7871 §6 with a scope', OPTION.CLIENT_SUBNET, '0001 18 18 c00002', true],
    ['RFC 7871 §7.2.1 with a bit too many', OPTION.CLIENT_SUBNET, '0001 17 00 c00003', true],
    ['RFC 7871 §7.2.1 of nothing', OPTION.CLIENT_SUBNET, '', true],
    ['RFC 7873 §5.2.2 a client cookie', OPTION.COOKIE, '2464c4abcf10c957', false],
    ['RFC 7873 §5.2.2 of nine octets', OPTION.COOKIE, '2464c4abcf10c95700', true],
    ['RFC 5001 §2.1 NSID that says something is asked for all the same', OPTION.NSID, '"x"', false],
    ['RFC 7828 §3.3 keepalive with a timeout', OPTION.TCP_KEEPALIVE, '0001', false],
    ['RFC 6891 §6.1.2 an option nobody knows', 65_002, '00', false],
  ];
  for (const [section, code, data, malformed] of QUERIES) it(`${section}: ${malformed ? 'FORMERR' : 'taken'}`, () => expect(isMalformedOption(option(code, data))).to.equal(malformed));

  it('any octets of any option are a value, or nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(OPTION)), fc.uint8Array({ maxLength: 50 }), (code, data) => {
        for (const decode of [decodeExtendedError, decodeNsid, decodePadding, decodeTcpKeepalive, isMalformedOption]) decode({ code, data });
      }),
    );
  });
});
