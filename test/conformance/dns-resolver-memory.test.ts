// What the local DNS does with what it has heard before: expired data (RFC 8767), failures (RFC 9520),
// names below one that doesn't exist (RFC 8020). A case a line with the section that says so.

import { expect } from 'chai';
import { createResolver } from '../../src/dns/index.js';
import { decodeExtendedError } from '../../src/net/dns/extended-error.js';
import type { DnsHandler, DnsMessage } from '../../src/net/dns/message.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, scripted, summary, wire, type HandClock, type Wiring } from '../helpers/dns.js';

const ONE = '192.0.2.1:53';
const TWO = '192.0.2.2:53';
const SOA = 'one.test. 300 SOA ns.one.test. h.one.test. 1 2 3 4 60';
const GOOD = scripted({ answers: ['a.one.test. 20 A 192.0.2.9'] });
const CHANGED = scripted({ answers: ['a.one.test. 20 A 192.0.2.8'] });
const BROKEN = scripted({ rcode: 2 });
const NXDOMAIN = scripted({ rcode: 3, authorities: [SOA] });

const errorsOf = (message: DnsMessage): readonly string[] =>
  (message.edns?.options ?? []).flatMap((option) => {
    const error = decodeExtendedError(option);
    return error ? [`${error.purpose}: ${error.text}`.replace(/: $/, '')] : [];
  });

/** An authority that does as `now` does. */
interface Network {
  readonly handler: DnsHandler;
  readonly wiring: Wiring;
  readonly clock: HandClock;
  now: DnsHandler;
}

