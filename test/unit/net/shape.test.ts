// The shaper under a clock that the test moves.

import { expect } from 'chai';
import type { Clock } from '../../../src/base/clock.js';
import { shape } from '../../../src/net/shape.js';

/** Time passes only in sleep, and at once. */
function createFakeClock(): Clock & { sleptMs: number; pass(ms: number): void } {
  let nowMs = 0;
  const clock = {
    sleptMs: 0,
    pass: (ms: number) => {
      nowMs += ms;
    },
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: (ms: number, signal?: AbortSignal): Promise<void> => {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      nowMs += ms;
      clock.sleptMs += ms;
      return Promise.resolve();
    },
    after: () => () => undefined,
  };
  return clock;
}

async function* source(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const [index, size] of sizes.entries()) yield Buffer.alloc(size, index + 1);
}

const forever = new AbortController().signal;

describe('net/shape', () => {
  it('passes every octet, in order', async () => {
    const parts: Uint8Array[] = [];
    for await (const piece of shape(source(3, 0, 200, 1), 100, createFakeClock(), forever)) parts.push(piece);
    expect(Buffer.concat(parts)).to.deep.equal(Buffer.concat([Buffer.alloc(3, 1), Buffer.alloc(200, 3), Buffer.alloc(1, 4)]));
  });

  for (const rate of [10, 1000, 1_000_000, 125_000_000]) {
    it(`holds ${rate} bytes a second`, async () => {
      const clock = createFakeClock();
      const total = rate * 4;
      let received = 0;
      for await (const piece of shape(source(...Array.from({ length: 8 }, () => total / 8)), rate, clock, forever)) {
        received += piece.byteLength;
        // Never ahead of the rate by more than one slice, or one octet.
        expect(received).to.be.at.most((rate * clock.monotonic()) / 1000 + Math.max(1, rate * 0.05) + 1e-3);
      }
      expect(received).to.equal(total);
      // Nor, with whole milliseconds to sleep, much behind.
      expect(clock.monotonic()).to.be.within(3900, 4100);
    });
  }

  it('splits what is large into pieces of at most 50 ms', async () => {
    const sizes: number[] = [];
    for await (const piece of shape(source(1000), 1000, createFakeClock(), forever)) sizes.push(piece.byteLength);
    expect(Math.max(...sizes)).to.equal(50);
    expect(sizes).to.have.length(20);
  });

  it('saves nothing up while the reader takes nothing', async () => {
    const clock = createFakeClock();
    const reader = shape(source(1000), 1000, clock, forever);
    await reader.next();
    clock.pass(60_000);
    await reader.next();
    expect(clock.sleptMs).to.equal(0);
    await reader.next();
    expect(clock.sleptMs).to.equal(50);
  });

  it('rejects with the signal’s reason, and ends the source', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let ended = false;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(1000);
      } finally {
        ended = true;
      }
    }
    const reader = shape(watched(), 1000, createFakeClock(), controller.signal);
    await reader.next();
    controller.abort(reason);
    let thrown: unknown;
    try {
      await reader.next();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).to.equal(reason);
    expect(ended).to.equal(true);
  });

  it('ends the source when the reader stops', async () => {
    let ended = false;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(1000);
      } finally {
        ended = true;
      }
    }
    for await (const piece of shape(watched(), 1000, createFakeClock(), forever)) {
      expect(piece.byteLength).to.equal(50);
      break;
    }
    expect(ended).to.equal(true);
  });

  for (const rate of [0, -1, Number.NaN]) {
    it(`takes ${rate} for a mistake`, async () => {
      let thrown: unknown;
      try {
        await shape(source(1), rate, createFakeClock(), forever).next();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.be.instanceOf(RangeError);
    });
  }

  it('lets everything through at a rate without end', async () => {
    const clock = createFakeClock();
    const sizes: number[] = [];
    for await (const piece of shape(source(1_000_000), Infinity, clock, forever)) sizes.push(piece.byteLength);
    expect(sizes).to.deep.equal([1_000_000]);
  });
});
