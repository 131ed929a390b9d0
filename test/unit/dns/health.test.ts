// Rise and fall, probe by probe, and the rhythm of the probes under a clock held by hand.

import { expect } from 'chai';
import fc from 'fast-check';
import { createHealthChecker, type HealthOptions } from '../../../src/dns/health.js';
import { readReport } from '../../../src/dns/health-probe.js';
import { createHealthState, judge, type HealthState, type ProbeOutcome } from '../../../src/dns/health-state.js';
import type { Edge } from '../../../src/dns/routing-edge.js';
import { createSeededRandom } from '../../../src/base/random.js';
import type { HttpClient, HttpClientRequest } from '../../../src/net/http/client.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { createHandClock } from '../../helpers/dns.js';

const alive: ProbeOutcome = { kind: 'alive', report: { transfers: 0, capacity: undefined } };
const failed: ProbeOutcome = { kind: 'failed', reason: 'refused' };

/** "++-": probes that succeed and fail -> the verdict after each, by its first letter. */
function verdicts(probes: string, rise = 2, fall = 3): string {
  let state: HealthState = createHealthState(0);
  return [...probes].map((sign) => (state = judge(state, sign === '+' ? alive : failed, { rise, fall }, 1)).verdict[0]).join('');
}

describe('rise and fall', () => {
  const cases: readonly (readonly [rule: string, probes: string, verdicts: string, rise?: number, fall?: number])[] = [
    ['the first probe decides: up', '+', 'u'],
    ['the first probe decides: down', '-', 'd'],
    ['falls with the third failure', '+---', 'uuud'],
    ['a success between starts the count anew', '+--+--+---', 'uuuuuuuuud'],
    ['rises with the second success', '-++', 'ddu'],
    ['a failure between starts the count anew', '-+-+-++', 'ddddddu'],
    ['stays down as long as it fails', '+-----', 'uuuddd'],
    ['rise 1, fall 1: each probe decides', '+-+-', 'udud', 1, 1],
  ];
  for (const [rule, probes, expected, rise, fall] of cases) it(rule, () => expect(verdicts(probes, rise, fall)).to.equal(expected));

  it('a change takes as many contrary probes in a row as the rule says, always', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('+', '-'), { minLength: 2, maxLength: 60 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (signs, rise, fall) => {
      const probes = signs.join('');
      const seen = verdicts(probes, rise, fall);
      for (let i = 1; i < seen.length; i += 1) {
        const run = seen[i - 1] === 'u' ? '-'.repeat(fall) : '+'.repeat(rise);
        const complete = probes.slice(0, i + 1).endsWith(run);
        if (seen[i] !== seen[i - 1]) expect(complete).to.equal(true);
      }
      for (let i = fall; i < seen.length; i += 1) if (probes.slice(i - fall + 1, i + 1) === '-'.repeat(fall)) expect(seen[i]).to.equal('d');
    }));
  });
  it('keeps the time and the reason of the change', () => {
    const up = judge(createHealthState(5), alive, { rise: 2, fall: 1 }, 10);
    const still = judge(up, alive, { rise: 2, fall: 1 }, 20);
    expect([still.sinceMs, still.reason]).to.deep.equal([10, 'answers']);
    expect(judge(still, failed, { rise: 2, fall: 1 }, 30)).to.deep.equal({ verdict: 'down', reason: 'refused', sinceMs: 30, contrary: 0 });
  });
});

describe('a store’s report', () => {
  const cases: readonly (readonly [text: string, transfers: number | undefined, capacity: number | undefined])[] = [
    ['{"status":"ok","transfers":3,"capacity":10}', 3, 10],
    ['{"transfers":0}', 0, undefined],
    ['{"transfers":-1,"capacity":"10"}', undefined, undefined],
    ['{"transfers":1e999}', undefined, undefined],
    ['OK', undefined, undefined],
    ['null', undefined, undefined],
    ['[]', undefined, undefined],
    ['', undefined, undefined],
  ];
  for (const [text, transfers, capacity] of cases) it(JSON.stringify(text), () => expect(readReport(text)).to.deep.equal({ transfers, capacity }));
});

