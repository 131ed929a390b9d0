// Names of no configured zone: those that stay on this machine (RFC 6761, RFC 6303 and others), and
// those that are forwarded. A case a line with the section that says so.

import { expect } from 'chai';
import { createResolver, type LocalDnsOptions } from '../../src/dns/index.js';
import { decodeExtendedError } from '../../src/net/dns/extended-error.js';
import type { DnsHandler, DnsMessage } from '../../src/net/dns/message.js';
import { createResponse } from '../../src/net/dns/build.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, recordOf, summary, wire, type Wiring } from '../helpers/dns.js';

const FIRST = { address: '192.0.2.53', port: 53 };
const SECOND = { address: '192.0.2.54', port: 5353 };
const zeros = (count: number): string => '0.'.repeat(count);
const soa = (apex: string): string => `${apex} 10800 SOA ${apex} nobody.invalid. 1 3600 1200 604800 10800`;

interface Told {
  readonly rcode?: number;
  readonly answers?: readonly string[];
  readonly authorities?: readonly string[];
  readonly recursionAvailable?: boolean;
  readonly authoritative?: boolean;
  readonly authenticData?: boolean;
}

/** A resolver, or something like it. */
const resolver = (told: Told): DnsHandler => ({ message }) =>
  createResponse(message, {
    recursionAvailable: told.recursionAvailable ?? true,
    authoritative: told.authoritative ?? false,
    authenticData: told.authenticData ?? false,
    rcode: told.rcode ?? 0,
    answers: (told.answers ?? []).map(recordOf),
    authorities: (told.authorities ?? []).map(recordOf),
  });

function localDns(handlers: Readonly<Record<string, DnsHandler>>, options: Partial<LocalDnsOptions> = {}): { readonly handler: DnsHandler; readonly wiring: Wiring } {
  const wiring = wire(handlers);
  return { handler: createResolver({ authorities: [], ...options }, { clock: createHandClock(), log: silentLog, exchange: wiring.exchange }), wiring };
}
const errorOf = (message: DnsMessage): string | undefined => message.edns?.options.map((option) => decodeExtendedError(option)?.text).find((text) => text !== undefined);

