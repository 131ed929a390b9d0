import { expect } from 'chai';
import fc from 'fast-check';
import { Name } from '../../../../src/net/dns/name.js';
import { anyName } from '../../../fixtures/dns/arbitraries.js';
import { name } from '../../../fixtures/dns/parties.js';

const octets = (...labels: string[]): Uint8Array[] => labels.map((label) => new Uint8Array(Buffer.from(label, 'latin1')));

describe('Name', () => {
  // text, its wire in latin1, as toString writes it
  const SAME: readonly [text: string, wire: string, shown: string][] = [
    ['.', '\0', '.'],
    ['com', '\x03com\0', 'com.'],
    ['hercdn.com.', '\x06hercdn\x03com\0', 'hercdn.com.'],
    ['HerCDN.com', '\x06HerCDN\x03com\0', 'HerCDN.com.'],
    ['_http._tcp.hercdn.com', '\x05_http\x04_tcp\x06hercdn\x03com\0', '_http._tcp.hercdn.com.'],
    ['a\\.b.c', '\x03a.b\x01c\0', 'a\\.b.c.'],
    ['a\\046b', '\x03a.b\0', 'a\\.b.'],
    ['a\\\\.', '\x02a\\\0', 'a\\\\.'],
    ['\\000\\032\\255', '\x03\0 \xff\0', '\\000\\032\\255.'],
    ['\\"\\;\\(\\)\\@\\$', '\x06";()@$\0', '\\"\\;\\(\\)\\@\\$.'],
  ];
  for (const [text, wire, shown] of SAME) {
    it(`${text} is ${JSON.stringify(wire)} and ${shown}`, () => {
      const parsed = name(text);
      expect(Buffer.from(parsed.wire).toString('latin1')).to.equal(wire);
      expect(String(parsed)).to.equal(shown);
    });
  }

  const NONE = ['', '..', '.a', 'a..b', 'x'.repeat(64), `${'a.'.repeat(127)}b`, 'a.'.repeat(128), 'a\\', 'a\\25', 'a\\256', 'a b', 'a\tb', 'a\0', 'ü', '\\ü'];
  for (const text of NONE) it(`${JSON.stringify(text.slice(0, 20))} is no name`, () => expect(Name.parse(text)).to.equal(undefined));

  it('has at most 255 octets and 63 a label', () => {
    const longest = [63, 63, 63, 61].map((size) => 'x'.repeat(size));
    expect(name(longest.join('.')).wire.length).to.equal(255);
    expect(Name.fromLabels(octets(...longest))?.wire.length).to.equal(255);
    expect(Name.parse([...longest.slice(0, 3), 'x'.repeat(62)].join('.'))).to.equal(undefined);
    expect(Name.fromLabels(octets(...longest.slice(0, 3), 'x'.repeat(62)))).to.equal(undefined);
    expect(Name.fromLabels(octets('x'.repeat(64)))).to.equal(undefined);
    expect(Name.fromLabels(octets(''))).to.equal(undefined);
    expect(Name.parse('a', name(longest.join('.')))).to.equal(undefined);
  });

  it('without a final dot is relative to the origin', () => {
    expect(String(Name.parse('www', name('hercdn.com')))).to.equal('www.hercdn.com.');
    expect(String(Name.parse('www.', name('hercdn.com')))).to.equal('www.');
    expect(String(Name.parse('a\\.', name('hercdn.com')))).to.equal('a\\..hercdn.com.');
  });

  it('equals another whatever the letter case, and only ASCII letters have one', () => {
    expect(name('HERcdn.COM').equals(name('hercdn.com'))).to.equal(true);
    expect(name('HERcdn.COM').key).to.equal(name('hercdn.com').key);
    expect(name('\\192').equals(name('\\224'))).to.equal(false); // À and à in latin1
    expect(name('[').equals(name('{'))).to.equal(false); // 32 apart, as letters are
    expect(name('a@').equals(name('a`'))).to.equal(false);
  });

  it('never takes a dot in a label for the end of one', () => {
    const one = Name.fromLabels(octets('a.b'));
    const two = Name.fromLabels(octets('a', 'b'));
    expect(one?.key).to.not.equal(two?.key);
    // A label that holds a length and what would follow it.
    expect(Name.fromLabels(octets('a\x01b'))?.key).to.not.equal(Name.fromLabels(octets('a', 'b'))?.key);
  });

  it('lies at or below its ancestors, where labels begin', () => {
    expect(name('file1.hercdn.com').isAtOrBelow(name('HERCDN.com'))).to.equal(true);
    expect(name('hercdn.com').isAtOrBelow(name('hercdn.com'))).to.equal(true);
    expect(name('hercdn.com').isAtOrBelow(Name.root)).to.equal(true);
    expect(name('badhercdn.com').isAtOrBelow(name('hercdn.com'))).to.equal(false);
    expect(name('com').isAtOrBelow(name('hercdn.com'))).to.equal(false);
    // The octets end alike, but a label begins elsewhere.
    expect(name('x\\006hercdn.com').isAtOrBelow(name('hercdn.com'))).to.equal(false);
  });

  it('has a parent, up to the root', () => {
    const start = name('File1.HerCDN.com');
    expect(String(start.parent())).to.equal('HerCDN.com.');
    expect(start.key && start.parent()?.key).to.equal(name('hercdn.com').key);
    expect(start.parent()?.parent()?.parent()).to.deep.equal(Name.root);
    expect(Name.root.parent()).to.equal(undefined);
    expect([start.labelCount, Name.root.labelCount]).to.deep.equal([3, 0]);
  });

  it('can be put below more labels', () => {
    expect(String(name('hercdn.com').prepend('_http._tcp'))).to.equal('_http._tcp.hercdn.com.');
    expect(String(Name.root.prepend('com'))).to.equal('com.');
    for (const wrong of ['', '.', 'a.', 'a..b', 'x'.repeat(64)]) expect(name('hercdn.com').prepend(wrong), wrong).to.equal(undefined);
  });

  it('reads back what it writes, whatever its octets', () => {
    fc.assert(
      fc.property(anyName, (any) => {
        expect(Name.parse(String(any))?.wire).to.deep.equal(any.wire);
        expect(Name.fromLabels(any.labels())?.wire).to.deep.equal(any.wire);
        expect(String(any)).to.match(/^[\x21-\x7e]+$/);
      }),
    );
  });

  it('is at or below exactly what its parents are', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        let above: Name | undefined = a;
        while (above && !above.equals(b)) above = above.parent();
        expect(a.isAtOrBelow(b)).to.equal(above !== undefined);
      }),
    );
  });

  it('takes any text for a name or for none', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '.', '\\', '0', '1', '2', ' ', 'é', '\0'), maxLength: 80 }), (text) => {
        const parsed = Name.parse(text);
        if (parsed) expect(parsed.wire.length).to.be.at.most(255);
      }),
    );
  });
});
