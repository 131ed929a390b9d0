// Workers that share the UDP sockets of 0.0.0.0, while the machine's addresses come and go: of test/fixtures/workers/udp.ts.

import { expect } from 'chai';
import cluster from 'node:cluster';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createWorkers, type Workers } from '../../../src/app/workers.js';
import { systemClock } from '../../../src/base/clock.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import type { UdpStart, UdpTold } from '../../fixtures/workers/udp.js';
import { freePort, isPortFree } from '../../helpers/free-port.js';

const MODULE = new URL('../../fixtures/workers/udp.ts', import.meta.url);
const ONE = '127.0.0.1';
const TWO = '127.0.0.2';
/** RFC 5737: nobody's. */
const ABSENT = '192.0.2.77';

describe('workers on 0.0.0.0', function () {
  this.timeout(60_000);
  const lines: LogLine[] = [];
  let wake = (): void => undefined;
  let workers: Workers<UdpTold, number> | undefined;
  afterEach('end the workers', async () => {
    await workers?.stop(0);
    workers = undefined;
    lines.length = 0;
  });

  /** Two, that begin on ONE; whoever takes the place of one, on `later`. */
  async function open(port: number, later: readonly string[]): Promise<Workers<UdpTold, number>> {
    const log = createLog((line) => {
      lines.push(line);
      wake();
    });
    let begun = 0;
    const start = (index: number): UdpStart => ({ index, port, joins: (begun += 1) > 2, addresses: begun > 2 ? later : [ONE] });
    workers = createWorkers<UdpStart, UdpTold, never, number>({ module: MODULE, count: 2, start, hear: () => undefined }, { clock: systemClock, log, tracing: undefined });
    await workers.start();
    return workers;
  }
  const until = (isSo: () => boolean): Promise<void> => new Promise((resolve) => {
    wake = () => {
      if (isSo()) resolve();
    };
    wake();
  });
  const told = (pattern: RegExp): readonly unknown[] => lines.filter(({ message }) => pattern.test(message)).map(({ facts }) => facts['worker']);

  it('one that takes the place of another serves, though the others have an address by a later attempt, and comes to that one too', async function () {
    if (!(await isPortFree(0, TWO))) this.skip();
    const port = await freePort(ONE, TWO);
    const two = await open(port, [ONE, TWO]);
    const stranger = createSocket('udp4').bind({ port, address: TWO, exclusive: true });
    await once(stranger, 'listening');
    for (let look = 0; look < 2; look += 1) await two.agree({ indices: [0], addresses: [ONE, TWO] });
    await new Promise<void>((resolve) => stranger.close(resolve));
    await two.agree({ indices: [0], addresses: [ONE, TWO] });
    await until(() => told(/^answering on UDP 127\.0\.0\.2/).length === 1);

    process.kill(two.pids()[1] as number, 'SIGKILL');
    await until(() => told(/Worker 2 of 2 (serves again|cannot serve)/).length > 0);
    expect(told(/cannot serve/)).to.deep.equal([]);
    for (let look = 0; look < 3; look += 1) await two.agree({ indices: [1], addresses: [ONE, TWO] });
    await until(() => told(/^answering on UDP 127\.0\.0\.2/).length === 2);
    expect(told(/^answering on UDP 127\.0\.0\.2/)).to.deep.equal([1, 2]);
  });

  it('spend no attempt on an address that the machine lists and does not have yet', async () => {
    const two = await open(await freePort(ONE), [ONE]);
    const asked: string[] = [];
    for (const worker of Object.values(cluster.workers ?? {})) {
      worker?.process.on('internalMessage', ({ act, address }: { act?: string; address?: string }) => {
        if (act === 'queryServer') asked.push(String(address));
      });
    }
    for (let look = 0; look < 2; look += 1) await two.agree({ indices: [0, 1], addresses: [ONE, ABSENT] });
    await until(() => told(/^not answering on UDP 192\.0\.2\.77.*EADDRNOTAVAIL/).length === 2);
    expect(asked).to.deep.equal([]);
  });
});
