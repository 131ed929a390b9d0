// The data of each record type as the standards have it, on the wire and in a master file: the
// examples of RFC 4034, 5155, 6698, 8659 and 3403, and the vectors of RFC 9460 appendix D.

import { expect } from 'chai';
import { CLASS, TYPE, type RData } from '../../src/net/dns/message.js';
import { Name } from '../../src/net/dns/name.js';
import { formatGenericRData, formatRData, formatType, parseRData } from '../../src/net/dns/text.js';
import { decodeMessage, encodeMessage } from '../../src/net/dns/wire.js';
import { hex, packet, QUESTION, record } from '../fixtures/dns/packets.js';
import { tokens } from '../fixtures/dns/tokens.js';

type Type = Exclude<keyof typeof TYPE, 'OPT' | 'TSIG' | 'IXFR' | 'AXFR' | 'ANY'>;

/** `written`: as we write the text, where it isn't as given. */
type Case = readonly [section: string, type: Type, text: string, wire: string, written?: string];

const KEY = 'AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==';
const SIGNATURE = 'oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=';
const base64 = (text: string): string => Buffer.from(text, 'base64').toString('hex');
const FOO = '03 "foo" 07 "example" 03 "com" 00';
const FOO_ORG = '03 "foo" 07 "example" 03 "org" 00';
const HOST = '04 "host" 07 "example" 03 "com" 00';

