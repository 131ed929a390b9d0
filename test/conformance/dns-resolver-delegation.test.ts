// Delegations in the local DNS: what it keeps of them, for how long, and how it finds servers that were
// named without an address.

import { expect } from 'chai';
import { createResolver } from '../../src/dns/index.js';
import { createEdns, decodeClientSubnet, encodeClientSubnet, findOption, OPTION } from '../../src/net/dns/edns.js';
import { decodeExtendedError } from '../../src/net/dns/extended-error.js';
import type { DnsHandler, DnsMessage, EdnsOption } from '../../src/net/dns/message.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, scripted, summary, wire, type HandClock, type Wiring } from '../helpers/dns.js';

const ONE = '192.0.2.1:53';
const TWO = '192.0.2.2:53';
const CHILD = '192.0.2.3:53';
const GRANDCHILD = '192.0.2.4:53';

type Script = Parameters<typeof scripted>[0];

/** Sections by the end of the name asked for, the longest first; the script given for "" to every other name. */
function zoned(scripts: Readonly<Record<string, Script>>): DnsHandler {
  return (query, peer) => {
    const name = String(query.question.name);
    const [, script = {}] = Object.entries(scripts).sort(([a], [b]) => b.length - a.length).find(([end]) => name.endsWith(end)) ?? [];
    return scripted(JSON.parse(JSON.stringify(script).replaceAll('QNAME', name)) as Script)(query, peer);
  };
}

const referral = (cut: string, servers: readonly string[], glue: readonly string[] = [], ttl = 60): Script => ({
  authoritative: false,
  authorities: servers.map((server) => `${cut} ${ttl} NS ${server}`),
  additionals: glue.map((line) => line.replace(' A ', ` ${ttl} A `)),
});
const anything: Script = { answers: ['QNAME 20 A 192.0.2.9'] };

interface LocalDns {
  readonly handler: DnsHandler;
  readonly wiring: Wiring;
  readonly clock: HandClock;
  /** What has been sent since the last time: "1 a.one.test.". */
  sent(): readonly string[];
}

function localDns(handlers: Readonly<Record<string, DnsHandler>>, tailoredZones: readonly string[] = []): LocalDns {
  const wiring = wire(handlers);
  const clock = createHandClock();
  const authorities = [
    { zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } },
    { zone: 'two.test', endpoint: { address: '192.0.2.2', port: 53 } },
  ];
  const handler = createResolver({ authorities, tailoredZones }, { clock, log: silentLog, exchange: wiring.exchange });
  let told = 0;
  const sent = (): readonly string[] => {
    const lines = wiring.sent.slice(told).map((line) => line.replace(/^192\.0\.2\.(\d+):53 \d+ /, '$1 '));
    told = wiring.sent.length;
    return lines;
  };
  return { handler, wiring, clock, sent };
}

function errorOf(message: DnsMessage): string {
  const error = message.edns?.options.map((option) => decodeExtendedError(option)).find((found) => found !== undefined);
  return error ? `${error.infoCode} ${error.text}` : '';
}

