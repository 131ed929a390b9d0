import { expect } from 'chai';
import fc from 'fast-check';
import { Name } from '../../../../src/net/dns/name.js';
import { Reader } from '../../../../src/net/dns/reader.js';
import { Writer } from '../../../../src/net/dns/writer.js';
import { anyName } from '../../../fixtures/dns/arbitraries.js';
import { nameOf } from '../../../helpers/dns.js';

/** Twelve octets of header, and the names. */
function write(names: readonly Name[], form: 'compressed' | 'plain' = 'compressed'): Uint8Array {
  const writer = new Writer(0xffff);
  writer.bytes(new Uint8Array(12));
  for (const name of names) writer.name(name, form);
  return writer.finish();
}

function read(octets: Uint8Array, count: number): readonly string[] {
  const reader = new Reader(octets, 12);
  const names = Array.from({ length: count }, () => reader.name('compressed').key);
  expect(reader.failure).to.equal(undefined);
  expect(reader.left).to.equal(0);
  return names;
}

const hexOf = (octets: Uint8Array): string => Buffer.from(octets.subarray(12)).toString('hex');

describe('compressed names (RFC 1035 §4.1.4)', () => {
  const CASES: readonly (readonly [what: string, names: readonly string[], octets: string])[] = [
    ['the same again is a pointer', ['a.b.', 'a.b.'], '01610162 00 c00c'],
    ['so is it in other letters (RFC 4343 §3)', ['a.b.', 'A.B.'], '01610162 00 c00c'],
    ['an end that stands there', ['a.b.', 'x.b.'], '01610162 00 0178 c00e'],
    ['the longest of several', ['b.', 'a.b.', 'x.a.b.'], '0162 00 0161 c00c 0178 c00f'],
    ['an end of an end', ['a.b.c.', 'x.c.', 'y.b.c.', 'y.b.c.'], '016101620163 00 0178 c010 0179 c00e c017'],
    ['the root is never one', ['.', 'a.', '.'], '00 0161 00 00'],
    ['a label that holds what looks like an end', ['a\\001b.', 'b.'], '03610162 00 0162 00'],
    ['the same label before another end', ['a.b.', 'a.c.', 'a.c.'], '01610162 00 01610163 00 c011'],
  ];
  for (const [what, names, octets] of CASES) it(what, () => expect(hexOf(write(names.map(nameOf)))).to.equal(octets.replaceAll(' ', '')));

  it('no pointer to what lies beyond where one leads', () => {
    const writer = new Writer(0xffff);
    writer.bytes(new Uint8Array(0x3ffe));
    for (const name of ['aa.b.', 'aa.b.', 'b.', 'x.aa.b.']) writer.name(nameOf(name), 'compressed');
    // The first label begins where a pointer still leads, the second doesn't.
    expect(Buffer.from(writer.finish().subarray(0x3ffe)).toString('hex')).to.equal('02616101620002616101620001620001780261610162 00'.replace(' ', ''));
  });
  it('a name written whole is one to point to all the same', () => {
    const writer = new Writer(0xffff);
    writer.bytes(new Uint8Array(12));
    writer.name(nameOf('a.b.'), 'plain');
    writer.name(nameOf('a.b.'), 'plain');
    writer.name(nameOf('x.a.b.'), 'compressed');
    expect(hexOf(writer.finish())).to.equal('0161016200' + '0161016200' + '0178c00c');
  });
  it('nothing is left of the message before', () => {
    write([nameOf('a.b.')]);
    expect(hexOf(write([nameOf('a.b.')]))).to.equal('0161016200');
  });
  it('any names come back as they were, letter case aside', () => {
    fc.assert(fc.property(fc.array(anyName, { maxLength: 60 }), (names) => {
      expect(read(write(names), names.length)).to.deep.equal(names.map(({ key }) => key));
      expect(read(write(names, 'plain'), names.length)).to.deep.equal(names.map(({ key }) => key));
    }));
  });
  it('thousands of them as well', () => {
    const names = Array.from({ length: 6000 }, (_, index) => Name.parse(`n${index % 5000}.${index % 7}.x.`) as Name);
    expect(read(write(names), names.length)).to.deep.equal(names.map(({ key }) => key));
  });
});
