import { expect } from 'chai';
import { createCatalog } from '../../../src/catalog/index.js';
import { createAuthority, createCdnZone, createPublisherZone, createRouter, uncheckedHealth, type StoreAddress } from '../../../src/dns/index.js';
import type { DnsHandler } from '../../../src/net/dns/message.js';
import { silentLog } from '../../../src/observe/log.js';
import { ask, createHandClock, summary } from '../../helpers/dns.js';

const catalog = createCatalog(['video1.mp4', 'video2.mp4', 'Ünïcode name.mp4']);
const authority = { address: '127.0.0.1', port: 40_724 };

function cdn(stores: readonly StoreAddress[]): DnsHandler {
  return createAuthority({ zones: [createCdnZone({ catalog, stores, authority, serial: 7, router: createRouter({}, { clock: createHandClock(), health: uncheckedHealth }) })] }, { clock: createHandClock(), log: silentLog });
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