describe('the local DNS keeps a delegation', () => {
  const parent = zoned({ 'sub.one.test.': referral('sub.one.test.', ['ns.sub.one.test.'], ['ns.sub.one.test. A 192.0.2.3']), '': anything });

  it('RFC 1034 §5.3.3: and begins at the servers nearest to the name', async () => {
    const { handler, sent } = localDns({ [ONE]: parent, [CHILD]: zoned({ '': anything }) });
    await ask(handler, 'A a.sub.one.test.');
    expect(sent()).to.deep.equal(['1 a.sub.one.test.', '3 a.sub.one.test.']);
    expect(summary(await ask(handler, 'A b.sub.one.test.'))).to.equal('NOERROR ra | b.sub.one.test. 20 A 192.0.2.9');
    await ask(handler, 'A sub.one.test.');
    await ask(handler, 'A c.one.test.');
    expect(sent()).to.deep.equal(['3 b.sub.one.test.', '3 sub.one.test.', '1 c.one.test.']);
  });
  it('RFC 2181 §5.4.1: as long as its parent says', async () => {
    const { handler, sent, clock } = localDns({ [ONE]: parent, [CHILD]: zoned({ '': anything }) });
    await ask(handler, 'A a.sub.one.test.');
    clock.advance(59_000);
    await ask(handler, 'A b.sub.one.test.');
    sent();
    clock.advance(1000);
    await ask(handler, 'A c.sub.one.test.');
    expect(sent()).to.deep.equal(['1 c.sub.one.test.', '3 c.sub.one.test.']);
  });
  it('and no longer, whatever the child says of itself: a zone taken away is gone', async () => {
    const child = zoned({ '': { answers: ['QNAME 86400 NS ns.sub.one.test.'], authorities: ['sub.one.test. 86400 NS ns.sub.one.test.'], additionals: ['ns.sub.one.test. 86400 A 192.0.2.3'] } });
    const { handler, sent, clock } = localDns({ [ONE]: parent, [CHILD]: child });
    await ask(handler, 'NS sub.one.test.');
    clock.advance(60_000);
    sent();
    await ask(handler, 'A d.sub.one.test.');
    expect(sent()[0]).to.equal('1 d.sub.one.test.');
  });
  it('no longer than its glue', async () => {
    const short: Script = { authoritative: false, authorities: ['sub.one.test. 60 NS ns.sub.one.test.'], additionals: ['ns.sub.one.test. 5 A 192.0.2.3'] };
    const { handler, sent, clock } = localDns({ [ONE]: zoned({ 'sub.one.test.': short }), [CHILD]: zoned({ '': anything }) });
    await ask(handler, 'A a.sub.one.test.');
    clock.advance(5000);
    sent();
    await ask(handler, 'A b.sub.one.test.');
    expect(sent()[0]).to.equal('1 b.sub.one.test.');
  });
  it('RFC 1035 §3.2.1: for this question alone, if its TTL is 0', async () => {
    const { handler, sent } = localDns({ [ONE]: zoned({ 'sub.one.test.': referral('sub.one.test.', ['ns.sub.one.test.'], ['ns.sub.one.test. A 192.0.2.3'], 0) }), [CHILD]: zoned({ '': anything }) });
    await ask(handler, 'A a.sub.one.test.');
    sent();
    await ask(handler, 'A b.sub.one.test.');
    expect(sent()).to.deep.equal(['1 b.sub.one.test.', '3 b.sub.one.test.']);
  });
  it('of several the deepest', async () => {
    const child = zoned({ 'x.sub.one.test.': referral('x.sub.one.test.', ['ns.x.sub.one.test.'], ['ns.x.sub.one.test. A 192.0.2.4']), '': anything });
    const { handler, sent } = localDns({ [ONE]: parent, [CHILD]: child, [GRANDCHILD]: zoned({ '': anything }) });
    await ask(handler, 'A a.x.sub.one.test.');
    expect(sent()).to.have.length(3);
    await ask(handler, 'A b.x.sub.one.test.');
    await ask(handler, 'A b.sub.one.test.');
    expect(sent()).to.deep.equal(['4 b.x.sub.one.test.', '3 b.sub.one.test.']);
  });
  it('RFC 4035 §3.1.4.1: but asks the parent for DS', async () => {
    const { handler, sent } = localDns({ [ONE]: parent, [CHILD]: zoned({ '': anything }) });
    await ask(handler, 'A a.sub.one.test.');
    sent();
    await ask(handler, 'DS sub.one.test.');
    expect(sent()[0]).to.equal('1 sub.one.test.');
  });
  it('RFC 9520 §3.3: and does not ask the parent again because the child fails', async () => {
    const { handler, sent } = localDns({ [ONE]: parent, [CHILD]: scripted({ rcode: 2 }) });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('SERVFAIL ra');
    expect(summary(await ask(handler, 'A b.sub.one.test.'))).to.equal('SERVFAIL ra');
    expect(sent()).to.deep.equal(['1 a.sub.one.test.', '3 a.sub.one.test.', '3 b.sub.one.test.']);
  });
  it('RFC 7871 §7.4: for everybody, whoever asked, and whatever scope it had', async () => {
    const withScope = (handler: DnsHandler): DnsHandler => async (query, peer) => {
      const answer = await handler(query, peer);
      const subnet = findOption(query.message.edns, OPTION.CLIENT_SUBNET);
      const told = subnet && decodeClientSubnet(subnet);
      if ('messages' in answer || !told) return answer;
      const option: EdnsOption = encodeClientSubnet({ ...told, scopePrefixLength: 24 });
      return { ...answer, edns: createEdns({ options: [option] }) };
    };
    const { handler, sent } = localDns({ [ONE]: withScope(parent), [CHILD]: zoned({ '': anything }) }, ['one.test']);
    await ask(handler, 'A a.sub.one.test.', { remote: '198.51.100.1', options: [] });
    await ask(handler, 'A a.sub.one.test.', { remote: '203.0.113.1', options: [] });
    await ask(handler, 'A b.sub.one.test.', { remote: '203.0.113.1', options: [] });
    expect(sent()).to.deep.equal(['1 a.sub.one.test.', '3 a.sub.one.test.', '3 b.sub.one.test.']);
  });
});

