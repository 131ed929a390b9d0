// What the local DNS must make of whatever an authority says, a case a line with the section that
// says so. An answer is "RCODE flags | answer | authority".

import { expect } from 'chai';
import { createAuthority, createResolver } from '../../src/dns/index.js';
import { decodeAccount, encodeTraceId } from '../../src/net/dns/account.js';
import { createAnswerer } from '../../src/net/dns/answer.js';
import { createQuery } from '../../src/net/dns/build.js';
import { decodeExtendedError } from '../../src/net/dns/extended-error.js';
import type { DnsHandler, DnsMessage, Peer } from '../../src/net/dns/message.js';
import { decodeMessage, encodeMessage } from '../../src/net/dns/wire.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, nameOf, scripted, summary, typeOf, wire, type AskOptions, type HandClock, type Wiring } from '../helpers/dns.js';

const ONE = '192.0.2.1:53';
const TWO = '192.0.2.2:53';
const SOA = 'one.test. 300 SOA ns.one.test. h.one.test. 1 2 3 4 60';
const SOA_OUT = 'one.test. 60 SOA ns.one.test. h.one.test. 1 2 3 4 60';
const TWO_SOA = 'two.test. 300 SOA ns.two.test. h.two.test. 1 2 3 4 30';
const TRACE = encodeTraceId('0123456789abcdef0123456789abcdef');

interface LocalDns {
  readonly handler: DnsHandler;
  readonly wiring: Wiring;
  readonly clock: HandClock;
}

function localDns(handlers: Readonly<Record<string, DnsHandler>>): LocalDns {
  const wiring = wire(handlers);
  const clock = createHandClock();
  const authorities = [
    { zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } },
    { zone: 'two.test.', endpoint: { address: '192.0.2.2', port: 53 } },
  ];
  return { handler: createResolver({ authorities }, { clock, log: silentLog, exchange: wiring.exchange }), wiring, clock };
}

function errorOf(message: DnsMessage): string | undefined {
  return message.edns?.options.map((option) => decodeExtendedError(option)).find((error) => error !== undefined)?.text;
}

const asked = (wiring: Wiring): readonly string[] => wiring.sent.map((line) => line.replace(/:53 \d+ /, ' '));

