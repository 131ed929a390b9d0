import { expect } from 'chai';
import { createLineProgress } from '../../../src/cli/progress.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import type { Clock } from '../../../src/base/clock.js';

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve(), after: () => () => undefined };

function lines(totalBytes: number | undefined, chunks: readonly number[], outcome: 'complete' | 'failed'): readonly string[] {
  const told: LogLine[] = [];
  const transfer = createLineProgress(createLog((line) => told.push(line)), clock).begin({ label: 'video1', totalBytes });
  for (const chunk of chunks) transfer.advance(chunk);
  transfer.end(outcome);
  return told.map(({ message }) => message);
}

describe('progress without a terminal', () => {
  it('is at most a dozen lines, however small the pieces', () => {
    const told = lines(100_000, Array.from({ length: 100_000 }, () => 1), 'complete');
    expect(told.length).to.be.within(10, 12);
    expect(told.at(-1)).to.match(/^Receiving video1 contents now\.\. 100% \| 100 kB \| /);
  });
  it('says 100% once', () => expect(lines(10, [10], 'complete').filter((line) => line.includes('100%'))).to.have.lengthOf(1));
  it('says how far it came when it fails', () => expect(lines(1000, [420], 'failed').at(-1)).to.match(/stopped at 42% \| 420 B/));
  it('tells powers of ten where the sender keeps the length to itself', () =>
    expect(lines(undefined, Array.from({ length: 300 }, () => 100_000), 'complete')).to.have.lengthOf(3));
  it('knows an empty file', () => expect(lines(0, [], 'complete')).to.have.lengthOf(1));
});
