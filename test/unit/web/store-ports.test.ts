// Ports from DNS, with hands on the clock.

import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { createCatalog, type Title } from '../../../src/catalog/index.js';
import { createStorePorts } from '../../../src/web/store-ports.js';

function handClock() {
  let now = 0;
  const due = new Set<{ at: number; run: () => void }>();
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    after: (ms, run) => {
      const entry = { at: now + ms, run };
      due.add(entry);
      return () => void due.delete(entry);
    },
  };
  return {
    clock,
    pass: (ms: number): void => {
      now += ms;
      for (const entry of due) {
        if (entry.at > now) continue;
        due.delete(entry);
        entry.run();
      }
    },
  };
}

const titles = createCatalog(Array.from({ length: 40 }, (_, index) => `v${index}.mp4`)).titles;
const signal = new AbortController().signal;

function createPorts(port: (title: Title, signal: AbortSignal) => Promise<number | undefined>) {
  const hand = handClock();
  const asked: string[] = [];
  const content = {
    port: (title: Title, limit: AbortSignal) => {
      asked.push(title.contentName);
      return port(title, limit);
    },
  };
  return { ...hand, asked, ports: createStorePorts({ defaultPort: 40721 }, { clock: hand.clock, content, signal }) };
}

describe('the ports of stores', () => {
  it('are what DNS says, the default where it can say nothing', async () => {
    const { ports } = createPorts((title) => (title.number === 2 ? Promise.resolve(undefined) : title.number === 3 ? Promise.reject(new Error('no')) : Promise.resolve(1000 + title.number)));
    expect(await ports.portsOf(titles.slice(0, 4))).to.deep.equal([1001, 40721, 40721, 1004]);
  });

  it('are remembered for five seconds', async () => {
    const { ports, asked, pass } = createPorts(() => Promise.resolve(7));
    await ports.portsOf(titles.slice(0, 1));
    pass(4_999);
    await ports.portsOf(titles.slice(0, 1));
    expect(asked).to.have.length(1);
    pass(2);
    await ports.portsOf(titles.slice(0, 1));
    expect(asked).to.have.length(2);
  });

  it('are not waited for longer than half a second, and a silent DNS is left alone for a while', async () => {
    const { ports, asked, pass } = createPorts(() => new Promise(() => undefined));
    const found = ports.portsOf(titles);
    pass(500);
    expect(new Set(await found)).to.deep.equal(new Set([40721]));
    const before = asked.length;
    expect(await ports.portsOf(titles)).to.have.length(titles.length);
    expect(asked.length).to.equal(before);
    pass(5_001);
    const again = ports.portsOf(titles);
    expect(asked.length).to.be.above(before);
    pass(500);
    await again;
  });

  it('are asked for sixteen at once, and once for all who want them at the same time', async () => {
    const answers: (() => void)[] = [];
    const { ports, asked } = createPorts(() => new Promise((resolve) => answers.push(() => resolve(9))));
    const found = Promise.all([ports.portsOf(titles), ports.portsOf(titles)]);
    expect(asked).to.have.length(16);
    for (let at = 0; at < titles.length; at += 1) {
      answers[at]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [one] = await found;
    expect(new Set(one)).to.deep.equal(new Set([9]));
    expect(asked).to.have.length(titles.length);
  });
});
