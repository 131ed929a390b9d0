// docs/errors.md and the table in src/base/errors.ts say the same.

import { expect } from 'chai';
import { ERRORS } from '../../src/base/errors.js';
import { readProjectFile } from './source.js';

interface Documented { readonly code: string; readonly exit: number; readonly retry: string; readonly rest: readonly string[] }

/** The rows "| `CODE` | exit | yes/no | meaning | what to do |". */
function readRows(text: string): readonly Documented[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\| `([A-Z_]+)` \|(.*)\|$/.exec(line.trim());
    if (!match) return [];
    const [exit = '', retry = '', ...rest] = (match[2] ?? '').split('|').map((cell) => cell.trim());
    return [{ code: match[1] ?? '', exit: Number(exit), retry, rest }];
  });
}

describe('docs/errors.md', () => {
  const rows = readRows(readProjectFile('docs/errors.md') ?? '');

  it('has every code of the table, once, in its order, and no other', () => {
    expect(rows.map(({ code }) => code)).to.deep.equal(Object.keys(ERRORS));
  });

  for (const [code, { exit, retry }] of Object.entries(ERRORS)) {
    it(`${code}: exit status ${exit}, ${retry ? 'may' : 'will not'} succeed later; says what it means and what to do`, () => {
      const row = rows.find((entry) => entry.code === code);
      expect(row).to.include({ exit, retry: retry ? 'yes' : 'no' });
      expect(row?.rest).to.have.length(2);
      expect(row?.rest.every((cell) => cell.length > 15)).to.equal(true);
    });
  }

  it('lists every exit status of the table', () => {
    const statuses = new Set(Object.values(ERRORS).map(({ exit }) => exit));
    const listed = [...(readProjectFile('docs/errors.md') ?? '').matchAll(/^\| +(\d+) \|/gm)].map((match) => Number(match[1]));
    expect(listed).to.include.members([0, 1, ...statuses]);
  });
});
