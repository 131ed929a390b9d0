import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { createLog } from '../../../src/observe/log.js';
import { createDigests, type Digests } from '../../../src/store/digests.js';
import type { DiskSource, Opening } from '../../../src/store/disk-source.js';
import type { FileVersion } from '../../../src/store/version.js';

const NEVER = new AbortController().signal;

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
const hex = (octets: Uint8Array | undefined): string | undefined => octets && Buffer.from(octets).toString('hex');

/** Files in memory; each open waits for its gate, each read for the test to let it go on. */
function createFiles(content: Record<string, string>) {
  const openings: string[] = [];
  let openNow = 0;
  let mostOpen = 0;
  const gates = new Map<string, Promise<void>>();
  const version = (name: string): FileVersion => ({ etag: `"${name} ${content[name] ?? ''}"`, length: content[name]?.length ?? 0, modifiedMs: 0, changedMs: 0 });
  const source: DiskSource = {
    open: ([name = '']): Promise<Opening> => {
      openings.push(name);
      const text = content[name];
      if (text === undefined) return Promise.resolve({ kind: 'absent' });
      openNow += 1;
      mostOpen = Math.max(mostOpen, openNow);
      return Promise.resolve({
        kind: 'file',
        file: {
          name,
          version: version(name),
          async *read(_range, signal) {
            const gate = gates.get(name);
            const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
            if (gate && !signal.aborted) await Promise.race([gate, gone]);
            signal.throwIfAborted();
            if (text === 'broken') throw new Error('a read failed');
            yield Buffer.from(text);
          },
          close: () => {
            openNow -= 1;
            return Promise.resolve();
          },
        },
      });
    },
  };
  return {
    source, version, openings, content,
    stillOpen: () => openNow,
    mostOpen: () => mostOpen,
    /** Holds reads of `name` until the function it returns is called. */
    hold: (name: string): (() => void) => {
      let release = (): void => undefined;
      gates.set(name, new Promise((resolve) => (release = resolve)));
      return release;
    },
  };
}

describe('digests', () => {
  const made: Digests[] = [];
  afterEach(async () => {
    for (const digests of made.splice(0)) await digests.stop();
  });
  const lines: string[] = [];
  function create(source: DiskSource, clock: Clock = systemClock): Digests {
    const digests = createDigests(source, { clock, log: createLog((line) => lines.push(line.message)) });
    made.push(digests);
    return digests;
  }

  it('are computed once for each version', async () => {
    const files = createFiles({ a: 'one' });
    const digests = create(files.source);
    const version = files.version('a');
    expect(digests.known(version)).to.equal(undefined);
    const [first, second] = await Promise.all([digests.wait(['a'], version, NEVER), digests.wait(['a'], version, NEVER)]);
    expect([hex(first), hex(second)]).to.deep.equal([sum('one'), sum('one')]);
    expect(hex(digests.known(version))).to.equal(sum('one'));
    digests.schedule(['a'], version);
    expect(files.openings).to.deep.equal(['a']);
    files.content['a'] = 'two';
    expect(digests.known(files.version('a'))).to.equal(undefined);
    expect(hex(await digests.wait(['a'], files.version('a'), NEVER))).to.equal(sum('two'));
  });

  it('are computed one at a time, those waited for first', async () => {
    const files = createFiles({ a: 'a', b: 'b', c: 'c', d: 'd' });
    const release = files.hold('a');
    const digests = create(files.source);
    for (const name of ['a', 'b', 'c', 'd']) digests.schedule([name]);
    const waited = digests.wait(['d'], files.version('d'), NEVER);
    release();
    expect(hex(await waited)).to.equal(sum('d'));
    await digests.wait(['c'], files.version('c'), NEVER);
    await digests.wait(['b'], files.version('b'), NEVER);
    expect(files.openings.slice(0, 2)).to.deep.equal(['a', 'd']);
    expect(files.openings).to.have.members(['a', 'b', 'c', 'd']);
    expect(files.mostOpen()).to.equal(1);
  });

  it('of a version that is no more are abandoned', async () => {
    const files = createFiles({ a: 'old' });
    files.hold('a');
    const digests = create(files.source);
    const old = files.version('a');
    const oldWait = digests.wait(['a'], old, NEVER);
    while (files.stillOpen() === 0) await new Promise(setImmediate);
    files.content['a'] = 'new';
    const release = files.hold('a');
    const newWait = digests.wait(['a'], files.version('a'), NEVER);
    expect(await oldWait).to.equal(undefined);
    release();
    expect(hex(await newWait)).to.equal(sum('new'));
  });

  it('of a file that was replaced before its turn are not given for the old one', async () => {
    const files = createFiles({ a: 'old' });
    const digests = create(files.source);
    const old = files.version('a');
    files.content['a'] = 'new';
    expect(await digests.wait(['a'], old, NEVER)).to.equal(undefined);
    expect(hex(digests.known(files.version('a')))).to.equal(sum('new'));
  });

  it('that can\'t be computed are done without, and tried again', async () => {
    const files = createFiles({ a: 'broken' });
    const digests = create(files.source);
    expect(await digests.wait(['a'], files.version('a'), NEVER)).to.equal(undefined);
    expect(await digests.wait(['a'], files.version('a'), NEVER)).to.equal(undefined);
    expect(files.openings).to.deep.equal(['a', 'a']);
    expect(files.stillOpen()).to.equal(0);
    expect(lines).to.include('no digest of a: a read failed');
    const version = { etag: '"x"', length: 1, modifiedMs: 0, changedMs: 0 };
    expect(await digests.wait(['absent'], version, NEVER)).to.equal(undefined);
  });

  it('are not waited for when the client is gone', async () => {
    const files = createFiles({ a: 'a' });
    files.hold('a');
    const controller = new AbortController();
    const waited = create(files.source).wait(['a'], files.version('a'), controller.signal);
    controller.abort(new Error('gone'));
    expect(await waited).to.equal(undefined);
  });

  it('are not waited for without end', async () => {
    const files = createFiles({ a: 'a' });
    files.hold('a');
    const limits: number[] = [];
    const clock: Clock = { ...systemClock, after: (ms, run) => { limits.push(ms); setImmediate(run); return () => undefined; } };
    expect(await create(files.source, clock).wait(['a'], files.version('a'), NEVER)).to.equal(undefined);
    expect(limits).to.deep.equal([3000]);
  });

  it('stop: what is under way is given up and closed, nobody waits on', async () => {
    const files = createFiles({ a: 'a', b: 'b' });
    files.hold('a');
    const digests = create(files.source);
    const waits = [digests.wait(['a'], files.version('a'), NEVER), digests.wait(['b'], files.version('b'), NEVER)];
    while (files.stillOpen() === 0) await new Promise(setImmediate);
    await digests.stop();
    expect(await Promise.all(waits)).to.deep.equal([undefined, undefined]);
    expect(files.stillOpen()).to.equal(0);
    digests.schedule(['b']);
    expect(await digests.wait(['b'], files.version('b'), NEVER)).to.equal(undefined);
    expect(files.openings).to.deep.equal(['a']);
  });
});
