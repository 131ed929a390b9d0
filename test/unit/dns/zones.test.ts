import { expect } from 'chai';
import fc from 'fast-check';
import type { Clock } from '../../../src/base/clock.js';
import { createCatalog } from '../../../src/catalog/index.js';
import { createAuthority, createCdnZone, createPublisherZone, createRouter, uncheckedHealth, type RouterOptions, type StoreAddress } from '../../../src/dns/index.js';
import type { Health } from '../../../src/dns/router.js';
import type { DnsHandler } from '../../../src/net/dns/message.js';
import { silentLog } from '../../../src/observe/log.js';
import { ask, createHandClock, summary } from '../../helpers/dns.js';

const catalog = createCatalog(['video1.mp4', 'video2.mp4', 'Ünïcode name.mp4']);
const authority = { address: '127.0.0.1', port: 40_724 };

function cdn(stores: readonly StoreAddress[], options: Partial<RouterOptions> = {}, env: { readonly clock?: Clock; readonly health?: Health } = {}): DnsHandler {
  const { clock = createHandClock(), health = uncheckedHealth } = env;
  return createAuthority({ zones: [createCdnZone({ catalog, stores, authority, serial: 7, router: createRouter(options, { clock, health }) })] }, { clock, log: silentLog });
}

const store = (number: number, address: string, port = 40_721): StoreAddress => ({ id: `store-${number}`, endpoint: { address, port } });
const SOA = 'hercdn.com. 20 SOA ns1.hercdn.com. hostmaster.hercdn.com. 7 3600 600 86400 20';

