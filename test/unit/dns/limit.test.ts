import { expect } from 'chai';
import { createAuthority, createServerCookies } from '../../../src/dns/index.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { decodeCookie, encodeCookie, findOption, OPTION } from '../../../src/net/dns/edns.js';
import type { DnsHandler } from '../../../src/net/dns/message.js';
import { createLog, silentLog } from '../../../src/observe/log.js';
import { ask, askAnything, createHandClock, zoneOf } from '../../helpers/dns.js';

const ZONE = zoneOf(`$ORIGIN example.
$TTL 60
@      SOA ns h 1 2 3 4 5
@      NS  ns
ns     A   192.0.2.53
www    A   192.0.2.80
mail   A   192.0.2.25
*.wild A   192.0.2.81
cut    NS  ns.cut
ns.cut A   192.0.2.54
`);
const CLIENT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function parties(perSecond: number, slip?: number) {
  const clock = createHandClock();
  const lines: string[] = [];
  const log = createLog(({ message }) => message.startsWith('over the rate limit') && lines.push(message));
  const cookies = createServerCookies({ clock, random: createSeededRandom(1) });
  const handler = createAuthority({ zones: [ZONE], cookies, rateLimit: { perSecond, seed: 7, ...(slip !== undefined && { slip }) } }, { clock, log });
  return { clock, handler, lines };
}

/** What becomes of so many queries, a letter each: a whole answer, one with TC=1, or none. */
async function fates(handler: DnsHandler, count: number, question: (index: number) => string, remote = '192.0.2.1', over = {}): Promise<string> {
  let letters = '';
  for (let index = 0; index < count; index += 1) {
    const reply = await askAnything(handler, question(index), { remote, ...over });
    if ('messages' in reply) letters += '-';
    else if ('shared' in reply) letters += 'a';
    else letters += reply.truncated && reply.answers.length === 0 ? 't' : 'a';
  }
  return letters;
}
const www = (): string => 'A www.example.';

