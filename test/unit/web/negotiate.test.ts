// Accept (RFC 9110 §12.5.1, §12.4.2): a case a line, with what it must select.

import { expect } from 'chai';
import { parseAccept, selectMediaType } from '../../../src/web/negotiate.js';

const HTML = 'text/html';
const JSON_TYPE = 'application/json';

const SELECTIONS: readonly (readonly [why: string, field: string | undefined, selected: string])[] = [
  ['no field: anything goes', undefined, HTML],
  ['an empty field accepts nothing in particular', '', HTML],
  ['curl', '*/*', HTML],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', HTML],
  ['JSON alone', 'application/json', JSON_TYPE],
  ['JSON by weight', 'text/html;q=0.5, application/json;q=0.8', JSON_TYPE],
  ['HTML by weight', 'text/html;q=0.9, application/json;q=0.8', HTML],
  ['equal weights: ours first', 'application/json, text/html', HTML],
  ['a named type before a wildcard of the same weight', 'application/json, text/plain, */*', JSON_TYPE],
  ['application/* matches JSON', 'application/*', JSON_TYPE],
  ['§12.5.1: the most specific range decides', 'text/*;q=0.9, text/html;q=0.1, application/json;q=0.5', JSON_TYPE],
  ['§12.4.2: q=0 is not acceptable', 'text/html;q=0, */*;q=0.1', JSON_TYPE],
  ['§12.4.2: three decimals', 'text/html;q=0.001, application/json;q=0.002', JSON_TYPE],
  ['nothing of ours is acceptable: the field is disregarded', 'image/png', HTML],
  ['all refused: the field is disregarded', '*/*;q=0', HTML],
  ['types ignore letter case', 'Application/JSON', JSON_TYPE],
  ['a parameter we have', 'application/json;charset=UTF-8', JSON_TYPE],
  ['a parameter we do not have', 'application/json;version=2, text/html;q=0.1', HTML],
  ['§5.6.1.2: empty members', ', ,application/json,,', JSON_TYPE],
  ['a comma within quotes is not a separator', 'text/html;x="a,b", application/json', JSON_TYPE],
  ['an escaped quote within quotes', 'text/html;x="a\\",b", application/json', JSON_TYPE],
  ['spaces around the semicolon', 'application/json ; q=1.000 , text/html ; q=0.5', JSON_TYPE],
  ['malformed: the field is disregarded', 'application/json;q=2', HTML],
];

const MALFORMED: readonly string[] = ['text', 'text/', '/html', '*/html', 'text/html q=1', 'text/html;q=1.5', 'text/html;q=0.1234', 'text/html;q=', 'text/html;q=1.001', 'text/html;x="open', 'text /html', 'text/html;;=', 'a/b c/d', 'text/html;q="0x1"'];

describe('proactive negotiation', () => {
  for (const [why, field, selected] of SELECTIONS) {
    it(`${why}: ${field ?? '(none)'}`, () => expect(selectMediaType(field, [HTML, JSON_TYPE])).to.equal(selected));
  }

  for (const field of MALFORMED) it(`is malformed: ${field}`, () => expect(parseAccept(field)).to.equal(undefined));

  it('keeps parameters apart from the weight', () => {
    const [range] = parseAccept('text/html; Level="1" ; q=0.3; v=2') ?? [];
    expect(range).to.deep.equal({ type: 'text', subtype: 'html', parameters: new Map([['level', '1'], ['v', '2']]), weight: 0.3 });
  });
});