function network(first: DnsHandler): Network {
  const state = { now: first };
  const wiring = wire({ [ONE]: (query, peer) => state.now(query, peer), [TWO]: scripted({ answers: ['b.two.test. 300 A 192.0.2.7'] }) });
  const clock = createHandClock();
  const authorities = [
    { zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } },
    { zone: 'two.test', endpoint: { address: '192.0.2.2', port: 53 } },
    { zone: 'own.one.test', endpoint: { address: '192.0.2.2', port: 53 } },
  ];
  const handler = createResolver({ authorities }, { clock, log: silentLog, exchange: wiring.exchange });
  return { handler, wiring, clock, get now() { return state.now; }, set now(value) { state.now = value; } };
}
const query = ({ handler }: Network, question = 'A a.one.test.'): Promise<DnsMessage> => ask(handler, question, { options: [] });
/** Lets everything run that waits for no time to go by. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const silence: DnsHandler = () => new Promise<never>(() => undefined);

describe('the local DNS, when its data has expired,', () => {
  const expired = async (first: DnsHandler, then: DnsHandler, question?: string): Promise<Network> => {
    const made = network(first);
    await query(made, question);
    made.clock.advance(400_000);
    made.now = then;
    return made;
  };

  it('RFC 8767 §4: gives the authority’s answer, if there is one', async () => {
    const message = await query(await expired(GOOD, CHANGED));
    expect(summary(message)).to.equal('NOERROR ra | a.one.test. 20 A 192.0.2.8');
    expect(errorsOf(message)).to.deep.equal([]);
  }).timeout(5000);
  it('RFC 8767 §4: an NXDOMAIN as well', async () => {
    const made = network(GOOD);
    await query(made);
    made.clock.advance(20_000);
    made.now = NXDOMAIN;
    expect((await query(made)).rcode).to.equal(3);
    made.clock.advance(60_000);
    made.now = BROKEN;
    expect(summary(await query(made))).to.match(/^NXDOMAIN/);
  });

  const failing: readonly (readonly [section: string, then: DnsHandler, why: string])[] = [
    ['RFC 8767 §4: stale data with TTL 30, if the authority fails', BROKEN, 'Stale Answer: the authority of one.test at 192.0.2.1:53 answered SERVFAIL'],
    ['RFC 8767 §4: if it refuses', scripted({ rcode: 5 }), 'Stale Answer: the authority of one.test at 192.0.2.1:53 answered REFUSED'],
    ['RFC 8767 §4: if it is lame', scripted({ authoritative: false }), 'Stale Answer: the authority of one.test at 192.0.2.1:53 answered without authority (AA=0)'],
  ];
  for (const [section, then, why] of failing) {
    it(section, async () => {
      const made = network(GOOD);
      await query(made);
      made.clock.advance(20_000);
      made.now = then;
      const message = await query(made);
      expect(summary(message)).to.equal('NOERROR ra | a.one.test. 30 A 192.0.2.9');
      expect(errorsOf(message)).to.deep.equal([why]);
    });
  }
  it('RFC 8767 §5: nobody for 30 s after a failure, and the stale data at once', async () => {
    const made = network(GOOD);
    await query(made);
    made.clock.advance(20_000);
    made.now = BROKEN;
    await query(made);
    made.now = CHANGED;
    for (let i = 0; i < 3; i += 1) {
      expect(summary(await query(made))).to.equal('NOERROR ra | a.one.test. 30 A 192.0.2.9');
      made.clock.advance(9_999);
    }
    expect(made.wiring.sent).to.have.length(2);
    made.clock.advance(3);
    expect(summary(await query(made))).to.equal('NOERROR ra | a.one.test. 20 A 192.0.2.8');
    expect(made.wiring.sent).to.have.length(3);
  });
  it('RFC 8767 §5: stale data after 1.8 s without an answer, and goes on asking', async () => {
    const made = network(GOOD);
    await query(made);
    made.clock.advance(20_000);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    made.now = async (asked, peer) => {
      await released;
      return CHANGED(asked, peer);
    };
    let answered: DnsMessage | undefined;
    const asking = query(made).then((message) => (answered = message));
    await settle();
    made.clock.advance(1799);
    await settle();
    expect(answered).to.equal(undefined);
    made.clock.advance(1);
    const message = await asking;
    expect(summary(message)).to.equal('NOERROR ra | a.one.test. 30 A 192.0.2.9');
    expect(errorsOf(message)).to.deep.equal(['Stale Answer: no answer within 1800 ms']);
    release();
    await settle();
    expect(summary(await query(made))).to.equal('NOERROR ra | a.one.test. 20 A 192.0.2.8');
    expect(made.wiring.sent).to.have.length(2);
  });
  it('RFC 8914 §4.20: stale NXDOMAIN as what it is', async () => {
    const made = network(NXDOMAIN);
    await query(made);
    made.clock.advance(60_000);
    made.now = BROKEN;
    const message = await query(made);
    expect(summary(message)).to.equal('NXDOMAIN ra |  | one.test. 30 SOA ns.one.test. h.one.test. 1 2 3 4 60');
    expect(errorsOf(message)[0]).to.match(/^Stale NXDomain Answer/);
  });
  it('RFC 8767 §4: a stale alias, and what it leads to fresh', async () => {
    const made = network(scripted({ answers: ['a.one.test. 20 CNAME b.two.test.'] }));
    await query(made);
    made.clock.advance(20_000);
    made.now = BROKEN;
    expect(summary(await query(made))).to.equal('NOERROR ra | a.one.test. 30 CNAME b.two.test. + b.two.test. 280 A 192.0.2.7');
  });
  it('RFC 8767 §4: nothing that is older than a day', async () => {
    const made = network(GOOD);
    await query(made);
    made.clock.advance(20_000 + 86_400_000);
    made.now = BROKEN;
    expect(summary(await query(made))).to.equal('SERVFAIL ra');
  });
  it('RFC 8767 §4: nothing of it without RD', async () => {
    const made = network(GOOD);
    await query(made);
    made.clock.advance(20_000);
    expect(summary(await ask(made.handler, 'A a.one.test.', { recursionDesired: false }))).to.equal('REFUSED ra');
  });
});

describe('the local DNS remembers', () => {
  it('RFC 8020 §2: that nothing is below a name that does not exist', async () => {
    const made = network(NXDOMAIN);
    await query(made, 'A a.one.test.');
    for (const question of ['A x.a.one.test.', 'TXT y.x.a.one.test.']) expect(summary(await query(made, question))).to.equal('NXDOMAIN ra |  | one.test. 60 SOA ns.one.test. h.one.test. 1 2 3 4 60');
    expect(made.wiring.sent).to.have.length(1);
    await query(made, 'A b.one.test.');
    expect(made.wiring.sent).to.have.length(2);
  });
  it('RFC 8020 §2: but not of a zone that is configured for itself', async () => {
    const made = network(NXDOMAIN);
    await query(made, 'A one.test.');
    expect(summary(await query(made, 'A b.own.one.test.'))).to.not.match(/^NXDOMAIN/);
    expect(made.wiring.sent.at(-1)).to.include(TWO);
  });
  it('RFC 9520 §3.2: a failure for a second, then twice as long each time, up to eight', async () => {
    const made = network(BROKEN);
    for (const [index, seconds] of [1, 2, 4, 8, 8].entries()) {
      await query(made);
      made.clock.advance(seconds * 1000 - 1);
      await query(made);
      expect(made.wiring.sent).to.have.length(index + 1);
      made.clock.advance(1);
    }
  });
  it('RFC 8914 §4.14: and says that it was remembered', async () => {
    const made = network(BROKEN);
    const why = 'Network Error: the authority of one.test at 192.0.2.1:53 answered SERVFAIL';
    expect(errorsOf(await query(made))).to.deep.equal([why]);
    expect(errorsOf(await query(made))).to.deep.equal([why, 'Cached Error']);
  });
  it('RFC 9520 §3.2: a failure for its own type alone', async () => {
    const made = network(BROKEN);
    await query(made, 'A a.one.test.');
    await query(made, 'AAAA a.one.test.');
    expect(made.wiring.sent).to.have.length(2);
  });
  it('RFC 5452 §5: who waits for the same answer shares it, and its failure', async () => {
    const made = network(silence);
    const asking = Array.from({ length: 20 }, () => query(made));
    await settle();
    expect(made.wiring.sent).to.have.length(1);
    void Promise.all(asking);
  });
  it('RFC 5452 §5: no more than a thousand questions under way, whatever is asked, and 750 about one zone', async () => {
    const made = network(silence);
    const asking = Array.from({ length: 3000 }, (_, index) => query(made, `A x${index}.one.test.`));
    await settle();
    expect(made.wiring.sent).to.have.length(750);
    expect(errorsOf(await (asking.at(-1) ?? query(made)))).to.deep.equal(['Other Error: 750 other questions for one.test are under way']);
    expect(summary(await query(made, 'A b.two.test.')), 'another zone').to.equal('NOERROR ra | b.two.test. 300 A 192.0.2.7');
    void Promise.all(asking);
  });
  it('RFC 9520 §3.2: nothing of a question that was never asked, for want of room', async () => {
    const made = network((asked, peer) => (asked.question.name.toString() === 'a.one.test.' ? GOOD(asked, peer) : new Promise((done) => void made.clock.after(1000, () => done(NXDOMAIN(asked, peer))))));
    const asking = Array.from({ length: 750 }, (_, index) => query(made, `A x${index}.one.test.`));
    expect(errorsOf(await query(made)), 'no room').to.deep.equal(['Other Error: 750 other questions for one.test are under way']);
    made.clock.advance(1000);
    await Promise.all(asking);
    expect(summary(await query(made)), 'at once when there is').to.equal('NOERROR ra | a.one.test. 20 A 192.0.2.9');
  });
  it('RFC 8914 §4.21: nothing for a query without RD but what is in the cache', async () => {
    const made = network(GOOD);
    const message = await ask(made.handler, 'A a.one.test.', { recursionDesired: false, options: [] });
    expect(errorsOf(message)).to.deep.equal(['Not Authoritative: not in the cache, and recursion was not asked for (RD=0)']);
    await query(made);
    expect(summary(await ask(made.handler, 'A a.one.test.', { recursionDesired: false }))).to.equal('NOERROR ra | a.one.test. 20 A 192.0.2.9');
  });
});
