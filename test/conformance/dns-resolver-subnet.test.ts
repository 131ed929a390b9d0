// Client subnet in the local DNS (RFC 7871), a case a line: what leaves it, what it makes of the answer,
// and to whom it gives it again. two.test is a zone that is told; one.test isn't.

import { expect } from 'chai';
import { createResolver } from '../../src/dns/index.js';
import { createResponse } from '../../src/net/dns/build.js';
import { createClientSubnet, createEdns, decodeClientSubnet, encodeClientSubnet, findOption, formatClientSubnet, OPTION, type ClientSubnet } from '../../src/net/dns/edns.js';
import type { DnsHandler, DnsMessage, EdnsOption } from '../../src/net/dns/message.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, recordOf, scripted, summary, wire, type HandClock, type Wiring } from '../helpers/dns.js';

const ONE = '192.0.2.1:53';
const TWO = '192.0.2.2:53';
const SOA = 'two.test. 300 SOA ns.two.test. h.two.test. 1 2 3 4 60';

/** "192.0.2.0/24", "2001:db8::/56", "0/0" */
function subnet(text: string, scope = 0): ClientSubnet {
  if (text === '0/0') return { family: 1, sourcePrefixLength: 0, scopePrefixLength: scope, address: new Uint8Array(4) };
  const [address = '', bits = ''] = text.split('/');
  const made = createClientSubnet(address, Number(bits), scope);
  if (!made) throw new Error(`no subnet: ${text}`);
  return made;
}
const ecs = (text: string): readonly EdnsOption[] => [encodeClientSubnet(subnet(text))];
/** "192.0.2.0/24 scope 20"; undefined: there is none. */
function ecsOf(message: DnsMessage | undefined): string | undefined {
  const option = findOption(message?.edns, OPTION.CLIENT_SUBNET);
  const decoded = option && decodeClientSubnet(option);
  return decoded && `${formatClientSubnet(decoded)} scope ${decoded.scopePrefixLength}`;
}

interface Told {
  /** Of the answer's option; undefined: there is none. */
  readonly scope?: number;
  /** The option's network, if it isn't the query's. */
  readonly about?: string;
  readonly answers?: readonly string[];
  readonly nxdomain?: boolean;
}

/** An authority whose addresses say which network it was told: 198.51.100.0/24 gives 10.198.51.100. */
function tailoring({ scope, about, answers, nxdomain = false }: Told): DnsHandler {
  return ({ message, question }) => {
    const option = findOption(message.edns, OPTION.CLIENT_SUBNET);
    const told = option && decodeClientSubnet(option);
    const octets = told?.address ?? [];
    const address = `10.${octets[0] ?? 0}.${octets[1] ?? 0}.${octets[2] ?? 0}`;
    const options = told && scope !== undefined ? [encodeClientSubnet(about === undefined ? { ...told, scopePrefixLength: scope } : subnet(about, scope))] : [];
    const lines = nxdomain ? [] : (answers ?? [`${question.name} 20 A ${address}`]);
    return createResponse(message, {
      authoritative: true,
      rcode: nxdomain ? 3 : 0,
      answers: lines.map((line) => recordOf(line.replace('ADDRESS', address))),
      authorities: nxdomain ? [recordOf(SOA)] : [],
      edns: createEdns({ options }),
    });
  };
}

interface LocalDns {
  readonly handler: DnsHandler;
  readonly wiring: Wiring;
  readonly clock: HandClock;
}

function localDns(handlers: Readonly<Record<string, DnsHandler>>, tailoredZones: readonly string[] = ['two.test']): LocalDns {
  const wiring = wire(handlers);
  const clock = createHandClock();
  const authorities = [
    { zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } },
    { zone: 'two.test', endpoint: { address: '192.0.2.2', port: 53 } },
  ];
  return { handler: createResolver({ authorities, tailoredZones }, { clock, log: silentLog, exchange: wiring.exchange }), wiring, clock };
}

const sentTo = (wiring: Wiring): readonly (string | undefined)[] => wiring.queries.map(ecsOf);
const answerOf = (message: DnsMessage): string => `${summary(message).split(' | ')[1] ?? summary(message)} / ${ecsOf(message) ?? 'no option'}`;

