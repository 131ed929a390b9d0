// Holds the rules of the house over the whole tree, and shows of each that it can fail.

import { expect } from 'chai';
import * as capabilities from './rules/capabilities.js';
import * as floors from './rules/floors.js';
import * as packages from './rules/packages.js';
import * as text from './rules/text.js';
import { isProduct, readTree, type Rule } from './source.js';

const { medianLineCount } = text;
const isRule = (entry: unknown): entry is Rule => typeof entry === 'object' && entry !== null && 'check' in entry;
const RULES = [floors, capabilities, text, packages].flatMap((chapter) => Object.values<unknown>(chapter).filter(isRule));

describe('the house', () => {
  const tree = readTree();

  it('has a tree to look at', () => {
    expect(tree.filter(isProduct).length).to.be.greaterThan(15);
    expect(tree.map(({ path }) => path)).to.include.members(['package.json', 'package-lock.json', 'src/base/clock.ts']);
  });

  for (const rule of RULES) {
    it(rule.name, () => {
      expect(rule.check(tree).join('\n')).to.equal('');
    });

    it(`… and would be noticed if it weren't so`, () => {
      for (const breach of rule.breaches) expect(rule.check(breach), JSON.stringify(breach)).to.not.have.length(0);
      for (const kept of rule.kept ?? []) expect(rule.check(kept), JSON.stringify(kept)).to.deep.equal([]);
    });
  }

  it(`the median file is short: ${medianLineCount(tree)} lines`, () => {
    expect(medianLineCount(tree)).to.be.within(1, 130);
  });
});
