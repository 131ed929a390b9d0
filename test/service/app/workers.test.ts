// A primary and real worker processes, of test/fixtures/workers/worker.ts.

import { expect } from 'chai';
import { createWorkers, type Workers, type WorkersOptions } from '../../../src/app/workers.js';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import type { WorkerStart, WorkerTold } from '../../fixtures/workers/worker.js';

const MODULE = new URL('../../fixtures/workers/worker.ts', import.meta.url);

describe('workers', function () {
  this.timeout(60_000);
  const lines: LogLine[] = [];
  const said: string[] = [];
  let wake = (): void => undefined;
  let workers: Workers<WorkerTold, number> | undefined;
  afterEach('end the workers', async () => {
    await workers?.stop(0);
    workers = undefined;
    lines.length = 0;
    said.length = 0;
  });

  function create(over: Partial<WorkersOptions<WorkerStart, string>> = {}): Workers<WorkerTold, number> {
    const log = createLog((line) => {
      lines.push(line);
      wake();
    });
    const hear = (word: string): void => {
      said.push(word);
      wake();
    };
    workers = createWorkers<WorkerStart, WorkerTold, string, number>({ module: MODULE, count: 2, start: (index) => ({ index }), hear, ...over }, { clock: systemClock, log, tracing: undefined });
    return workers;
  }
  const until = (isSo: () => boolean): Promise<void> => new Promise((resolve) => {
    wake = () => {
      if (isSo()) resolve();
    };
    wake();
  });
  const told = (pattern: RegExp): readonly LogLine[] => lines.filter(({ message }) => pattern.test(message));

  it('start, say, log (of a flood the first lines, and how many more), and do what they are told', async () => {
    const two = create();
    const first = await two.start();
    expect(two.pids()).to.have.length(2);
    expect(two.pids()[0]).to.equal(first);
    await two.agree('tell');
    await until(() => lines.length === 2 && said.length === 2);
    expect([...said].sort()).to.deep.equal(['said 1', 'said 2']);
    expect(lines.map(({ message, facts }) => `${message} ${String(facts['worker'])}`).sort()).to.deep.equal(['worker 1 was told 1', 'worker 2 was told 2']);

    await two.agree('flood');
    const rest = (): readonly LogLine[] => told(/more lines, which came faster than they can be written/);
    await until(() => rest().length >= 2);
    expect(told(/^line \d+$/).length + rest().reduce((sum, { facts }) => sum + Number(facts['lines']), 0)).to.equal(2 * 5000);
  });

  it('an error that keeps one from serving arrives whole', async () => {
    const error: unknown = await create({ start: (index) => ({ index, ...(index === 1 && { fails: 'usage' as const }) }) }).start().catch((reason: unknown) => reason);
    if (!(error instanceof CdnError)) throw new Error(`not what was expected: ${String(error)}`);
    expect([error.code, error.message, error.details, error.suggestions]).to.deep.equal(['USAGE', 'it has no mind to', { index: 1 }, ['ask again']]);
  });

  it('so does the news that one has died before it served', async () => {
    const error: unknown = await create({ start: (index) => ({ index, fails: 'silently' }) }).start().catch((reason: unknown) => reason);
    expect(String(error)).to.match(/worker 1 \(process \d+\) ended by SIGKILL before it served/);
  });

  it('one that hangs is ended and replaced, and keeps nobody waiting for ever', async () => {
    const two = create({ patienceMs: 300 });
    await two.start();
    await two.agree('hang');
    await until(() => told(/serves again/).length === 2);
    expect(told(/has not done within 0.3 s what it was told/)).to.have.length(2);
    await two.agree('work');
  });

  it('one that cannot serve any more is tried again and again, told of each time, while the other serves', async () => {
    let tries = 0;
    const two = create({ start: (index) => ({ index, ...(index === 1 && tries++ > 0 && tries < 3 && { fails: 'usage' as const }) }) });
    await two.start();
    const [, second = 0] = two.pids();
    process.kill(second, 'SIGKILL');
    await until(() => told(/Worker 2 of 2 serves again/).length === 1);
    expect(told(/Worker 2 of 2 cannot serve: it has no mind to/)).to.have.length(1);
    expect(told(/Worker 2 of 2 .* ended by SIGKILL/)).to.have.length(2);
    expect(told(/Worker 1/)).to.deep.equal([]);
  });

});