describe("the CDN's zone", () => {
  const answers = async (handler: DnsHandler, question: string, times: number): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let i = 0; i < times; i += 1) found.push(summary(await ask(handler, question)).replace('NOERROR aa | ', ''));
    return found;
  };

  it('gives one store an answer, each in turn', async () =>
    expect(await answers(cdn([store(1, '127.0.0.1'), store(2, '127.0.0.2')]), 'A file1.hercdn.com', 3)).to.deep.equal(['file1.hercdn.com. 20 A 127.0.0.1', 'file1.hercdn.com. 20 A 127.0.0.2', 'file1.hercdn.com. 20 A 127.0.0.1']));
  it('begins with another store for another title', async () =>
    expect(await answers(cdn([store(1, '127.0.0.1'), store(2, '127.0.0.2')]), 'A file2.hercdn.com', 2)).to.deep.equal(['file2.hercdn.com. 20 A 127.0.0.2', 'file2.hercdn.com. 20 A 127.0.0.1']));
  it('gives the port with the very store it belongs to', async () =>
    expect(await answers(cdn([store(1, '127.0.0.1', 40_721), store(2, '127.0.0.1', 40_731)]), 'SRV _http._tcp.file1.hercdn.com', 2)).to.deep.equal([
      '_http._tcp.file1.hercdn.com. 20 SRV 0 0 40721 store-1.hercdn.com. |  | store-1.hercdn.com. 300 A 127.0.0.1',
      '_http._tcp.file1.hercdn.com. 20 SRV 0 0 40731 store-2.hercdn.com. |  | store-2.hercdn.com. 300 A 127.0.0.1',
    ]));
  it('gives an address as many turns as it has stores', async () =>
    expect(await answers(cdn([store(1, '127.0.0.1', 1), store(2, '127.0.0.1', 2), store(3, '127.0.0.2', 3)]), 'A file1.hercdn.com', 4)).to.deep.equal(['1', '1', '2', '1'].map((last) => `file1.hercdn.com. 20 A 127.0.0.${last}`)));

  it('refuses stores that have the name of something else', () => {
    const named = (...ids: readonly string[]) => () => cdn(ids.map((id) => ({ id, endpoint: { address: '127.0.0.1', port: 1 } })));
    expect(named('ns1', 'store-1', 'File2', 'video')).to.throw(/ns1\.hercdn\.com.*\n.*File2\.hercdn\.com.*\n.*video\.hercdn\.com/);
    expect(named('file4')).to.not.throw();
  });

  describe('a client that asks for address and port', () => {
    /** Stores that differ in both: the port of one is of no use at the address of another. */
    const three = [1, 2, 3].map((number) => store(number, `10.0.0.${number}`, 40_000 + number));
    /** "2": the last digit of the address of an A, of the port of an SRV. */
    const say = async (handler: DnsHandler, what: 'A' | 'SRV', remote: string): Promise<string> =>
      (await ask(handler, what === 'A' ? 'A file1.hercdn.com' : 'SRV _http._tcp.file1.hercdn.com', { remote })).answers
        .map(({ data }) => (data.kind === 'A' ? data.address : data.kind === 'SRV' ? String(data.port) : '').slice(-1)).join('');

    it('is told of one store, however many others ask for the address only', async () => {
      await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom('A' as const, 'SRV' as const)), { maxLength: 60 }), fc.constantFrom('round-robin' as const, 'weighted' as const, 'rendezvous' as const), async (questions, policy) => {
        const handler = cdn(three, { policies: [policy] });
        const last = new Map<number, { readonly what: string; readonly store: string }>();
        for (const [client, what] of questions) {
          const before = last.get(client);
          const found = await say(handler, what, `192.0.2.${client}`);
          // The other half of a pair; after that, whatever is asked begins another.
          const pair = before !== undefined && before.what !== what;
          if (pair) expect(found).to.equal(before.store);
          if (pair) last.delete(client);
          else last.set(client, { what, store: found });
          if (pair) for (const both of ['A', 'SRV'] as const) await say(handler, both, `198.51.100.${client}`);
        }
      }), { numRuns: 60 });
    });
    it('is told of the next one when it asks again', async () => {
      const handler = cdn(three);
      const found: string[] = [];
      for (const what of ['A', 'SRV', 'A', 'SRV', 'SRV', 'A', 'A'] as const) found.push(await say(handler, what, '192.0.2.1'));
      expect(found.join(' ')).to.equal('1 1 2 2 3 3 1');
    });
    it('is told of the next one when it comes back after the TTL', async () => {
      const clock = createHandClock();
      const handler = cdn(three, {}, { clock });
      expect(await say(handler, 'A', '192.0.2.1')).to.equal('1');
      clock.advance(20_000);
      expect(await say(handler, 'SRV', '192.0.2.1')).to.equal('2');
    });
    it('is told of another store when the first has died between', async () => {
      const dead = new Set<string>();
      const handler = cdn(three, {}, { health: { ...uncheckedHealth, isUp: (id) => !dead.has(id) } });
      expect(await say(handler, 'A', '192.0.2.1')).to.equal('1');
      dead.add('store-1');
      expect(await say(handler, 'SRV', '192.0.2.1')).to.equal('2');
    });
    it('is told of as many, when a name has several', async () => {
      const handler = cdn(three, { take: { least: 2, most: 2 } });
      await say(handler, 'A', '192.0.2.9');
      expect([await say(handler, 'A', '192.0.2.1'), await say(handler, 'SRV', '192.0.2.1')]).to.deep.equal(['23', '23']);
    });
    it('finds each store by its port where all have one address', async () => {
      const handler = cdn([1, 2, 3].map((number) => store(number, '127.0.0.1', 40_000 + number)));
      const found: string[] = [];
      for (const client of [1, 2, 3, 4]) for (const what of ['A', 'SRV'] as const) found.push(await say(handler, what, `192.0.2.${client}`));
      expect(found.join(' ')).to.equal('1 1 1 2 1 3 1 1');
    });
    it('finds the port of a store with IPv4 and of one with IPv6, if it asks for both', async () => {
      const handler = cdn([store(1, '10.0.0.1', 40_001), store(2, '2001:db8::2', 40_002), store(3, '10.0.0.3', 40_003), store(4, '2001:db8::4', 40_004)]);
      for (const question of ['A file2.hercdn.com', 'AAAA file2.hercdn.com']) await ask(handler, question);
      expect(summary(await ask(handler, 'SRV _http._tcp.file2.hercdn.com'))).to.equal('NOERROR aa | _http._tcp.file2.hercdn.com. 20 SRV 0 0 40003 store-3.hercdn.com. + _http._tcp.file2.hercdn.com. 20 SRV 0 0 40004 store-4.hercdn.com. |  | store-3.hercdn.com. 300 A 10.0.0.3 + store-4.hercdn.com. 300 AAAA 2001:db8::4');
    });
  });

  const cases: readonly (readonly [rule: string, stores: readonly StoreAddress[], question: string, answer: string])[] = [
    ['AAAA of a store with IPv6', [store(1, '::1')], 'AAAA file1.hercdn.com', 'NOERROR aa | file1.hercdn.com. 20 AAAA ::1'],
    ['no A of it', [store(1, '::1')], 'A file1.hercdn.com', `NOERROR aa |  | ${SOA}`],
    ['no AAAA of a store with IPv4', [store(1, '127.0.0.1')], 'AAAA file1.hercdn.com', `NOERROR aa |  | ${SOA}`],
    ['no stores: the name exists', [], 'A file1.hercdn.com', `NOERROR aa |  | ${SOA}`],
    ['no stores: and so does the service', [], 'SRV _http._tcp.file1.hercdn.com', `NOERROR aa |  | ${SOA}`],
    ['no stores: and the video', [], 'V file1.hercdn.com', 'NOERROR aa | file1.hercdn.com. 300 V file1.hercdn.com. "video1"'],
    ['a store by name', [store(1, '127.0.0.1')], 'A store-1.hercdn.com', 'NOERROR aa | store-1.hercdn.com. 300 A 127.0.0.1'],
    ['every video behind one name', [store(1, '127.0.0.1')], 'A video.hercdn.com', 'NOERROR aa | video.hercdn.com. 20 A 127.0.0.1'],
    ['its port', [store(1, '127.0.0.1')], 'SRV _http._tcp.video.hercdn.com', 'NOERROR aa | _http._tcp.video.hercdn.com. 20 SRV 0 0 40721 store-1.hercdn.com. |  | store-1.hercdn.com. 300 A 127.0.0.1'],
    ['V, the object in UTF-8', [], 'V file3.hercdn.com', 'NOERROR aa | file3.hercdn.com. 300 V file3.hercdn.com. "\\195\\156n\\195\\175code name"'],
    ['a title that there is not', [store(1, '127.0.0.1')], 'A file9.hercdn.com', `NXDOMAIN aa |  | ${SOA}`],
    ['its own server', [], 'NS hercdn.com', 'NOERROR aa | hercdn.com. 300 NS ns1.hercdn.com. |  | ns1.hercdn.com. 300 A 127.0.0.1'],
  ];
  for (const [rule, stores, question, answer] of cases) it(rule, async () => expect(summary(await ask(cdn(stores), question))).to.equal(answer));

  it('leaves out V where the name of the object is too long for a character-string', async () => {
    const long = createCatalog([`${'é'.repeat(128)}.mp4`]);
    const handler = createAuthority({ zones: [createCdnZone({ catalog: long, stores: [], authority, serial: 7, router: createRouter({}, { clock: createHandClock(), health: uncheckedHealth }) })] }, { clock: createHandClock(), log: silentLog });
    expect(summary(await ask(handler, 'V file1.hercdn.com'))).to.equal(`NOERROR aa |  | ${SOA}`);
  });
});