describe('the local DNS finds a server that was named without an address', () => {
  it('RFC 1034 §5.3.3: by asking for it', async () => {
    const { handler, sent } = localDns({
      [ONE]: zoned({ '': referral('sub.one.test.', ['ns.two.test.'], ['ns.two.test. A 192.0.2.66']) }),
      [TWO]: zoned({ '': { answers: ['ns.two.test. 300 A 192.0.2.3'] } }),
      [CHILD]: zoned({ '': anything }),
    });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('NOERROR ra | a.sub.one.test. 20 A 192.0.2.9');
    expect(sent()).to.deep.equal(['1 a.sub.one.test.', '2 ns.two.test.', '3 a.sub.one.test.']);
    await ask(handler, 'A b.sub.one.test.');
    expect(sent()).to.deep.equal(['3 b.sub.one.test.']);
  });
  it('by its IPv6 address where it has no other', async () => {
    const two: DnsHandler = (query, peer) => scripted(query.question.type === 28 ? { answers: ['ns.two.test. 300 AAAA 2001:db8::3'] } : { authorities: ['two.test. 60 SOA ns.two.test. h.two.test. 1 2 3 4 5'] })(query, peer);
    const { handler } = localDns({ [ONE]: zoned({ '': referral('sub.one.test.', ['ns.two.test.']) }), [TWO]: two, '[2001:db8::3]:53': zoned({ '': anything }) });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('NOERROR ra | a.sub.one.test. 20 A 192.0.2.9');
  });
  it('only when those with an address are of no use', async () => {
    const both = referral('sub.one.test.', ['ns.sub.one.test.', 'ns.two.test.'], ['ns.sub.one.test. A 192.0.2.3']);
    const { handler, sent } = localDns({ [ONE]: zoned({ '': both }), [TWO]: zoned({ '': { answers: ['ns.two.test. 300 A 192.0.2.4'] } }), [CHILD]: scripted({ rcode: 5 }), [GRANDCHILD]: zoned({ '': anything }) });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('NOERROR ra | a.sub.one.test. 20 A 192.0.2.9');
    expect(sent()).to.deep.equal(['1 a.sub.one.test.', '3 a.sub.one.test.', '2 ns.two.test.', '4 a.sub.one.test.']);
  });
  it('along referrals of its own', async () => {
    const { handler, sent } = localDns({
      [ONE]: zoned({ '': referral('sub.one.test.', ['ns.deep.two.test.']) }),
      [TWO]: zoned({ '': referral('deep.two.test.', ['ns.deep.two.test.'], ['ns.deep.two.test. A 192.0.2.4']) }),
      [GRANDCHILD]: zoned({ '': { answers: ['QNAME 300 A 192.0.2.3'] } }),
      [CHILD]: zoned({ '': anything }),
    });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('NOERROR ra | a.sub.one.test. 20 A 192.0.2.9');
    expect(sent()).to.deep.equal(['1 a.sub.one.test.', '2 ns.deep.two.test.', '4 ns.deep.two.test.', '3 a.sub.one.test.']);
  });
  it('not below the cut itself, where nobody could', async () => {
    const { handler, sent } = localDns({ [ONE]: zoned({ '': referral('sub.one.test.', ['ns.sub.one.test.']) }) });
    const message = await ask(handler, 'A a.sub.one.test.', { options: [] });
    expect(errorOf(message)).to.equal('22 the authority of one.test refers to servers of sub.one.test without an address, name one with --authority');
    expect(sent()).to.have.length(1);
  });
  it('nor where two zones name each other', async () => {
    const { handler, sent } = localDns({ [ONE]: zoned({ '': referral('sub.one.test.', ['ns.sub.two.test.']) }), [TWO]: zoned({ '': referral('sub.two.test.', ['ns.sub.one.test.']) }) });
    const message = await ask(handler, 'A a.sub.one.test.', { options: [] });
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.match(/^22 sub\.one\.test is served by ns\.sub\.two\.test without an address/);
    expect(sent().length).to.be.at.most(6);
  });
  it('nor of a name that nobody is configured for', async () => {
    const { handler } = localDns({ [ONE]: zoned({ '': referral('sub.one.test.', ['ns.elsewhere.example.']) }) });
    expect(errorOf(await ask(handler, 'A a.sub.one.test.', { options: [] }))).to.equal('22 sub.one.test is served by ns.elsewhere.example without an address, name one with --authority (no authority is configured for ns.elsewhere.example)');
  });
  it('and only few of them, however many are named, and named by them in turn (NXNSAttack)', async () => {
    const many = (cut: string, at: string): Script => referral(cut, Array.from({ length: 30 }, (_, index) => `n${index}.${cut.replaceAll('.', '-')}${at}`));
    const attacker: DnsHandler = (query, peer) => {
      const [first = ''] = String(query.question.name).split('.');
      return scripted(many(`${first}.two.test.`, '.two.test.'))(query, peer);
    };
    const { handler, sent } = localDns({ [ONE]: zoned({ '': many('sub.one.test.', '.two.test.') }), [TWO]: attacker });
    expect(summary(await ask(handler, 'A a.sub.one.test.'))).to.equal('SERVFAIL ra');
    expect(sent().length).to.be.at.most(8);
  });
});

