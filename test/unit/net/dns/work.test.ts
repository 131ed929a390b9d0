// How much work a packet can make the codec do, counted and not timed: steps, reads and octets copied,
// and writes, each in proportion to the packet's own octets, whatever they say.

import { expect } from 'chai';
import { Reader, SPARE_STEPS } from '../../../../src/net/dns/reader.js';
import type { DnsMessage } from '../../../../src/net/dns/message.js';
import { Name } from '../../../../src/net/dns/name.js';
import { decodeMessage, encodeUpTo, type Decoded } from '../../../../src/net/dns/wire.js';
import { encodeWithin } from '../../../../src/net/dns/truncate.js';
import { Writer } from '../../../../src/net/dns/writer.js';
import { COSTLY, COSTLY_ANSWERS } from '../../../fixtures/dns/costly.js';
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

interface Writing {
  readonly octets: Uint8Array | undefined;
  readonly writes: number;
  /** Octets of names that were looked at to find out whether they stand in the message already. */
  readonly looks: number;
}

const WRITES = ['u8', 'u16', 'u32', 'bytes', 'characterString', 'sized', 'name'] as const;

/** Encodes while every write is counted; those of a write within a write, too. */
function writingOf(encode: () => Uint8Array | undefined): Writing {
  let writes = 0;
  let looks = 0;
  const prototype = Writer.prototype as unknown as Record<string, (this: Writer, ...given: unknown[]) => unknown>;
  const undo: (() => unknown)[] = WRITES.map((method) => {
    const original = prototype[method] as (this: Writer, ...given: unknown[]) => unknown;
    prototype[method] = function counted(this: Writer, ...given) {
      writes += 1;
      return original.apply(this, given);
    };
    return () => (prototype[method] = original);
  });
  // Hashing multiplies once an octet.
  const { imul } = Math;
  Math.imul = (a, b) => {
    looks += 1;
    return imul(a, b);
  };
  undo.push(() => (Math.imul = imul));
  try {
    const octets = encode();
    return { octets, writes, looks };
  } finally {
    for (const restore of undo) restore();
  }
}

describe('the work that an answer makes', () => {
  const decoded = [...COSTLY, ...COSTLY_ANSWERS].flatMap(([what, octets]): (readonly [string, DnsMessage])[] => {
    const found = decodeMessage(octets);
    return found.kind === 'message' ? [[what, found.message]] : [];
  });

  for (const [what, message] of decoded) {
    it(`64 KiB of ${what}`, () => {
      const { octets, writes } = writingOf(() => encodeUpTo(message, 0xffff));
      // Each write puts an octet or two, or holds one that does.
      expect(writes, 'writes').to.be.at.most(12 + 2 * (octets?.length ?? 0xffff));
      // A client that takes a thousandth of it costs no more than that.
      const records = message.answers.length + message.authorities.length + message.additionals.length;
      expect(writingOf(() => encodeUpTo(message, 512)).writes, 'writes of what does not fit').to.be.at.most(2 * 512 + 64);
      // So does one whose courtesies are left out, a few times over: as often as a number of records can be halved.
      const courteous = { ...message, questions: [], answers: message.answers.slice(0, 1), authorities: [], additionals: message.answers };
      expect(writingOf(() => encodeWithin(courteous, 1232)).writes, 'writes of courtesies').to.be.at.most((2 * 1232 + 64) * (3 + Math.ceil(Math.log2(records + 1))));
    });
  }

  it('names cost as many looks as they have octets, and twice as many that are new, whatever else stands in the message', () => {
    const label = (index: number): string => String.fromCharCode(0x61 + (index % 26));
    const FAMILIES: readonly (readonly [what: string, name: (index: number) => string])[] = [
      ['alike but for the first label', (index) => `${label(index)}${label(index >>> 4)}.${'a.'.repeat(120)}`],
      ['alike but for the last', (index) => `${'a.'.repeat(120)}${label(index)}${label(index >>> 4)}.`],
      ['none like another', (index) => Array.from({ length: 120 }, (_, at) => `${label(index * 7 + at * (index + 3))}.`).join('')],
      ['of long labels', (index) => `${`${'a'.repeat(60)}.`.repeat(3)}${label(index)}${label(index >>> 4)}.`],
    ];
    for (const [what, nameOf] of FAMILIES) {
      const names = Array.from({ length: 260 }, (_, index) => Name.parse(nameOf(index)) as Name);
      const octets = names.reduce((sum, { wire }) => sum + wire.length, 0);
      const { looks } = writingOf(() => {
        const writer = new Writer(0xffff);
        for (const name of names) writer.name(name, 'compressed');
        return writer.finish();
      });
      // One more for each label, whose end is hashed too.
      expect(looks, what).to.be.within(10_000, 2 * (octets + 121 * names.length));
    }
  });
});
