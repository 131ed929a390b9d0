import { expect } from 'chai';
import type { Clock } from '../../../src/base/clock.js';
import { columnsOf, cutEnd, cutMiddle } from '../../../src/cli/columns.js';
import { layOutRow, timeLeft, type RowFacts } from '../../../src/cli/progress-row.js';
import { createRateMeter } from '../../../src/cli/rate-meter.js';

const heads = [(name: string) => `Receiving ${name} contents now..`, (name: string) => `Receiving ${name}`, (name: string) => name];
const LONG = 'a-very-long-name-of-a-lecture-recording-part-3-of-9-final-version';
const row = (facts: Partial<RowFacts>): RowFacts => ({ heads, name: 'video1', bytes: 1_200_000, total: 2_900_000, bytesPerSecond: 2_100_000, time: '3 s left', store: '127.0.0.1:40721', ...facts });

describe('a row of progress', () => {
  it('says all where there is room', () =>
    expect(layOutRow(row({}), 119)).to.equal('Receiving video1 contents now.. ████████░░░░░░░░░░░░ 41% | 1.2 MB | 2.1 MB/s | 3 s left | 127.0.0.1:40721'));
  it('gives up words before what is new', () =>
    expect(layOutRow(row({}), 79)).to.match(/^video1 █+░+ 41% \| 1\.2 MB \| 2\.1 MB\/s \| 3 s left \| 127\.0\.0\.1:40721$/));
  it('then the middle of the name, and the store', () => {
    expect(layOutRow(row({ name: LONG }), 79)).to.match(/^a-very-…version █+░+ 41% \| 1\.2 MB \| 2\.1 MB\/s \| 3 s left \| 127\.0\.0\.1:40721$/);
    expect(layOutRow(row({ name: LONG }), 59)).to.match(/^a-ver\S*…\S*rsion █+░+ 41% \| 1\.2 MB \| 2\.1 MB\/s \| 3 s left$/);
  });
  it('never the rate, and never more than the columns there are', () => {
    for (const name of ['v', 'video1', LONG, '映画'.repeat(40)]) {
      for (let columns = 30; columns <= 200; columns += 1) {
        const text = layOutRow(row({ name }), columns);
        expect(columnsOf(text), `${columns}: ${text}`).to.be.at.most(columns);
        expect(text, String(columns)).to.include('2.1 MB/s');
      }
    }
  });
  it('keeps its bar as long as it is when numbers change', () => {
    const barOf = (facts: Partial<RowFacts>): number => (layOutRow(row(facts), 90).match(/[█░]/g) ?? []).length;
    const lengths = [{ bytes: 1 }, { bytes: 2_900_000, time: '59m 59s left' }, { bytesPerSecond: 999_000_000 }, { bytesPerSecond: undefined }].map(barOf);
    expect(new Set(lengths).size).to.equal(1);
  });
  it('draws no share of what has no known end', () => expect(layOutRow(row({ total: undefined, time: undefined }), 119)).to.equal('Receiving video1 contents now.. | 1.2 MB | 2.1 MB/s | 127.0.0.1:40721'));
  it('knows an empty file', () => expect(layOutRow(row({ bytes: 0, total: 0 }), 119)).to.include('100%'));
  it('tells the time left in whole seconds, and only when it can be known', () => {
    expect([timeLeft(0, 10, 3), timeLeft(0, 90_000, 1), timeLeft(0, 8_000, 1), timeLeft(0, 1e9, 1)]).to.deep.equal(['4 s left', '25h 0m left', '2h 13m left', 'more than 99h left']);
    expect([timeLeft(0, undefined, 3), timeLeft(0, 10, 0), timeLeft(0, 10, undefined)]).to.deep.equal([undefined, undefined, undefined]);
  });
});

describe('columns', () => {
  it('are two for what is wide, none for what is set upon another', () => expect([columnsOf('abc'), columnsOf('映画'), columnsOf('e\u0301')]).to.deep.equal([3, 4, 1]));
  it('cut a text at its end, never within a character', () => expect([cutEnd('映画', 3), cutEnd('abc', 9)]).to.deep.equal(['映', 'abc']));
  it('cut a text in its middle', () => expect([cutMiddle('abcdefghi', 5), cutMiddle('abc', 5), cutMiddle('映画映画', 6)]).to.deep.equal(['ab…hi', 'abc', '映…画']));
});

describe('the rate of a transfer', () => {
  it('is of the last seconds while it runs, and of all of it at the end', () => {
    let now = 0;
    const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve(), after: () => () => undefined };
    const meter = createRateMeter(clock);
    for (; now < 10_000; now += 100) {
      meter.advance(now < 5000 ? 1000 : 100);
      meter.current();
    }
    expect(meter.current()).to.be.closeTo(1000, 200);
    expect(meter.mean()).to.be.closeTo(55_000 / 9.9, 1);
    now = 14_000;
    expect(meter.idleMs()).to.equal(4100);
    // What comes no more counts for nothing, and changes nothing of what was.
    expect(meter.mean()).to.be.closeTo(55_000 / 9.9, 1);
  });
});