describe('the local DNS tells an authority', () => {
  const cases: readonly (readonly [section: string, question: string, client: string, options: readonly EdnsOption[] | undefined, sent: string | undefined])[] = [
    ['RFC 7871 §11.1: the first 24 bits of a client', 'A a.two.test.', '198.51.100.77', [], '198.51.100.0/24 scope 0'],
    ['RFC 7871 §11.1: the first 56 of one with IPv6', 'A a.two.test.', '2001:db8:1:2ff:3::4', [], '2001:db8:1:200::/56 scope 0'],
    ['RFC 4291 §2.5.5.2: of an IPv4-mapped one, those of IPv4', 'A a.two.test.', '::ffff:198.51.100.77', [], '198.51.100.0/24 scope 0'],
    ['RFC 7871 §7.1.1: a client without EDNS as well', 'A a.two.test.', '198.51.100.77', undefined, '198.51.100.0/24 scope 0'],
    ['RFC 7871 §12.1: nothing, if its zone is not listed', 'A a.one.test.', '198.51.100.77', [], undefined],
    ['RFC 7871 §11.1: nothing of a loopback client', 'A a.two.test.', '127.0.0.1', [], undefined],
    ['RFC 7871 §11.1: nor of ::1', 'A a.two.test.', '::1', [], undefined],
    ['RFC 7871 §11.1: nor of a link-local one', 'A a.two.test.', '169.254.7.7', [], undefined],
    ['RFC 7871 §7.1.2: nothing of a client that says /0', 'A a.two.test.', '198.51.100.77', ecs('0/0'), undefined],
    ['RFC 7871 §7.1.1: what a loopback client says', 'A a.two.test.', '127.0.0.1', ecs('203.0.113.0/24'), '203.0.113.0/24 scope 0'],
    ['RFC 7871 §11.1: no more than 24 bits of it', 'A a.two.test.', '127.0.0.1', ecs('203.0.113.77/32'), '203.0.113.0/24 scope 0'],
    ['RFC 7871 §11.1: nor than 56', 'A a.two.test.', '127.0.0.1', ecs('2001:db8:1:2ff::/64'), '2001:db8:1:200::/56 scope 0'],
    ['RFC 7871 §7.1.1: and less, if it says less', 'A a.two.test.', '127.0.0.1', ecs('203.0.0.0/16'), '203.0.0.0/16 scope 0'],
    ['RFC 7871 §11.2: not what another client says of others', 'A a.two.test.', '198.51.100.77', ecs('203.0.113.0/24'), '198.51.100.0/24 scope 0'],
  ];
  for (const [section, question, remote, options, sent] of cases) {
    it(section, async () => {
      const { handler, wiring } = localDns({ [ONE]: tailoring({}), [TWO]: tailoring({ scope: 0 }) });
      await ask(handler, question, { remote, ...(options && { options }) });
      expect(sentTo(wiring)).to.deep.equal([sent]);
    });
  }
  it('nothing at all unless a zone is listed', async () => {
    const { handler, wiring } = localDns({ [TWO]: tailoring({ scope: 24 }) }, []);
    expect(answerOf(await ask(handler, 'A a.two.test.', { options: ecs('203.0.113.0/24') }))).to.equal('a.two.test. 20 A 10.0.0.0 / no option');
    expect(sentTo(wiring)).to.deep.equal([undefined]);
  });
  it('refuses a configuration that names no zone', () => {
    expect(() => localDns({}, ['a..b'])).to.throw('cannot tell "a..b" of client subnets: it is no domain name');
  });
});

