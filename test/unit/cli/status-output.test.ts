import { expect } from 'chai';
import { statusLines } from '../../../src/cli/status-output.js';

const NOW = Date.parse('2026-11-27T22:40:42Z');

function lines(since: string | null): readonly string[] {
  const store = {
    id: 'store-1', address: '127.0.0.1:40721', state: 'drained', health: 'up', reason: 'answers', since, changes: 0,
    share: 1, transfers: 0, capacity: 999, rttMs: 12.34, weight: 1, region: null,
  } as const;
  return statusLines({ status: 'ok', policies: ['round-robin'], whenAllDown: 'serve-all', ttlSeconds: 20, uptimeSeconds: 9, stores: [store] }, NOW);
}

describe('the table of the stores', () => {
  it('fits 80 columns', () => {
    for (const line of lines('2026-11-27T22:38:51.123Z')) expect(line.length, line).to.be.at.most(80);
  });
  it('gives the time of what changed today', () => expect(lines('2026-11-27T22:38:51.123Z').at(-1)).to.match(/ 22:38:51Z {2}answers$/));
  it('gives the day of what changed before', () => expect(lines('2026-11-26T22:38:51.123Z').at(-1)).to.match(/ 2026-11-26 {2}answers$/));
  it('has a dash for a store that is not probed', () => expect(lines(null).at(-1)).to.match(/ - +answers$/));
});
