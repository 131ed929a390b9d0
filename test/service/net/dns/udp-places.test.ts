// The addresses of a machine come and go while a name server on 0.0.0.0 runs.

import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createAnswerer } from '../../../../src/net/dns/answer.js';
import { openUdpPlaces } from '../../../../src/net/dns/udp-places.js';
import { createLog, silentLog } from '../../../../src/observe/log.js';
import { expectAlive, smallHandler, useParties } from '../../../fixtures/dns/parties.js';
import { createHandClock } from '../../../helpers/dns.js';
import { freePort, isPortFree } from '../../../helpers/free-port.js';

const ONE = '127.0.0.1';
const TWO = '127.0.0.2';

describe('a name server on 0.0.0.0', () => {
  const parties = useParties();

  it('answers over UDP on the addresses that the machine has at the time', async function () {
    if (!(await isPortFree(0, TWO))) this.skip();
    const port = await freePort(ONE, TWO);
    const clock = createHandClock();
    const told: string[] = [];
    const heard: (() => void)[] = [];
    const log = createLog((line) => {
      told.push(line.message);
      heard.shift()?.();
    });
    const next = (): Promise<void> => new Promise((resolve) => heard.push(resolve));
    let has: readonly string[] = [ONE];
    const answer = createAnswerer(smallHandler, silentLog, { tcpIdleMs: 1000 });
    const places = await openUdpPlaces({ address: '0.0.0.0', port }, answer, { clock, log, addresses: () => has });
    parties.closing(() => places.close());
    const look = async (): Promise<void> => {
      while (clock.waiting() === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(5_000);
    };
    await expectAlive(parties, { address: ONE, port });

    has = [ONE, TWO];
    const gained = next();
    await look();
    await gained;
    await expectAlive(parties, { address: TWO, port });

    has = [TWO];
    const lost = next();
    await look();
    await lost;
    await expectAlive(parties, { address: TWO, port });
    const free = createSocket('udp4').bind(port, ONE);
    parties.closing(() => free.close());
    await once(free, 'listening');
    expect(told).to.deep.equal([
      `answering on UDP ${TWO}:${port} as well: the machine has that address now`,
      `no longer answering on UDP ${ONE}:${port}: the machine has lost that address`,
    ]);
  });

  it('says once which address it could not take, and takes it as soon as it can', async function () {
    if (!(await isPortFree(0, TWO))) this.skip();
    const port = await freePort(ONE, TWO);
    const holder = createSocket('udp4').bind(port, TWO);
    await once(holder, 'listening');
    const clock = createHandClock();
    const told: string[] = [];
    let has: readonly string[] = [ONE];
    const answer = createAnswerer(smallHandler, silentLog, { tcpIdleMs: 1000 });
    const places = await openUdpPlaces({ address: '0.0.0.0', port }, answer, { clock, log: createLog((line) => told.push(line.message)), addresses: () => has });
    parties.closing(() => places.close());
    const look = async (): Promise<void> => {
      while (clock.waiting() === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(5_000);
      while (clock.waiting() === 0) await new Promise((resolve) => setImmediate(resolve));
    };
    has = [ONE, TWO];
    await look();
    await look();
    await new Promise<void>((resolve) => holder.close(() => resolve()));
    await look();
    await expectAlive(parties, { address: TWO, port });
    expect(told[0]).to.match(new RegExp(`^not answering on UDP ${TWO}:${port}: .*EADDRINUSE`));
    expect(told.slice(1)).to.deep.equal([`answering on UDP ${TWO}:${port} as well: the machine has that address now`]);
  });
});