describe('the local DNS answers a client that sends its subnet', () => {
  const cases: readonly (readonly [section: string, told: Told, client: string, answer: string])[] = [
    ['RFC 7871 §7.2.1: with the scope of the authority', { scope: 20 }, '203.0.113.0/24', 'a.two.test. 20 A 10.203.0.113 / 203.0.113.0/24 scope 20'],
    ['RFC 7871 §7.2.1: in the network that it gave', { scope: 24 }, '203.0.113.77/32', 'a.two.test. 20 A 10.203.0.113 / 203.0.113.77/32 scope 24'],
    ['RFC 7871 §7.2.1: with a scope longer than its source', { scope: 24 }, '203.0.0.0/16', 'a.two.test. 20 A 10.203.0.0 / 203.0.0.0/16 scope 24'],
    ['RFC 7871 §7.3: with scope 0 where the authority has no option', {}, '203.0.113.0/24', 'a.two.test. 20 A 10.203.0.113 / 203.0.113.0/24 scope 0'],
    ['RFC 7871 §7.1.2: with scope 0 where it says /0', { scope: 24 }, '0/0', 'a.two.test. 20 A 10.0.0.0 / 0.0.0.0/0 scope 0'],
    ['RFC 7871 §7.3: not with what is for another network', { scope: 24, about: '198.51.100.0/24' }, '203.0.113.0/24', 'a.two.test. 20 A 10.0.0.0 / 203.0.113.0/24 scope 0'],
    ['RFC 7871 §7.3: nor for another prefix of it', { scope: 16, about: '203.0.0.0/16' }, '203.0.113.0/24', 'a.two.test. 20 A 10.0.0.0 / 203.0.113.0/24 scope 0'],
    ['RFC 7871 §7.3: nor for another family', { scope: 24, about: '2001:db8::/24' }, '203.0.113.0/24', 'a.two.test. 20 A 10.0.0.0 / 203.0.113.0/24 scope 0'],
  ];
  for (const [section, told, client, answer] of cases) {
    it(section, async () => {
      const { handler } = localDns({ [TWO]: tailoring(told) });
      expect(answerOf(await ask(handler, 'A a.two.test.', { options: ecs(client) }))).to.equal(answer);
    });
  }
  it('RFC 7871 §7.2.1: FORMERR, if it is malformed', async () => {
    const { handler, wiring } = localDns({ [TWO]: tailoring({}) });
    const wrong: readonly (readonly number[])[] = [[], [0, 1, 24], [0, 1, 24, 0, 203, 0], [0, 1, 24, 0, 203, 0, 113, 0], [0, 1, 20, 0, 203, 0, 113], [0, 1, 33, 0, 1, 2, 3, 4, 5], [0, 9, 8, 0, 1], [0, 1, 24, 24, 203, 0, 113]];
    for (const octets of wrong) expect(summary(await ask(handler, 'A a.two.test.', { options: [{ code: 8, data: Uint8Array.from(octets) }] })), octets.join(' ')).to.equal('FORMERR');
    expect(wiring.sent).to.deep.equal([]);
  });
  it('RFC 7871 §7.2.1: without the option, if it sent none', async () => {
    const { handler } = localDns({ [TWO]: tailoring({ scope: 24 }) });
    expect(answerOf(await ask(handler, 'A a.two.test.', { remote: '198.51.100.7', options: [] }))).to.equal('a.two.test. 20 A 10.198.51.100 / no option');
  });
  it('RFC 7871 §7.1.3: of a server that refuses the option, by asking without', async () => {
    for (const rcode of [1, 5]) {
      const { handler, wiring } = localDns({ [TWO]: (query, peer) => (findOption(query.message.edns, OPTION.CLIENT_SUBNET) ? scripted({ rcode })(query, peer) : tailoring({})(query, peer)) });
      expect(answerOf(await ask(handler, 'A a.two.test.', { options: ecs('203.0.113.0/24') }))).to.equal('a.two.test. 20 A 10.0.0.0 / 203.0.113.0/24 scope 0');
      expect(sentTo(wiring)).to.deep.equal(['203.0.113.0/24 scope 0', undefined]);
    }
  });
});

