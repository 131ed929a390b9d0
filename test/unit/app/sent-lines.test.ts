import { expect } from 'chai';
import { createSentLines } from '../../../src/app/sent-lines.js';
import { systemClock } from '../../../src/base/clock.js';
import { createLog } from '../../../src/observe/log.js';

describe('lines of an access log on their way to the primary', () => {
  const create = () => {
    const batches: { readonly lines: string; readonly sent: () => void }[] = [];
    const told: string[] = [];
    const lines = createSentLines((text, sent) => batches.push({ lines: text, sent }), { clock: systemClock, log: createLog(({ message }) => told.push(message)) });
    return { lines, batches, told };
  };

  it('go together, all of them before the stop has ended, and what comes later at once', async () => {
    const { lines, batches } = create();
    lines.write('a\n');
    lines.write('b\n');
    let ended = false;
    const stopping = lines.stop().then(() => (ended = true));
    expect(batches.map(({ lines: text }) => text)).to.deep.equal(['a\nb\n']);
    await Promise.resolve();
    expect(ended).to.equal(false);
    batches[0]?.sent();
    await stopping;
    lines.write('c\n');
    expect(batches[1]?.lines).to.equal('c\n');
  });

  it('take no more than so much memory while the primary takes nothing; how many are lost is told when it does', () => {
    const { lines, batches, told } = create();
    const line = `${'x'.repeat(65_535)}\n`;
    for (let each = 0; each < 70; each += 1) lines.write(line);
    expect(batches).to.have.length(64);
    for (const { sent } of batches) sent();
    lines.write(line);
    expect([batches.length, told]).to.deep.equal([65, ['6 lines of the access log are lost: they came faster than they could be handed over']]);
  });
});