describe("the local DNS takes from an authority's reply", () => {
  const cases: readonly (readonly [section: string, reply: Parameters<typeof scripted>[0], answer: string, ignored?: readonly string[] | undefined, type?: string])[] = [
    ['RFC 1035 §7.3: the RRset asked for', { answers: ['a.one.test. 60 A 192.0.2.9', 'a.one.test. 60 A 192.0.2.8'] }, 'NOERROR ra | a.one.test. 60 A 192.0.2.9 + a.one.test. 60 A 192.0.2.8'],
    ['RFC 4343 §3: in whatever letter case', { answers: ['A.One.TEST. 60 A 192.0.2.9'] }, 'NOERROR ra | A.One.TEST. 60 A 192.0.2.9'],
    ['RFC 1034 §3.6.2: the chain of aliases', { answers: ['a.one.test. 60 CNAME b.one.test.', 'b.one.test. 60 A 192.0.2.9'] }, 'NOERROR ra | a.one.test. 60 CNAME b.one.test. + b.one.test. 60 A 192.0.2.9'],
    ['RFC 1035 §7.3: the chain in any order', { answers: ['b.one.test. 60 A 192.0.2.9', 'a.one.test. 60 CNAME b.one.test.'] }, 'NOERROR ra | a.one.test. 60 CNAME b.one.test. + b.one.test. 60 A 192.0.2.9'],
    ['RFC 5452 §6: nothing beside the chain', { answers: ['a.one.test. 60 A 192.0.2.9', 'x.one.test. 60 A 192.0.2.66'] }, 'NOERROR ra | a.one.test. 60 A 192.0.2.9', ['x.one.test. 60 IN A 192.0.2.66']],
    ['RFC 5452 §6: no other type', { answers: ['a.one.test. 60 A 192.0.2.9', 'a.one.test. 60 TXT x'] }, 'NOERROR ra | a.one.test. 60 A 192.0.2.9', ['a.one.test. 60 IN TXT "x"']],
    ['RFC 5452 §6: no servers of another zone', { answers: ['a.one.test. 60 A 192.0.2.9'], authorities: ['two.test. 60 NS ns.two.test.'], additionals: ['ns.two.test. 60 A 192.0.2.66'] }, 'NOERROR ra | a.one.test. 60 A 192.0.2.9', ['two.test. 60 IN NS ns.two.test.', 'ns.two.test. 60 IN A 192.0.2.66']],
    ['RFC 2308 §2.1: NXDOMAIN', { rcode: 3, authorities: [SOA] }, `NXDOMAIN ra |  | ${SOA_OUT}`],
    ['RFC 2308 §2.1: NXDOMAIN without SOA', { rcode: 3 }, 'NXDOMAIN ra'],
    ['RFC 2308 §2.2: NODATA', { authorities: [SOA] }, `NOERROR ra |  | ${SOA_OUT}`],
    ['RFC 2308 §2.2: NODATA without SOA', {}, 'NOERROR ra'],
    ['RFC 6604 §3: NXDOMAIN behind an alias', { rcode: 3, answers: ['a.one.test. 60 CNAME b.one.test.'], authorities: [SOA] }, `NXDOMAIN ra | a.one.test. 60 CNAME b.one.test. | ${SOA_OUT}`],
    ['RFC 2308 §5: not the SOA of another zone', { rcode: 3, authorities: [TWO_SOA] }, 'NXDOMAIN ra', ['two.test. 300 IN SOA ns.two.test. h.two.test. 1 2 3 4 30']],
    ['RFC 2308 §5: not the SOA of a zone beside', { authorities: ['x.one.test. 9 SOA ns.one.test. h.one.test. 1 2 3 4 9'] }, 'NOERROR ra'],
    ['RFC 1034 §5.3.3: SERVFAIL for a server that fails', { rcode: 2 }, 'SERVFAIL ra'],
    ['RFC 1034 §5.3.3: or refuses', { rcode: 5 }, 'SERVFAIL ra'],
    ['RFC 1034 §5.3.3 4d: or knows nothing of the zone', { authoritative: false, answers: ['a.one.test. 60 A 192.0.2.9'] }, 'SERVFAIL ra', ['a.one.test. 60 IN A 192.0.2.9']],
    ['RFC 1034 §5.3.3 4b: or refers upwards', { authoritative: false, authorities: ['test. 60 NS ns.test.'] }, 'SERVFAIL ra', ['test. 60 IN NS ns.test.']],
    ['RFC 1034 §5.3.3 4b: or sideways', { authoritative: false, authorities: ['x.one.test. 60 NS ns.one.test.'] }, 'SERVFAIL ra'],
    ['RFC 1034 §5.3.3 4b: or to itself', { authoritative: false, authorities: ['one.test. 60 NS ns.one.test.'] }, 'SERVFAIL ra'],
    ['RFC 2181 §10.1: or has two CNAMEs', { answers: ['a.one.test. 60 CNAME b.one.test.', 'a.one.test. 60 CNAME c.one.test.'] }, 'SERVFAIL ra', ['a.one.test. 60 IN CNAME b.one.test.', 'a.one.test. 60 IN CNAME c.one.test.']],
    ['RFC 2181 §5: no record twice', { answers: ['a.one.test. 60 MX 1 b.one.test.', 'A.one.test. 60 MX 1 B.one.test.', 'a.one.test. 60 MX 2 b.one.test.'] }, 'NOERROR ra | a.one.test. 60 MX 1 b.one.test. + a.one.test. 60 MX 2 b.one.test.', undefined, 'MX'],
    ['RFC 2181 §5: nor an alias', { answers: ['a.one.test. 60 CNAME b.one.test.', 'a.one.test. 50 CNAME b.one.test.', 'b.one.test. 60 A 192.0.2.9'] }, 'NOERROR ra | a.one.test. 50 CNAME b.one.test. + b.one.test. 60 A 192.0.2.9'],
    ['RFC 2181 §5.2: an RRset with the least of its TTLs', { answers: ['a.one.test. 60 A 192.0.2.9', 'a.one.test. 10 A 192.0.2.8', 'x.one.test. 5 A 192.0.2.66'] }, 'NOERROR ra | a.one.test. 10 A 192.0.2.9 + a.one.test. 10 A 192.0.2.8', ['x.one.test. 5 IN A 192.0.2.66']],
    ['RFC 1034 §5.3.3: SERVFAIL for records of another class', { answers: ['a.one.test. 60 A 192.0.2.9'], rrClass: 3 }, 'SERVFAIL ra', ['a.one.test. 60 CH A 192.0.2.9']],
    ['RFC 1034 §5.2.2: or goes in circles', { answers: ['a.one.test. 60 CNAME b.one.test.', 'b.one.test. 60 CNAME a.one.test.'] }, 'SERVFAIL ra', ['a.one.test. 60 IN CNAME b.one.test.', 'b.one.test. 60 IN CNAME a.one.test.']],
    ['RFC 1034 §5.2.2: or is its own alias', { answers: ['a.one.test. 60 CNAME a.one.test.'] }, 'SERVFAIL ra', ['a.one.test. 60 IN CNAME a.one.test.']],
  ];
  for (const [section, reply, answer, ignored, type = 'A'] of cases) {
    it(section, async () => {
      const { handler } = localDns({ [ONE]: scripted(reply) });
      const message = await ask(handler, `${type} a.one.test.`, { options: [TRACE] });
      expect(summary(message)).to.equal(answer);
      const account = message.edns?.options.map((option) => decodeAccount(option)).find((found) => found !== undefined);
      expect(account?.exchanges.map((exchange) => exchange.ignored)).to.deep.equal([ignored]);
    });
  }
});

