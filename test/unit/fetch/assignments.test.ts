import { expect } from 'chai';
import { createAssignments, LEAST_PART_OCTETS } from '../../../src/fetch/assignments.js';
import { ByteSet } from '../../../src/fetch/byte-set.js';

const MB = 1_048_576;
const within = { firstPos: 0, lastPos: 8 * MB - 1 };
const shown = (part: { at: number; lastPos: number } | undefined) => (part === undefined ? undefined : [part.at / MB, (part.lastPos + 1) / MB]);

describe('fetch: who fetches which part', () => {
  it('one lane has all of it; more of them halve what is largest', () => {
    const assignments = createAssignments(() => new ByteSet(), () => within, 4);
    const first = assignments.next();
    expect(shown(first)).to.deep.equal([0, 8]);
    expect([assignments.next(), assignments.next(), assignments.next()].map(shown)).to.deep.equal([[4, 6], [2, 4], [6, 8]]);
    expect(shown(first)).to.deep.equal([0, 2]);
  });

  it('what a lane gave up is the next one’s, from the byte where it stopped', () => {
    const have = new ByteSet();
    const assignments = createAssignments(() => have, () => within, 2);
    const [first, second] = [assignments.next(), assignments.next()];
    if (first === undefined || second === undefined) throw new Error('no parts');
    have.add({ firstPos: 0, lastPos: MB - 1 });
    first.at = MB;
    assignments.release(first);
    expect(shown(assignments.next())).to.deep.equal([1, 4]);
  });

  it('what an earlier run left is not fetched again', () => {
    const assignments = createAssignments(() => ByteSet.of([{ firstPos: 0, lastPos: 2 * MB - 1 }, { firstPos: 3 * MB, lastPos: 7 * MB - 1 }]), () => within, 2);
    expect([assignments.next(), assignments.next()].map(shown)).to.deep.equal([[2, 3], [7, 8]]);
  });

  it('the tail is raced, by one other lane; and by none when there is one lane', () => {
    const small = { firstPos: 0, lastPos: LEAST_PART_OCTETS };
    const two = createAssignments(() => new ByteSet(), () => small, 2);
    expect([two.next(), two.next(), two.next()].map((part) => part?.raced)).to.deep.equal([true, true, undefined]);
    const one = createAssignments(() => new ByteSet(), () => small, 1);
    expect([one.next(), one.next()].map((part) => part?.raced)).to.deep.equal([false, undefined]);
  });
});
