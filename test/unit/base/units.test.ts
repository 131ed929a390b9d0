import { expect } from 'chai';
import { formatBytes, formatDuration, parseDuration, parseRate, parseSize } from '../../../src/base/units.js';

describe('units', () => {
  const sizes: readonly [string, number | undefined][] = [
    ['512', 512], ['10mb', 10_000_000], ['4 MiB', 4_194_304], ['1.5k', 1500], ['', undefined], ['fast', undefined], ['-1', undefined], ['1e3', undefined],
  ];
  for (const [text, bytes] of sizes) it(`parseSize ${JSON.stringify(text)} is ${bytes}`, () => expect(parseSize(text)).to.equal(bytes));

  const rates: readonly [string, number | undefined][] = [
    ['8Mbit/s', 1_000_000], ['500 kB/s', 500_000], ['1MiB/s', 1_048_576], ['8mbps', 1_000_000], ['8MBps', 8_000_000], ['100B', 100], ['fast', undefined], ['10', undefined],
  ];
  for (const [text, rate] of rates) it(`parseRate ${JSON.stringify(text)} is ${rate}`, () => expect(parseRate(text)).to.equal(rate));

  const times: readonly [string, number | undefined][] = [
    ['2s', 2000], ['500 ms', 500], ['1.5m', 90_000], ['1h', 3_600_000], ['0s', 0], ['2', undefined], ['-1s', undefined], ['soon', undefined], ['', undefined], ['2S', undefined],
  ];
  for (const [text, ms] of times) it(`parseDuration ${JSON.stringify(text)} is ${ms}`, () => expect(parseDuration(text)).to.equal(ms));

  const bytes: readonly [number, string][] = [[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [2_912_345, '2.9 MB'], [999_999, '1.0 MB'], [212_000_000, '212 MB']];
  for (const [value, text] of bytes) it(`formatBytes ${value} is ${text}`, () => expect(formatBytes(value)).to.equal(text));

  const durations: readonly [number, string][] = [[0.44, '0.4 ms'], [37, '37 ms'], [999.7, '1.0 s'], [2400, '2.4 s'], [200_000, '3m 20s']];
  for (const [ms, text] of durations) it(`formatDuration ${ms} is ${text}`, () => expect(formatDuration(ms)).to.equal(text));
});
