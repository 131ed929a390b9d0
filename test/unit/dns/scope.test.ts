// Where an asker is, and how many bits of its address that took.

import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import fc from 'fast-check';
import { locateFirst, type Locate } from '../../../src/dns/scope.js';
import { openDatabase } from '../../../src/dns/scope-mmdb.js';
import { loadScopeMap, parseScopeMap } from '../../../src/dns/scope-map.js';
import { createPrefixTree } from '../../../src/dns/scope-tree.js';
import { createClientSubnet, type ClientSubnet } from '../../../src/net/dns/edns.js';
import { writeDatabase } from '../../fixtures/dns/mmdb.js';

const KNOWN = new Set(['a', 'b', 'c', 'eu']);

function subnet(text: string): ClientSubnet {
  const [address = '', length] = text.split('/');
  const found = createClientSubnet(address, Number(length));
  if (!found) throw new Error(`no network: ${text}`);
  return found;
}

function mapOf(text: string): Locate {
  const map = parseScopeMap(text, KNOWN);
  if (map.kind === 'invalid') throw new Error(map.problems.map((problem) => problem.text).join('\n'));
  return map.locate;
}

/** "a, b or c @48.2,16.4 /24" */
function say(locate: Locate, network: string): string {
  const { place, prefixLength } = locate(subnet(network));
  const served = place?.served.map((set) => set.join(', ')).join(' or ') ?? 'nowhere';
  return `${served}${place?.location ? ` @${place.location.latitude},${place.location.longitude}` : ''} /${prefixLength}`;
}

const MAP = `
# networks of customers
10.0.0.0/8      a
10.1.0.0/16     b c | eu   # more specific
10.1.2.0/24     c
192.0.2.0/24    48.2,16.37
198.51.100.0/24 eu 47.1,-15.4
2001:db8::/32   b
2001:db8:1::/48 c
`;

describe('a map of networks', () => {
  const cases: readonly (readonly [rule: string, network: string, expected: string])[] = [
    ['the network itself', '10.1.2.0/24', 'c /24'],
    ['an address of it', '10.1.2.3/32', 'c /24'],
    ['beside it: as many bits as tell the two apart', '10.1.3.0/24', 'b, c or eu /24'],
    ['far from it: fewer do', '10.1.128.0/24', 'b, c or eu /17'],
    ['in the larger network, far from the smaller', '10.128.0.0/24', 'a /9'],
    ['in no network, told by the first bits', '11.0.0.0/24', 'nowhere /8'],
    ['in no network, told by the first bit but one', '64.0.0.0/24', 'nowhere /2'],
    ['too coarse a question: the scope is longer than the source (RFC 7871 §7.2.1)', '10.1.0.0/16', 'b, c or eu /23'],
    ['too coarse for anything', '10.0.0.0/7', 'nowhere /16'],
    ['a place', '192.0.2.9/32', ' @48.2,16.37 /24'],
    ['a region and a place', '198.51.100.0/24', 'eu @47.1,-15.4 /24'],
    ['IPv6', '2001:db8:ffff::/56', 'b /33'],
    ['IPv6, more specific', '2001:db8:1:200::/56', 'c /48'],
    ['IPv6, nowhere', '3000::/56', 'nowhere /4'],
  ];
  const locate = mapOf(MAP);
  for (const [rule, network, expected] of cases) it(`${rule}: ${network}`, () => expect(say(locate, network)).to.equal(expected));

  it('an empty map takes no part', () => expect(say(mapOf('# nothing\n'), '10.0.0.0/8')).to.equal('nowhere /0'));
  it('a network of all takes no bits', () => expect(say(mapOf('0.0.0.0/0 a'), '10.0.0.0/8')).to.equal('a /0'));

  it('tells all that is wrong, each with its place', () => {
    const map = parseScopeMap('10.0.0.0/33 a\n10.0.0.1/8 a\n  10.0.0.0/8  a nobody\n10.0.0.0/8 b\n192.0.2.0/24\nelsewhere a\n::/0 99,0', KNOWN);
    expect(map.kind === 'invalid' && map.problems.map(({ line, column, text }) => `${line}:${column} ${text}`)).to.deep.equal([
      '1:1 expected a network such as 192.0.2.0/24, got "10.0.0.0/33"',
      '2:1 10.0.0.1/8 has bits set beyond its /8',
      '3:17 "nobody" is no store, no region, and no place such as 48.2,16.37',
      '4:1 10.0.0.0/8 is here twice',
      '5:1 192.0.2.0/24 goes nowhere: name stores, regions, or where it is',
      '6:1 expected a network such as 192.0.2.0/24, got "elsewhere"',
      '7:6 "99,0" is no store, no region, and no place such as 48.2,16.37',
    ]);
  });
});