const CASES: readonly Case[] = [
  ['RFC 1035 §3.4.1', 'A', '192.0.2.1', 'c0000201'],
  ['RFC 1035 §3.3.11', 'NS', 'host.example.com.', HOST],
  ['RFC 1035 §3.3.1', 'CNAME', 'host.example.com.', HOST],
  ['RFC 6672 §2.1', 'DNAME', 'host.example.com.', HOST],
  ['RFC 1035 §3.3.12', 'PTR', 'host.example.com.', HOST],
  ['RFC 1035 §3.3.13', 'SOA', 'host.example.com. foo. 1 3600 900 604800 300', `${HOST} 03 "foo" 00 00000001 00000e10 00000384 00093a80 0000012c`],
  ['RFC 1035 §3.3.9', 'MX', '10 host.example.com.', `000a ${HOST}`],
  ['RFC 1035 §3.3.14', 'TXT', '"hi" ""', '02 "hi" 00'],
  ['RFC 1035 §3.3.2', 'HINFO', '"RFC8482" ""', '07 "RFC8482" 00'],
  ['RFC 3596 §2.2', 'AAAA', '2001:db8::1', '20010db8000000000000000000000001'],
  ['RFC 2782', 'SRV', '0 5 40721 host.example.com.', `0000 0005 9f11 ${HOST}`],
  ['RFC 6895 §3.1', 'V', 'host.example.com. "video1"', `${HOST} 06 "video1"`],
  // RFC 3403 §6.1 and §6.2
  ['RFC 3403 §6.1', 'NAPTR', '100 10 "" "" "!^urn:cid:.+@([^\\\\.]+\\\\.)(.*)$!\\\\2!i" .', '0064 000a 00 00 21 "!^urn:cid:.+@([^\\.]+\\.)(.*)$!\\2!i" 00'],
  ['RFC 3403 §6.2', 'NAPTR', '100 50 "s" "z3950+I2L+I2C" "" host.example.com.', `0064 0032 01 "s" 0d "z3950+I2L+I2C" 00 ${HOST}`],
  // RFC 4034
  ['RFC 4034 §2.3', 'DNSKEY', `256 3 5 ${KEY}`, `0100 03 05 ${base64(KEY)}`],
  ['RFC 4034 §2.3 the key in pieces', 'DNSKEY', `256 3 5 ${KEY.slice(0, 30)} ${KEY.slice(30)}`, `0100 03 05 ${base64(KEY)}`, `256 3 5 ${KEY}`],
  ['RFC 4034 §A.1 an algorithm by name', 'DNSKEY', '257 3 RSASHA1 AQID', '0101 03 05 010203', '257 3 5 AQID'],
  ['RFC 4034 §3.3', 'RRSIG', `A 5 3 86400 20030322173103 20030220173103 2642 example.com. ${SIGNATURE}`, `0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 07 "example" 03 "com" 00 ${base64(SIGNATURE)}`],
  ['RFC 4034 §3.2 times in seconds', 'RRSIG', 'TYPE1 5 3 86400 1048354263 0 2642 . AQID', '0001 05 03 00015180 3e7c9dd7 00000000 0a52 00 010203', 'A 5 3 86400 20030322173103 19700101000000 2642 . AQID'],
  ['RFC 4034 §3.1.5 the last second', 'RRSIG', 'TYPE731 5 3 86400 21060207062815 20030220173103 2642 . AQID', '02db 05 03 00015180 ffffffff 3e5510d7 0a52 00 010203'],
  ['RFC 4034 §4.3', 'NSEC', 'host.example.com. A MX RRSIG NSEC TYPE1234', `${HOST} 00 06 400100000003 04 1b ${'00'.repeat(26)} 20`],
  ['RFC 4034 §4.1.2 types in any order', 'NSEC', 'host.example.com. CAA NSEC A A RRSIG', `${HOST} 00 06 400000000003 01 01 40`, 'host.example.com. A RRSIG NSEC CAA'],
  ['RFC 4034 §5.4', 'DS', '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118', 'ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118'],
  ['RFC 4034 §5.3 a digest in pieces, letters of either case', 'DS', '60485 5 1 2BB183AF5F22588179A53B0A 98631fad1a292118', 'ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118', '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118'],
  ['RFC 4509 §2.3', 'DS', '60485 5 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a', 'ec45 05 02 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a'],
  ['RFC 8078 §4 CDS that asks for no DS', 'CDS', '0 0 0 00', '0000 00 00 00'],
  ['RFC 8078 §4 CDNSKEY that asks for no DS', 'CDNSKEY', '0 3 0 AA==', '0000 03 00 00'],
  // RFC 5155 appendix B
  ['RFC 5155 §B.1', 'NSEC3', '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM', '01 01 000c 04 aabbccdd 14 174eb2409fe28bcb4887a1836f957f0a8425e27b 00 07 22010000000290'],
  ['RFC 5155 §B.1 upper case, and no types', 'NSEC3', '1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR', '01 00 0000 00 14 174eb2409fe28bcb4887a1836f957f0a8425e27b', '1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr'],
  ['RFC 5155 §B.1', 'NSEC3PARAM', '1 0 12 aabbccdd', '01 00 000c 04 aabbccdd'],
  ['RFC 5155 §4.3 no salt', 'NSEC3PARAM', '1 0 0 -', '01 00 0000 00'],
  // RFC 6698 §2.3, RFC 4255 §3.2
  ['RFC 6698 §2.3', 'TLSA', '0 0 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971', '00 00 01 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971'],
  ['RFC 4255 §3.2', 'SSHFP', '2 1 123456789abcdef67890123456789abcdef67890', '02 01 123456789abcdef67890123456789abcdef67890'],
  // RFC 8659 §4
  ['RFC 8659 §4.2', 'CAA', '0 issue "ca1.example.net; account=230123"', '00 05 "issue" "ca1.example.net; account=230123"'],
  ['RFC 8659 §4.2 nobody', 'CAA', '0 issue ";"', '00 05 "issue" ";"'],
  ['RFC 8659 §4.5 critical, without quotes', 'CAA', '128 tbs Unknown', '80 03 "tbs" "Unknown"', '128 tbs "Unknown"'],
  ['RFC 8659 §4.1 a value of no octets', 'CAA', '0 issue ""', '00 05 "issue"'],
  ['RFC 8659 §4.1 a value longer than a character-string', 'CAA', `0 iodef "${'x'.repeat(300)}"`, `00 05 "iodef" "${'x'.repeat(300)}"`],
  // RFC 9460 appendix D.1, D.2
  ['RFC 9460 §D.1 figure 2', 'HTTPS', '0 foo.example.com.', `0000 ${FOO}`],
  ['RFC 9460 §D.2 figure 3', 'SVCB', '1 .', '0001 00'],
  ['RFC 9460 §D.2 figure 4', 'SVCB', '16 foo.example.com. port=53', `0010 ${FOO} 0003 0002 0035`],
  ['RFC 9460 §D.2 figure 5', 'SVCB', '1 foo.example.com. key667=hello', `0001 ${FOO} 029b 0005 "hello"`, '1 foo.example.com. key667="hello"'],
  ['RFC 9460 §D.2 figure 6', 'SVCB', '1 foo.example.com. key667="hello\\210qoo"', `0001 ${FOO} 029b 0009 "hello" d2 "qoo"`],
  ['RFC 9460 §D.2 figure 7', 'SVCB', '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"', `0001 ${FOO} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`, '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1'],
  ['RFC 9460 §D.2 figure 8', 'SVCB', '1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"', '0001 07 "example" 03 "com" 00 0006 0010 20010db8012203440000 0000c0000221', '1 example.com. ipv6hint=2001:db8:122:344::c000:221'],
  ['RFC 9460 §D.2 figure 9', 'SVCB', '16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1', `0010 ${FOO_ORG} 0000 0004 0001 0004 0001 0009 02 "h2" 05 "h3-19" 0004 0004 c0000201`, '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1'],
  ['RFC 9460 §D.2 figure 10 in quotes', 'SVCB', '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"', `0010 ${FOO_ORG} 0001 000c 08 "f\\oo,bar" 02 "h2"`],
  ['RFC 9460 §D.2 figure 10 without', 'SVCB', '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2', `0010 ${FOO_ORG} 0001 000c 08 "f\\oo,bar" 02 "h2"`, '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"'],
  ['RFC 9460 §7.1 no-default-alpn', 'HTTPS', '1 . alpn="h2" no-default-alpn', '0001 00 0001 0003 02 "h2" 0002 0000'],
  ['RFC 9848 §3 ech', 'HTTPS', '1 . ech=AAAB', '0001 00 0005 0003 000001'],
  ['RFC 9460 §2.1 a known key by its number', 'HTTPS', '1 . key3=80', '0001 00 0003 0002 0050', '1 . port=80'],
  ['RFC 9460 §2.1 a key without a value', 'HTTPS', '1 . key667', '0001 00 029b 0000'],
  ['RFC 9461 §5 dohpath', 'SVCB', '1 . dohpath="/q{?dns}"', '0001 00 0007 0008 "/q{?dns}"'],
  ['RFC 9540 §4 ohttp', 'SVCB', '1 . ohttp', '0001 00 0008 0000'],
];

