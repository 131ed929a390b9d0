import { expect } from 'chai';
import { createTransferPlaces } from '../../../src/store/transfer-places.js';

describe('places for transfers', () => {
  it('of one process are as many as its capacity', async () => {
    const gauges = { transfers: 0, refused: 0, startedMs: 0 };
    const places = createTransferPlaces(gauges, 2);
    expect([await places.take(), await places.take(), await places.take(), gauges.transfers]).to.deep.equal([true, true, false, 2]);
    places.leave();
    expect([await places.take(), gauges.transfers]).to.deep.equal([true, 2]);
  });

  it('of several are asked for, and given back', async () => {
    const gauges = { transfers: 0, refused: 0, startedMs: 0 };
    let free = 1;
    const takePlace = (): Promise<boolean> => Promise.resolve(free > 0 && free-- > 0);
    const places = createTransferPlaces(gauges, 1, { takePlace, leavePlace: () => void (free += 1) });
    expect([await places.take(), await places.take(), gauges.transfers]).to.deep.equal([true, false, 1]);
    places.leave();
    expect([free, gauges.transfers]).to.deep.equal([1, 0]);
  });
});
