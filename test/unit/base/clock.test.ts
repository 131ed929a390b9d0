import { expect } from 'chai';
import { deadline, systemClock } from '../../../src/base/clock.js';
import { createSeededRandom, systemRandom } from '../../../src/base/random.js';

const failure = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

describe('the clock', () => {
  it('wakes a sleeper with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const slept = failure(systemClock.sleep(60_000, controller.signal));
    controller.abort(reason);
    expect(await slept).to.equal(reason);
  });
  it('lets nobody sleep on a signal that has aborted', async () => {
    const reason = new Error('too late');
    expect(await failure(systemClock.sleep(60_000, AbortSignal.abort(reason)))).to.equal(reason);
  });
  it('calls back once, and never when stopped', async () => {
    const calls: string[] = [];
    systemClock.after(1, () => calls.push('stopped'))();
    await new Promise<void>((resolve) => systemClock.after(5, () => resolve(void calls.push('called'))));
    expect(calls).to.deep.equal(['called']);
  });
});

describe('a deadline', () => {
  it('aborts with its own reason when time is up', async () => {
    const { signal, stop } = deadline(systemClock, 1, () => new Error('time is up'));
    await failure(systemClock.sleep(60_000, signal));
    stop();
    expect((signal.reason as Error).message).to.equal('time is up');
  });
  it('aborts with the parent’s reason, also one that came before', () => {
    const parent = new AbortController();
    const later = deadline(systemClock, 60_000, () => new Error('time is up'), parent.signal);
    const reason = new Error('the parent left');
    parent.abort(reason);
    expect(later.signal.reason).to.equal(reason);
    expect(deadline(systemClock, 60_000, () => new Error('time is up'), parent.signal).signal.reason).to.equal(reason);
    later.stop();
  });
  it('stays silent once stopped', () => {
    const parent = new AbortController();
    const { signal, stop } = deadline(systemClock, 60_000, () => new Error('time is up'), parent.signal);
    stop();
    parent.abort(new Error('the parent left'));
    expect(signal.aborted).to.equal(false);
  });
});

describe('chance', () => {
  it('is the same for the same seed, and within bounds', () => {
    const [a, b] = [createSeededRandom(7), createSeededRandom(7)];
    const numbers = Array.from({ length: 1000 }, () => a.int(6));
    expect(numbers).to.deep.equal(Array.from({ length: 1000 }, () => b.int(6)));
    expect(new Set(numbers)).to.deep.equal(new Set([0, 1, 2, 3, 4, 5]));
  });
  it('is of the asked size from the system', () => expect(systemRandom.bytes(16)).to.have.lengthOf(16));
});
