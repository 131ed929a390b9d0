import { expect } from 'chai';
import { createCache, FAILURE_TTL_SECONDS, MAX_NEGATIVE_TTL_SECONDS, MAX_SCOPES, MAX_STALE_SECONDS, MAX_TTL_SECONDS, RECHECK_SECONDS, type Cache } from '../../../src/dns/cache.js';
import type { Audience } from '../../../src/dns/subnet.js';
import { createClientSubnet, type ClientSubnet } from '../../../src/net/dns/edns.js';
import { formatRecord } from '../../../src/net/dns/text.js';
import { createHandClock, nameOf, recordOf, typeOf, type HandClock } from '../../helpers/dns.js';

const SOA = 'example. 300 SOA ns.example. h.example. 1 2 3 4 60';

/** "192.0.2.0/24" */
function subnetOf(text: string): ClientSubnet {
  const [address = '', bits = ''] = text.split('/');
  const subnet = createClientSubnet(address, Number(bits));
  if (!subnet) throw new Error(`no subnet: ${text}`);
  return subnet;
}

/** "192.0.2.0/24 scope 20" */
function audienceOf(text: string): Audience {
  const [network = '', , scopeText = ''] = text.split(' ');
  const subnet = subnetOf(network);
  const scope = Number(scopeText);
  return { subnet, bits: Math.min(scope, subnet.sourcePrefixLength), exact: scope > subnet.sourcePrefixLength, scope };
}

