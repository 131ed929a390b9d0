// Server cookies on an authority (RFC 7873 §5.2, RFC 9018), NSID (RFC 5001) and class CHAOS (RFC 4892).

import { expect } from 'chai';
import { createAuthority, createServerCookies } from '../../src/dns/index.js';
import { createSeededRandom } from '../../src/base/random.js';
import { decodeCookie, encodeCookie, findOption, OPTION, type Cookie } from '../../src/net/dns/edns.js';
import type { DnsMessage } from '../../src/net/dns/message.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, summary, zoneOf, type AskOptions } from '../helpers/dns.js';

const ZONE = zoneOf('$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.80\n');
const CLIENT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const NONE = new Uint8Array(0);
const ANSWER = 'NOERROR aa | www.example. 60 A 192.0.2.80';
const HOUR_MS = 3_600_000;

describe('server cookies', () => {
  const parties = () => {
    const clock = createHandClock();
    const handler = createAuthority({ zones: [ZONE], cookies: createServerCookies({ clock, random: createSeededRandom(1) }) }, { clock, log: silentLog });
    const asking = (server: Uint8Array, over: AskOptions = {}): Promise<DnsMessage> => ask(handler, 'A www.example.', { options: [encodeCookie({ client: CLIENT, server })], ...over });
    return { clock, handler, asking };
  };
  const cookieOf = (message: DnsMessage): Cookie => {
    const option = findOption(message.edns, OPTION.COOKIE);
    const cookie = option && decodeCookie(option);
    if (!cookie) throw new Error('no cookie');
    return cookie;
  };

  it('RFC 7873 §5.2.1: none for a query without', async () => {
    const { handler } = parties();
    expect((await ask(handler, 'A www.example.', { options: [] })).edns?.options).to.deep.equal([]);
    expect((await ask(handler, 'A www.example.')).edns).to.equal(undefined);
  });
  for (const length of [0, 7, 9, 15, 41]) {
    it(`RFC 7873 §5.2.2: a cookie of ${length} octets is a FORMERR`, async () => {
      const { handler } = parties();
      expect(summary(await ask(handler, 'A www.example.', { options: [{ code: OPTION.COOKIE, data: new Uint8Array(length) }] }))).to.equal('FORMERR');
    });
  }
  it('RFC 7873 §5.2.3: a client cookie alone is answered, and gets a server cookie', async () => {
    const message = await parties().asking(NONE);
    expect(summary(message)).to.equal(ANSWER);
    expect(cookieOf(message).client).to.deep.equal(CLIENT);
    expect(cookieOf(message).server).to.have.length(16);
  });
  it('RFC 7873 §5.2.5: a good one is answered, and comes back as it is', async () => {
    const { asking } = parties();
    const { server } = cookieOf(await asking(NONE));
    const again = await asking(server);
    expect(summary(again)).to.equal(ANSWER);
    expect(cookieOf(again).server).to.deep.equal(server);
  });
  it('RFC 7873 §5.2.4: a wrong one over UDP is BADCOOKIE, with one that will do', async () => {
    const { asking } = parties();
    const refused = await asking(new Uint8Array(16));
    expect(summary(refused)).to.equal('BADCOOKIE');
    expect(summary(await asking(cookieOf(refused).server))).to.equal(ANSWER);
  });
  it('RFC 7873 §5.2.3: over TCP a wrong one is as good as none', async () => expect(summary(await parties().asking(new Uint8Array(8), { transport: 'tcp' }))).to.equal(ANSWER));
  it('RFC 9018 §4.4: it is good for one address and one client cookie', async () => {
    const { asking, handler } = parties();
    const { server } = cookieOf(await asking(NONE));
    expect(summary(await asking(server, { remote: '127.0.0.2' }))).to.equal('BADCOOKIE');
    expect(summary(await ask(handler, 'A www.example.', { options: [encodeCookie({ client: CLIENT.map((octet) => octet ^ 1), server })] }))).to.equal('BADCOOKIE');
  });
  it('RFC 9018 §4.3: it is renewed after half an hour, and bad after one', async () => {
    const { asking, clock } = parties();
    const { server } = cookieOf(await asking(NONE));
    clock.advance(0.6 * HOUR_MS);
    const renewed = await asking(server);
    expect(summary(renewed)).to.equal(ANSWER);
    expect(cookieOf(renewed).server).to.not.deep.equal(server);
    clock.advance(0.5 * HOUR_MS);
    expect(summary(await asking(server))).to.equal('BADCOOKIE');
    expect(summary(await asking(cookieOf(renewed).server))).to.equal(ANSWER);
  });
  it('RFC 7873 §7.1: the secret changes, and the one before it still counts', async () => {
    const { asking, clock } = parties();
    clock.advance(24 * HOUR_MS - 60_000);
    const { server } = cookieOf(await asking(NONE));
    clock.advance(120_000);
    const renewed = await asking(server);
    expect(summary(renewed)).to.equal(ANSWER);
    expect(cookieOf(renewed).server).to.not.deep.equal(server);
    expect(cookieOf(await asking(cookieOf(renewed).server)).server).to.deep.equal(cookieOf(renewed).server);
  });
});

describe('a server says who it is', () => {
  const named = createAuthority({ zones: [ZONE], identity: { nsid: 'pop-1', version: 'cdn 1.2.3' } }, { clock: createHandClock(), log: silentLog });
  const nameless = createAuthority({ zones: [ZONE] }, { clock: createHandClock(), log: silentLog });
  const asking = { code: OPTION.NSID, data: NONE };
  const nsidOf = (message: DnsMessage): string | undefined => {
    const option = findOption(message.edns, OPTION.NSID);
    return option && Buffer.from(option.data).toString('utf8');
  };

  it('RFC 5001 §2.2: an NSID for those that ask', async () => expect(nsidOf(await ask(named, 'A www.example.', { options: [asking] }))).to.equal('pop-1'));
  it('RFC 5001 §2.1: and for no other', async () => expect((await ask(named, 'A www.example.', { options: [] })).edns?.options).to.deep.equal([]));
  it('RFC 5001 §2.2: with a refusal as well', async () => expect(nsidOf(await ask(named, 'A www.example.org.', { options: [asking] }))).to.equal('pop-1'));
  it('RFC 5001 §3: none unless it has been given one', async () => expect((await ask(nameless, 'A www.example.', { options: [asking] })).edns?.options).to.deep.equal([]));

  const CHAOS: readonly (readonly [question: string, answer: string])[] = [
    ['TXT version.bind.', 'NOERROR aa | version.bind. 0 CH TXT "cdn 1.2.3"'],
    ['TXT VERSION.server.', 'NOERROR aa | VERSION.server. 0 CH TXT "cdn 1.2.3"'],
    ['TXT id.server.', 'NOERROR aa | id.server. 0 CH TXT "pop-1"'],
    ['ANY hostname.bind.', 'NOERROR aa | hostname.bind. 0 CH TXT "pop-1"'],
    ['A version.bind.', 'REFUSED'],
    ['TXT authors.bind.', 'REFUSED'],
    ['TXT www.example.', 'REFUSED'],
  ];
  for (const [question, answer] of CHAOS) it(`RFC 4892 §2: ${question}`, async () => expect(summary(await ask(named, question, { rrClass: 3 }))).to.equal(answer));
  it('RFC 4892 §2.5: or says nothing', async () => {
    for (const name of ['version.bind.', 'id.server.']) expect(summary(await ask(nameless, `TXT ${name}`, { rrClass: 3 }))).to.equal('REFUSED');
  });
});