describe('the local DNS takes no more records than a thousand', () => {
  const many = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `a.one.test. 60 A 10.0.${index >>> 8}.${index & 255}`);
  it('of one reply', async () => {
    const { handler } = localDns({ [ONE]: scripted({ answers: many(1000) }) });
    expect((await ask(handler, 'A a.one.test.')).answers).to.have.length(1000);
  });
  it('and says whose reply had more', async () => {
    const { handler } = localDns({ [ONE]: scripted({ answers: many(999), additionals: ['a.one.test. 60 A 192.0.2.1', 'b.one.test. 60 A 192.0.2.1'] }) });
    const message = await ask(handler, 'A a.one.test.', { options: [] });
    expect(summary(message)).to.match(/^SERVFAIL ra/);
    expect(errorOf(message)).to.equal('the authority of one.test at 192.0.2.1:53 answered with 1001 records, and 1000 are the most that are taken');
  });
});

describe('the local DNS follows', () => {
  it('RFC 1034 §5.3.3 4c: an alias to the authority of its target', async () => {
    const { handler, wiring } = localDns({ [ONE]: scripted({ answers: ['a.one.test. 60 CNAME b.two.test.'] }), [TWO]: scripted({ answers: ['b.two.test. 20 A 192.0.2.9'] }) });
    expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 60 CNAME b.two.test. + b.two.test. 20 A 192.0.2.9');
    expect(asked(wiring)).to.deep.equal(['192.0.2.1 a.one.test.', '192.0.2.2 b.two.test.']);
  });
  it('RFC 5452 §6: and believes nobody else about it', async () => {
    const { handler } = localDns({
      [ONE]: scripted({ answers: ['a.one.test. 60 CNAME b.two.test.', 'b.two.test. 60 A 192.0.2.66'], authorities: ['two.test. 60 NS ns.two.test.'], additionals: ['ns.two.test. 60 A 192.0.2.66'] }),
      [TWO]: scripted({ answers: ['b.two.test. 20 A 192.0.2.9'] }),
    });
    expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 60 CNAME b.two.test. + b.two.test. 20 A 192.0.2.9');
    expect(summary(await ask(handler, 'A b.two.test.'))).to.equal('NOERROR ra | b.two.test. 20 A 192.0.2.9');
  });
  it('RFC 6604 §3: nor that the target does not exist', async () => {
    const { handler } = localDns({ [ONE]: scripted({ rcode: 3, answers: ['a.one.test. 60 CNAME b.two.test.'], authorities: [TWO_SOA] }), [TWO]: scripted({ answers: ['b.two.test. 20 A 192.0.2.9'] }) });
    expect((await ask(handler, 'A a.one.test.')).rcode).to.equal(0);
  });
  it('an alias that its authority does not follow itself, at the same authority', async () => {
    const { handler, wiring } = localDns({ [ONE]: (query, peer) => scripted({ answers: [String(query.question.name) === 'a.one.test.' ? 'a.one.test. 60 CNAME b.one.test.' : 'b.one.test. 60 A 192.0.2.9'] })(query, peer) });
    expect((await ask(handler, 'A a.one.test.')).answers).to.have.length(2);
    expect(asked(wiring)).to.deep.equal(['192.0.2.1 a.one.test.', '192.0.2.1 b.one.test.']);
  });
  it('RFC 1034 §5.2.2: no loop between authorities', async () => {
    const { handler, wiring } = localDns({ [ONE]: scripted({ answers: ['a.one.test. 60 CNAME b.two.test.'] }), [TWO]: scripted({ answers: ['b.two.test. 20 CNAME a.one.test.'] }) });
    const message = await ask(handler, 'A a.one.test.', { options: [] });
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal('the aliases of a.one.test lead back to it');
    expect(wiring.sent).to.have.length(2);
  });
  it('RFC 1034 §5.2.2: nor a chain without end', async () => {
    const next: DnsHandler = (query, peer) => {
      const number = Number(/^c(\d+)/.exec(String(query.question.name))?.[1]);
      return scripted({ answers: [`c${number}.one.test. 60 CNAME c${number + 1}.one.test.`] })(query, peer);
    };
    const { handler, wiring } = localDns({ [ONE]: next });
    const message = await ask(handler, 'A c0.one.test.', { options: [] });
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal('more than 12 aliases on the way to c13.one.test');
    expect(wiring.sent).to.have.length(13);
  });
  it('not an alias to a name that no configured authority knows', async () => {
    const { handler } = localDns({ [ONE]: scripted({ answers: ['a.one.test. 60 CNAME b.elsewhere.example.'] }) });
    const message = await ask(handler, 'A a.one.test.', { options: [] });
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal('no authority is configured for b.elsewhere.example');
  });
  it('RFC 1034 §5.3.3 4b: a referral, with glue in the bailiwick', async () => {
    const { handler, wiring } = localDns({
      [ONE]: scripted({ authoritative: false, authorities: ['sub.one.test. 60 NS ns.sub.one.test.'], additionals: ['ns.sub.one.test. 60 A 192.0.2.3'] }),
      '192.0.2.3:53': scripted({ answers: ['a.sub.one.test. 60 A 192.0.2.9'] }),
    });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('NOERROR ra | a.sub.one.test. 60 A 192.0.2.9');
    expect(asked(wiring)).to.deep.equal(['192.0.2.1 a.sub.one.test.', '192.0.2.3 a.sub.one.test.']);
  });
  it('RFC 5452 §6: a delegated server speaks of its zone alone', async () => {
    const { handler } = localDns({
      [ONE]: (query, peer) => scripted(String(query.question.name) === 'b.one.test.' ? { answers: ['b.one.test. 60 A 192.0.2.9'] } : { authoritative: false, authorities: ['sub.one.test. 60 NS ns.sub.one.test.'], additionals: ['ns.sub.one.test. 60 A 192.0.2.3'] })(query, peer),
      '192.0.2.3:53': scripted({ answers: ['a.sub.one.test. 60 CNAME b.one.test.', 'b.one.test. 60 A 192.0.2.66'] }),
    });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('NOERROR ra | a.sub.one.test. 60 CNAME b.one.test. + b.one.test. 60 A 192.0.2.9');
  });
  it('RFC 5452 §6: not to servers whose address is hearsay', async () => {
    const { handler, wiring } = localDns({ [ONE]: scripted({ authoritative: false, authorities: ['sub.one.test. 60 NS ns.two.test.'], additionals: ['ns.two.test. 60 A 192.0.2.66'] }) });
    const message = await ask(handler, 'A a.sub.one.test.', { options: [] });
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal('sub.one.test is served by ns.two.test without an address, name one with --authority (the authority of two.test at 192.0.2.2:53 does not answer)');
    expect(asked(wiring)).to.deep.equal(['192.0.2.1 a.sub.one.test.', '192.0.2.2 ns.two.test.']);
  });
  it('a referral only so deep, and only to a few servers', async () => {
    const deeper: DnsHandler = (query, peer) => {
      const labels = String(query.question.name).split('.');
      const cut = labels.slice(Math.max(0, labels.length - 3 - deepening++)).join('.');
      return scripted({ authoritative: false, authorities: Array.from({ length: 9 }, (_, index) => `${cut} 60 NS ns${index}.${cut}`), additionals: Array.from({ length: 9 }, (_, index) => `ns${index}.${cut} 60 A 192.0.2.${100 + index}`) })(query, peer);
    };
    let deepening = 1;
    const every = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`192.0.2.${100 + index}:53`, deeper]));
    const { handler, wiring } = localDns({ [ONE]: deeper, ...every });
    expect(summary(await ask(handler, `A ${'x.'.repeat(30)}one.test.`))).to.equal('SERVFAIL ra');
    expect(wiring.sent).to.have.length(9);
    const dead = localDns({ [ONE]: deeper });
    expect(summary(await ask(dead.handler, `A ${'x.'.repeat(30)}one.test.`))).to.equal('SERVFAIL ra');
    expect(dead.wiring.sent).to.have.length(5);
  });
});