describe('the cache', () => {
  let clock: HandClock;
  let cache: Cache;
  beforeEach(() => {
    clock = createHandClock();
    cache = createCache({}, { clock });
  });

  const store = (line: string, audience: Audience = 'everybody'): void => {
    const record = recordOf(line);
    cache.storeRecords(record.name, record.type, [record], audience);
  };
  const find = (question: string, lookup: { subnet?: string; stale?: boolean } = {}): string => {
    const [type = '', name = ''] = question.split(' ');
    const found = cache.find(nameOf(name), typeOf(type), { subnet: lookup.subnet === undefined ? undefined : subnetOf(lookup.subnet), stale: lookup.stale ?? false });
    if (found === undefined) return 'unknown';
    const { known, scope, stale } = found;
    const about = `${scope > 0 ? ` scope ${scope}` : ''}${stale ? ' stale' : ''}`;
    if (known.kind === 'records') return known.records.map(formatRecord).join(', ') + about;
    if (known.kind === 'alias') return `alias ${formatRecord(known.record)}${about}`;
    return known.kind === 'failure' ? known.failure.text : `${known.kind} ${known.soa.ttl}${about}`;
  };
  const fail = (subnet?: string): void => cache.storeFailure(nameOf('a.example.'), 1, { infoCode: 22, text: 'nobody answers' }, subnet === undefined ? undefined : subnetOf(subnet));

  it('lets TTLs decay, a second at a time, and forgets at zero', () => {
    store('a.example. 20 A 192.0.2.1');
    clock.advance(999);
    expect(find('A a.example.')).to.equal('a.example. 20 IN A 192.0.2.1');
    clock.advance(1);
    expect(find('A a.example.')).to.equal('a.example. 19 IN A 192.0.2.1');
    clock.advance(18_999);
    expect(find('A a.example.')).to.equal('a.example. 1 IN A 192.0.2.1');
    clock.advance(1);
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('keeps nothing with TTL 0 (RFC 1035 §3.2.1), and drops what it replaces', () => {
    store('a.example. 20 A 192.0.2.1');
    store('a.example. 0 A 192.0.2.2');
    expect(find('A a.example.')).to.equal('unknown');
    expect(cache.entries).to.equal(0);
    expect(cache.bytes).to.equal(0);
  });
  it('caps TTLs at a day', () => {
    store('a.example. 2147483647 A 192.0.2.1');
    expect(find('A a.example.')).to.equal(`a.example. ${MAX_TTL_SECONDS} IN A 192.0.2.1`);
  });
  it('gives an RRset one TTL, the least (RFC 2181 §5.2)', () => {
    cache.storeRecords(nameOf('a.example.'), 1, [recordOf('a.example. 30 A 192.0.2.1'), recordOf('a.example. 10 A 192.0.2.2')], 'everybody');
    expect(find('A a.example.')).to.equal('a.example. 10 IN A 192.0.2.1, a.example. 10 IN A 192.0.2.2');
  });
  it('answers every type but CNAME and ANY with an alias', () => {
    cache.storeAlias(recordOf('a.example. 30 CNAME b.example.'), 'everybody');
    expect(find('AAAA a.example.')).to.equal('alias a.example. 30 IN CNAME b.example.');
    expect(find('CNAME a.example.')).to.equal('a.example. 30 IN CNAME b.example.');
    expect(find('ANY a.example.')).to.equal('unknown');
  });
  it('keeps NODATA for its type alone (RFC 2308 §5)', () => {
    cache.storeNodata(nameOf('a.example.'), typeOf('AAAA'), recordOf(SOA), 'everybody');
    expect(find('AAAA a.example.')).to.equal('nodata 60');
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('keeps NXDOMAIN for every type, and lets it decay (RFC 2308 §5)', () => {
    cache.storeNxdomain(nameOf('a.example.'), recordOf(SOA), 'everybody');
    clock.advance(59_999);
    expect(find('AAAA A.example.')).to.equal('nxdomain 1');
    expect(find('TXT a.example.')).to.equal('nxdomain 1');
    clock.advance(1);
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('finds NXDOMAIN above a name (RFC 8020 §2), but not at the apex', () => {
    const lookup = { subnet: undefined, stale: false };
    cache.storeNxdomain(nameOf('a.example.'), recordOf(SOA), 'everybody');
    expect(cache.findAbove(nameOf('x.y.a.example.'), nameOf('example.'), lookup)?.known.kind).to.equal('nxdomain');
    expect(cache.findAbove(nameOf('x.y.a.example.'), nameOf('a.example.'), lookup)).to.equal(undefined);
    expect(cache.findAbove(nameOf('ba.example.'), nameOf('example.'), lookup)).to.equal(undefined);
  });
  it('caps negatives at three hours (RFC 2308 §5)', () => {
    cache.storeNxdomain(nameOf('a.example.'), recordOf('example. 90000 SOA ns.example. h.example. 1 2 3 4 90000'), 'everybody');
    expect(find('A a.example.')).to.equal(`nxdomain ${MAX_NEGATIVE_TTL_SECONDS}`);
  });
  it('forgets NXDOMAIN once the name is known to exist', () => {
    cache.storeNxdomain(nameOf('a.example.'), recordOf(SOA), 'everybody');
    store('a.example. 20 A 192.0.2.1');
    expect(find('AAAA a.example.')).to.equal('unknown');
  });
  it('keeps a failure for a moment, and longer while it goes on (RFC 9520 §3.2)', () => {
    for (const seconds of [FAILURE_TTL_SECONDS, 2, 4, 8, 8]) {
      fail();
      clock.advance(seconds * 1000 - 1);
      expect(find('A a.example.')).to.equal('nobody answers');
      clock.advance(1);
      expect(find('A a.example.')).to.equal('unknown');
    }
    clock.advance(60_000);
    fail();
    clock.advance(FAILURE_TTL_SECONDS * 1000);
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('forgets a failure once there is an answer', () => {
    fail();
    store('a.example. 1 A 192.0.2.1');
    clock.advance(1000);
    fail();
    store('a.example. 0 A 192.0.2.1');
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('does not keep RRsets beyond measure', () => {
    cache.storeRecords(nameOf('a.example.'), 1, Array.from({ length: 101 }, (_, index) => recordOf(`a.example. 30 A 192.0.2.${index}`)), 'everybody');
    expect(find('A a.example.')).to.equal('unknown');
  });

  describe('when data has expired', () => {
    it('gives it for a day more to who asks for stale data (RFC 8767 §4), with TTL 30 (§5)', () => {
      store('a.example. 20 A 192.0.2.1');
      expect(find('A a.example.', { stale: true })).to.equal('a.example. 20 IN A 192.0.2.1');
      clock.advance(20_000);
      expect(find('A a.example.')).to.equal('unknown');
      expect(find('A a.example.', { stale: true })).to.equal('a.example. 30 IN A 192.0.2.1 stale');
      clock.advance(MAX_STALE_SECONDS * 1000 - 1);
      expect(find('A a.example.', { stale: true })).to.equal('a.example. 30 IN A 192.0.2.1 stale');
      clock.advance(1);
      expect(find('A a.example.', { stale: true })).to.equal('unknown');
    });
    it('prefers NXDOMAIN that was heard later, and fresh data to both', () => {
      store('a.example. 20 A 192.0.2.1');
      cache.storeNxdomain(nameOf('a.example.'), recordOf(SOA), 'everybody');
      clock.advance(120_000);
      expect(find('A a.example.', { stale: true })).to.equal('nxdomain 30 stale');
      cache.storeAlias(recordOf('a.example. 30 CNAME b.example.'), 'everybody');
      expect(find('A a.example.', { stale: true })).to.equal('alias a.example. 30 IN CNAME b.example.');
    });
    it('asks nobody for 30 s after a failure (RFC 8767 §5), and gives it beside the failure', () => {
      store('a.example. 20 A 192.0.2.1');
      clock.advance(20_000);
      fail();
      clock.advance(RECHECK_SECONDS * 1000 - 1);
      expect(find('A a.example.')).to.equal('nobody answers');
      expect(find('A a.example.', { stale: true })).to.equal('a.example. 30 IN A 192.0.2.1 stale');
      clock.advance(1);
      expect(find('A a.example.')).to.equal('unknown');
    });
  });

  describe('for clients of several networks (RFC 7871 §7.3.2)', () => {
    const cases: readonly (readonly [what: string, stored: readonly (readonly [address: string, audience: string])[], client: string | undefined, answer: string])[] = [
      ['scope 0 is for all', [['192.0.2.1', 'everybody']], '198.51.100.0/24', '192.0.2.1'],
      ['scope 0 is for those without a subnet, too', [['192.0.2.1', 'everybody']], undefined, '192.0.2.1'],
      ['what was asked for without a subnet is for those without', [['192.0.2.1', 'untailored']], undefined, '192.0.2.1'],
      ['and for nobody else', [['192.0.2.1', 'untailored']], '198.51.100.0/24', 'unknown'],
      ['a network of its own', [['192.0.2.1', '198.51.100.0/24 scope 24']], '198.51.100.0/24', '192.0.2.1 scope 24'],
      ['not the one beside', [['192.0.2.1', '198.51.100.0/24 scope 24']], '198.51.101.0/24', 'unknown'],
      ['not those without a subnet', [['192.0.2.1', '198.51.100.0/24 scope 24']], undefined, 'unknown'],
      ['a shorter scope is for its whole network', [['192.0.2.1', '198.51.100.0/24 scope 23']], '198.51.101.0/24', '192.0.2.1 scope 23'],
      ['and ends there', [['192.0.2.1', '198.51.100.0/24 scope 23']], '198.51.102.0/24', 'unknown'],
      ['a client that tells less than the scope is in no such network', [['192.0.2.1', '198.51.100.0/24 scope 24']], '198.51.0.0/16', 'unknown'],
      ['a longer scope is for that very source', [['192.0.2.1', '198.51.0.0/16 scope 24']], '198.51.0.0/16', '192.0.2.1 scope 24'],
      ['and for no longer one', [['192.0.2.1', '198.51.0.0/16 scope 24']], '198.51.100.0/24', 'unknown'],
      ['of two the longest match', [['192.0.2.1', '198.51.100.0/24 scope 24'], ['192.0.2.2', '198.51.0.0/16 scope 16']], '198.51.100.0/24', '192.0.2.1 scope 24'],
      ['whichever came first', [['192.0.2.2', '198.51.0.0/16 scope 16'], ['192.0.2.1', '198.51.100.0/24 scope 24']], '198.51.100.0/24', '192.0.2.1 scope 24'],
      ['a network before what is for everybody', [['192.0.2.1', '198.51.100.0/24 scope 24'], ['192.0.2.2', 'everybody']], '198.51.100.0/24', '192.0.2.1 scope 24'],
      ['families apart', [['192.0.2.1', '198.51.100.0/24 scope 8']], 'c633:6400::/56', 'unknown'],
      ['IPv6', [['192.0.2.1', '2001:db8:1:100::/56 scope 52']], '2001:db8:1:200::/56', '192.0.2.1 scope 52'],
      ['a newer answer for the same network replaces the older', [['192.0.2.1', '198.51.100.0/24 scope 20'], ['192.0.2.2', '198.51.96.0/24 scope 20']], '198.51.111.0/24', '192.0.2.2 scope 20'],
    ];
    for (const [what, stored, client, answer] of cases) {
      it(what, () => {
        for (const [address, audience] of stored) store(`a.example. 20 A ${address}`, audience === 'everybody' || audience === 'untailored' ? audience : audienceOf(audience));
        expect(find('A a.example.', client === undefined ? {} : { subnet: client })).to.equal(answer === 'unknown' ? answer : `a.example. 20 IN A ${answer}`);
      });
    }
    it('keeps only so many for one question', () => {
      for (let network = 0; network < MAX_SCOPES + 20; network += 1) store('a.example. 20 A 192.0.2.1', audienceOf(`10.0.${network}.0/24 scope 24`));
      expect(cache.entries).to.equal(MAX_SCOPES);
      expect(find('A a.example.', { subnet: '10.0.19.0/24' })).to.equal('unknown');
      expect(find('A a.example.', { subnet: '10.0.20.0/24' })).to.equal('a.example. 20 IN A 192.0.2.1 scope 24');
    });
    it('gives stale data of the client’s own network alone', () => {
      store('a.example. 20 A 192.0.2.1', audienceOf('198.51.100.0/24 scope 24'));
      clock.advance(20_000);
      expect(find('A a.example.', { stale: true, subnet: '198.51.100.0/24' })).to.equal('a.example. 30 IN A 192.0.2.1 scope 24 stale');
      expect(find('A a.example.', { stale: true, subnet: '198.51.101.0/24' })).to.equal('unknown');
    });
  });

  describe('when it is full', () => {
    const small = (): void => {
      cache = createCache({ maxBytes: 4800 }, { clock });
    };
    const held = (labels: readonly string[]): readonly string[] => labels.filter((label) => find(`A ${label}.example.`) !== 'unknown');

    it('drops the oldest that was not used', () => {
      small();
      for (const label of ['a', 'b', 'c']) store(`${label}.example. 20 A 192.0.2.1`);
      expect(cache.entries).to.equal(3);
      find('A a.example.');
      store('d.example. 20 A 192.0.2.1');
      expect(held(['a', 'b', 'c', 'd'])).to.deep.equal(['a', 'c', 'd']);
    });
    it('drops negatives and failures as well', () => {
      small();
      for (let i = 0; i < 50; i += 1) {
        cache.storeNxdomain(nameOf(`n${i}.example.`), recordOf(SOA), 'everybody');
        cache.storeFailure(nameOf(`f${i}.example.`), 1, { infoCode: 22, text: 'nobody answers' }, undefined);
        store(`s${i}.example. 20 A 192.0.2.1`, audienceOf(`10.0.${i}.0/24 scope 24`));
        expect(cache.bytes).to.be.at.most(4800);
      }
      expect(cache.entries).to.be.within(1, 6);
    });
    it('does not keep what is larger than itself', () => {
      small();
      cache.storeRecords(nameOf('a.example.'), 1, Array.from({ length: 99 }, (_, index) => recordOf(`a.example. 30 A 192.0.2.${index}`)), 'everybody');
      expect(cache.entries).to.equal(0);
    });
    it('does so whatever is used', () => {
      small();
      for (let i = 0; i < 200; i += 1) {
        store(`x${i}.example. 20 A 192.0.2.1`);
        for (let back = 0; back < 4; back += 1) find(`A x${i - back}.example.`);
        expect(cache.bytes).to.be.at.most(4800);
      }
    });
  });
});
