// One copy, with bytes from a hand-made source and a file in memory.

import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { CdnError } from '../../../src/base/errors.js';
import { WITHHELD_OCTETS, createArrival, type ContentHead } from '../../../src/web/arrival.js';
import type { ScratchFile } from '../../../src/web/scratch.js';

const silent = { advance: () => undefined, end: () => undefined };
const signal = new AbortController().signal;

function memoryFile(): ScratchFile & { removed: boolean } {
  let octets = Buffer.alloc(0);
  const file = {
    removed: false,
    write(part: Uint8Array, position: number) {
      octets = Buffer.concat([octets.subarray(0, position), part]);
      return Promise.resolve();
    },
    read: (position: number, length: number) => Promise.resolve(octets.subarray(position, position + length)),
    remove() {
      file.removed = true;
      return Promise.resolve();
    },
  };
  return file;
}

/** A source that gives what is pushed, when it is pushed. */
function pushed() {
  const parts: (Uint8Array | Error | undefined)[] = [];
  let wake = (): void => undefined;
  async function* body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (parts.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const part = parts.shift();
      if (part === undefined) return;
      if (part instanceof Error) throw part;
      yield part;
    }
  }
  const push = async (part: Uint8Array | Error | undefined): Promise<void> => {
    parts.push(part);
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { body: body(), push };
}

function setUp(over: Partial<ContentHead> = {}) {
  const file = memoryFile();
  const head: ContentHead = { length: undefined, etag: undefined, lastModifiedMs: undefined, contentType: 'video/mp4', sha256: undefined, from: { address: '127.0.0.1', port: 1 }, ...over };
  const copy = createArrival('video1', head, file);
  const source = pushed();
  const received = copy.receive(source.body, silent).then(() => undefined, (error: unknown) => error);
  return { copy, file, ...source, received };
}

async function all(octets: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of octets) parts.push(part);
  return Buffer.concat(parts);
}

const failed = async (octets: AsyncIterable<Uint8Array>): Promise<unknown> => all(octets).then(() => undefined, (error: unknown) => error);

describe('an arriving copy', () => {
  it('gives a reader the first part before the second has come', async () => {
    const { copy, push } = setUp({ length: 6 });
    const reader = copy.read({ firstPos: 1, lastPos: 4 }, signal)[Symbol.asyncIterator]();
    await push(Buffer.from('abc'));
    expect(String((await reader.next()).value)).to.equal('bc');
    const next = reader.next();
    await push(Buffer.from('def'));
    expect(String((await next).value)).to.equal('de');
    expect((await reader.next()).done).to.equal(true);
  });

  it('is complete when its promised length is there and the source has ended', async () => {
    const { copy, push, received } = setUp({ length: 3 });
    await push(Buffer.from('abc'));
    expect(copy.state).to.equal('arriving');
    await push(undefined);
    expect(await received).to.equal(undefined);
    expect(copy.state).to.equal('complete');
    expect(String(await all(copy.read(undefined, signal)))).to.equal('abc');
  });

  it('fails its readers when the source fails', async () => {
    const { copy, push, received } = setUp({ length: 6 });
    const reader = failed(copy.read(undefined, signal));
    await push(Buffer.from('abc'));
    const why = new CdnError('INCOMPLETE', 'broke off');
    await push(why);
    expect(await reader).to.equal(why);
    expect(await received).to.equal(why);
    expect(copy.state).to.equal('failed');
  });

  for (const [what, parts, code] of [
    ['ends early', ['abc'], 'INCOMPLETE'],
    ['goes on too long', ['abcd', 'efg'], 'PEER_PROTOCOL'],
  ] as const) {
    it(`fails when the source ${what}`, async () => {
      const { copy, push, received } = setUp({ length: 6 });
      const reader = failed(copy.read(undefined, signal));
      for (const part of parts) await push(Buffer.from(part));
      await push(undefined);
      expect(await received).to.include({ code });
      expect(await reader).to.include({ code });
      expect(copy.state).to.equal('failed');
    });
  }

  for (const length of [WITHHELD_OCTETS + 100, undefined]) {
    it(`withholds the end until the digest has been checked, the length being ${length === undefined ? 'unknown' : 'known'}`, async () => {
      const octets = Buffer.alloc(WITHHELD_OCTETS + 100, 'x');
      const { copy, push } = setUp({ length, sha256: createHash('sha256').update(octets).digest() });
      const seen: Uint8Array[] = [];
      const reader = (async () => {
        for await (const part of copy.read(undefined, signal)) seen.push(part);
      })();
      await push(octets);
      expect(Buffer.concat(seen).length).to.equal(100);
      await push(undefined);
      await reader;
      expect(Buffer.concat(seen).equals(octets)).to.equal(true);
    });
  }

  it('gives nothing at all out any more once its digest is known to be wrong', async () => {
    const { copy, push, received } = setUp({ length: WITHHELD_OCTETS + 100, sha256: new Uint8Array(32) });
    await push(Buffer.alloc(WITHHELD_OCTETS + 100));
    expect((await all(copy.read({ firstPos: 0, lastPos: 9 }, signal))).length).to.equal(10);
    await push(undefined);
    expect(await received).to.include({ code: 'DIGEST_MISMATCH' });
    expect(await failed(copy.read({ firstPos: 0, lastPos: 9 }, signal))).to.include({ code: 'DIGEST_MISMATCH' });
  });

  it('lets a reader go who gives up waiting', async () => {
    const { copy } = setUp({ length: 6 });
    const controller = new AbortController();
    const reader = failed(copy.read(undefined, controller.signal));
    const why = new Error('gone');
    controller.abort(why);
    expect(await reader).to.equal(why);
  });

  it('is deleted when the last who holds it lets go, and can not be held after that', async () => {
    const { copy, file } = setUp();
    const [one, two] = [copy.hold(), copy.hold()];
    await copy.discard();
    one?.();
    one?.();
    expect(file.removed).to.equal(false);
    two?.();
    expect(file.removed).to.equal(true);
    expect(copy.hold()).to.equal(undefined);
  });
});