describe('the rate limit', () => {
  it('lets a burst of one second through, then every second answer with TC=1', async () => {
    const { handler } = parties(3);
    expect(await fates(handler, 9, www)).to.equal('aaa-t-t-t');
  });
  it('where several processes share it, follows the part of each', async () => {
    const clock = createHandClock();
    const share = { counted: 0, part: 0.5 };
    const handler = createAuthority({ zones: [ZONE], rateLimit: { perSecond: 6, seed: 7, share } }, { clock, log: silentLog });
    expect(await fates(handler, 5, www)).to.equal('aaa-t');
    share.part = 1;
    clock.advance(1000);
    expect(await fates(handler, 7, www)).to.equal('aaaaaa-');
    share.part = 0.01;
    clock.advance(10_000);
    expect(await fates(handler, 3, www), 'one a second is the least').to.equal('a-t');
    expect(share.counted).to.equal(15);
  });
  it('fills again with time', async () => {
    const { handler, clock } = parties(2);
    expect(await fates(handler, 3, www)).to.equal('aa-');
    clock.advance(500);
    expect(await fates(handler, 2, www), 'the second over the limit').to.equal('at');
    clock.advance(60_000);
    expect(await fates(handler, 3, www)).to.equal('aa-');
  });
  it('slips for who is but a little over it and gets tokens in between', async () => {
    const { handler, clock } = parties(2);
    let fate = await fates(handler, 2, www);
    for (let second = 0; second < 4; second += 1) {
      clock.advance(500);
      fate += await fates(handler, 2, www);
    }
    expect(fate).to.equal('aaa-ata-at');
  });
  it('tells of what is limited once until it has been calm for a second, however long it goes on', async () => {
    const { handler, clock, lines } = parties(2);
    for (let step = 0; step < 100; step += 1) {
      await fates(handler, 5, www);
      clock.advance(500);
    }
    expect(lines).to.deep.equal(['over the rate limit: A www.example from the network of 192.0.2.1']);
    clock.advance(1000);
    await fates(handler, 3, www);
    expect(lines).to.have.length(2);
  });
  it('tells of a flood from very many networks in a few lines a second and a number', async () => {
    const { handler, clock, lines } = parties(1);
    for (let network = 0; network < 5000; network += 1) await fates(handler, 2, www, `10.${network >> 8}.${network & 255}.1`);
    expect(lines.length).to.equal(200);
    clock.advance(1000);
    expect(lines.slice(200)).to.deep.equal(['over the rate limit: 4,800 more in the last second']);
  });
  it('slips as often as it is told, or never', async () => {
    expect(await fates(parties(1, 1).handler, 4, www)).to.equal('attt');
    expect(await fates(parties(1, 0).handler, 4, www)).to.equal('a---');
    expect(await fates(parties(1, 3).handler, 7, www)).to.equal('a--t--t');
  });
  it('counts a /24 as one, and another network by itself', async () => {
    const { handler } = parties(1);
    expect(await fates(handler, 1, www, '192.0.2.1')).to.equal('a');
    expect(await fates(handler, 1, www, '192.0.2.200')).to.equal('-');
    expect(await fates(handler, 1, www, '192.0.3.1')).to.equal('a');
  });
  it('counts a /56 as one', async () => {
    const { handler } = parties(1);
    expect(await fates(handler, 1, www, '2001:db8:0:ab00::1')).to.equal('a');
    expect(await fates(handler, 1, www, '2001:db8:0:abff::1')).to.equal('-');
    expect(await fates(handler, 1, www, '2001:db8:0:ac00::1')).to.equal('a');
  });
  it('counts each name and type by itself', async () => {
    const { handler } = parties(1);
    for (const question of ['A www.example.', 'A mail.example.', 'A ns.example.', 'NS example.', 'A x.cut.example.']) expect(await fates(handler, 2, () => question), question).to.equal('a-');
  });
  it('counts letter case out', async () => {
    const { handler } = parties(1);
    expect(await fates(handler, 2, (index) => (index === 0 ? 'A www.example.' : 'A WWW.example.'))).to.equal('a-');
  });
  const MADE_UP: readonly (readonly [what: string, question: (index: number) => string, fate: string])[] = [
    ['names that are not there', (index) => `A x${index}.example.`, 'aa-t'],
    ['names of a wildcard', (index) => `A x${index}.wild.example.`, 'aa-t'],
    ['names below a cut', (index) => `A x${index}.cut.example.`, 'aa-t'],
    ['types that are not there', (index) => `TYPE${1000 + index} www.example.`, 'aa-t'],
    // An error holds nothing that could be left out.
    ['names of no zone here', (index) => `A x${index}.org.`, 'aa-a'],
  ];
  for (const [what, question, fate] of MADE_UP) it(`counts all ${what} as one`, async () => expect(await fates(parties(2).handler, 4, question)).to.equal(fate));

  it('is not for loopback, nor for TCP', async () => {
    const { handler } = parties(1);
    expect(await fates(handler, 4, www, '127.0.0.1')).to.equal('aaaa');
    expect(await fates(handler, 4, www, '::1')).to.equal('aaaa');
    expect(await fates(handler, 4, www, '192.0.2.1', { transport: 'tcp' })).to.equal('aaaa');
  });
  it('is not for those that bring back a cookie of ours', async () => {
    const { handler } = parties(1);
    const first = await ask(handler, 'A www.example.', { remote: '192.0.2.1', options: [encodeCookie({ client: CLIENT, server: new Uint8Array(0) })] });
    const option = findOption(first.edns, OPTION.COOKIE);
    expect(option && decodeCookie(option)?.server).to.have.length(16);
    expect(await fates(handler, 4, www, '192.0.2.1', { options: [option] })).to.equal('aaaa');
    expect(await fates(handler, 3, www, '192.0.2.1', { options: [encodeCookie({ client: CLIENT, server: new Uint8Array(0) })] }), 'a client cookie alone').to.equal('-t-');
  });
  it('of 0 is none', async () => expect(await fates(parties(0).handler, 50, www)).to.equal('a'.repeat(50)));
  it('forgets rather than holds more than its table, and never limits a newcomer', async () => {
    const clock = createHandClock();
    const handler = createAuthority({ zones: [ZONE], rateLimit: { perSecond: 1, seed: 7, buckets: 2 } }, { clock, log: silentLog });
    for (let index = 0; index < 200; index += 1) expect(await fates(handler, 1, www, `198.51.${index}.1`)).to.equal('a');
  });
});
