// What is written, octet by octet: RFC 1035 §4.1.4 compression, RFC 3597 §4, RFC 6891 §6.1.

import { expect } from 'chai';
import { createQuery, createResponse } from '../../src/net/dns/build.js';
import { createEdns } from '../../src/net/dns/edns.js';
import { CLASS, TYPE, type DnsMessage, type RData } from '../../src/net/dns/message.js';
import { decodeMessage, encodeMessage } from '../../src/net/dns/wire.js';
import { hex, packet, QUESTION, record } from '../fixtures/dns/packets.js';
import { name } from '../fixtures/dns/parties.js';

const ASKED = createQuery({ name: name('a.example'), type: TYPE.A, id: 0x1234, recursionDesired: false });
const reply = (type: number, data: RData, over: Partial<DnsMessage> = {}): DnsMessage =>
  createResponse(ASKED, { answers: [{ name: name('a.example'), type, class: CLASS.IN, ttl: 20, data }], ...over });
const answer = (rdata: string, type: number): Uint8Array => packet([1, 1, 0, 0], `${QUESTION} ${record(type, rdata)}`, '8000');

const CASES: readonly [section: string, message: DnsMessage, octets: Uint8Array][] = [
  ['RFC 1035 §4.1.2 a query', ASKED, packet([1, 0, 0, 0], QUESTION)],
  ['RFC 1035 §4.1.1 RD, and the response keeps it', createResponse({ ...ASKED, recursionDesired: true }), packet([1, 0, 0, 0], QUESTION, '8100')],
  ['RFC 1035 §4.1.1 AA, TC, RA', createResponse(ASKED, { authoritative: true, truncated: true, recursionAvailable: true }), packet([1, 0, 0, 0], QUESTION, '8680')],
  ['RFC 1035 §4.1.4 the owner as a pointer', reply(TYPE.A, { kind: 'A', address: '192.0.2.1' }), answer('c0000201', TYPE.A)],
  ['RFC 1035 §4.1.4 NS: labels and a pointer', reply(TYPE.NS, { kind: 'NS', target: name('ns.example') }), answer('02 "ns" c00e', TYPE.NS)],
  ['RFC 1035 §4.1.4 CNAME: whatever the letter case', reply(TYPE.CNAME, { kind: 'CNAME', target: name('b.EXAMPLE') }), answer('01 "b" c00e', TYPE.CNAME)],
  ['RFC 1035 §4.1.4 PTR', reply(TYPE.PTR, { kind: 'PTR', target: name('a.example') }), answer('c00c', TYPE.PTR)],
  ['RFC 1035 §4.1.4 MX', reply(TYPE.MX, { kind: 'MX', preference: 10, exchange: name('b.a.example') }), answer('000a 01 "b" c00c', TYPE.MX)],
  ['RFC 1035 §4.1.4 SOA: both names', reply(TYPE.SOA, { kind: 'SOA', mname: name('ns.example'), rname: name('me.ns.example'), serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }), answer('02 "ns" c00e 02 "me" c027 00000001 00000002 00000003 00000004 00000005', TYPE.SOA)],
  ['RFC 2782 SRV: never compressed', reply(TYPE.SRV, { kind: 'SRV', priority: 1, weight: 2, port: 3, target: name('a.example') }), answer('0001 0002 0003 01 "a" 07 "example" 00', TYPE.SRV)],
  ['RFC 3597 §4 V: never compressed', reply(TYPE.V, { kind: 'V', content: name('a.example'), object: new Uint8Array(Buffer.from('v1')) }), answer('01 "a" 07 "example" 00 02 "v1"', TYPE.V)],
  ['RFC 3597 §3 an unknown type: its octets', reply(731, { kind: 'unknown', octets: Uint8Array.of(0xc0, 0x0c) }), answer('c00c', 731)],
  ['RFC 1035 §3.3.14 TXT', reply(TYPE.TXT, { kind: 'TXT', strings: [new Uint8Array(Buffer.from('hi')), new Uint8Array(0)] }), answer('02 "hi" 00', TYPE.TXT)],
  ['RFC 3596 §2.2 AAAA', reply(TYPE.AAAA, { kind: 'AAAA', address: '2001:db8::1' }), answer('20010db8 00000000 00000000 00000001', TYPE.AAAA)],
  ['RFC 6891 §6.1.2 OPT, DO, an option', { ...ASKED, edns: createEdns({ dnssecOk: true, options: [{ code: 65_001, data: Uint8Array.of(7) }] }) }, packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00008000 0005 fde9 0001 07`)],
  ['RFC 6891 §6.1.3 an rcode beyond four bits', createResponse(ASKED, { rcode: 16, edns: createEdns() }), packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 01000000 0000`, '8000')],
  ['RFC 6891 §6.1.3 which can’t be said without OPT: SERVFAIL', createResponse(ASKED, { rcode: 16 }), packet([1, 0, 0, 0], QUESTION, '8002')],
  ['RFC 6891 §7 no OPT in the answer to a query without', createResponse(ASKED), packet([1, 0, 0, 0], QUESTION, '8000')],
  ['RFC 3225 §3 DO is repeated', createResponse({ ...ASKED, edns: createEdns({ dnssecOk: true, udpPayloadSize: 4096 }) }), packet([1, 0, 0, 1], `${QUESTION} 00 0029 04d0 00008000 0000`, '8000')],
  ['RFC 4035 §3.2.2 CD is repeated', createResponse({ ...ASKED, checkingDisabled: true }), packet([1, 0, 0, 0], QUESTION, '8010')],
];

describe('DNS as it is written', () => {
  for (const [title, message, octets] of CASES) {
    it(title, () => expect(Buffer.from(encodeMessage(message)).toString('hex')).to.equal(Buffer.from(octets).toString('hex')));
  }

  it('RFC 1035 §4.1.4 no pointer leads beyond 14 bits', () => {
    // Sixteen thousand octets of filling, and behind them two equal names that stand nowhere else.
    const filling = { name: name('a.example'), type: 731, class: CLASS.IN, ttl: 0, data: { kind: 'unknown', octets: new Uint8Array(16_400) } } as const;
    const far = { name: name('far.test'), type: TYPE.NS, class: CLASS.IN, ttl: 0, data: { kind: 'NS', target: name('far.test') } } as const;
    const message = createResponse(ASKED, { answers: [filling, far] });
    const octets = encodeMessage(message);
    expect(Buffer.from(octets).subarray(-10).toString('hex')).to.equal(Buffer.from(hex('03 "far" 04 "test" 00')).toString('hex'));
    expect(decodeMessage(octets)).to.deep.equal({ kind: 'message', message });
  });

  it('RFC 1035 §4.1.2 the question keeps its letter case, and lends it to the owner', () => {
    const message = createResponse({ ...ASKED, questions: [{ name: name('A.eXaMPLe'), type: TYPE.A, class: CLASS.IN }] }, {
      answers: [{ name: name('a.example'), type: TYPE.A, class: CLASS.IN, ttl: 0, data: { kind: 'A', address: '192.0.2.1' } }],
    });
    const decoded = decodeMessage(encodeMessage(message));
    expect(decoded.kind === 'message' && [decoded.message.questions[0]?.name, decoded.message.answers[0]?.name].map(String)).to.deep.equal(['A.eXaMPLe.', 'A.eXaMPLe.']);
  });
});
