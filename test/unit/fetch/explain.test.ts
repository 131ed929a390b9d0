import { expect } from 'chai';
import { createStory, formatStory } from '../../../src/fetch/explain.js';
import type { StoryMessage } from '../../../src/fetch/model.js';

const message = (over: Partial<StoryMessage>): StoryMessage => ({
  number: 3, atMs: 1.94, sight: 'seen', transport: 'udp', facts: {}, what: 'A? file1.hiscinema.com (RD=1)',
  from: { role: 'client', endpoint: { address: '127.0.0.1', port: 53012 } }, to: { role: 'local DNS', endpoint: { address: '127.0.0.1', port: 40722 } }, ...over,
});

describe('fetch: the story in lines', () => {
  it('number, who to whom, what, when; aligned', () => {
    expect(formatStory([
      message({}),
      message({ number: 10, transport: 'tcp', what: 'x', to: { role: 'store', endpoint: { address: '::1', port: 1 } } }),
      message({ number: 4, sight: 'not-sent', what: 'not sent: answered from the cache' }),
      message({ from: { role: 'client', endpoint: undefined } }),
    ])).to.deep.equal([
      `3.  ${'client 127.0.0.1:53012 → local DNS 127.0.0.1:40722'.padEnd(70)}  A? file1.hiscinema.com (RD=1)  +1.9 ms`,
      `10. ${'client 127.0.0.1:53012 → store [::1]:1'.padEnd(70)}  x over TCP  +1.9 ms`,
      '4.  (not sent: answered from the cache)',
      `3.  ${'client → local DNS 127.0.0.1:40722'.padEnd(70)}  A? file1.hiscinema.com (RD=1)  +1.9 ms`,
    ]);
    expect(formatStory([])).to.deep.equal([]);
  });

  it('what a stranger wrote steers no terminal, and makes no second line', () => {
    expect(formatStory([message({ what: 'a\u001b[2J\nb' })])[0]).to.include('a\\x1b[2J\\x0ab');
  });

  it('is told live, and kept', () => {
    const told: StoryMessage[] = [];
    let now = 100;
    const story = createStory(() => now, (event) => event.kind === 'message' && told.push(event.message));
    now = 107;
    story.tell(message({ atMs: story.elapsedMs() }));
    expect(told.map((one) => one.atMs)).to.deep.equal([7]);
    expect(story.messages).to.deep.equal(told);
  });
});
