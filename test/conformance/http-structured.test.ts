// Structured fields, RFC 9651: each case with its section; a fault anywhere makes all of it undefined.

import { expect } from 'chai';
import fc from 'fast-check';
import { formatTokenOrString, parseDictionary, parseItem, parseStructuredList, type BareItem, type Member } from '../../src/net/http/structured.js';

function plain(item: BareItem): unknown {
  if (item.kind === 'bytes') return `:${Buffer.from(item.value).toString('hex')}`;
  if (item.kind === 'token') return `~${item.value}`;
  return item.kind === 'date' ? `@${item.value}` : item.value;
}

const params = (member: Member): object => (member.parameters.size === 0 ? {} : { ...Object.fromEntries([...member.parameters].map(([key, value]) => [key, plain(value)])) });
const show = (member: Member): unknown => {
  const value = member.kind === 'item' ? plain(member.value) : member.items.map(show);
  return member.parameters.size === 0 ? value : [value, params(member)];
};

// A token is shown as "~token", octets as ":hex", a date as "@seconds", parameters as a pair.
const ITEMS: readonly [section: string, text: string, shown: unknown][] = [
  ['§3.3.1 an integer', '42', 42],
  ['§3.3.1 below 0', '-42', -42],
  ['§3.3.1 leading zeros', '0042', 42],
  ['§4.2.4 -0 is 0', '-0', 0],
  ['§3.3.1 15 digits', '999999999999999', 999_999_999_999_999],
  ['§3.3.1 16 digits', '9999999999999999', undefined],
  ['§4.2.4 a sign alone', '-', undefined],
  ['§4.2.4 a plus sign', '+1', undefined],
  ['§4.2.4 two signs', '--1', undefined],
  ['§3.3.2 a decimal', '4.5', 4.5],
  ['§3.3.2 three digits of a fraction', '-1.125', -1.125],
  ['§3.3.2 four digits of a fraction', '1.1234', undefined],
  ['§3.3.2 twelve digits before the point', '123456789012.1', 123_456_789_012.1],
  ['§3.3.2 thirteen digits before the point', '1234567890123.1', undefined],
  ['§4.2.4 a point at the end', '1.', undefined],
  ['§4.2.4 a point at the beginning', '.5', undefined],
  ['§4.2.4 an exponent is none', '1e3', undefined],
  ['§3.3.3 a string', '"hello world"', 'hello world'],
  ['§3.3.3 escapes', String.raw`"a\"b\\c"`, String.raw`a"b\c`],
  ['§4.2.5 another escape', String.raw`"a\nb"`, undefined],
  ['§4.2.5 no end', '"abc', undefined],
  ['§4.2.5 a backslash at the end', '"abc\\', undefined],
  ['§3.3.3 beyond ASCII', '"é"', undefined],
  ['§3.3.3 a control character', '"a\tb"', undefined],
  ['§3.3.3 single quotes', "'a'", undefined],
  ['§3.3.4 a token', 'foo123/456', '~foo123/456'],
  ['§3.3.4 a token may begin with *', '*a', '~*a'],
  ['§3.3.4 with any of tchar, ":" and "/"', "a:b/c!#$%&'*+-.^_`|~", "~a:b/c!#$%&'*+-.^_`|~"],
  ['§3.3.5 octets', ':aGVsbG8=:', ':68656c6c6f'],
  ['§4.2.7 padding may be missing', ':aGVsbG8:', ':68656c6c6f'],
  ['§3.3.5 none', '::', ':'],
  ['§4.2.7 no end', ':aGVsbG8=', undefined],
  ['§4.2.7 base64url', ':_-4=:', undefined],
  ['§4.2.7 white space within', ':aGVs bG8=:', undefined],
  ['§4.2.7 a digit too many', ':aGVsb:', undefined],
  ['§3.3.6 true', '?1', true],
  ['§3.3.6 false', '?0', false],
  ['§4.2.8 neither', '?2', undefined],
  ['§4.2.8 in words', '?T', undefined],
  ['§3.3.7 a date', '@1659578233', '@1659578233'],
  ['§3.3.7 before 1970', '@-1', '@-1'],
  ['§4.2.9 a decimal is no date', '@1659578233.12', undefined],
  ['§3.3.8 a display string', '%"f%c3%bc%c3%bc"', 'füü'],
  ['§4.2.10 upper-case digits', '%"f%C3%BC"', undefined],
  ['§4.2.10 no UTF-8', '%"%ff"', undefined],
  ['§4.2.10 half an escape', '%"%a"', undefined],
  ['§4.2 spaces around', '  42  ', 42],
  ['§4.2 a tab before', '\t42', undefined],
  ['§4.2 two items', '1 2', undefined],
  ['§4.2 nothing', '', undefined],
  ['§3.1.2 parameters', 'a;b=1;c', ['~a', { b: 1, c: true }]],
  ['§4.2.3.2 spaces before a name', 'a; b="x";  c=?0', ['~a', { b: 'x', c: false }]],
  ['§4.2.3.2 a space before the semicolon', 'a ;b', undefined],
  ['§4.2.3.2 the last of two counts', 'a;b=1;b=2', ['~a', { b: 2 }]],
  ['§4.2.3.2 a space around "="', 'a;b =1', undefined],
  ['§3.1.2 an upper-case name', 'a;B=1', undefined],
  ['§3.1.2 a list is no value', 'a;b=(1)', undefined],
];

