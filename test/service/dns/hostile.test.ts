// Authorities that lie, break down or talk nonsense, on real sockets; and what the local DNS tells its
// clients of them.

import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { createCatalog } from '../../../src/catalog/index.js';
import type { Endpoint } from '../../../src/net/address.js';
import { decodeAccount, encodeTraceId } from '../../../src/net/dns/account.js';
import { createQuery, createResponse } from '../../../src/net/dns/build.js';
import { createEdns } from '../../../src/net/dns/edns.js';
import { decodeExtendedError } from '../../../src/net/dns/extended-error.js';
import type { DnsMessage } from '../../../src/net/dns/message.js';
import { nameOf, scripted, single, summary, typeOf, zoneOf } from '../../helpers/dns.js';
import { createHurriedClock, useParties } from '../../helpers/dns-parties.js';
import { freePort } from '../../helpers/free-port.js';

const TRACE = encodeTraceId('0123456789abcdef0123456789abcdef');
const GOOD = zoneOf('$ORIGIN one.test.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\na A 192.0.2.9\n');

describe('the local DNS, before an authority that', () => {
  const parties = useParties();

  const query = async (server: Endpoint, question: string): Promise<DnsMessage> => {
    const [type = '', name = ''] = question.split(' ');
    const message = createQuery({ name: nameOf(name), type: typeOf(type), id: 0, recursionDesired: true, edns: createEdns({ options: [TRACE] }) });
    return (await parties.exchange(server, message, { timeoutMs: 10_000, attempts: 1 })).message;
  };
  const errorOf = (message: DnsMessage): string | undefined => message.edns?.options.map((option) => decodeExtendedError(option)).find((error) => error)?.text;
  const accountOf = (message: DnsMessage) => message.edns?.options.map((option) => decodeAccount(option)).find((account) => account);
  const one = (endpoint: Endpoint) => ({ zone: 'one.test', endpoint });
  /** For those who never answer. */
  const hurried = createHurriedClock(40);
  /** For those whose answer is waited for, on a busy machine too. */
  const brisk = createHurriedClock(4);

  it('speaks for another zone: does not believe it, nor pass it on, nor remember it', async () => {
    const liar = await parties.serve(
      scripted({
        answers: ['a.one.test. 60 CNAME b.two.test.', 'b.two.test. 3600 A 192.0.2.66', 'c.two.test. 3600 A 192.0.2.66'],
        authorities: ['two.test. 3600 NS ns.two.test.', 'test. 3600 NS ns.two.test.'],
        additionals: ['ns.two.test. 3600 A 192.0.2.66', 'c.two.test. 3600 A 192.0.2.66'],
      }),
    );
    const honest = await parties.authority([zoneOf('$ORIGIN two.test.\n$TTL 20\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\nb A 192.0.2.9\nc A 192.0.2.8\n')]);
    const local = await parties.localDns([one(liar), { zone: 'two.test', endpoint: honest }]);
    const message = await query(local, 'A a.one.test.');
    expect(summary(message)).to.equal('NOERROR ra | a.one.test. 60 CNAME b.two.test. + b.two.test. 20 A 192.0.2.9');
    expect(accountOf(message)?.exchanges[0]?.ignored).to.have.length(6);
    for (const [question, address] of [['A b.two.test.', '192.0.2.9'], ['A c.two.test.', '192.0.2.8'], ['A ns.two.test.', '192.0.2.2']] as const) {
      expect((await query(local, question)).answers.map(({ data }) => ('address' in data ? data.address : ''))).to.deep.equal([address]);
    }
  });
  it('is down: says which one, at once', async () => {
    const port = await freePort();
    const message = await query(await parties.localDns([one({ address: '127.0.0.1', port })]), 'A a.one.test.');
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal(`the authority of one.test at 127.0.0.1:${port} does not answer`);
  });
  it('is silent: says which one, before its clients give up', async () => {
    const silent = await parties.rawUdp(() => []);
    const message = await query(await parties.localDns([one(silent)], hurried), 'A a.one.test.');
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal(`the authority of one.test at 127.0.0.1:${silent.port} does not answer`);
  });
  it('is one of two, and down: asks the other', async () => {
    const silent = await parties.rawUdp(() => []);
    const dead = { address: '127.0.0.1', port: await freePort() };
    const local = await parties.localDns([one(silent), one(dead), one(await parties.authority([GOOD]))], brisk);
    expect(summary(await query(local, 'A a.one.test.'))).to.equal('NOERROR ra | a.one.test. 60 A 192.0.2.9');
  });
  it('fails behind an alias: says which of the two', async () => {
    const port = await freePort();
    const first = await parties.serve(scripted({ answers: ['a.one.test. 60 CNAME b.two.test.'] }));
    const message = await query(await parties.localDns([one(first), { zone: 'two.test', endpoint: { address: '127.0.0.1', port } }]), 'A a.one.test.');
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal(`the authority of two.test at 127.0.0.1:${port} does not answer`);
    expect(accountOf(message)?.exchanges).to.have.length(1);
  });
  it('answers with garbage under the right ID: says so, and serves the next client', async () => {
    const babbler = await parties.rawUdp((datagram) => [Buffer.concat([datagram.subarray(0, 2), Buffer.from([0x84, 0]), Buffer.alloc(40, 0xc0)])]);
    const local = await parties.localDns([one(babbler), { zone: 'two.test', endpoint: await parties.authority([zoneOf('$ORIGIN two.test.\n$TTL 20\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\n')]) }], brisk);
    const message = await query(local, 'A a.one.test.');
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal(`the authority of one.test at 127.0.0.1:${babbler.port} sends what is no DNS answer`);
    expect((await query(local, 'A ns.two.test.')).rcode).to.equal(0);
  });
  it('is drowned out by guesses of the ID: takes none of them', async () => {
    const forged = (datagram: Buffer): Uint8Array => {
      const octets = Buffer.from(datagram);
      octets.writeUInt16BE((datagram.readUInt16BE(0) + 1) & 0xffff, 0);
      octets.writeUInt16BE(0x8400, 2);
      return octets;
    };
    const noisy = await parties.rawUdp((datagram) => Array.from({ length: 50 }, () => forged(datagram)));
    const message = await query(await parties.localDns([one(noisy)], hurried), 'A a.one.test.');
    expect(errorOf(message)).to.equal(`the authority of one.test at 127.0.0.1:${noisy.port} does not answer`);
  });
  it('refuses: says so', async () => {
    const lame = await parties.authority([zoneOf('$ORIGIN two.test.\n$TTL 20\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\n')]);
    expect(errorOf(await query(await parties.localDns([one(lame)]), 'A a.one.test.'))).to.equal(`the authority of one.test at 127.0.0.1:${lame.port} answered REFUSED`);
  });
  it('says TC: asks again over TCP', async () => {
    const authority = await parties.serve((asked, peer) =>
      peer.transport === 'udp' ? createResponse(asked.message, { truncated: true, authoritative: true }) : scripted({ answers: ['a.one.test. 60 A 192.0.2.9'] })(asked, peer),
    );
    const message = await query(await parties.localDns([one(authority)]), 'A a.one.test.');
    expect(summary(message)).to.equal('NOERROR ra | a.one.test. 60 A 192.0.2.9');
    expect(accountOf(message)?.exchanges.map(({ transport }) => transport)).to.deep.equal(['tcp']);
  });
  it('says TC over TCP as well: believes nothing of it, nor remembers it (RFC 2181 §9, RFC 1035 §7.4)', async () => {
    let cuts = true;
    const authority = await parties.serve(async (asked, peer) => {
      if (!cuts) return scripted({ answers: ['a.one.test. 60 A 192.0.2.9'] })(asked, peer);
      return { ...single(await scripted({ answers: ['a.one.test. 60 A 192.0.2.66'] })(asked, peer)), truncated: true };
    });
    const local = await parties.localDns([one(authority)]);
    const message = await query(local, 'A a.one.test.');
    expect(summary(message)).to.equal('SERVFAIL ra');
    expect(errorOf(message)).to.equal(`the authority of one.test at 127.0.0.1:${authority.port} sends what is no DNS answer`);
    cuts = false;
    // The failure itself is remembered for a second.
    let again = await query(local, 'A a.one.test.');
    while (again.rcode !== 0) again = await query(local, 'A a.one.test.');
    expect(summary(again)).to.equal('NOERROR ra | a.one.test. 60 A 192.0.2.9');
  });
  it('says TC and does not listen on TCP: says so', async () => {
    const authority = await parties.rawUdp((datagram) => {
      const octets = Buffer.from(datagram);
      octets.writeUInt16BE(0x8600, 2);
      return [octets];
    });
    expect(errorOf(await query(await parties.localDns([one(authority)], hurried), 'A a.one.test.'))).to.equal(`the authority of one.test at 127.0.0.1:${authority.port} does not answer`);
  });
  it('is slow: asks it once for a hundred clients', async () => {
    let asked = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const authority = await parties.serve(async (message, peer) => {
      asked += 1;
      await released;
      return scripted({ answers: ['a.one.test. 60 A 192.0.2.9'] })(message, peer);
    });
    // Of a video, the local DNS tells already when it is asked.
    const catalog = { titles: createCatalog(['a.mp4']).titles.map((title) => ({ ...title, contentName: 'a.one.test' })) };
    const local = await parties.localDns([one(authority)], systemClock, { catalog });
    const heard = () => parties.lines.filter(({ message }) => message.startsWith('Local DNS Received')).length;
    const answers = Array.from({ length: 100 }, () => query(local, 'A a.one.test.'));
    while (heard() < 100) await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(new Set((await Promise.all(answers)).map(summary))).to.deep.equal(new Set(['NOERROR ra | a.one.test. 60 A 192.0.2.9']));
    expect(asked).to.equal(1);
  });
});