const data = (type: Type, text: string): RData => {
  const parsed = parseRData(TYPE[type], tokens(text), Name.root);
  if (parsed.kind === 'error') throw new Error(parsed.why);
  return parsed.data;
};
const wireOf = (type: Type, value: RData): string => {
  const head = encodeMessage(answering([]));
  const whole = encodeMessage(answering([{ name: Name.root, type: TYPE[type], class: CLASS.IN, ttl: 0, data: value }]));
  return Buffer.from(whole.subarray(head.length + 11)).toString('hex');
};
const answering = (answers: readonly { name: Name; type: number; class: number; ttl: number; data: RData }[]): Parameters<typeof encodeMessage>[0] => ({
  id: 0, response: true, opcode: 0, authoritative: false, truncated: false, recursionDesired: false, recursionAvailable: false, authenticData: false,
  checkingDisabled: false, rcode: 0, questions: [], answers, authorities: [], additionals: [], edns: undefined,
});
const read = (type: number, wire: string): RData | string => {
  const decoded = decodeMessage(packet([1, 1, 0, 0], `${QUESTION} ${record(type, wire)}`, '8000'));
  return decoded.kind === 'message' ? (decoded.message.answers[0]?.data ?? 'no record') : decoded.kind === 'malformed' ? decoded.why : decoded.kind;
};