describe('a tree of prefixes', () => {
  const networks = fc.uniqueArray(fc.tuple(fc.nat(0xffff), fc.integer({ min: 0, max: 16 })).map(([bits, length]) => ({ bits: length === 0 ? 0 : (bits >> (16 - length)) << (16 - length), length })), { selector: ({ bits, length }) => `${bits}/${length}`, maxLength: 20 });
  const octets = (bits: number): Uint8Array => Uint8Array.from([bits >> 8, bits & 0xff]);

  it('finds the smallest network, and its depth covers nothing that another answer is for', () => {
    fc.assert(fc.property(networks, fc.nat(0xffff), (list, asked) => {
      const tree = createPrefixTree<string>();
      for (const { bits, length } of list) tree.add(octets(bits), length, `${bits}/${length}`);
      const best = (address: number): string | undefined => {
        const holding = list.filter(({ bits, length }) => length === 0 || address >> (16 - length) === bits >> (16 - length)).sort((x, y) => y.length - x.length)[0];
        return holding && `${holding.bits}/${holding.length}`;
      };
      const { value, depth } = tree.find(octets(asked), 16);
      expect(value).to.equal(best(asked));
      // Every address of the scope gets the same answer …
      const rest = 16 - depth;
      const first = (asked >> rest) << rest;
      for (let address = first; address < first + 2 ** rest; address += 1 + (2 ** rest >> 6)) expect(best(address)).to.equal(value);
      for (const { bits, length } of list) if (length > depth) expect(bits >> rest).to.not.equal(asked >> rest);
      // … and the scope is the widest that can be told without holding a smaller network.
      if (depth > 0) expect(list.some(({ bits, length }) => length >= depth && bits >> (rest + 1) === asked >> (rest + 1))).to.equal(true);
    }));
  });
});

describe('a map of many networks', () => {
  it('is read while others have their turn', async () => {
    let turns = 0;
    let read = false;
    const tick = (): void => {
      turns += 1;
      if (!read) setImmediate(tick);
    };
    setImmediate(tick);
    const lines = Array.from({ length: 30_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24 a`);
    const map = await loadScopeMap(lines.join('\n'), new Set(['a']), { clock: systemClock });
    read = true;
    expect(map).to.include({ kind: 'map', networks: 30_000 });
    expect(turns).to.be.at.least(1);
  });
});

describe('a MaxMind database', () => {
  const bits = (address: string, length: number): string => [...subnet(`${address}/${length}`).address].map((octet) => octet.toString(2).padStart(8, '0')).join('').slice(0, length);
  const vienna = { location: { latitude: 48.2, longitude: 16.37 }, country: { iso_code: 'AT' }, continent: { code: 'EU' } };
  const entries = [
    { bits: bits('192.0.2.0', 24), record: vienna },
    { bits: bits('10.0.0.0', 8), record: { continent: { code: 'EU' } } },
    { bits: bits('11.0.0.0', 8), record: { traits: {} } },
  ];

  it('tells coordinates, and country before continent', async () => expect(say(await openDatabase(writeDatabase(entries)), '192.0.2.128/25')).to.equal('at or eu @48.2,16.37 /24'));
  it('may know the continent only', async () => expect(say(await openDatabase(writeDatabase(entries)), '10.1.2.0/24')).to.equal('eu /8'));
  it('may know nothing of an entry', async () => expect(say(await openDatabase(writeDatabase(entries)), '11.1.2.0/24')).to.equal('nowhere /8'));
  it('says how many bits told that there is none', async () => expect(say(await openDatabase(writeDatabase(entries)), '192.0.3.0/24')).to.equal('nowhere /24'));
  it('holds IPv4 below ::/96 where it is of IPv6: the bits are those of the IPv4 address', async () => {
    const six = [{ bits: '0'.repeat(96) + bits('192.0.2.0', 24), record: vienna }, { bits: bits('2001:db8::', 32), record: vienna }];
    const locate = await openDatabase(writeDatabase(six, 6));
    expect(say(locate, '192.0.2.0/24')).to.equal('at or eu @48.2,16.37 /24');
    expect(say(locate, '2001:db8:1::/56')).to.equal('at or eu @48.2,16.37 /32');
    expect(say(locate, '2001:db9::/56')).to.equal('nowhere /32');
  });
  it('comes after the map: both looked at the bits', async () => {
    const locate = locateFirst([mapOf('192.0.2.0/28 a'), await openDatabase(writeDatabase(entries))]);
    expect(say(locate, '192.0.2.0/28')).to.equal('a /28');
    expect(say(locate, '192.0.2.16/28')).to.equal('at or eu @48.2,16.37 /28');
    expect(say(locate, '192.0.2.128/28')).to.equal('at or eu @48.2,16.37 /25');
    expect(say(locate, '10.0.0.0/24')).to.equal('eu /8');
  });
  it('refuses what is no such file', async () => {
    let error: unknown;
    await openDatabase(Buffer.from('not a database')).catch((thrown: unknown) => (error = thrown));
    expect(error).to.be.instanceOf(Error);
  });
});
