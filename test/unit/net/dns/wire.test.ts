import { expect } from 'chai';
import fc from 'fast-check';
import { CLASS, type DnsMessage } from '../../../../src/net/dns/message.js';
import { Name } from '../../../../src/net/dns/name.js';
import { formatRData, parseRData } from '../../../../src/net/dns/text.js';
import { decodeMessage, encodeMessage, type Decoded } from '../../../../src/net/dns/wire.js';
import { anyMessage, anyName, lowerName } from '../../../fixtures/dns/arbitraries.js';
import { CORPUS, readCorpus } from '../../../fixtures/dns/corpus.js';
import { hex, packet, QUESTION, record, u16 } from '../../../fixtures/dns/packets.js';
import { query } from '../../../fixtures/dns/parties.js';
import { tokens } from '../../../fixtures/dns/tokens.js';

/** A message, letter case aside: what compression may change. */
function caseless(decoded: Decoded | DnsMessage): string {
  return JSON.stringify(decoded, (_key, value: unknown) => {
    if (value instanceof Name) return value.key;
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  });
}

/** The octets decode, or are refused; what decodes is written so that it decodes alike. */
function expectSense(octets: Uint8Array): void {
  const decoded = decodeMessage(octets);
  if (octets.length < 12) expect(decoded.kind).to.equal('headerless');
  if (decoded.kind === 'message') expect(caseless(decodeMessage(encodeMessage(decoded.message)))).to.equal(caseless(decoded));
}

