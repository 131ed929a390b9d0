import { expect } from 'chai';
import { createSeededRandom, type Random } from '../../../src/base/random.js';
import { systemRandom } from '../../../src/base/random.js';
import { createTrace, formatTraceparent, parseTraceparent, renewTraceparent } from '../../../src/observe/trace.js';

const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

describe('traceparent (W3C Trace Context)', () => {
  it('§3.2.2: is written in version 00', () => expect(formatTraceparent(trace)).to.equal('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'));
  it('reads what it writes', () => {
    const made = createTrace(createSeededRandom(1));
    expect(parseTraceparent(formatTraceparent(made))).to.deep.equal(made);
  });
  it('§3.2.2.3: an ID is never all zero', () => {
    let calls = 0;
    const zeroFirst: Random = { int: () => 0, bytes: (count) => new Uint8Array(count).fill((calls += 1) === 1 ? 0 : 7) };
    expect(createTrace(zeroFirst).traceId).to.equal('07'.repeat(16));
  });
  const refused: readonly (readonly [string, string])[] = [
    ['§3.2.2.3 a zero trace ID', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['§3.2.2.4 a zero parent ID', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['§3.2.1 version ff', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['§3.2.2 more than version 00 has', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra'],
    ['§3.2.2 upper case', '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01'],
    ['nothing', ''],
  ];
  for (const [title, text] of refused) it(`${title} is ignored`, () => expect(parseTraceparent(text)).to.equal(undefined));
  it('§3.2.1: of a later version, what is known is read', () => expect(parseTraceparent('01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-new')).to.deep.equal(trace));
  it('§3.4: who takes part is the parent of what it asks for, in the same trace, sampled or not as it was', () => {
    const [parent, id] = ['00f067aa0ba902b7', '4bf92f3577b34da6a3ce929d0e0e4736'];
    for (const flags of ['00', '01', 'ff']) {
      const renewed = renewTraceparent(`00-${id}-${parent}-${flags}`, systemRandom) ?? '';
      expect(renewed).to.match(new RegExp(`^00-${id}-[0-9a-f]{16}-0${flags === '00' ? 0 : 1}$`)).and.not.include(parent);
    }
    expect(renewTraceparent('00-zz', systemRandom)).to.equal(undefined);
  });
});