const LISTS: readonly [section: string, text: string, shown: unknown][] = [
  ['§3.1 items', 'a, b;q=1, 3', ['~a', ['~b', { q: 1 }], 3]],
  ['§4.2.1 no spaces needed', 'a,b', ['~a', '~b']],
  ['§4.2.1 tabs', 'a\t,\tb', ['~a', '~b']],
  ['§4.2 empty', '', []],
  ['§4.2.1 a comma at the end', 'a, ', undefined],
  ['§4.2.1 an empty member', 'a,,b', undefined],
  ['§4.2.1 a comma at the beginning', ',a', undefined],
  ['§3.1.1 inner lists', '("a" "b");x, ()', [[['a', 'b'], { x: true }], []]],
  ['§4.2.1.2 spaces within', '(  1   2  )', [[1, 2]]],
  ['§4.2.1.2 parameters of an inner item', '(a;q=1 b)', [[['~a', { q: 1 }], '~b']]],
  ['§4.2.1.2 no space between', '("a""b")', undefined],
  ['§4.2.1.2 a tab between', '(a\tb)', undefined],
  ['§4.2.1.2 no end', '(a b', undefined],
  ['§4.2.1.2 within another', '((a))', undefined],
];

const DICTIONARIES: readonly [section: string, text: string, shown: unknown][] = [
  ['§3.2 members', 'a=1, b=x;p', { a: 1, b: ['~x', { p: true }] }],
  ['§4.2.2 a key alone is true', 'a, b;c', { a: true, b: [true, { c: true }] }],
  ['§3.2 inner lists', 'a=(1 2)', { a: [1, 2] }],
  ['§4.2.2 the last of two counts', 'a=1, a=2', { a: 2 }],
  ['§4.2 empty', '', {}],
  ['§4.2.2 a comma at the end', 'a=1,', undefined],
  ['§4.2.2 nothing after "="', 'a=', undefined],
  ['§4.2.2 a space after "="', 'a= 1', undefined],
  ['§3.2 an upper-case key', 'A=1', undefined],
  ['§3.2 a key that begins with a digit', '1=1', undefined],
  ['§3.2 a key that begins with *', '*a=1', { '*a': 1 }],
  ['§4.2 one fault spoils it all', 'a=1, b=?2', undefined],
  ['§4.2.2 members without a comma', 'a=1 b=2', undefined],
];

describe('structured fields (RFC 9651)', () => {
  for (const [section, text, shown] of ITEMS) {
    it(`item: ${section}`, () => {
      const item = parseItem(text);
      expect(item && show(item)).to.deep.equal(shown);
    });
  }
  for (const [section, text, shown] of LISTS) it(`list: ${section}`, () => expect(parseStructuredList(text)?.map(show)).to.deep.equal(shown));
  for (const [section, text, shown] of DICTIONARIES) {
    it(`dictionary: ${section}`, () => {
      const members = parseDictionary(text);
      expect(members && Object.fromEntries([...members].map(([key, member]) => [key, show(member)]))).to.deep.equal(shown);
    });
  }

  it('§4.1.6 what is written as a string or a token is read as the same text', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const item = parseItem(formatTokenOrString(text));
      expect(item?.value.value).to.equal(text.replace(/[^\x20-\x7e]/g, '?'));
    }));
  });

  it('no text makes it throw', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab1=;,()"\\:?@%. \t-*'), maxLength: 40 }), (text) => {
      parseDictionary(text);
      parseStructuredList(text);
      parseItem(text);
    }));
  });
});