describe('the local DNS takes a redirection', () => {
  const MOVED = 'moved.one.test. 90 DNAME new.one.test.';
  it('RFC 6672 §3.1: with the alias that comes along', async () => {
    const { handler } = localDns({ [ONE]: zoned({ '': { answers: [MOVED, 'a.moved.one.test. 90 CNAME a.new.one.test.', 'a.new.one.test. 60 A 192.0.2.9'] } }) });
    expect(summary(await ask(handler, 'A a.moved.one.test.'))).to.equal('NOERROR ra | a.moved.one.test. 90 CNAME a.new.one.test. + a.new.one.test. 60 A 192.0.2.9');
  });
  it('RFC 6672 §3.4: and where none does, makes it', async () => {
    const { handler } = localDns({ [ONE]: zoned({ '': { answers: [MOVED, 'a.new.one.test. 60 A 192.0.2.9'] } }) });
    expect(summary(await ask(handler, 'A a.moved.one.test.'))).to.equal('NOERROR ra | a.moved.one.test. 90 CNAME a.new.one.test. + a.new.one.test. 60 A 192.0.2.9');
  });
  it('of what is below it, and not of itself', async () => {
    const { handler } = localDns({ [ONE]: zoned({ '': { answers: [MOVED], authorities: ['one.test. 60 SOA ns.one.test. h.one.test. 1 2 3 4 5'] } }) });
    expect(summary(await ask(handler, 'A moved.one.test.'))).to.match(/^NOERROR ra \| {2}\| one\.test\. 5 SOA/);
    expect(summary(await ask(handler, 'DNAME moved.one.test.'))).to.equal(`NOERROR ra | ${MOVED}`);
  });
  it('RFC 5452 §6: from nobody who may not speak of it', async () => {
    const { handler } = localDns({ [ONE]: zoned({ '': { answers: ['test. 90 DNAME evil.example.'], authorities: ['one.test. 60 SOA ns.one.test. h.one.test. 1 2 3 4 5'] } }) });
    expect(summary(await ask(handler, 'A a.one.test.'))).to.match(/^NOERROR ra \| {2}\| one\.test\. 5 SOA/);
  });
});

describe('RFC 9520 §3.2: the local DNS asks a server that was of no use', () => {
  it('last, about the next name', async () => {
    const wiring = wire({ [TWO]: zoned({ '': anything }) });
    const authorities = [ONE, TWO].map((at) => ({ zone: 'one.test', endpoint: { address: at.slice(0, -3), port: 53 } }));
    const handler = createResolver({ authorities }, { clock: createHandClock(), log: silentLog, exchange: wiring.exchange });
    await ask(handler, 'A a.one.test.');
    await ask(handler, 'A b.one.test.');
    expect(wiring.sent.map((line) => line.slice(8, 9)).join(' ')).to.equal('1 2 2');
  });
  it('not at all for a while, when it has long been silent', async () => {
    const { handler, sent, clock } = localDns({});
    for (const name of ['a', 'b', 'c']) await ask(handler, `A ${name}.one.test.`);
    expect(sent()).to.have.length(3);
    const message = await ask(handler, 'A d.one.test.', { options: [] });
    expect(errorOf(message)).to.equal('22 the authority of one.test has not answered for a while, and is left alone for a few seconds');
    expect(sent()).to.have.length(0);
    clock.advance(4000);
    await ask(handler, 'A e.one.test.');
    await ask(handler, 'A f.one.test.');
    expect(sent()).to.deep.equal(['1 e.one.test.']);
  });
});
