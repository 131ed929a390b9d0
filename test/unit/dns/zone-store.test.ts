import { expect } from 'chai';
import { createSeededRandom } from '../../../src/base/random.js';
import { ZoneStore } from '../../../src/dns/zone-store.js';
import { createQuery } from '../../../src/net/dns/build.js';
import { CLASS, TYPE, type ResourceRecord } from '../../../src/net/dns/message.js';
import { readOrdinary } from '../../../src/net/dns/ordinary.js';
import { formatRecord } from '../../../src/net/dns/text.js';
import { encodeMessage } from '../../../src/net/dns/wire.js';
import { nameOf, recordOf } from '../../helpers/dns.js';

const APEX = nameOf('example');
const a = (name: string, index: number): ResourceRecord => ({ name: nameOf(name), type: TYPE.A, class: CLASS.IN, ttl: index, data: { kind: 'A', address: `10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}` } });

function storeOf(records: readonly ResourceRecord[]): ZoneStore {
  const store = new ZoneStore(APEX);
  records.forEach((record, index) => store.append(store.nodeAt(record.name), { record, at: { line: index + 1, column: 3 } }));
  return store;
}

const linesOf = (store: ZoneStore, name: string): readonly string[] | undefined =>
  store.get(nameOf(name).key)?.rrsets.values().flatMap(({ records }) => records.map(formatRecord));

describe('the store of a zone', () => {
  it('finds each of 20,000 names by its text and by a query, in any letter case, and no other', () => {
    const random = createSeededRandom(1);
    const names = Array.from({ length: 20_000 }, (_, index) => `h${index}.${random.int(50)}.Example`);
    const store = storeOf(names.map(a));
    for (const [index, name] of names.entries()) {
      const other = name.replace('h', 'H').toUpperCase();
      expect(linesOf(store, other)).to.deep.equal([formatRecord(a(name, index))]);
      const asked = (text: string) => readOrdinary(encodeMessage(createQuery({ name: nameOf(text), type: 1, id: 1, recursionDesired: false })))!;
      const node = store.findAsked(asked(other));
      expect(store.nameOf(node).toString()).to.equal(`${name}.`);
      if (index % 10 === 0) {
        expect(store.findAsked(asked(`x${name}`))).to.equal(0);
        expect(store.get(nameOf(`x${name}`).key)).to.equal(undefined);
      }
    }
    // The names between them and the apex are there, too, and the apex.
    expect(store.size).to.equal(20_000 + 50 + 1);
    expect(linesOf(store, '7.example')).to.deep.equal([]);
  });

  it('tells a label that holds a dot from two labels', () => {
    const store = storeOf([a('a\\.b.example', 1)]);
    expect(linesOf(store, 'a\\.b.example')).to.have.length(1);
    expect(store.get(nameOf('a.b.example').key)).to.equal(undefined);
  });

  const KINDS = [
    'x.example. 5 TXT "a" "" "b"', 'x.example. 5 MX 10 Mail.Example.', 'x.example. 5 SRV 1 2 3 t.example.', 'x.example. 5 CAA 0 issue "ca"', 'x.example. 5 HTTPS 1 . alpn=h2 port=8443', 'x.example. 5 NAPTR 1 2 "u" "s" "" r.example.',
    'x.example. 5 DS 1 8 2 00', 'x.example. 5 NSEC y.example. A TXT', 'x.example. 5 TYPE999 \\# 3 010203', 'x.example. 2147483647 A 192.0.2.1', 'x.example. 0 AAAA 2001:db8::1', 'x.example. 5 SOA m.example. r.example. 1 2 3 4 4294967295',
  ];
  for (const line of KINDS) {
    it(`gives back ${line}`, () => {
      const record = recordOf(line);
      expect(linesOf(storeOf([record]), 'x.example')).to.deep.equal([formatRecord(record)]);
    });
  }

  it('keeps records in their order, set by set, with the least of their TTLs, and their places for complaints', () => {
    const store = storeOf([a('x.example', 9), recordOf('x.example. 5 TXT t'), a('x.example', 4), a('y.example', 1)]);
    expect(linesOf(store, 'x.example')).to.deep.equal(['x.example. 4 IN A 10.0.0.9', 'x.example. 4 IN A 10.0.0.4', 'x.example. 5 IN TXT "t"']);
    expect(store.draftOf(store.nodeAt(nameOf('x.example'))).get(TYPE.A).map(({ at }) => at)).to.deep.equal([{ line: 1, column: 3 }, { line: 3, column: 3 }]);
  });
});
