// Client subnet at an authority that routes (RFC 7871): whose address decides, and the scope that is told.

import { expect } from 'chai';
import { createCatalog } from '../../src/catalog/index.js';
import { createAuthority, createCdnZone, createPublisherZone, createRouter, parseScopeMap, uncheckedHealth, type RouterOptions } from '../../src/dns/index.js';
import { OPTION, createClientSubnet, decodeClientSubnet, encodeClientSubnet, findOption } from '../../src/net/dns/edns.js';
import type { DnsHandler, EdnsOption } from '../../src/net/dns/message.js';
import { silentLog } from '../../src/observe/log.js';
import { ask, createHandClock, summary } from '../helpers/dns.js';

const MAP = '192.0.2.0/24 b\n192.0.2.128/26 a\n198.51.100.0/24 a | b\n2001:db8::/32 b\n127.0.0.1/32 a\n';

function authority(options: Partial<RouterOptions> = {}): DnsHandler {
  const stores = ['a', 'b', 'c'].map((id, index) => ({ id, endpoint: { address: `10.0.0.${index + 1}`, port: 1 } }));
  const map = parseScopeMap(MAP, new Set(['a', 'b', 'c']));
  if (map.kind === 'invalid') throw new Error('the map');
  const clock = createHandClock();
  const router = createRouter({ policies: ['failover'], locate: map.locate, ...options }, { clock, health: uncheckedHealth });
  const catalog = createCatalog(['video1.mp4']);
  const here = { address: '127.0.0.1', port: 1 };
  const zones = [createCdnZone({ catalog, stores, authority: here, serial: 1, router }), createPublisherZone({ catalog, portal: here, authority: here, serial: 1 })];
  return createAuthority({ zones }, { clock, log: silentLog });
}

function optionOf(subnet: string): EdnsOption {
  const [address = '', length] = subnet.split('/');
  const value = createClientSubnet(address, Number(length));
  if (!value) throw new Error(`no subnet: ${subnet}`);
  return encodeClientSubnet(value);
}

/** "10.0.0.2 24/26": the address, and source and scope of the answer's option. */
async function say(handler: DnsHandler, question: string, from: { readonly subnet?: string; readonly remote?: string }): Promise<string> {
  const message = await ask(handler, question, { options: from.subnet === undefined ? [] : [optionOf(from.subnet)], ...(from.remote !== undefined && { remote: from.remote }) });
  const option = findOption(message.edns, OPTION.CLIENT_SUBNET);
  const subnet = option && decodeClientSubnet(option);
  const data = message.answers.at(-1)?.data;
  return `${data && 'address' in data ? data.address : summary(message).split(' ')[0]} ${subnet ? `${subnet.sourcePrefixLength}/${subnet.scopePrefixLength}` : 'none'}`;
}

