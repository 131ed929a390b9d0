import { expect } from 'chai';
import { ByteSet } from '../../../src/fetch/byte-set.js';
import { createSeededRandom } from '../../../src/base/random.js';

const range = (firstPos: number, lastPos: number) => ({ firstPos, lastPos });

describe('fetch: a set of bytes', () => {
  it('joins what overlaps or touches', () => {
    const set = ByteSet.of([range(10, 19), range(0, 4), range(5, 9), range(30, 39), range(15, 29)]);
    expect(set.ranges).to.deep.equal([range(0, 39)]);
    expect(set.size).to.equal(40);
  });

  it('tells what is missing, and where the first of it is', () => {
    const set = ByteSet.of([range(0, 9), range(20, 29)]);
    expect(set.missing(range(5, 40))).to.deep.equal([range(10, 19), range(30, 40)]);
    expect(set.missing(range(21, 25))).to.deep.equal([]);
    expect([set.firstMissing(0), set.firstMissing(10), set.firstMissing(25)]).to.deep.equal([10, 10, 30]);
    expect([set.covers(range(2, 9)), set.covers(range(2, 10)), set.covers(range(0, -1))]).to.deep.equal([true, false, true]);
  });

  it('is what a list of booleans is, whatever is added in whatever order', () => {
    const random = createSeededRandom(11);
    for (let round = 0; round < 200; round += 1) {
      const flags = Array.from({ length: 60 }, () => false);
      const set = new ByteSet();
      for (let step = 0; step < 12; step += 1) {
        const firstPos = random.int(60);
        const lastPos = Math.min(59, firstPos + random.int(12) - 1);
        set.add(range(firstPos, lastPos));
        for (let at = firstPos; at <= lastPos; at += 1) flags[at] = true;
        expect(set.size).to.equal(flags.filter(Boolean).length);
        const missing = set.missing(range(0, 59)).flatMap((gap) => Array.from({ length: gap.lastPos - gap.firstPos + 1 }, (_, index) => gap.firstPos + index));
        expect(missing).to.deep.equal(flags.flatMap((there, at) => (there ? [] : [at])));
      }
    }
  });
});