describe('the local DNS, told of a zone within a zone,', () => {
  it('believes the nearest authority alone', async () => {
    const wiring = wire({
      [ONE]: scripted({ answers: ['a.one.test. 60 CNAME b.in.one.test.', 'b.in.one.test. 60 A 192.0.2.66'] }),
      '192.0.2.3:5300': scripted({ answers: ['b.in.one.test. 60 A 192.0.2.9'] }),
    });
    const authorities = [
      { zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } },
      { zone: 'IN.one.test', endpoint: { address: '192.0.2.3', port: 5300 } },
    ];
    const handler = createResolver({ authorities }, { clock: createHandClock(), log: silentLog, exchange: wiring.exchange });
    expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 60 CNAME b.in.one.test. + b.in.one.test. 60 A 192.0.2.9');
  });
  it('refuses a configuration that names no zone', () => {
    const env = { clock: createHandClock(), log: silentLog, exchange: wire({}).exchange };
    expect(() => createResolver({ authorities: [{ zone: 'a..b', endpoint: { address: '192.0.2.1', port: 53 } }] }, env)).to.throw('cannot ask an authority for "a..b": it is no domain name');
  });
});

describe('the local DNS answers', () => {
  const good = scripted({ answers: ['a.one.test. 60 A 192.0.2.9'] });

  const cases: readonly (readonly [section: string, question: string, answer: string, options?: AskOptions])[] = [
    ['RFC 1035 §4.1.1: names it knows no authority of with REFUSED', 'A a.elsewhere.example.', 'REFUSED ra'],
    ['RFC 1034 §4.3.1: nothing that is not cached without RD', 'A a.one.test.', 'REFUSED ra', { recursionDesired: false }],
    ['RFC 6891 §6.1.1: OPT is no question', 'OPT a.one.test.', 'FORMERR'],
    ['RFC 5936 §2.2.1: AXFR', 'AXFR one.test.', 'REFUSED'],
    ['class CH with REFUSED', 'A a.one.test.', 'REFUSED', { rrClass: 3 }],
  ];
  for (const [section, question, answer, options] of cases) {
    it(section, async () => {
      const { handler, wiring } = localDns({ [ONE]: good });
      expect(summary(await ask(handler, question, options))).to.equal(answer);
      expect(wiring.sent).to.deep.equal([]);
    });
  }

  for (const question of ['OPT a.one.test.', 'AXFR one.test.', 'MAILB one.test.', 'A a.elsewhere.example.', 'A a.one.test.']) {
    it(`RFC 1035 §4.1.1: ${question} with RA=1, as a server that recurses; an authority with RA=0`, async () => {
      const { handler } = localDns({ [ONE]: good });
      const [type = '', owner = ''] = question.split(' ');
      const octets = encodeMessage(createQuery({ name: nameOf(owner), type: type === 'MAILB' ? 253 : typeOf(type), id: 1, recursionDesired: true }));
      const peer: Peer = { remote: { address: '127.0.0.1', port: 1 }, local: { address: '127.0.0.1', port: 53 }, transport: 'udp' };
      const authority = createAuthority({ zones: [] }, { clock: createHandClock(), log: silentLog });
      for (const [answerer, offered] of [[createAnswerer(handler, silentLog), true], [createAnswerer(authority, silentLog), false]] as const) {
        const answered = await answerer(octets, peer);
        const decoded = decodeMessage(answered instanceof Uint8Array ? answered : new Uint8Array(0));
        expect(decoded.kind === 'message' && decoded.message.recursionAvailable).to.equal(offered);
      }
    });
  }

  it('RFC 1034 §5.3.3: from its cache, with TTLs decayed, and asks again when they are over', async () => {
    const { handler, wiring, clock } = localDns({ [ONE]: good });
    await ask(handler, 'A a.one.test.');
    clock.advance(59_000);
    expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 1 A 192.0.2.9');
    expect(summary(await ask(handler, 'A a.one.test.', { recursionDesired: false }))).to.equal('NOERROR ra | a.one.test. 1 A 192.0.2.9');
    expect(wiring.sent).to.have.length(1);
    clock.advance(1000);
    expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 60 A 192.0.2.9');
    expect(wiring.sent).to.have.length(2);
  });
  it('RFC 8767 §4: with no TTL above a day, fresh or cached', async () => {
    const { handler } = localDns({ [ONE]: scripted({ answers: ['a.one.test. 2147483647 CNAME b.one.test.', 'b.one.test. 2147483647 A 192.0.2.9'] }) });
    for (let i = 0; i < 2; i += 1) expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 86400 CNAME b.one.test. + b.one.test. 86400 A 192.0.2.9');
  });
  it('what is cached at once, not as a promise', async () => {
    const { handler } = localDns({ [ONE]: good });
    const message = await ask(handler, 'A a.one.test.');
    const [question] = message.questions;
    if (!question) throw new Error('no question');
    const endpoint = { address: '127.0.0.1', port: 1 };
    expect(handler({ message: { ...message, response: false }, question }, { remote: endpoint, local: endpoint, transport: 'udp' })).to.not.be.instanceOf(Promise);
  });
  it('RFC 2308 §5: negatives from its cache, NXDOMAIN for every type', async () => {
    const { handler, wiring, clock } = localDns({ [ONE]: scripted({ rcode: 3, authorities: [SOA] }) });
    await ask(handler, 'A a.one.test.');
    clock.advance(10_000);
    expect(summary(await ask(handler, 'AAAA a.one.test.'))).to.equal(`NXDOMAIN ra |  | ${SOA_OUT.replace(' 60 SOA', ' 50 SOA')}`);
    expect(wiring.sent).to.have.length(1);
  });
  it('RFC 2308 §5: NODATA for its type alone', async () => {
    const { handler, wiring } = localDns({ [ONE]: scripted({ authorities: [SOA] }) });
    for (const question of ['A a.one.test.', 'A a.one.test.', 'AAAA a.one.test.']) await ask(handler, question);
    expect(wiring.sent).to.have.length(2);
  });
  it('RFC 2308 §5: negatives without SOA anew each time', async () => {
    const { handler, wiring } = localDns({ [ONE]: scripted({ rcode: 3 }) });
    await ask(handler, 'A a.one.test.');
    await ask(handler, 'A a.one.test.');
    expect(wiring.sent).to.have.length(2);
  });
  it('RFC 9520 §3.2: failures for a second, then it asks again', async () => {
    const { handler, wiring, clock } = localDns({});
    for (let i = 0; i < 3; i += 1) expect(summary(await ask(handler, 'A a.one.test.'))).to.equal('SERVFAIL ra');
    expect(wiring.sent).to.have.length(1);
    clock.advance(1000);
    await ask(handler, 'A a.one.test.');
    expect(wiring.sent).to.have.length(2);
  });
  it('RFC 8914 §4.23: naming the authority that does not answer', async () => {
    const { handler } = localDns({});
    const message = await ask(handler, 'A a.one.test.', { options: [] });
    const error = message.edns?.options.map((option) => decodeExtendedError(option))[0];
    expect(error).to.deep.equal({ infoCode: 22, purpose: 'No Reachable Authority', text: 'the authority of one.test at 192.0.2.1:53 does not answer' });
  });
  it('RFC 8914 §3: no error option to a client without EDNS', async () => {
    expect((await ask(localDns({}).handler, 'A a.one.test.')).edns).to.equal(undefined);
  });
  it('RFC 5452 §5: one query of one question at a time', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: DnsHandler = async (query, peer) => {
      await released;
      return good(query, peer);
    };
    const { handler, wiring } = localDns({ [ONE]: slow });
    const first = ask(handler, 'A a.one.test.', { options: [TRACE] });
    const others = ['A A.one.test.', 'A a.ONE.test.'].map((question) => ask(handler, question, { options: [TRACE] }));
    release();
    const messages = await Promise.all([first, ...others]);
    expect(wiring.sent).to.have.length(1);
    expect(messages.map(({ questions }) => String(questions[0]?.name))).to.deep.equal(['a.one.test.', 'A.one.test.', 'a.ONE.test.']);
    for (const message of messages) {
      const account = message.edns?.options.map((option) => decodeAccount(option))[0];
      expect(account?.cached).to.equal(false);
      expect(account?.exchanges.map(({ to }) => to)).to.deep.equal(['192.0.2.1:53']);
    }
  });
  it('RFC 1034 §5.3.1: asks authorities with RD=0 and EDNS', async () => {
    const { handler, wiring } = localDns({ [ONE]: good });
    await ask(handler, 'A a.one.test.');
    expect(wiring.queries[0]).to.deep.include({ recursionDesired: false, response: false });
    expect(wiring.queries[0]?.edns).to.deep.include({ udpPayloadSize: 1232, options: [] });
  });
});

