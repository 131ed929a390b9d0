// How much work a packet can make the codec do, counted and not timed: steps, reads and octets copied,
// each in proportion to the packet's own octets, whatever they say.

import { expect } from 'chai';
import { Reader, SPARE_STEPS } from '../../../../src/net/dns/reader.js';
import { decodeMessage, type Decoded } from '../../../../src/net/dns/wire.js';
import { COSTLY } from '../../../fixtures/dns/costly.js';
import { CORPUS, readCorpus } from '../../../fixtures/dns/corpus.js';
import { itWhen } from '../../../helpers/programs.js';

interface Work {
  readonly decoded: Decoded;
  readonly steps: number;
  readonly reads: number;
  readonly copies: number;
  readonly copiedOctets: number;
}

const READS = ['u8', 'u16', 'u32', 'skip', 'take', 'name'] as const;

/** Decodes while every read and every copy is counted. */
function workOf(octets: Uint8Array): Work {
  let steps = (): number => 0;
  let reads = 0;
  let copies = 0;
  let copiedOctets = 0;
  const undo: (() => void)[] = [];
  const replace = <T extends object, K extends keyof T>(object: T, key: K, by: (original: T[K]) => T[K]): void => {
    const original = object[key];
    object[key] = by(original);
    undo.push(() => (object[key] = original));
  };
  const counting = <A extends unknown[], R>(original: (this: Reader, ...given: A) => R) =>
    function counted(this: Reader, ...given: A): R {
      steps = () => this.steps;
      reads += 1;
      return original.apply(this, given);
    };
  replace(Reader.prototype, 'u8', counting);
  replace(Reader.prototype, 'u16', counting);
  replace(Reader.prototype, 'u32', counting);
  replace(Reader.prototype, 'skip', counting);
  replace(Reader.prototype, 'take', counting);
  replace(Reader.prototype, 'name', counting);
  replace(Uint8Array.prototype, 'slice', (original) => function counted(this: Uint8Array, ...given: [start?: number, end?: number]) {
    const copy: Uint8Array<ArrayBuffer> = original.apply(this, given);
    copies += 1;
    copiedOctets += copy.length;
    return copy;
  });
  try {
    const decoded = decodeMessage(octets);
    return { decoded, steps: steps(), reads, copies, copiedOctets };
  } finally {
    for (const restore of undo) restore();
  }
}

function expectBounded(octets: Uint8Array): void {
  const { steps, reads, copies, copiedOctets } = workOf(octets);
  const most = 2 * octets.length + SPARE_STEPS;
  // Each kind of step may be overdrawn once, by one name or one copy.
  expect(steps, 'steps').to.be.at.most(most + 32 + 16);
  // Each read takes an octet at least, or makes way for one that does; the last few find nothing left.
  expect(reads, 'reads').to.be.at.most(2 * octets.length + READS.length);
  // Names cost a step for each eight octets, everything else sixteen a copy.
  expect(copies, 'copies').to.be.at.most(most / 2);
  expect(copiedOctets, 'octets copied').to.be.at.most(octets.length + 8 * most);
}

describe('the work that a packet makes', () => {
  for (const [what, octets] of COSTLY) {
    it(`64 KiB of ${what}`, () => {
      expectBounded(octets);
      // Nothing of its form stops the reader early: what is refused is refused for what it costs, or read to its end.
      const decoded = decodeMessage(octets);
      if (decoded.kind === 'malformed') expect(decoded.why).to.match(/^has (names that cost too much to follow|more pieces than any message needs)$/);
    });
  }

  it('is counted where it is done', () => {
    const [, addresses] = COSTLY.find(([what]) => what === 'IPv6 addresses') ?? [];
    const [, names] = COSTLY.find(([what]) => what === 'names of one letter') ?? [];
    if (!addresses || !names) throw new Error('no such packet');
    expect(workOf(addresses)).to.include({ copies: 0 }).and.to.have.property('reads').that.is.greaterThan(10_000);
    expect(workOf(names).copies).to.be.greaterThan(4000);
    expect(workOf(names).steps).to.be.greaterThan(8000);
  });

  it('of a small packet is enough for what any honest one holds', () => {
    // 512 octets, all texts of one octet.
    const texts = new Uint8Array(489).map((_, index) => (index % 2 === 0 ? 1 : 0x41)).subarray(0, 488);
    const octets = Uint8Array.of(0x12, 0x34, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 1, 0, 0, 0, 0, texts.length >>> 8, texts.length & 0xff, ...texts);
    expect(decodeMessage(octets).kind).to.equal('message');
  });

  itWhen(CORPUS, '../shared/corpus/dns', 'each of the hostile packets collected for Knot DNS', () => {
    for (const octets of readCorpus()) expectBounded(octets);
    return Promise.resolve();
  });
});
