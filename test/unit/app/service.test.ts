import { expect } from 'chai';
import { stopAll, type Service } from '../../../src/app/service.js';

describe('several services', () => {
  const calls: string[] = [];
  beforeEach(() => calls.splice(0));
  const service = (name: string, fails?: 'stop'): Service => ({
    start: () => Promise.resolve(),
    stop: (graceMs) => (fails === 'stop' ? Promise.reject(new Error(`${name} cannot stop`)) : Promise.resolve(void calls.push(`stop ${name} ${graceMs}`))),
  });
  const failure = async (promise: Promise<unknown>): Promise<string> => promise.then(() => '', (error: unknown) => (error as Error).message);

  it('are all stopped, also when one of them fails to', async () => {
    expect(await failure(stopAll([service('a', 'stop'), service('b')], 7))).to.equal('a cannot stop');
    expect(calls).to.deep.equal(['stop b 7']);
  });
});
