import { expect } from 'chai';
import fc from 'fast-check';
import { CLASS, TYPE } from '../../../../src/net/dns/message.js';
import { formatGenericRData, formatRData, formatRcode, formatRecord, formatType, parseClass, parseDomain, parseRData, parseSeconds, parseType } from '../../../../src/net/dns/text.js';
import { anyName, anyRecord } from '../../../fixtures/dns/arbitraries.js';
import { name } from '../../../fixtures/dns/parties.js';
import { tokens } from '../../../fixtures/dns/tokens.js';

const ORIGIN = name('hercdn.com');

const parsed = (type: number, text: string): string => {
  const result = parseRData(type, tokens(text), ORIGIN);
  return result.kind === 'data' ? formatRData(result.data) : `error: ${result.why}`;
};

describe('records as text', () => {
  const MNEMONICS: readonly [text: string, type: number | undefined][] = [
    ['A', 1], ['aaaa', 28], ['Srv', 33], ['V', 65_280], ['TYPE65280', 65_280], ['type1', 1], ['TYPE65535', 65_535],
    ['TYPE65536', undefined], ['TYPE', undefined], ['TYPE-1', undefined], ['TYPE 1', undefined], ['', undefined], ['toString', undefined], ['BOGUS', undefined],
  ];
  for (const [text, type] of MNEMONICS) it(`${JSON.stringify(text)} is type ${type}`, () => expect(parseType(text)).to.equal(type));

  it('numbers without a word are TYPE, CLASS and RCODE with the number', () => {
    expect([formatType(28), formatType(731), formatRcode(3), formatRcode(24)]).to.deep.equal(['AAAA', 'TYPE731', 'NXDOMAIN', 'RCODE24']);
    expect([parseClass('in'), parseClass('CLASS32'), parseClass('XX')]).to.deep.equal([1, 32, undefined]);
  });

  it('is one line of a master file', () => {
    const data = { kind: 'SRV', priority: 0, weight: 5, port: 40_721, target: name('store-1.hercdn.com') } as const;
    expect(formatRecord({ name: name('_http._tcp.file1.hercdn.com'), type: TYPE.SRV, class: CLASS.IN, ttl: 20, data })).to.equal(
      '_http._tcp.file1.hercdn.com. 20 IN SRV 0 5 40721 store-1.hercdn.com.',
    );
  });

  // type, text, as it is written again
  const GOOD: readonly [type: keyof typeof TYPE | number, text: string, canonical: string][] = [
    ['A', '127.0.0.1', '127.0.0.1'],
    ['AAAA', '2001:DB8:0::1', '2001:db8::1'],
    ['NS', 'ns1', 'ns1.hercdn.com.'],
    ['CNAME', '@', 'hercdn.com.'],
    ['PTR', 'a\\.b.', 'a\\.b.'],
    ['SOA', 'ns1 admin 2026112201 1h 15m 1w 300', 'ns1.hercdn.com. admin.hercdn.com. 2026112201 3600 900 604800 300'],
    ['MX', '10 mail.example.', '10 mail.example.'],
    ['TXT', 'plain "two words" "a \\"quote\\" \\255"', '"plain" "two words" "a \\"quote\\" \\255"'],
    ['SRV', '0 5 40721 store-1', '0 5 40721 store-1.hercdn.com.'],
    ['V', 'file1 video1', 'file1.hercdn.com. "video1"'],
    ['V', 'file1 "a video"', 'file1.hercdn.com. "a video"'],
    [731, '\\# 3 abcd 01', '\\# 3 abcd01'],
    [731, '\\# 0', '\\# 0'],
    ['A', '\\# 4 7f000001', '127.0.0.1'], // RFC 3597 §5: a known type in generic form is that type
    ['CNAME', '\\# 3 016100', 'a.'],
    ['TXT', '"\\\\#" 4', '"\\\\#" "4"'], // quoted, so a text
  ];
  for (const [type, text, canonical] of GOOD) {
    const number = typeof type === 'number' ? type : TYPE[type];
    it(`${formatType(number)} ${text}`, () => {
      expect(parsed(number, text)).to.equal(canonical);
      expect(parsed(number, canonical)).to.equal(canonical);
    });
  }

  const BAD: readonly [type: keyof typeof TYPE | number, text: string, why: string][] = [
    ['A', '127.0.0.256', 'A address: expected an IPv4 address'],
    ['A', '', 'A address: expected an IPv4 address'],
    ['A', '127.0.0.1 127.0.0.2', 'A: nothing was expected after its last field'],
    ['AAAA', '127.0.0.1', 'AAAA address: expected an IPv6 address'],
    ['NS', 'a..b', 'NS target: expected a domain name'],
    ['NS', '"ns1"', 'NS target: expected a domain name'],
    ['CNAME', 'x'.repeat(64), 'CNAME target: expected a domain name'],
    ['SRV', '0 0 65536 a', 'SRV port: expected a whole number up to 65535'],
    ['SRV', '0 -1 1 a', 'SRV weight: expected a whole number up to 65535'],
    ['SRV', '0 0 1', 'SRV target: expected a domain name'],
    ['SOA', 'a b 4294967296 1 1 1 1', 'SOA serial: expected a whole number up to 4294967295'],
    ['SOA', 'a b 1 1y 1 1 1', 'SOA refresh: expected seconds, or a time such as 1h30m'],
    ['TXT', '', 'TXT strings: expected one or more texts of up to 255 octets each'],
    ['TXT', `good "${'x'.repeat(256)}"`, 'TXT strings: expected one or more texts of up to 255 octets each'],
    ['V', 'file1 "bad \\256"', 'V object: expected a text of up to 255 octets'],
    [731, 'abcd', 'type 731 has no form of its own here: write its octets as \\# LENGTH HEX'],
    [731, '\\# 2 abcdef', 'expected \\#, the count of octets, and so many octets in hexadecimal'],
    [731, '\\# 2 abc', 'expected \\#, the count of octets, and so many octets in hexadecimal'],
    [731, '\\#', 'expected \\#, the count of octets, and so many octets in hexadecimal'],
    ['A', '\\# 3 7f0000', 'the octets are not data of type 1: it ends within a field'],
    ['SOA', `\\# 25 016100c000${'00'.repeat(20)}`, 'the octets are not data of type 6: it has a pointer that does not lead backward to a name'],
    ['CNAME', '\\# 4 0161c000', 'the octets are not data of type 5: it has a pointer that does not lead backward to a name'],
  ];
  for (const [type, text, why] of BAD) {
    const number = typeof type === 'number' ? type : TYPE[type];
    it(`not ${formatType(number)} ${text.slice(0, 30)}`, () => expect(parsed(number, text)).to.equal(`error: ${why}`));
  }

  it('says which token is wrong, or where one is missing', () => {
    const index = (type: number, text: string): number | undefined => {
      const result = parseRData(type, tokens(text), ORIGIN);
      return result.kind === 'error' ? result.index : undefined;
    };
    expect(index(TYPE.SRV, '0 x 1 a')).to.equal(1);
    expect(index(TYPE.SRV, '0 1')).to.equal(2);
    expect(index(TYPE.A, '127.0.0.1 more')).to.equal(1);
    expect(index(TYPE.TXT, '')).to.equal(0);
    expect(index(TYPE.TXT, 'good \\256')).to.equal(1);
  });

  it('every record is read back as it was written', () => {
    fc.assert(
      fc.property(anyRecord(anyName), ({ type, data }) => {
        expect(parseRData(type, tokens(formatRData(data)), ORIGIN)).to.deep.equal({ kind: 'data', data });
        expect(parseRData(type, tokens(formatGenericRData(type, data)), ORIGIN)).to.deep.equal({ kind: 'data', data });
      }),
      { numRuns: 3000 },
    );
  });

  it('any octets of any type are data that is written as they were, or refused', () => {
    const wounded = fc.tuple(anyRecord(anyName), fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }), fc.nat(4));
    fc.assert(
      fc.property(wounded, ([{ type, data }, wounds, cut]) => {
        const octets = Buffer.from(formatGenericRData(type, data).split(' ')[2] ?? '', 'hex');
        for (const [at, value] of wounds) if (at < octets.length) octets[at] = value;
        const left = octets.subarray(0, cut === 0 ? octets.length - 1 : octets.length);
        const generic = left.length === 0 ? '\\# 0' : `\\# ${left.length} ${left.toString('hex')}`;
        const result = parseRData(type, tokens(generic), ORIGIN);
        if (result.kind === 'data') expect(formatGenericRData(type, result.data)).to.equal(generic);
      }),
      { numRuns: 3000 },
    );
  });

  it('times are seconds, or have units', () => {
    expect(['0', '3600', '1h30m', '2D', '1w', '2147483647'].map((text) => parseSeconds(text))).to.deep.equal([0, 3600, 5400, 172_800, 604_800, 2_147_483_647]);
    for (const text of ['', '-1', '1x', '1h30', 'h', '2147483648', '1 h', '99999w']) expect(parseSeconds(text), text).to.equal(undefined);
  });

  it('"@" is the origin, unless it is quoted or there is more', () => {
    expect(String(parseDomain({ text: '@', quoted: false }, ORIGIN))).to.equal('hercdn.com.');
    expect(String(parseDomain({ text: '\\@', quoted: false }, ORIGIN))).to.equal('\\@.hercdn.com.');
    expect(parseDomain({ text: '@', quoted: true }, ORIGIN)).to.equal(undefined);
    expect(parseDomain(undefined, ORIGIN)).to.equal(undefined);
  });
});
