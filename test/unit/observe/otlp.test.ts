import { expect } from 'chai';
import type { Clock } from '../../../src/base/clock.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { createLog } from '../../../src/observe/log.js';
import { createSpanExporter, encodeTraces } from '../../../src/observe/otlp.js';
import { createTracer, type FinishedSpan } from '../../../src/observe/spans.js';

/** Time passes when told to. */
function handClock() {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const clock: Clock = {
    now: () => 1_700_000_000_000 + now, monotonic: () => now, sleep: () => Promise.reject(new Error('not used')),
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.run();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { clock, pass, waiting: () => timers.size };
}

const span = (over: Partial<FinishedSpan> = {}): FinishedSpan => ({
  traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), parentSpanId: undefined, service: 'cdn store store-1', name: 'GET', kind: 'server', startMs: 1_700_000_000_000.25, endMs: 1_700_000_000_001, attributes: {}, error: undefined, ...over,
});

describe('observe: spans as OTLP/JSON', () => {
  it('a resource for each service; IDs in hexadecimal, 64-bit numbers as strings', () => {
    const octets = encodeTraces([span({ parentSpanId: 'ef'.repeat(8), attributes: { a: 'x', b: 5, c: 0.5, d: true, e: ['y'], f: undefined }, error: 'why' }), span({ service: 'cdn dns', kind: 'client' })], { version: '1.2.3' });
    const { resourceSpans } = JSON.parse(Buffer.from(octets).toString('utf8')) as { resourceSpans: { resource: unknown; scopeSpans: { scope: unknown; spans: unknown[] }[] }[] };
    expect(resourceSpans).to.have.length(2);
    expect(resourceSpans[0]?.resource).to.deep.include({ attributes: [
      { key: 'service.name', value: { stringValue: 'cdn store store-1' } }, { key: 'service.version', value: { stringValue: '1.2.3' } },
      { key: 'telemetry.sdk.name', value: { stringValue: 'hercdn' } }, { key: 'telemetry.sdk.language', value: { stringValue: 'nodejs' } }, { key: 'telemetry.sdk.version', value: { stringValue: '1.2.3' } },
    ] });
    expect(resourceSpans[0]?.scopeSpans).to.deep.equal([{ scope: { name: 'hercdn', version: '1.2.3' }, spans: [{
      traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), parentSpanId: 'ef'.repeat(8), flags: 1, name: 'GET', kind: 2,
      startTimeUnixNano: '1700000000000250000', endTimeUnixNano: '1700000000001000000', status: { code: 2, message: 'why' },
      attributes: [
        { key: 'a', value: { stringValue: 'x' } }, { key: 'b', value: { intValue: '5' } }, { key: 'c', value: { doubleValue: 0.5 } }, { key: 'd', value: { boolValue: true } },
        { key: 'e', value: { arrayValue: { values: [{ stringValue: 'y' }] } } },
      ],
    }] }]);
    expect(resourceSpans[1]?.scopeSpans[0]?.spans[0]).to.include({ kind: 3 }).and.not.have.any.keys('parentSpanId', 'status');
  });
});

describe('observe: the exporter', () => {
  function start(answer: (attempt: number) => Promise<number>) {
    const sizes: number[] = [];
    const warnings: string[] = [];
    const hands = handClock();
    const log = createLog((line) => warnings.push(line.message), undefined, 'warn');
    const post = (body: Uint8Array, signal: AbortSignal): Promise<number> => {
      const { resourceSpans } = JSON.parse(Buffer.from(body).toString('utf8')) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
      sizes.push(resourceSpans.reduce((sum, one) => sum + (one.scopeSpans[0]?.spans.length ?? 0), 0));
      return new Promise((resolve, reject) => {
        const fail = (): void => reject(signal.reason as Error);
        if (signal.aborted) fail();
        signal.addEventListener('abort', fail, { once: true });
        answer(sizes.length).then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
      });
    };
    return { ...hands, sizes, warnings, exporter: createSpanExporter({ version: '1', post }, { clock: hands.clock, log }) };
  }

  it('sends batches, one at a time, a second after the first span', async () => {
    const { exporter, pass, sizes, waiting } = start(() => Promise.resolve(200));
    exporter.add(span());
    exporter.add(span());
    expect(sizes).to.deep.equal([]);
    await pass(1000);
    expect([sizes, waiting()]).to.deep.equal([[2], 0]);
    for (let count = 0; count < 1200; count += 1) exporter.add(span());
    for (let turn = 0; turn < 3; turn += 1) await pass(1000);
    expect(sizes).to.deep.equal([2, 512, 512, 176]);
  });

  it('keeps and tries again, less and less often, while the collector is away; what is too much is lost, and told once', async () => {
    let up = false;
    const { exporter, pass, sizes, warnings } = start(() => (up ? Promise.resolve(200) : Promise.reject(new Error('refused'))));
    for (let count = 0; count < 5000; count += 1) exporter.add(span());
    for (let second = 0; second < 60; second += 1) await pass(1000);
    expect(sizes.length).to.be.within(4, 8);
    expect(warnings).to.have.length(1);
    up = true;
    for (let second = 0; second < 60; second += 1) await pass(1000);
    expect(sizes.slice(-8)).to.deep.equal(Array.from({ length: 8 }, () => 512));
  });

  it('429 and 503 are tried again, 400 is not', async () => {
    for (const [status, sent] of [[429, 2], [503, 2], [400, 1]] as const) {
      const { exporter, pass, sizes } = start((attempt) => Promise.resolve(attempt === 1 ? status : 200));
      exporter.add(span());
      for (let second = 0; second < 10; second += 1) await pass(1000);
      expect(sizes, String(status)).to.have.length(sent);
    }
  });

  it('its end sends what waits, and waits for a silent collector no longer than told', async () => {
    const good = start(() => Promise.resolve(200));
    for (let count = 0; count < 600; count += 1) good.exporter.add(span());
    await good.exporter.close(1000);
    expect(good.sizes).to.deep.equal([512, 88]);
    const silent = start(() => new Promise(() => undefined));
    silent.exporter.add(span());
    const closing = silent.exporter.close(1000);
    await silent.pass(1000);
    await closing;
    expect([silent.sizes, silent.warnings.length]).to.deep.equal([[1], 1]);
  });
});

describe('observe: the tracer', () => {
  it('knows the current span wherever its work leads, and a span ends once', async () => {
    const ended: FinishedSpan[] = [];
    const { clock } = handClock();
    const tracer = createTracer({ clock, random: createSeededRandom(1) }, (one) => ended.push(one));
    const [one, other] = ['a', 'b'].map((name) => tracer.start({ service: 's', name, kind: 'server', parent: { traceId: 'ab'.repeat(16), spanId: undefined }, attributes: { x: 1 } }));
    if (one === undefined || other === undefined) throw new Error('no span');
    const names = await Promise.all([one, other].map((span_) => tracer.run(span_, async () => {
      await Promise.resolve();
      return tracer.current() === span_;
    })));
    expect([names, tracer.current()]).to.deep.equal([[true, true], undefined]);
    one.end({ attributes: { y: 2 } });
    one.end();
    expect(ended).to.have.length(1);
    expect(ended[0]).to.deep.include({ name: 'a', traceId: 'ab'.repeat(16), parentSpanId: undefined, attributes: { x: 1, y: 2 }, error: undefined });
    expect(one.context.spanId).to.not.equal(other.context.spanId);
  });
});