describe("the publisher's zone", () => {
  const portal = { address: '127.0.0.1', port: 40_720 };
  const publisher = (over: { courtesy?: typeof portal; portal?: typeof portal }): DnsHandler =>
    createAuthority({ zones: [createPublisherZone({ catalog, portal, authority, serial: 2 ** 32 + 7, ...over })] }, { clock: createHandClock(), log: silentLog });
  const COURTESY = 'hercdn.com. 300 NS ns1.hercdn.com. | ns1.hercdn.com. 300 A 127.0.0.9';

  const cases: readonly (readonly [question: string, answer: string])[] = [
    ['A hiscinema.com', 'NOERROR aa | hiscinema.com. 300 A 127.0.0.1'],
    ['A www.hiscinema.com', 'NOERROR aa | www.hiscinema.com. 300 A 127.0.0.1'],
    ['SRV _http._tcp.hiscinema.com', 'NOERROR aa | _http._tcp.hiscinema.com. 300 SRV 0 0 40720 www.hiscinema.com. |  | www.hiscinema.com. 300 A 127.0.0.1'],
    ['SRV _http._tcp.www.hiscinema.com', 'NOERROR aa | _http._tcp.www.hiscinema.com. 300 SRV 0 0 40720 www.hiscinema.com. |  | www.hiscinema.com. 300 A 127.0.0.1'],
    ['A file1.hiscinema.com', `NOERROR aa | file1.hiscinema.com. 300 CNAME file1.hercdn.com. | ${COURTESY}`],
    ['V file1.hiscinema.com', `NOERROR aa | file1.hiscinema.com. 300 CNAME file1.hercdn.com. | ${COURTESY}`],
    ['SRV _http._tcp.file1.hiscinema.com', `NOERROR aa | _http._tcp.file1.hiscinema.com. 300 CNAME _http._tcp.file1.hercdn.com. | ${COURTESY}`],
    ['A video.hiscinema.com', `NOERROR aa | video.hiscinema.com. 300 CNAME video.hercdn.com. | ${COURTESY}`],
    ['SRV _http._tcp.video.hiscinema.com', `NOERROR aa | _http._tcp.video.hiscinema.com. 300 CNAME _http._tcp.video.hercdn.com. | ${COURTESY}`],
    ['SOA hiscinema.com', 'NOERROR aa | hiscinema.com. 300 SOA ns1.hiscinema.com. hostmaster.hiscinema.com. 7 3600 600 86400 60'],
    ['A _tcp.hiscinema.com', 'NOERROR aa |  | hiscinema.com. 60 SOA ns1.hiscinema.com. hostmaster.hiscinema.com. 7 3600 600 86400 60'],
  ];
  for (const [question, answer] of cases) it(question, async () => expect(summary(await ask(publisher({ courtesy: { address: '127.0.0.9', port: 1 } }), question))).to.equal(answer));

  it('hands nothing along unless told to', async () => expect(summary(await ask(publisher({}), 'A file1.hiscinema.com'))).to.equal('NOERROR aa | file1.hiscinema.com. 300 CNAME file1.hercdn.com.'));
  it('has AAAA for a portal on IPv6', async () => expect(summary(await ask(publisher({ portal: { address: '::1', port: 1 } }), 'AAAA hiscinema.com'))).to.equal('NOERROR aa | hiscinema.com. 300 AAAA ::1'));
});