describe('the data of each type', () => {
  for (const [section, type, text, wire, written = text] of CASES) {
    describe(`${section}: ${type} ${text.slice(0, 60)}`, () => {
      const octets = hex(wire);
      const generic = `\\# ${octets.length} ${Buffer.from(octets).toString('hex')}`;
      it('from a master file to the wire', () => expect(wireOf(type, data(type, text))).to.equal(Buffer.from(octets).toString('hex')));
      it('from the wire to a master file', () => {
        const value = read(TYPE[type], wire);
        expect(typeof value === 'string' ? value : formatRData(value)).to.equal(written);
        expect(value).to.deep.equal(data(type, written));
      });
      it('RFC 3597 §5: in generic form, both ways', () => {
        expect(data(type, generic)).to.deep.equal(data(type, text));
        expect(formatGenericRData(TYPE[type], data(type, text))).to.equal(generic);
      });
      it('RFC 1035 §4.1.3: cut short it is never taken for the whole', () => {
        for (let cut = 0; cut < octets.length; cut += 1) {
          const value = read(TYPE[type], Buffer.from(octets.subarray(0, cut)).toString('hex'));
          if (typeof value !== 'string') expect(formatRData(value)).to.not.equal(written);
        }
      });
    });
  }

  it('every type has a case', () => {
    const meta = new Set<number>([TYPE.OPT, TYPE.TSIG, TYPE.IXFR, TYPE.AXFR, TYPE.ANY]);
    const tested = new Set<number>(CASES.map(([, type]) => TYPE[type]));
    expect(Object.values(TYPE).filter((type) => !meta.has(type) && !tested.has(type)).map(formatType)).to.deep.equal([]);
  });
});

