import { expect } from 'chai';
import { systemClock } from '../../../../src/base/clock.js';
import { exchange, type Exchange } from '../../../../src/net/http/exchange.js';
import type { Pipe, PipeReader } from '../../../../src/net/pipe.js';

const END = { address: '127.0.0.1', port: 1 };

/** A connection whose octets arrive when the test says so, in one buffer that each arrival overwrites. */
function byHand(): { readonly talk: Exchange; arrive(text: string): boolean; ended(): void; readonly resumed: number } {
  const buffer = Buffer.alloc(1000);
  let reader: PipeReader | undefined;
  let resumed = 0;
  const pipe: Pipe = { local: END, remote: END, write: () => undefined, read: (given) => void (reader = given), resume: () => void (resumed += 1), destroy: () => undefined };
  const talk = exchange(pipe, { method: 'GET', head: 'GET / HTTP/1.1\r\n\r\n', headTimeoutMs: 5000, idleTimeoutMs: 5000, signal: new AbortController().signal }, systemClock);
  return {
    talk,
    arrive: (text) => reader?.octets(buffer.subarray(0, buffer.write(text))) ?? false,
    ended: () => reader?.ended(undefined),
    get resumed() {
      return resumed;
    },
  };
}

/** Looks at what it was shown only when it is let go on. */
function slowTaker() {
  const came: string[] = [];
  const waiting: (() => void)[] = [];
  return {
    came,
    take: (piece: Buffer): Promise<void> => new Promise((resolve) => waiting.push(() => {
      came.push(piece.toString());
      resolve();
    })),
    /** False when nothing waits. */
    goOn: async (): Promise<boolean> => {
      const next = waiting.shift();
      next?.();
      await new Promise((resolve) => setImmediate(resolve));
      return next !== undefined;
    },
  };
}

describe('net: one request and its response', () => {
  for (const [framing, head, first, second, third] of [
    ['a length', 'content-length: 12', 'aaaa', 'bbbb', 'cccc'],
    ['chunks', 'transfer-encoding: chunked', '4\r\naaaa\r\n', '4\r\nbbbb\r\n', '4\r\ncccc\r\n0\r\n\r\n'],
    ['the end of the connection', 'connection: close', 'aaaa', 'bbbb', 'cccc'],
  ] as const) {
    it(`by ${framing}: what arrives while the taker is busy waits, and stays what it was`, async () => {
      const { talk, arrive, ended } = byHand();
      const { take, came, goOn } = slowTaker();
      expect(arrive(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${first}`)).to.equal(true);
      await talk.head;
      const done = talk.drain(take);
      // Nobody has stopped the connection yet.
      expect(arrive(second)).to.equal(false);
      arrive(third);
      ended();
      while (await goOn());
      await done;
      expect(came.join('')).to.equal('aaaabbbbcccc');
    });
  }

  it('broken framing in what waited is told', async () => {
    const { talk, arrive } = byHand();
    const { take, goOn } = slowTaker();
    arrive('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\naaaa\r\n');
    await talk.head;
    const done = talk.drain(take).then(() => 'done', (error: unknown) => String(error));
    arrive('nonsense\r\n');
    while (await goOn());
    expect(await done).to.match(/broken HTTP: a chunk size that is none: nonsense/);
  });

  it('the connection is let go on when the taker has taken', async () => {
    const one = byHand();
    const { take, goOn } = slowTaker();
    one.arrive('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\naaaa');
    await one.talk.head;
    const done = one.talk.drain(take);
    const before = one.resumed;
    await goOn();
    expect(one.resumed).to.equal(before + 1);
    expect(one.arrive('bbbb')).to.equal(false);
    await goOn();
    await done;
    expect(one.talk.reusable).to.equal(true);
  });
});
