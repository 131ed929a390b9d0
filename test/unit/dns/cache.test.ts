import { expect } from 'chai';
import { createCache, FAILURE_TTL_SECONDS, MAX_NEGATIVE_TTL_SECONDS, MAX_TTL_SECONDS, type Cache } from '../../../src/dns/cache.js';
import { formatRecord } from '../../../src/net/dns/text.js';
import { createHandClock, nameOf, recordOf, typeOf, type HandClock } from '../../helpers/dns.js';

const SOA = 'example. 300 SOA ns.example. h.example. 1 2 3 4 60';

describe('the cache', () => {
  let clock: HandClock;
  let cache: Cache;
  beforeEach(() => {
    clock = createHandClock();
    cache = createCache({ maxEntries: 3 }, { clock });
  });

  const store = (line: string): void => {
    const record = recordOf(line);
    cache.storeRecords(record.name, record.type, [record]);
  };
  const find = (question: string): string => {
    const [type = '', name = ''] = question.split(' ');
    const known = cache.find(nameOf(name), typeOf(type));
    if (known === undefined) return 'unknown';
    if (known.kind === 'records') return known.records.map(formatRecord).join(', ');
    if (known.kind === 'alias') return `alias ${formatRecord(known.record)}`;
    return known.kind === 'failure' ? known.failure.text : `${known.kind} ${known.soa.ttl}`;
  };

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
  });
  it('caps TTLs at a day', () => {
    store('a.example. 2147483647 A 192.0.2.1');
    expect(find('A a.example.')).to.equal(`a.example. ${MAX_TTL_SECONDS} IN A 192.0.2.1`);
  });
  it('gives an RRset one TTL, the least (RFC 2181 §5.2)', () => {
    cache.storeRecords(nameOf('a.example.'), 1, [recordOf('a.example. 30 A 192.0.2.1'), recordOf('a.example. 10 A 192.0.2.2')]);
    expect(find('A a.example.')).to.equal('a.example. 10 IN A 192.0.2.1, a.example. 10 IN A 192.0.2.2');
  });
  it('answers every type but CNAME and ANY with an alias', () => {
    cache.storeAlias(recordOf('a.example. 30 CNAME b.example.'));
    expect(find('AAAA a.example.')).to.equal('alias a.example. 30 IN CNAME b.example.');
    expect(find('CNAME a.example.')).to.equal('a.example. 30 IN CNAME b.example.');
    expect(find('ANY a.example.')).to.equal('unknown');
  });
  it('keeps NODATA for its type alone (RFC 2308 §5)', () => {
    cache.storeNodata(nameOf('a.example.'), typeOf('AAAA'), recordOf(SOA));
    expect(find('AAAA a.example.')).to.equal('nodata 60');
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('keeps NXDOMAIN for every type, and lets it decay (RFC 2308 §5)', () => {
    cache.storeNxdomain(nameOf('a.example.'), recordOf(SOA));
    clock.advance(59_999);
    expect(find('AAAA A.example.')).to.equal('nxdomain 1');
    expect(find('TXT a.example.')).to.equal('nxdomain 1');
    clock.advance(1);
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('caps negatives at three hours (RFC 2308 §5)', () => {
    cache.storeNxdomain(nameOf('a.example.'), recordOf('example. 90000 SOA ns.example. h.example. 1 2 3 4 90000'));
    expect(find('A a.example.')).to.equal(`nxdomain ${MAX_NEGATIVE_TTL_SECONDS}`);
  });
  it('forgets NXDOMAIN once the name is known to exist', () => {
    cache.storeNxdomain(nameOf('a.example.'), recordOf(SOA));
    store('a.example. 20 A 192.0.2.1');
    expect(find('AAAA a.example.')).to.equal('unknown');
  });
  it('keeps a failure for a moment (RFC 9520 §3.2)', () => {
    cache.storeFailure(nameOf('a.example.'), 1, { infoCode: 22, text: 'nobody answers' });
    expect(find('A a.example.')).to.equal('nobody answers');
    clock.advance(FAILURE_TTL_SECONDS * 1000);
    expect(find('A a.example.')).to.equal('unknown');
  });
  it('makes room by dropping what was unused for longest', () => {
    for (const label of ['a', 'b', 'c']) store(`${label}.example. 20 A 192.0.2.1`);
    find('A a.example.');
    store('d.example. 20 A 192.0.2.1');
    expect(['a', 'b', 'c', 'd'].filter((label) => find(`A ${label}.example.`) !== 'unknown')).to.deep.equal(['a', 'c', 'd']);
  });
  it('does not keep RRsets beyond measure', () => {
    cache.storeRecords(nameOf('a.example.'), 1, Array.from({ length: 101 }, (_, index) => recordOf(`a.example. 30 A 192.0.2.${index}`)));
    expect(find('A a.example.')).to.equal('unknown');
  });
});
