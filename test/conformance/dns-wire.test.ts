// DNS messages on the wire: RFC 1035, 2181, 2782, 3225, 3596, 3597, 6891, 9619. Each packet is put
// together by hand; what is expected is what the codec makes of it.

import { expect } from 'chai';
import type { DnsMessage } from '../../src/net/dns/message.js';
import { formatRcode, formatRecord } from '../../src/net/dns/text.js';
import { decodeMessage, encodeMessage } from '../../src/net/dns/wire.js';
import { hex, packet, QUESTION, record } from '../fixtures/dns/packets.js';

/** "FORMERR", "headerless", or what `say` says of the message. */
type Case = readonly [section: string, octets: Uint8Array, expected: string, say?: (message: DnsMessage) => string | number | undefined];

const answers = ({ answers: records }: DnsMessage): string => records.map(formatRecord).join(' | ');
const question = ({ questions }: DnsMessage): string => questions.map(({ name, type, class: c }) => `${String(name)} ${type} ${c}`).join(' | ');
const flags = (message: DnsMessage): string =>
  Object.entries(message).flatMap(([word, value]) => (value === true ? [word] : [])).join(' ');
const opt = ({ edns, rcode }: DnsMessage): string =>
  edns === undefined ? 'none' : `${edns.udpPayloadSize} v${edns.version}${edns.dnssecOk ? ' do' : ''} ${formatRcode(rcode)} ${edns.options.map(({ code, data }) => `${code}=${Buffer.from(data).toString('hex')}`).join(' ')}`.trim();

const one = (rdata: string, type: number, over = {}): Uint8Array => packet([1, 1, 0, 0], `${QUESTION} ${record(type, rdata, over)}`, '8000');
const optOf = (rest: string): Uint8Array => packet([1, 0, 0, 1], `${QUESTION} 00 0029 ${rest}`);
const label = (size: number): string => `${size.toString(16).padStart(2, '0')} "${'x'.repeat(size)}"`;
const longName = (last: number): string => [63, 63, 63, last].map(label).join(' ');

