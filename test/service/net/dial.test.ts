import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { ConnectError, dial, interleaveFamilies, type DialOptions } from '../../../src/net/dial.js';

/** RFC 8305, "Happy Eyeballs". */
describe('net: dialling several addresses', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  async function listen(host: string): Promise<{ address: string; port: number }> {
    const server = createServer((socket) => void socket.on('error', () => undefined).resume());
    servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    return { address: host, port: (server.address() as AddressInfo).port };
  }

  const options = (over: Partial<DialOptions> & Pick<DialOptions, 'endpoints'>): DialOptions => ({ timeoutMs: 5000, signal: new AbortController().signal, ...over });
  /** RFC 5737: nobody is ever there; the system says so at once, or says nothing. */
  const NOWHERE = { address: '192.0.2.1', port: 9 };

  it('§4: families take turns, the first address’s family first', () => {
    expect(interleaveFamilies(['::1', '::2', '192.0.2.1', '192.0.2.2', '192.0.2.3'])).to.deep.equal(['::1', '192.0.2.1', '::2', '192.0.2.2', '192.0.2.3']);
    expect(interleaveFamilies(['192.0.2.1'])).to.deep.equal(['192.0.2.1']);
    expect(interleaveFamilies([])).to.deep.equal([]);
  });

  it('§5: one that refuses makes way for the next at once, and is told of', async () => {
    const there = await listen('127.0.0.1');
    const failed: ConnectError[] = [];
    const pipe = await dial(options({ endpoints: [{ address: '::1', port: there.port }, there], onFailed: (error) => failed.push(error) }), systemClock);
    expect(pipe.remote).to.deep.equal(there);
    expect(failed.map(({ endpoint }) => endpoint.address)).to.deep.equal(['::1']);
    pipe.destroy();
  });

  it('§5: one that is silent has 250 ms before the next is tried beside it', async () => {
    const there = await listen('127.0.0.1');
    const delays: number[] = [];
    // What would take a quarter of a second is over when it is asked for.
    const clock: Clock = { ...systemClock, after: (ms, run) => {
      delays.push(ms);
      return systemClock.after(ms === 250 ? 0 : ms, run);
    } };
    const pipe = await dial(options({ endpoints: [NOWHERE, there] }), clock);
    expect(pipe.remote).to.deep.equal(there);
    expect(delays).to.include(250);
    pipe.destroy();
  });

  it('ends with the last failure when nobody is there, with ETIMEDOUT when nobody answers, and with the signal’s reason', async () => {
    const gone = await listen('127.0.0.1');
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    const failure = (over: Partial<DialOptions> & Pick<DialOptions, 'endpoints'>): Promise<unknown> => dial(options(over), systemClock).catch((error: unknown) => error);
    expect(await failure({ endpoints: [gone] })).to.be.instanceOf(ConnectError).and.include({ code: 'ECONNREFUSED' });
    const reason = new Error('enough');
    expect(await failure({ endpoints: [gone], signal: AbortSignal.abort(reason) })).to.equal(reason);
    const endless: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms === 77 ? 0 : ms, run) };
    const late: unknown = await dial(options({ endpoints: [NOWHERE], timeoutMs: 77 }), endless).catch((error: unknown) => error);
    expect(late).to.be.instanceOf(ConnectError);
  });
});
