import { expect } from 'chai';
import fc from 'fast-check';
import { Deframer, frame } from '../../../../src/net/dns/framing.js';

describe('messages over TCP', () => {
  it('come out as they went in, however the stream is cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 1500, size: 'max' }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(frame));
        const deframer = new Deframer();
        const received: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + (cuts[turn % cuts.length] as number);
          deframer.push(stream.subarray(at, end));
          at = end;
          // Now and then nobody takes anything for a while.
          for (let next = turn % 3 === 0 ? undefined : deframer.next(); next; next = deframer.next()) received.push(next.slice());
        }
        for (let next = deframer.next(); next; next = deframer.next()) received.push(next.slice());
        expect(received).to.deep.equal(sent);
      }),
    );
  });

  it('the largest, one octet at a time', () => {
    const message = new Uint8Array(65_535).map((_, index) => index);
    const deframer = new Deframer();
    const framed = frame(message);
    for (let at = 0; at < framed.length - 1; at += 1) {
      deframer.push(framed.subarray(at, at + 1));
      expect(deframer.next()).to.equal(undefined);
    }
    deframer.push(framed.subarray(framed.length - 1));
    expect(deframer.next()).to.deep.equal(message);
    expect(deframer.next()).to.equal(undefined);
  }).timeout(15_000);

  it('an empty one is one', () => {
    const deframer = new Deframer();
    deframer.push(Uint8Array.of(0, 0, 0));
    expect(deframer.next()).to.deep.equal(new Uint8Array(0));
    expect(deframer.next()).to.equal(undefined);
  });
});