describe('the checker', () => {
  const store = (number: number): Edge => ({ id: `store-${number}`, endpoint: { address: `127.0.0.${number}`, port: 40_721 } });
  const OPTIONS: HealthOptions = { intervalMs: 1000, timeoutMs: 500, rise: 2, fall: 3 };

  /** Stores that answer at once, unless they are among the dead. */
  function watch(count: number, options: Partial<HealthOptions> = {}) {
    const clock = createHandClock();
    const dead = new Set<string>();
    const silent = new Set<string>();
    const probes: { readonly store: string; readonly atMs: number; readonly request: HttpClientRequest }[] = [];
    const lines: LogLine[] = [];
    const http: HttpClient = {
      request: async (request) => {
        const { address } = request.endpoint;
        probes.push({ store: address, atMs: clock.monotonic(), request });
        if (silent.has(address)) await new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error)));
        if (dead.has(address)) throw new Error('refused');
        const body = (async function* () { yield Buffer.from('{"transfers":2,"capacity":7}'); })();
        return { status: 200, fields: {}, body, local: request.endpoint, remote: request.endpoint, discard: () => undefined };
      },
      close: async () => undefined,
    };
    const checker = createHealthChecker(Array.from({ length: count }, (_, index) => store(index + 1)), { ...OPTIONS, ...options }, { clock, random: createSeededRandom(1), log: createLog((line) => lines.push(line)), http });
    /** Lets time go by in small steps, and what each step began come to its end. */
    const pass = async (ms: number): Promise<void> => {
      for (let gone = 0; gone < ms; gone += 10) {
        clock.advance(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    /** A checker of other stores that takes the place of that one. */
    const succeed = (stores: readonly Edge[]) => createHealthChecker(stores, { ...OPTIONS, ...options }, { clock, random: createSeededRandom(2), log: createLog((line) => lines.push(line)), http }, checker);
    return { clock, dead, silent, probes, lines, checker, pass, succeed };
  }

  it('vouches for nobody before the first probe, and for all that answer after start', async () => {
    const { checker, dead } = watch(2);
    dead.add('127.0.0.2');
    expect([checker.isUp('store-1'), checker.report('store-1')?.verdict]).to.deep.equal([false, 'unchecked']);
    await checker.start();
    expect([checker.isUp('store-1'), checker.isUp('store-2'), checker.isUp('nobody')]).to.deep.equal([true, false, false]);
    await checker.stop();
  });
  it('takes the load that the store reports', async () => {
    const { checker } = watch(1);
    await checker.start();
    expect([checker.transfers('store-1'), checker.capacity('store-1')]).to.deep.equal([2, 7]);
    await checker.stop();
  });
  it('asks each store for /_cdn/health, once an interval or a little sooner, each at its own time', async () => {
    const { checker, probes, pass } = watch(3);
    await checker.start();
    await pass(20_000);
    await checker.stop();
    const times = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => probes.filter((probe) => probe.store === address).map(({ atMs }) => atMs));
    for (const of of times) {
      expect(of.length).to.be.within(20, 24);
      for (let i = 2; i < of.length; i += 1) expect(of[i]! - of[i - 1]!).to.be.within(900, 1010);
    }
    expect(new Set(times.map((of) => of[5])).size).to.equal(3);
    expect(probes[0]!.request).to.include({ method: 'GET', target: '/_cdn/health', host: '127.0.0.1:40721' });
  });
  for (const deadAfter of [0, 10, 330, 500, 900, 990]) {
    it(`finds a store that died ${deadAfter} ms after a probe within interval × fall`, async () => {
      const { checker, clock, dead, probes, pass, lines } = watch(1);
      await checker.start();
      await pass(3000);
      const before = probes.length;
      while (probes.length === before) await pass(10);
      await pass(deadAfter);
      dead.add('127.0.0.1');
      const died = clock.monotonic();
      while (checker.isUp('store-1')) await pass(10);
      expect(clock.monotonic() - died).to.be.at.most(OPTIONS.intervalMs * OPTIONS.fall);
      expect(lines.filter(({ level }) => level === 'info').map(({ message }) => message)).to.deep.equal(['store-1 (127.0.0.1:40721) is down: refused']);
      dead.clear();
      const back = clock.monotonic();
      while (!checker.isUp('store-1')) await pass(10);
      expect(clock.monotonic() - back).to.be.at.most(OPTIONS.intervalMs * OPTIONS.rise);
      expect(lines.at(-1)?.message).to.equal('store-1 (127.0.0.1:40721) is up');
      await checker.stop();
    });
  }
  it('finds a store that falls silent right after a probe within interval × fall, the last timeout included', async () => {
    const { checker, clock, silent, probes, pass, lines } = watch(1);
    await checker.start();
    await pass(3000);
    const before = probes.length;
    while (probes.length === before) await pass(10);
    silent.add('127.0.0.1');
    const died = clock.monotonic();
    while (checker.isUp('store-1')) await pass(10);
    expect(clock.monotonic() - died).to.be.at.most(OPTIONS.intervalMs * OPTIONS.fall);
    expect(lines.at(-1)?.message).to.equal('store-1 (127.0.0.1:40721) is down: no answer within 500 ms');
    await checker.stop();
  });
  it('goes on where another has been: only stores that are new, or elsewhere, are without a verdict', async () => {
    const { checker, dead, probes, pass, succeed, clock } = watch(3);
    dead.add('127.0.0.2');
    await checker.start();
    await pass(5000);
    const before = [checker.report('store-1'), checker.report('store-2')];
    const count = probes.length;
    const moved = { ...store(3), endpoint: { address: '127.0.0.9', port: 40_721 } };
    const next = succeed([store(1), store(2), moved, store(4)]);
    expect(['store-1', 'store-2', 'store-3', 'store-4'].map((id) => next.report(id)?.verdict)).to.deep.equal(['up', 'down', 'unchecked', 'unchecked']);
    await next.start();
    await checker.stop();
    expect(probes.slice(count).map((probe) => probe.store)).to.deep.equal(['127.0.0.9', '127.0.0.4']);
    expect([next.report('store-1'), next.report('store-2')]).to.deep.equal(before);
    expect([next.isUp('store-3'), next.isUp('store-4')]).to.deep.equal([true, true]);
    // And probes them in their rhythm, from then on.
    const from = clock.monotonic();
    await pass(1000);
    for (const address of ['127.0.0.1', '127.0.0.2']) expect(probes.filter((probe) => probe.store === address && probe.atMs > from)).to.have.length.at.least(1);
    await next.stop();
  });
  it('counts how often a store changes', async () => {
    const { checker, dead, pass } = watch(1, { rise: 1, fall: 1 });
    await checker.start();
    for (let turn = 0; turn < 3; turn += 1) {
      dead.add('127.0.0.1');
      await pass(1100);
      dead.clear();
      await pass(1100);
    }
    expect(checker.report('store-1')).to.include({ verdict: 'up', changes: 6 });
    await checker.stop();
  });
  it('probes no more once it is stopped', async () => {
    const { checker, probes, pass } = watch(1);
    await checker.start();
    await checker.stop();
    await pass(5000);
    expect(probes).to.have.length(1);
  });
});