describe('the account', () => {
  const accountOf = (message: DnsMessage) => message.edns?.options.map((option) => decodeAccount(option)).find((account) => account !== undefined);
  const network = (): LocalDns =>
    localDns({
      [ONE]: scripted({ answers: ['a.one.test. 60 CNAME b.two.test.'], authorities: ['two.test. 60 NS ns.two.test.'] }),
      [TWO]: scripted({ answers: ['b.two.test. 20 A 192.0.2.9'] }),
    });

  it('tells of each exchange that the question caused', async () => {
    const account = accountOf(await ask(network().handler, 'A a.one.test.', { options: [TRACE] }));
    expect(account).to.deep.equal({
      cached: false,
      exchanges: [
        { at: 0, ms: 1, from: '127.0.0.1:50001', to: ONE, transport: 'udp', authority: 'one.test.', name: 'a.one.test.', type: 'A', rcode: 'NOERROR', records: ['a.one.test. 60 IN CNAME b.two.test.'], ignored: ['two.test. 60 IN NS ns.two.test.'] },
        { at: 0, ms: 1, from: '127.0.0.1:50002', to: TWO, transport: 'udp', authority: 'two.test.', name: 'b.two.test.', type: 'A', rcode: 'NOERROR', records: ['b.two.test. 20 IN A 192.0.2.9'] },
      ],
    });
  });
  it('tells of none where the cache knew it all', async () => {
    const { handler } = network();
    await ask(handler, 'A a.one.test.', { options: [TRACE] });
    expect(accountOf(await ask(handler, 'A a.one.test.', { options: [TRACE] }))).to.deep.equal({ cached: true, exchanges: [] });
  });
  it('is given again over TCP, where over UDP there may have been no room', async () => {
    const { handler } = network();
    const first = accountOf(await ask(handler, 'A a.one.test.', { options: [TRACE] }));
    expect(accountOf(await ask(handler, 'A a.one.test.', { options: [TRACE], transport: 'tcp' }))).to.deep.equal(first);
    expect(accountOf(await ask(handler, 'A a.one.test.', { options: [TRACE], transport: 'tcp' }))?.cached).to.equal(true);
  });
  it('is for nobody beyond this machine', async () => {
    const { handler, wiring } = network();
    expect(accountOf(await ask(handler, 'A a.one.test.', { options: [TRACE], remote: '192.0.2.200' }))).to.equal(undefined);
    expect(wiring.queries[0]?.edns?.options).to.deep.equal([]);
  });
  it('but for those who are listed', async () => {
    const wiring = wire({ [ONE]: scripted({ answers: ['a.one.test. 60 A 192.0.2.9'] }) });
    const handler = createResolver({ authorities: [{ zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } }], accountFor: ['192.0.2.200'] }, { clock: createHandClock(), log: silentLog, exchange: wiring.exchange });
    expect(accountOf(await ask(handler, 'A a.one.test.', { options: [TRACE], remote: '::ffff:192.0.2.200' }))?.exchanges).to.have.length(1);
  });
  it('is for nobody who does not ask for it', async () => expect((await ask(network().handler, 'A a.one.test.', { options: [] })).edns?.options).to.deep.equal([]));
  it('carries the trace ID on to the authorities', async () => {
    const { handler, wiring } = network();
    await ask(handler, 'A a.one.test.', { options: [TRACE] });
    expect(wiring.queries.map((query) => query.edns?.options)).to.deep.equal([[TRACE], [TRACE]]);
  });
});