const CASES: readonly Case[] = [
  // The header and the sections
  ['RFC 1035 §4.1.1 nothing at all', hex(''), 'headerless'],
  ['RFC 1035 §4.1.1 eleven octets', hex('1234 0000 0001 0000 0000 00'), 'headerless'],
  ['RFC 1035 §4.1.1 a header alone', packet([0, 0, 0, 0], ''), '4660 0 0', (m) => `${m.id} ${m.questions.length} ${m.answers.length}`],
  ['RFC 1035 §4.1.1 QR', packet([0, 0, 0, 0], '', '8000'), 'response', flags],
  ['RFC 1035 §4.1.1 AA', packet([0, 0, 0, 0], '', '0400'), 'authoritative', flags],
  ['RFC 1035 §4.1.1 TC', packet([0, 0, 0, 0], '', '0200'), 'truncated', flags],
  ['RFC 1035 §4.1.1 RD', packet([0, 0, 0, 0], '', '0100'), 'recursionDesired', flags],
  ['RFC 1035 §4.1.1 RA', packet([0, 0, 0, 0], '', '0080'), 'recursionAvailable', flags],
  ['RFC 1035 §4.1.1 Z means nothing', packet([0, 0, 0, 0], '', '0040'), '', flags],
  ['RFC 4035 §3.1.6 AD', packet([0, 0, 0, 0], '', '0020'), 'authenticData', flags],
  ['RFC 4035 §3.1.6 CD', packet([0, 0, 0, 0], '', '0010'), 'checkingDisabled', flags],
  ['RFC 1035 §4.1.1 the opcode', packet([0, 0, 0, 0], '', '2000'), '4', (m) => String(m.opcode)],
  ['RFC 1035 §4.1.1 the rcode', packet([0, 0, 0, 0], '', '8003'), 'NXDOMAIN', (m) => formatRcode(m.rcode)],
  ['RFC 1035 §4.1.2 a question', packet([1, 0, 0, 0], QUESTION), 'a.example. 1 1', question],
  ['RFC 1035 §4.1.2 the question in its letter case', packet([1, 0, 0, 0], '01 "A" 07 "eXaMpLe" 00 0001 0001'), 'A.eXaMpLe. 1 1', question],
  ['RFC 9619 §4 two questions decode; the server refuses them', packet([2, 0, 0, 0], `${QUESTION} c00c 001c 0001`), 'a.example. 1 1 | a.example. 28 1', question],
  ['RFC 1035 §4.1.2 a question announced, not there', packet([1, 0, 0, 0], ''), 'FORMERR'],
  ['RFC 1035 §4.1.2 a question without its class', packet([1, 0, 0, 0], '01 "a" 00 0001'), 'FORMERR'],
  ['RFC 1035 §4.1 65,535 records announced, none there', packet([0, 65_535, 65_535, 65_535], ''), 'FORMERR'],
  ['RFC 1035 §4.1 octets after the last record', packet([1, 0, 0, 0], `${QUESTION} 00`), 'FORMERR'],
  ['RFC 2136 §2 a body that another opcode may understand', packet([1, 0, 0, 0], '', '2800'), 'NOTIMP'],

  // Names
  ['RFC 1035 §3.1 the root', packet([1, 0, 0, 0], '00 0002 0001'), '. 2 1', question],
  ['RFC 1035 §3.1 a label of 63 octets', packet([1, 0, 0, 0], `${label(63)} 00 0001 0001`), `${'x'.repeat(63)}. 1 1`, question],
  ['RFC 1035 §4.1.4 64 begins no label', packet([1, 0, 0, 0], `40 "${'x'.repeat(64)}" 00 0001 0001`), 'FORMERR'],
  ['RFC 6891 §5 nor does 65, the bit-string label of old', packet([1, 0, 0, 0], '41 08 ff 00 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 nor 128, with what a pointer would have behind it', packet([2, 0, 0, 0], `${QUESTION} 800c 0001 0001`), 'FORMERR'],
  ['RFC 1035 §4.1.4 nor 128 at the start', packet([1, 0, 0, 0], '80 00 00 0001 0001'), 'FORMERR'],
  ['RFC 1035 §2.3.4 a name of 255 octets', packet([1, 0, 0, 0], `${longName(61)} 00 0001 0001`), '255', (m) => m.questions[0]?.name.wire.length],
  ['RFC 1035 §2.3.4 of 256', packet([1, 0, 0, 0], `${longName(62)} 00 0001 0001`), 'FORMERR'],
  ['RFC 1035 §2.3.4 of 256 by way of a pointer', packet([1, 1, 0, 0], `${longName(61)} 00 0001 0001 ${record(1, '7f000001', { owner: '01 "a" c00c' })}`), 'FORMERR'],
  ['RFC 2181 §11 a label of any octets', packet([1, 0, 0, 0], '04 00 2e 20 ff 00 0001 0001'), '\\000\\.\\032\\255. 1 1', question],
  ['RFC 1035 §3.1 a name without its end', packet([1, 0, 0, 0], '01 "a"'), 'FORMERR'],
  ['RFC 1035 §3.1 a label longer than the message', packet([1, 0, 0, 0], '3f "a" 00 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 a pointer to a name', one('c00c', 2), 'a.example. 20 IN NS a.example.', answers],
  ['RFC 1035 §4.1.4 a pointer into a name', one('c00e', 2), 'a.example. 20 IN NS example.', answers],
  ['RFC 1035 §4.1.4 labels, then a pointer', one('01 "b" c00e', 2), 'a.example. 20 IN NS b.example.', answers],
  ['RFC 1035 §4.1.4 a pointer to the root at a name’s end', one('c016', 2), 'a.example. 20 IN NS .', answers],
  ['RFC 1035 §4.1.4 a pointer to a pointer', packet([1, 2, 0, 0], `${QUESTION} ${record(2, 'c00c')} ${record(2, 'c027')}`, '8000'), 'a.example. 20 IN NS a.example. | a.example. 20 IN NS a.example.', answers],
  ['RFC 1035 §4.1.4 a pointer to itself', packet([1, 0, 0, 0], 'c00c 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 a pointer forward', packet([1, 0, 0, 0], 'c012 0001 0001 0161 00'), 'FORMERR'],
  ['RFC 1035 §4.1.4 a pointer forward, to what would be a name', packet([1, 1, 0, 0], `c012 0001 0001 ${record(1, '7f000001', { owner: '01 "a" 00' })}`, '8000'), 'FORMERR'],
  ['RFC 1035 §4.1.4 a pointer into the header, to what would be the root', packet([1, 0, 0, 0], 'c003 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 a pointer into the header', packet([1, 0, 0, 0], 'c000 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 a pointer to the start of its own name', packet([1, 0, 0, 0], '01 "a" c00c 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 two pointers at each other', packet([2, 0, 0, 0], 'c010 c00c 0001 0001'), 'FORMERR'],
  ['RFC 1035 §4.1.4 half a pointer', packet([1, 0, 0, 0], '01 "a" c0'), 'FORMERR'],

  // Records
  ['RFC 1035 §3.4.1 A', one('c0000201', 1), 'a.example. 20 IN A 192.0.2.1', answers],
  ['RFC 1035 §3.4.1 A of three octets', one('c00002', 1), 'FORMERR'],
  ['RFC 1035 §3.4.1 A of five octets', one('c000020100', 1), 'FORMERR'],
  ['RFC 1035 §3.4.1 A of another class is another thing', one('c00002', 1, { class: 3 }), 'a.example. 20 CH A \\# 3 c00002', answers],
  ['RFC 3596 §2.2 AAAA', one('20010db8 00000000 00000000 00000001', 28), 'a.example. 20 IN AAAA 2001:db8::1', answers],
  ['RFC 3596 §2.2 AAAA of fifteen octets', one('20010db8 00000000 00000000 000000', 28), 'FORMERR'],
  ['RFC 1035 §3.3.1 CNAME', one('01 "b" 00', 5), 'a.example. 20 IN CNAME b.', answers],
  ['RFC 1035 §3.3.1 CNAME with something behind', one('01 "b" 00 00', 5), 'FORMERR'],
  ['RFC 1035 §3.3.1 CNAME that runs out of its data', one('01 "b"', 5), 'FORMERR'],
  ['RFC 1035 §3.3.1 CNAME of nothing', one('', 5), 'FORMERR'],
  ['RFC 1035 §3.3.12 PTR', one('c00e', 12), 'a.example. 20 IN PTR example.', answers],
  ['RFC 1035 §3.3.9 MX', one('000a c00c', 15), 'a.example. 20 IN MX 10 a.example.', answers],
  ['RFC 1035 §3.3.13 SOA', one('c00c c00e 00000001 00000e10 00000384 00093a80 0000012c', 6), 'a.example. 20 IN SOA a.example. example. 1 3600 900 604800 300', answers],
  ['RFC 1035 §3.3.13 SOA without its last field', one('c00c c00e 00000001 00000e10 00000384 00093a80', 6), 'FORMERR'],
  ['RFC 1035 §3.3.14 TXT of two strings', one('02 "hi" 00', 16), 'a.example. 20 IN TXT "hi" ""', answers],
  ['RFC 1035 §3.3.14 TXT of none', one('', 16), 'FORMERR'],
  ['RFC 1035 §3.3.14 TXT whose string runs out', one('05 "hi"', 16), 'FORMERR'],
  ['RFC 2782 SRV', one('0000 0005 9f11 01 "b" 00', 33), 'a.example. 20 IN SRV 0 5 40721 b.', answers],
  ['RFC 3597 §4 SRV compressed all the same', one('0000 0005 9f11 c00c', 33), 'a.example. 20 IN SRV 0 5 40721 a.example.', answers],
  ['RFC 6895 §3.1 V', one('01 "b" 00 06 "video1"', 65_280), 'a.example. 20 IN V b. "video1"', answers],
  ['RFC 3597 §4 V compressed', one('c00c 06 "video1"', 65_280), 'FORMERR'],
  ['RFC 3597 §3 a type nobody knows', one('dead', 731), 'a.example. 20 IN TYPE731 \\# 2 dead', answers],
  ['RFC 3597 §3 of no octets', one('', 731), 'a.example. 20 IN TYPE731 \\# 0', answers],
  ['RFC 1035 §4.1.3 data longer than the message', one('7f000001', 1, { length: 5 }), 'FORMERR'],
  ['RFC 1035 §4.1.3 data shorter than its type', one('7f000001', 1, { length: 3 }), 'FORMERR'],
  ['RFC 1035 §4.1.3 data that swallows the next record', packet([1, 2, 0, 0], `${QUESTION} ${record(1, `7f000001 ${record(1, '7f000002')}`)}`, '8000'), 'FORMERR'],
  ['RFC 2181 §8 the longest TTL', one('7f000001', 1, { ttl: '7fffffff' }), 'a.example. 2147483647 IN A 127.0.0.1', answers],
  ['RFC 2181 §8 a TTL with the top bit is 0', one('7f000001', 1, { ttl: '80000001' }), 'a.example. 0 IN A 127.0.0.1', answers],

  // EDNS(0)
  ['RFC 6891 §6.1.2 OPT', optOf('04d0 00000000 0000'), '1232 v0 NOERROR', opt],
  ['RFC 6891 §6.1.3 version', optOf('04d0 00010000 0000'), '1232 v1 NOERROR', opt],
  ['RFC 3225 §3 DO', optOf('04d0 00008000 0000'), '1232 v0 do NOERROR', opt],
  ['RFC 6891 §6.1.4 Z means nothing', optOf('04d0 00007fff 0000'), '1232 v0 NOERROR', opt],
  ['RFC 6891 §6.1.3 the rcode’s upper bits', packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 01000000 0000`, '8000'), '1232 v0 BADVERS', opt],
  ['RFC 6891 §6.1.2 options', optOf('04d0 00000000 000b fde9 0003 "abc" 000a 0000'), '1232 v0 NOERROR 65001=616263 10=', opt],
  ['RFC 6891 §6.1.2 an option longer than the OPT', optOf('04d0 00000000 0006 fde9 0003 "ab"'), 'FORMERR'],
  ['RFC 6891 §6.1.2 half an option', optOf('04d0 00000000 0003 fde9 00'), 'FORMERR'],
  ['RFC 6891 §6.1.1 two OPTs', packet([1, 0, 0, 2], `${QUESTION} 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000`), 'FORMERR'],
  ['RFC 6891 §6.1.2 an OPT of another name', packet([1, 0, 0, 1], `${QUESTION} c00c 0029 04d0 00000000 0000`), 'FORMERR'],
  ['RFC 6891 §6.1.1 an OPT among the answers', packet([1, 1, 0, 0], `${QUESTION} 00 0029 04d0 00000000 0000`), 'FORMERR'],
  ['RFC 6891 §6.1.1 an OPT in the authority section', packet([1, 0, 1, 0], `${QUESTION} 00 0029 04d0 00000000 0000`), 'FORMERR'],
  ['RFC 6891 §6.1.1 an OPT before other records', packet([1, 0, 0, 2], `${QUESTION} 00 0029 04d0 00000000 0000 ${record(1, '7f000001')}`), '1232 v0 NOERROR', opt],
];

describe('DNS on the wire', () => {
  for (const [title, octets, expected, say] of CASES) {
    it(title, () => {
      const decoded = decodeMessage(octets);
      if (decoded.kind !== 'message') {
        expect(decoded.kind === 'malformed' ? formatRcode(decoded.rcode) : decoded.kind, JSON.stringify(decoded)).to.equal(expected);
        return;
      }
      expect(String(say?.(decoded.message) ?? 'a message')).to.equal(expected);
      // What decodes is written so that it decodes alike.
      const again = decodeMessage(encodeMessage(decoded.message));
      expect(again).to.deep.equal(decoded);
    });
  }

  it('RFC 1035 §4.1.1 malformed, with enough to answer it', () => {
    expect(decodeMessage(packet([1, 0, 0, 0], '', '0100'))).to.deep.equal({
      kind: 'malformed', id: 0x1234, response: false, opcode: 0, recursionDesired: true, rcode: 1, why: 'ends within a name',
    });
  });
});