describe('the local DNS answers by itself', () => {
  const cases: readonly (readonly [section: string, question: string, answer: string])[] = [
    ['RFC 6761 §6.3: localhost', 'A localhost.', 'NOERROR ra | localhost. 10800 A 127.0.0.1'],
    ['RFC 6761 §6.3: with IPv6', 'AAAA localhost.', 'NOERROR ra | localhost. 10800 AAAA ::1'],
    ['RFC 6761 §6.3: names below it', 'A files.LocalHost.', 'NOERROR ra | files.LocalHost. 10800 A 127.0.0.1'],
    ['RFC 6761 §6.3: without other data', 'MX localhost.', `NOERROR ra |  | ${soa('localhost.')}`],
    ['RFC 6761 §6.2: test', 'A a.b.test.', `NXDOMAIN ra |  | ${soa('test.')}`],
    ['RFC 6761 §6.4: invalid', 'AAAA a.Invalid.', `NXDOMAIN ra |  | ${soa('invalid.')}`],
    ['RFC 6762 §22.1: local', 'A printer.local.', `NXDOMAIN ra |  | ${soa('local.')}`],
    ['RFC 7686 §2: onion', 'A abcdef.onion.', `NXDOMAIN ra |  | ${soa('onion.')}`],
    ['RFC 8375 §4: home.arpa', 'A tv.home.arpa.', `NXDOMAIN ra |  | ${soa('home.arpa.')}`],
    ['RFC 9462 §4: resolver.arpa', 'TXT _dns.resolver.arpa.', `NOERROR ra |  | ${soa('resolver.arpa.')}`],
    ['RFC 6303 §3: an empty zone’s SOA', 'SOA 10.in-addr.arpa.', `NOERROR ra | ${soa('10.in-addr.arpa.')}`],
    ['RFC 6303 §3: its NS', 'NS 10.in-addr.arpa.', 'NOERROR ra | 10.in-addr.arpa. 10800 NS 10.in-addr.arpa.'],
    ['RFC 6303 §3: and nothing else', 'PTR 10.in-addr.arpa.', `NOERROR ra |  | ${soa('10.in-addr.arpa.')}`],
    ['RFC 6303 §4.1: 10.0.0.0/8', 'PTR 3.2.1.10.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('10.in-addr.arpa.')}`],
    ['RFC 6303 §4.1: 172.16.0.0/12, the first', 'PTR 1.0.16.172.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('16.172.in-addr.arpa.')}`],
    ['RFC 6303 §4.1: the last', 'PTR 1.0.31.172.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('31.172.in-addr.arpa.')}`],
    ['RFC 6303 §4.1: and none beyond', 'PTR 1.0.32.172.in-addr.arpa.', 'REFUSED ra'],
    ['RFC 6303 §4.1: 192.168.0.0/16', 'PTR 1.0.168.192.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('168.192.in-addr.arpa.')}`],
    ['RFC 6303 §4.2: 0.0.0.0/8', 'PTR 0.0.0.0.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('0.in-addr.arpa.')}`],
    ['RFC 6303 §4.2: 127.0.0.0/8', 'PTR 2.0.0.127.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('127.in-addr.arpa.')}`],
    ['RFC 1912 §4.1: but 127.0.0.1', 'PTR 1.0.0.127.in-addr.arpa.', 'NOERROR ra | 1.0.0.127.in-addr.arpa. 10800 PTR localhost.'],
    ['RFC 8020 §2: what is above it is there', 'PTR 0.0.127.in-addr.arpa.', `NOERROR ra |  | ${soa('127.in-addr.arpa.')}`],
    ['RFC 6303 §4.2: 169.254.0.0/16', 'PTR 1.1.254.169.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('254.169.in-addr.arpa.')}`],
    ['RFC 6303 §4.2: 255.255.255.255', 'PTR 255.255.255.255.in-addr.arpa.', `NOERROR ra |  | ${soa('255.255.255.255.in-addr.arpa.')}`],
    ['RFC 7793 §2: 100.64.0.0/10', 'PTR 1.1.100.100.in-addr.arpa.', `NXDOMAIN ra |  | ${soa('100.100.in-addr.arpa.')}`],
    ['RFC 6303 §4.3: ::', `PTR ${zeros(32)}ip6.arpa.`, `NOERROR ra |  | ${soa(`${zeros(32)}ip6.arpa.`)}`],
    ['RFC 1912 §4.1: ::1', `PTR 1.${zeros(31)}ip6.arpa.`, `NOERROR ra | 1.${zeros(31)}ip6.arpa. 10800 PTR localhost.`],
    ['RFC 6303 §4.4: fd00::/8', 'PTR 1.0.d.f.ip6.arpa.', `NXDOMAIN ra |  | ${soa('d.f.ip6.arpa.')}`],
    ['RFC 6303 §4.5: fe80::/10', 'PTR 0.8.e.f.ip6.arpa.', `NXDOMAIN ra |  | ${soa('8.e.f.ip6.arpa.')}`],
    ['RFC 6303 §4.6: 2001:db8::/32', 'PTR 1.8.b.d.0.1.0.0.2.ip6.arpa.', `NXDOMAIN ra |  | ${soa('8.b.d.0.1.0.0.2.ip6.arpa.')}`],
    ['RFC 1035 §4.1.1: nothing else', 'A a.example.', 'REFUSED ra'],
  ];
  for (const [section, question, answer] of cases) {
    it(section, async () => {
      // A resolver that would know everything is not asked either.
      const forward = answer === 'REFUSED ra' ? [] : [FIRST];
      const { handler, wiring } = localDns({ '192.0.2.53:53': resolver({ answers: [`${question.split(' ')[1]} 60 A 192.0.2.66`] }) }, { forward });
      expect(summary(await ask(handler, question))).to.equal(answer);
      expect(wiring.sent).to.deep.equal([]);
    });
  }
  it('without RD as well', async () => {
    expect(summary(await ask(localDns({}).handler, 'A localhost.', { recursionDesired: false }))).to.equal('NOERROR ra | localhost. 10800 A 127.0.0.1');
  });
  it('unless an authority is configured for them', async () => {
    const authorities = [{ zone: 'lab.test', endpoint: FIRST }, { zone: '10.in-addr.arpa', endpoint: FIRST }];
    const { handler } = localDns({ '192.0.2.53:53': (query, peer) => resolver({ authoritative: true, answers: [`${query.question.name} 60 TXT here`] })(query, peer) }, { authorities });
    for (const name of ['a.lab.test.', '1.10.in-addr.arpa.']) expect(summary(await ask(handler, `TXT ${name}`))).to.equal(`NOERROR ra | ${name} 60 TXT "here"`);
    expect(summary(await ask(handler, 'TXT b.test.'))).to.equal(`NXDOMAIN ra |  | ${soa('test.')}`);
  });
  it('where an alias leads to them, whatever its authority says of them', async () => {
    const authorities = [{ zone: 'one.example', endpoint: FIRST }];
    const { handler } = localDns({ '192.0.2.53:53': resolver({ authoritative: true, answers: ['a.one.example. 60 CNAME localhost.', 'localhost. 60 A 192.0.2.66'] }) }, { authorities });
    expect(summary(await ask(handler, 'A a.one.example.'))).to.equal('NOERROR ra | a.one.example. 60 CNAME localhost. + localhost. 10800 A 127.0.0.1');
  });
});

describe('the local DNS forwards', () => {
  const cases: readonly (readonly [section: string, told: Told, answer: string])[] = [
    ['RFC 1034 §5.3.1: and gives what the resolver says', { answers: ['a.example. 60 A 192.0.2.9'] }, 'NOERROR ra | a.example. 60 A 192.0.2.9'],
    ['RFC 1034 §3.6.2: chains over all zones', { answers: ['a.example. 60 CNAME b.other.', 'b.other. 60 A 192.0.2.9'] }, 'NOERROR ra | a.example. 60 CNAME b.other. + b.other. 60 A 192.0.2.9'],
    ['RFC 2308 §2.1: NXDOMAIN', { rcode: 3, authorities: ['example. 300 SOA ns.example. h.example. 1 2 3 4 60'] }, 'NXDOMAIN ra |  | example. 60 SOA ns.example. h.example. 1 2 3 4 60'],
    ['RFC 2308 §2.2: NODATA', { authorities: ['example. 300 SOA ns.example. h.example. 1 2 3 4 60'] }, 'NOERROR ra |  | example. 60 SOA ns.example. h.example. 1 2 3 4 60'],
    ['RFC 5452 §6: nothing beside the chain', { answers: ['a.example. 60 A 192.0.2.9', 'c.example. 60 A 192.0.2.66'] }, 'NOERROR ra | a.example. 60 A 192.0.2.9'],
    ['RFC 5452 §6: nothing of a zone that is configured', { answers: ['a.example. 60 CNAME a.one.example.', 'a.one.example. 60 A 192.0.2.66'] }, 'NOERROR ra | a.example. 60 CNAME a.one.example. + a.one.example. 60 A 192.0.2.7'],
    ['RFC 6761 §6.3: nothing of localhost', { answers: ['a.example. 60 CNAME localhost.', 'localhost. 60 A 192.0.2.66'] }, 'NOERROR ra | a.example. 60 CNAME localhost. + localhost. 10800 A 127.0.0.1'],
    ['RFC 1034 §5.3.3: not to one that is no resolver', { recursionAvailable: false, answers: ['a.example. 60 A 192.0.2.66'] }, 'SERVFAIL ra'],
    ['RFC 1034 §5.3.3: SERVFAIL is no answer', { rcode: 2 }, 'SERVFAIL ra'],
  ];
  for (const [section, told, answer] of cases) {
    it(section, async () => {
      const { handler, wiring } = localDns(
        { '192.0.2.53:53': resolver(told), '192.0.2.1:53': resolver({ authoritative: true, answers: ['a.one.example. 60 A 192.0.2.7'] }) },
        { forward: [FIRST], authorities: [{ zone: 'one.example', endpoint: { address: '192.0.2.1', port: 53 } }] },
      );
      expect(summary(await ask(handler, 'A a.example.'))).to.equal(answer);
      expect(wiring.queries[0]).to.include({ recursionDesired: true });
      if (wiring.queries[1]) expect(wiring.queries[1]).to.include({ recursionDesired: false });
    });
  }
  it('to the next resolver where the first fails, and caches the answer', async () => {
    const { handler, wiring } = localDns({ '192.0.2.54:5353': resolver({ answers: ['a.example. 60 A 192.0.2.9'] }) }, { forward: [FIRST, SECOND] });
    for (let i = 0; i < 2; i += 1) expect(summary(await ask(handler, 'A a.example.'))).to.equal('NOERROR ra | a.example. 60 A 192.0.2.9');
    expect(wiring.sent.map((line) => line.split(' ')[0])).to.deep.equal(['192.0.2.53:53', '192.0.2.54:5353']);
  });
  it('RFC 8914 §4.23: and says which ones do not answer', async () => {
    const message = await ask(localDns({}, { forward: [FIRST, SECOND] }).handler, 'A a.example.', { options: [] });
    expect(errorOf(message)).to.equal('the resolver at 192.0.2.53:53 does not answer; the resolver at 192.0.2.54:5353 does not answer');
  });
  it('RFC 4035 §3.2.3: and never says that an answer is authentic', async () => {
    const { handler } = localDns({ '192.0.2.53:53': resolver({ answers: ['a.example. 60 A 192.0.2.9'], authenticData: true }) }, { forward: [FIRST] });
    for (let i = 0; i < 2; i += 1) expect(await ask(handler, 'A a.example.')).to.include({ authenticData: false });
  });
  it('RFC 4035 §3.1.4.1: DS of a configured zone to its parent', async () => {
    const { handler, wiring } = localDns({ '192.0.2.53:53': resolver({}) }, { forward: [FIRST], authorities: [{ zone: 'one.example', endpoint: SECOND }] });
    await ask(handler, 'DS one.example.');
    expect(wiring.sent.map((line) => line.split(' ')[0])).to.deep.equal(['192.0.2.53:53']);
  });
});