describe('the local DNS gives a remembered answer', () => {
  const from = (wiring: LocalDns, remote: string, question = 'A a.two.test.'): Promise<DnsMessage> => ask(wiring.handler, question, { remote });

  const cases: readonly (readonly [section: string, told: Told, clients: readonly string[], asked: number])[] = [
    ['RFC 7871 §7.3.1: to the network that it is for', { scope: 24 }, ['198.51.100.1', '198.51.100.2'], 1],
    ['RFC 7871 §7.3.1: not to another', { scope: 24 }, ['198.51.100.1', '198.51.101.1', '198.51.100.3', '198.51.101.3'], 2],
    ['RFC 7871 §7.3.1: to all of a shorter scope', { scope: 16 }, ['198.51.100.1', '198.51.101.1', '198.52.1.1'], 2],
    ['RFC 7871 §7.3.1: to everybody, with scope 0', { scope: 0 }, ['198.51.100.1', '203.0.113.1', '2001:db8::1', '127.0.0.1'], 1],
    ['RFC 7871 §7.3: and without the option', {}, ['198.51.100.1', '203.0.113.1', '127.0.0.1'], 1],
    ['RFC 7871 §7.3.1: not of one without subnet to one with', { scope: 24 }, ['127.0.0.1', '198.51.100.1', '127.0.0.1'], 2],
    ['RFC 7871 §7.4: NXDOMAIN likewise', { scope: 24, nxdomain: true }, ['198.51.100.1', '198.51.100.2', '198.51.101.1'], 2],
  ];
  for (const [section, told, clients, asked] of cases) {
    it(section, async () => {
      const local = localDns({ [TWO]: tailoring(told) });
      for (const client of clients) await from(local, client);
      expect(local.wiring.sent).to.have.length(asked);
    });
  }
  it('RFC 7871 §7.3.1: that is fit for the client, whoever asked before', async () => {
    const local = localDns({ [TWO]: tailoring({ scope: 24 }) });
    for (const round of [1, 2]) {
      for (const octet of [1, 2, 3]) expect(answerOf(await from(local, `198.51.${octet}.9`)), `round ${round}`).to.equal(`a.two.test. 20 A 10.198.51.${octet} / no option`);
    }
    expect(local.wiring.sent).to.have.length(3);
  });
  it('RFC 7871 §7.3: of an alias in a zone that is not told to everybody, and what it leads to by network', async () => {
    const local = localDns({ [ONE]: scripted({ answers: ['a.one.test. 300 CNAME a.two.test.'] }), [TWO]: tailoring({ scope: 24 }) });
    for (const octet of [1, 2]) {
      expect(summary(await from(local, `198.51.${octet}.9`, 'A a.one.test.'))).to.equal(`NOERROR ra | a.one.test. 300 CNAME a.two.test. + a.two.test. 20 A 10.198.51.${octet}`);
    }
    expect(local.wiring.sent.map((line) => line.split(' ')[0])).to.deep.equal([ONE, TWO, TWO]);
    expect(sentTo(local.wiring)).to.deep.equal([undefined, '198.51.1.0/24 scope 0', '198.51.2.0/24 scope 0']);
    expect(answerOf(await ask(local.handler, 'CNAME a.one.test.', { options: ecs('203.0.113.0/24') }))).to.equal('a.one.test. 300 CNAME a.two.test. / 203.0.113.0/24 scope 0');
    expect(ecsOf(await ask(local.handler, 'A a.one.test.', { options: ecs('198.51.1.0/24') }))).to.equal('198.51.1.0/24 scope 24');
  });
  it('RFC 7871 §7.3: of an alias that is tailored by network, and what it leads to elsewhere to everybody', async () => {
    const local = localDns({ [ONE]: scripted({ answers: ['b.one.test. 300 A 192.0.2.9'] }), [TWO]: tailoring({ scope: 24, answers: ['a.two.test. 20 CNAME b.one.test.', 'b.one.test. 20 A ADDRESS'] }) });
    for (const octet of [1, 2]) expect((await from(local, `198.51.${octet}.9`)).answers).to.have.length(2);
    expect(local.wiring.sent.map((line) => line.split(' ')[0])).to.deep.equal([TWO, ONE, TWO]);
    expect(summary(await from(local, '203.0.113.1', 'A b.one.test.'))).to.equal('NOERROR ra | b.one.test. 300 A 192.0.2.9');
    expect(local.wiring.sent).to.have.length(3);
  });
  it('RFC 7871 §7.3: never across the edge of what is told, within one authority either', async () => {
    const both: DnsHandler = (query, peer) => {
      const name = String(query.question.name);
      if (name === 'a.two.test.') return scripted({ answers: ['a.two.test. 300 CNAME v.cdn.two.test.', 'v.cdn.two.test. 300 A 10.66.66.66'] })(query, peer);
      return tailoring({ scope: 24 })(query, peer);
    };
    const local = localDns({ [TWO]: both }, ['cdn.two.test']);
    expect(summary(await from(local, '198.51.1.9'))).to.equal('NOERROR ra | a.two.test. 300 CNAME v.cdn.two.test. + v.cdn.two.test. 20 A 10.198.51.1');
    expect(summary(await from(local, '198.51.2.9', 'A v.cdn.two.test.'))).to.equal('NOERROR ra | v.cdn.two.test. 20 A 10.198.51.2');
  });
  it('RFC 7871 §11.2: and asks for few networks at a time', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const local = localDns({ [TWO]: async (query, peer) => {
      await released;
      return tailoring({ scope: 24 })(query, peer);
    } });
    const answers = Array.from({ length: 60 }, (_, network) => from(local, `198.51.${network}.9`));
    expect(local.wiring.sent.length).to.be.within(2, 17);
    release();
    for (const message of await Promise.all(answers)) expect(message.rcode).to.equal(0);
    expect(local.wiring.sent.length).to.be.within(2, 17);
  });
});