describe('what is no data of its type', () => {
  // On the wire
  const MALFORMED: readonly (readonly [section: string, type: Type, wire: string])[] = [
    ['RFC 3597 §4 a pointer in an RRSIG’s signer', 'RRSIG', '0001 05 03 00015180 00000000 00000000 0a52 c00c 010203'],
    ['RFC 3597 §4 a pointer in an NSEC’s next name', 'NSEC', 'c00c 00 01 40'],
    ['RFC 9460 §2.2 a pointer in a target', 'SVCB', '0001 c00c'],
    ['RFC 4034 §4.1.2 a block of no octets', 'NSEC', '00 00 00'],
    ['RFC 4034 §4.1.2 a block of 33', 'NSEC', `00 00 21 ${'01'.repeat(33)}`],
    ['RFC 4034 §4.1.2 a block longer than the data', 'NSEC', '00 00 02 40'],
    ['RFC 4034 §4.1.2 a block without its length', 'NSEC', '00 00'],
    ['RFC 4034 §4.1.2 a trailing zero octet', 'NSEC', '00 00 02 4000'],
    ['RFC 4034 §4.1.2 blocks out of order', 'NSEC', '00 01 01 40 00 01 40'],
    ['RFC 4034 §4.1.2 a block twice', 'NSEC', '00 00 01 40 00 01 40'],
    ['RFC 5155 §3.2 a salt longer than the data', 'NSEC3PARAM', '01 00 0000 05 aabb'],
    ['RFC 5155 §4.2 something behind the salt', 'NSEC3PARAM', '01 00 0000 00 00'],
    ['RFC 5155 §3.2 a hashed name of no octets', 'NSEC3', '01 00 0000 00 00'],
    ['RFC 4034 §5.1 DS without a digest', 'DS', '0001 05 01'],
    ['RFC 4034 §2.1 DNSKEY without a key', 'DNSKEY', '0100 03 05'],
    ['RFC 6698 §2.1 TLSA without data', 'TLSA', '00 00 01'],
    ['RFC 8659 §4.1 a tag of no characters', 'CAA', '00 00 "x"'],
    ['RFC 8659 §4.1 a tag of others than letters and digits', 'CAA', '00 02 "a-" "x"'],
    ['RFC 8659 §4.1 a tag longer than the data', 'CAA', '00 06 "issue"'],
    ['RFC 9460 §2.2 keys out of order', 'SVCB', '0001 00 029c 0000 029b 0000'],
    ['RFC 9460 §2.2 a key twice', 'SVCB', '0001 00 029b 0000 029b 0000'],
    ['RFC 9460 §2.2 half a key', 'SVCB', '0001 00 02'],
    ['RFC 9460 §2.2 a key without its length', 'SVCB', '0001 00 029b 00'],
    ['RFC 9460 §2.2 a value longer than the data', 'SVCB', '0001 00 029b 0005 "hell"'],
    ['RFC 9460 §14.3.2 key65535', 'SVCB', '0001 00 ffff 0000'],
    ['RFC 9460 §8 mandatory out of order', 'SVCB', '0001 00 0000 0004 0004 0001'],
    ['RFC 9460 §8 mandatory of itself', 'SVCB', '0001 00 0000 0002 0000'],
    ['RFC 9460 §8 mandatory of nothing', 'SVCB', '0001 00 0000 0000'],
    ['RFC 9460 §8 mandatory of half a key', 'SVCB', '0001 00 0000 0003 0001 00'],
    ['RFC 9460 §7.1.1 alpn of nothing', 'SVCB', '0001 00 0001 0000'],
    ['RFC 9460 §7.1.1 alpn with a protocol of no octets', 'SVCB', '0001 00 0001 0001 00'],
    ['RFC 9460 §7.1.1 alpn with a protocol longer than the value', 'SVCB', '0001 00 0001 0002 02 "h"'],
    ['RFC 9460 §7.1.1 no-default-alpn with a value', 'SVCB', '0001 00 0002 0001 00'],
    ['RFC 9460 §7.2 a port of one octet', 'SVCB', '0001 00 0003 0001 35'],
    ['RFC 9460 §7.3 three octets of IPv4', 'SVCB', '0001 00 0004 0003 c00002'],
    ['RFC 9460 §7.3 no IPv4 at all', 'SVCB', '0001 00 0004 0000'],
    ['RFC 9460 §7.3 fifteen octets of IPv6', 'SVCB', '0001 00 0006 000f 20010db80000000000000000000000'],
  ];
  for (const [section, type, wire] of MALFORMED) it(`${section}: FORMERR`, () => expect(read(TYPE[type], wire)).to.be.a('string'));

  // In a master file
  const WRONG: readonly (readonly [section: string, type: Type, text: string])[] = [
    ['RFC 9460 §D.3 figure 11, a key twice', 'SVCB', '1 foo.example.com. key123=abc key123=def'],
    ['RFC 9460 §D.3 figure 12, mandatory without a value', 'SVCB', '1 foo.example.com. mandatory'],
    ['RFC 9460 §D.3 figure 12, alpn without a value', 'SVCB', '1 foo.example.com. alpn'],
    ['RFC 9460 §D.3 figure 12, port without a value', 'SVCB', '1 foo.example.com. port'],
    ['RFC 9460 §D.3 figure 12, ipv4hint without a value', 'SVCB', '1 foo.example.com. ipv4hint'],
    ['RFC 9460 §D.3 figure 12, ipv6hint without a value', 'SVCB', '1 foo.example.com. ipv6hint'],
    ['RFC 9460 §D.3 figure 13, no-default-alpn with a value', 'SVCB', '1 foo.example.com. no-default-alpn=abc'],
    ['RFC 9460 §D.3 figure 14, a mandatory key that is not there', 'SVCB', '1 foo.example.com. mandatory=key123'],
    ['RFC 9460 §D.3 figure 15, mandatory of itself', 'SVCB', '1 foo.example.com. mandatory=mandatory'],
    ['RFC 9460 §D.3 figure 16, mandatory of one key twice', 'SVCB', '1 foo.example.com. mandatory=key123,key123 key123=abc'],
    ['RFC 9460 §7.1.1 no-default-alpn without alpn', 'SVCB', '1 foo.example.com. no-default-alpn'],
    ['RFC 9460 §2.1 a key with leading zeros', 'SVCB', '1 foo.example.com. key0123=abc'],
    ['RFC 9460 §2.1 a key in upper case', 'SVCB', '1 foo.example.com. PORT=53'],
    ['RFC 9460 §14.3.2 key65535', 'SVCB', '1 foo.example.com. key65535=abc'],
    ['RFC 9460 §2.1 key65536', 'SVCB', '1 foo.example.com. key65536=abc'],
    ['RFC 9460 §2.1 a key nobody has', 'SVCB', '1 foo.example.com. constructor=abc'],
    ['RFC 9460 §2.1 a key in quotes', 'SVCB', '1 foo.example.com. "port=53"'],
    ['RFC 9460 §7.2 a port of 65536', 'SVCB', '1 foo.example.com. port=65536'],
    ['RFC 9460 §A.1 an empty protocol', 'SVCB', '1 foo.example.com. alpn=h2,,h3'],
    ['RFC 9460 §7.3 an address of the other family', 'SVCB', '1 foo.example.com. ipv4hint=2001:db8::1'],
    ['RFC 9848 §3 ech that is no base64', 'HTTPS', '1 foo.example.com. ech=A'],
    ['RFC 4034 §2.2 base64 without its padding', 'DNSKEY', '256 3 5 AA'],
    ['RFC 4034 §2.2 base64 with bits beyond the last octet', 'DNSKEY', '256 3 5 AB=='],
    ['RFC 4034 §2.2 no key', 'DNSKEY', '256 3 5'],
    ['RFC 4034 §A.1 an algorithm nobody has', 'DNSKEY', '256 3 ROT13 AA=='],
    ['RFC 4034 §3.2 the 31st of February', 'RRSIG', 'A 5 3 86400 20030231173103 20030220173103 2642 . AQID'],
    ['RFC 4034 §3.2 a time beyond 32 bits', 'RRSIG', 'A 5 3 86400 21060207062816 20030220173103 2642 . AQID'],
    ['RFC 4034 §3.2 a time before 1970', 'RRSIG', 'A 5 3 86400 19691231235959 20030220173103 2642 . AQID'],
    ['RFC 4034 §3.2 twelve digits', 'RRSIG', 'A 5 3 86400 200302311731 20030220173103 2642 . AQID'],
    ['RFC 4034 §3.2 a type nobody knows', 'RRSIG', 'BOGUS 5 3 86400 20030220173103 20030220173103 2642 . AQID'],
    ['RFC 4034 §4.2 a type nobody knows', 'NSEC', 'host.example.com. A BOGUS'],
    ['RFC 4034 §5.3 half an octet', 'DS', '60485 5 1 2bb'],
    ['RFC 4034 §5.3 no digest', 'DS', '60485 5 1'],
    ['RFC 5155 §3.3 padding', 'NSEC3', '1 0 0 - 2t7b4g4v= A'],
    ['RFC 5155 §3.3 a letter beyond v', 'NSEC3', '1 0 0 - 2t7b4g4w A'],
    ['RFC 5155 §3.3 a length that no octets give', 'NSEC3', '1 0 0 - 2t7 A'],
    ['RFC 5155 §3.3 bits beyond the last octet', 'NSEC3', '1 0 0 - 2v A'],
    ['RFC 5155 §3.3 half an octet of salt', 'NSEC3PARAM', '1 0 0 abc'],
    ['RFC 5155 §3.3 salt in pieces', 'NSEC3PARAM', '1 0 0 aabb ccdd'],
    ['RFC 8659 §4.1 a tag with a hyphen', 'CAA', '0 is-sue "x"'],
    ['RFC 8659 §4.1 flags of 256', 'CAA', '256 issue "x"'],
    ['RFC 8659 §4.1 no value', 'CAA', '0 issue'],
    ['RFC 3403 §4.1 NAPTR without its replacement', 'NAPTR', '100 10 "" "" ""'],
  ];
  for (const [section, type, text] of WRONG) {
    it(`${section}: refused`, () => expect(parseRData(TYPE[type], tokens(text), Name.root)).to.include({ kind: 'error' }).and.to.have.property('why').that.matches(new RegExp(`^${type}[ :]`)));
  }

  it('RFC 9460 §2.4.3: a resolver passes on what does not hold together', () => {
    for (const wire of ['0001 00 0000 0002 007b', '0001 00 0002 0000']) expect(read(TYPE.SVCB, wire)).to.be.an('object');
  });
});