describe('decodeMessage and encodeMessage', () => {
  it('a message comes back as it was, letter for letter where no two names differ in case alone', () => {
    fc.assert(
      fc.property(anyMessage(lowerName), (message) => {
        expect(decodeMessage(encodeMessage(message))).to.deep.equal({ kind: 'message', message });
      }),
    );
  });

  it('a message of any names comes back as it was, letter case aside, and its questions with theirs', () => {
    fc.assert(
      fc.property(anyMessage(anyName), (message) => {
        const decoded = decodeMessage(encodeMessage(message));
        expect(caseless(decoded)).to.equal(caseless({ kind: 'message', message }));
        expect(decoded.kind === 'message' && decoded.message.questions[0]).to.deep.equal(message.questions[0] ?? (decoded.kind === 'message' ? undefined : false));
      }),
    );
  });

  it('any octets decode, or are refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600, size: 'max' }), expectSense), { numRuns: 500 });
  });

  it('a message with octets changed, lost or added decodes, or is refused', () => {
    const wound = fc.tuple(fc.nat(1000), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(anyMessage(lowerName), fc.array(wound, { minLength: 1, maxLength: 6 }), fc.option(fc.nat(1000)), (message, wounds, cut) => {
        const octets = encodeMessage(message);
        for (const [at, value] of wounds) octets[at % octets.length] = value;
        expectSense(cut === null ? octets : octets.subarray(0, cut % octets.length));
      }),
      { numRuns: 1000 },
    );
  });

  it('shares no memory with the octets it has read', () => {
    const octets = Buffer.from(encodeMessage({ ...query('file1.hercdn.com'), edns: { udpPayloadSize: 512, version: 0, dnssecOk: false, options: [{ code: 9, data: Uint8Array.of(1) }] } }));
    const decoded = decodeMessage(octets);
    const before = caseless(decoded);
    octets.fill(0xff);
    expect(caseless(decoded)).to.equal(before);
  });

  it('reads a message that lies within larger memory', () => {
    const octets = encodeMessage(query('file1.hercdn.com'));
    const memory = Buffer.concat([Buffer.alloc(7, 0xff), octets, Buffer.alloc(7, 0xff)]);
    expect(decodeMessage(memory.subarray(7, 7 + octets.length))).to.deep.equal(decodeMessage(octets));
  });

  it('gives every record of one owner the very same Name', () => {
    const decoded = decodeMessage(packet([1, 2, 0, 0], `${QUESTION} ${record(1, '7f000001')} ${record(1, '7f000002')}`, '8000'));
    if (decoded.kind !== 'message') throw new Error('it is a message');
    const [first, second] = decoded.message.answers;
    expect(first?.name).to.equal(decoded.message.questions[0]?.name).and.to.equal(second?.name);
  });

  it('writes 65,535 octets and not one more', () => {
    const filling = (size: number): DnsMessage => ({
      ...query('a'),
      questions: [],
      answers: [{ name: Name.root, type: 731, class: 1, ttl: 0, data: { kind: 'unknown', octets: new Uint8Array(size) } }],
    });
    expect(encodeMessage(filling(65_535 - 12 - 11)).length).to.equal(65_535);
    expect(() => encodeMessage(filling(65_535 - 12 - 10))).to.throw(RangeError);
  });

  it('calls data that its type cannot carry a mistake of ours', () => {
    const wrong = (type: number, data: DnsMessage['answers'][number]['data']): DnsMessage => ({ ...query('a'), answers: [{ name: Name.root, type, class: 1, ttl: 0, data }] });
    expect(() => encodeMessage(wrong(28, { kind: 'A', address: '127.0.0.1' }))).to.throw(RangeError);
    expect(() => encodeMessage(wrong(1, { kind: 'A', address: '::1' }))).to.throw(RangeError);
    expect(() => encodeMessage(wrong(16, { kind: 'TXT', strings: [new Uint8Array(256)] }))).to.throw(RangeError);
    expect(() => encodeMessage(wrong(16, { kind: 'TXT', strings: [] }))).to.throw(RangeError);
  });

  describe('however its names are tangled', () => {
    // 64 KiB whose records point, each at another place, into a chain that costs as much as can be.
    const tangle = (chain: (at: number) => string, places: number, step: number): Uint8Array => {
      const start = 12 + 11;
      const chained = hex(chain(start));
      const head = [...hex(`00 fde8 0001 00000000 ${u16(chained.length)}`), ...chained];
      const records: number[] = [];
      for (let index = 0; head.length + records.length < 65_400; index += 1) {
        const target = start + (index % places) * step;
        records.push(...hex(`01 61 ${u16(0xc000 | target)} 0002 0001 00000000 0002 ${u16(0xc000 | target)}`));
      }
      return new Uint8Array([...hex(`1234 8000 0000 ${u16(1 + records.length / 16)} 0000 0000`), ...head, ...records]);
    };

    it('a long chain of pointers costs no more than the message has octets', () => {
      const pointers = (at: number): string => `00 ${Array.from({ length: 7000 }, (_, index) => u16(0xc000 | (index === 0 ? at : at + 2 * index - 1))).join(' ')}`;
      const decoded = decodeMessage(tangle(pointers, 3000, 1));
      expect(decoded).to.include({ kind: 'malformed', rcode: 1 });
      // A few records that do the same are a message.
      const few = hex(`1234 8000 0000 0002 0000 0000 00 fde8 0001 00000000 0005 00 ${u16(0xc017)} ${u16(0xc018)} ${u16(0xc01a)} 0001 0001 00000000 0004 7f000001`);
      expect(decodeMessage(few).kind).to.equal('message');
    });

    it('nor do long names in great number', () => {
      const labels = (): string => `${'01 61 '.repeat(120)} 00`;
      expect(decodeMessage(tangle(labels, 60, 2))).to.include({ kind: 'malformed', rcode: 1, why: 'has names that cost too much to follow' });
    });

    it('while a great answer with names as they are in zones is a message', () => {
      // Each owner has a label of its own and points at another name's end, as in a zone transfer.
      const apex = '01 "1" 01 "0" 02 "ip" 01 "8" 01 "b" 01 "d" 01 "0" 01 "1" 01 "0" 01 "0" 01 "2" 03 "ip6" 04 "arpa" 00';
      const records: string[] = [];
      const start = 12 + hex(apex).length + 4;
      for (let index = 0; index < 3000; index += 1) records.push(`03 "${String(index % 1000).padStart(3, '0')}" c00c 000c 0001 00000e10 0002 c00e`);
      const octets = packet([1, 3000, 0, 0], `${apex} 000c 0001 ${records.join(' ')}`, '8000');
      expect(octets.length).to.be.within(start, 65_535);
      expect(decodeMessage(octets).kind).to.equal('message');
    });
  });

  const corpus = CORPUS ? it : it.skip;
  corpus('every record of theirs is read back from the text it is written as [needs ../shared/corpus/dns]', () => {
    let records = 0;
    for (const octets of readCorpus()) {
      const decoded = decodeMessage(octets);
      if (decoded.kind !== 'message') continue;
      const { answers, authorities, additionals } = decoded.message;
      for (const { type, class: rrClass, data } of [...answers, ...authorities, ...additionals]) {
        // Of another class the data is octets, and of a type that means something else in class IN.
        if (rrClass !== CLASS.IN && data.kind === 'unknown') continue;
        records += 1;
        expect(parseRData(type, tokens(formatRData(data)), Name.root), formatRData(data)).to.deep.equal({ kind: 'data', data });
      }
    }
    expect(records).to.be.greaterThan(5000);
  });

  corpus('makes sense, or nothing, of the hostile packets collected for Knot DNS [needs ../shared/corpus/dns]', () => {
    const packets = readCorpus();
    expect(packets.length).to.be.greaterThan(4000);
    for (const octets of packets) expectSense(octets);
    // Not so strict that it refuses what is fine, nor so lax that it takes everything.
    const kinds = packets.map((octets) => decodeMessage(octets).kind);
    expect(kinds.filter((kind) => kind === 'message').length).to.be.within(4500, packets.length - 20);
  });
});