describe('RFC 7871 at an authority that routes', () => {
  const cases: readonly (readonly [rule: string, question: string, from: { readonly subnet?: string; readonly remote?: string }, expected: string])[] = [
    ['§7.2.1: the subnet decides, whoever asks; the scope holds nothing more specific', 'A file1.hercdn.com', { subnet: '192.0.2.0/24', remote: '198.51.100.7' }, '10.0.0.2 24/25'],
    ['§7.2.1: the longest prefix that took part', 'A file1.hercdn.com', { subnet: '192.0.2.130/32' }, '10.0.0.1 32/26'],
    ['§7.2.1: of its neighbour, too', 'A file1.hercdn.com', { subnet: '192.0.2.200/32' }, '10.0.0.2 32/26'],
    ['§7.2.1: longer than the source, where that was too short', 'A file1.hercdn.com', { subnet: '192.0.2.128/25' }, '10.0.0.2 25/26'],
    ['§7.2.1: a network that the map doesn’t know: what it took to know that', 'A file1.hercdn.com', { subnet: '192.0.3.0/24' }, '10.0.0.1 24/24'],
    ['IPv6', 'A file1.hercdn.com', { subnet: '2001:db8:1:200::/56' }, '10.0.0.2 56/32'],
    ['§7.1.2: source 0 asks to be left out: the resolver’s address decides, for nobody else', 'A file1.hercdn.com', { subnet: '0.0.0.0/0', remote: '192.0.2.1' }, '10.0.0.2 0/0'],
    ['no option: the address of whoever asks decides, and none goes back', 'A file1.hercdn.com', { remote: '192.0.2.1' }, '10.0.0.2 none'],
    ['an IPv4 address as IPv6 writes it', 'A file1.hercdn.com', { remote: '::ffff:192.0.2.1' }, '10.0.0.2 none'],
    ['§7.2.1: through an alias of our own', 'A file1.hiscinema.com', { subnet: '192.0.2.0/24' }, '10.0.0.2 24/25'],
    ['§7.2.1: 0 where the answer is the same for all', 'A store-1.hercdn.com', { subnet: '192.0.2.0/24' }, 'NXDOMAIN 24/0'],
    ['§7.2.1: 0 for a store by name', 'A a.hercdn.com', { subnet: '192.0.2.0/24' }, '10.0.0.1 24/0'],
    ['§7.2.1: 0 for a type that there is not', 'AAAA file1.hercdn.com', { subnet: '192.0.2.0/24' }, 'NOERROR 24/0'],
  ];
  for (const [rule, question, from, expected] of cases) it(`${rule}: ${from.subnet ?? from.remote}`, async () => expect(await say(authority(), question, from)).to.equal(expected));

  it('§7.2.1: 0 where no map takes part', async () => {
    const clock = createHandClock();
    const router = createRouter({}, { clock, health: uncheckedHealth });
    const here = { address: '127.0.0.1', port: 1 };
    const zone = createCdnZone({ catalog: createCatalog(['video1.mp4']), stores: [{ id: 'a', endpoint: here }], authority: here, serial: 1, router });
    expect(await say(createAuthority({ zones: [zone] }, { clock, log: silentLog }), 'A file1.hercdn.com', { subnet: '192.0.2.0/24' })).to.equal('127.0.0.1 24/0');
  });

  const malformed: readonly (readonly [rule: string, data: readonly number[]])[] = [
    ['too short', [0, 1, 24]],
    ['bits beyond the source prefix', [0, 1, 20, 0, 192, 0, 0x22]],
    ['an octet too many', [0, 1, 24, 0, 192, 0, 2, 0]],
    ['longer than an address', [0, 1, 33, 0, 192, 0, 2, 0, 0]],
    ['a family that is none', [0, 3, 0, 0]],
  ];
  for (const [rule, data] of malformed) {
    it(`§7.2.1: FORMERR for ${rule}`, async () => expect(summary(await ask(authority(), 'A file1.hercdn.com', { options: [{ code: OPTION.CLIENT_SUBNET, data: Uint8Array.from(data) }] }))).to.match(/^FORMERR/));
  }
});

describe('when all stores are down', () => {
  const down = (whenAllDown: RouterOptions['whenAllDown']): DnsHandler => {
    const clock = createHandClock();
    const here = { address: '127.0.0.1', port: 1 };
    const router = createRouter({ whenAllDown }, { clock, health: { ...uncheckedHealth, isUp: () => false } });
    return createAuthority({ zones: [createCdnZone({ catalog: createCatalog(['video1.mp4']), stores: [{ id: 'a', endpoint: here }], authority: here, serial: 1, router })] }, { clock, log: silentLog });
  };
  const SOA = 'hercdn.com. 20 SOA ns1.hercdn.com. hostmaster.hercdn.com. 1 3600 600 86400 20';
  const cases: readonly (readonly [rule: RouterOptions['whenAllDown'], answer: string])[] = [
    ['serve-all', 'NOERROR aa | file1.hercdn.com. 20 A 127.0.0.1'],
    ['last-good', 'NOERROR aa | file1.hercdn.com. 20 A 127.0.0.1'],
    ['backup', 'NOERROR aa | file1.hercdn.com. 20 A 127.0.0.1'],
    ['nodata', `NOERROR aa |  | ${SOA}`],
    ['servfail', 'SERVFAIL'],
  ];
  for (const [rule, answer] of cases) it(rule, async () => expect(summary(await ask(down(rule), 'A file1.hercdn.com'))).to.equal(answer));
});
