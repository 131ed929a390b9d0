// Request routing with real stores, real probes and real DNS, under a clock held by hand: what the answers
// say, and when, is then the same on every machine.

import { expect } from 'chai';
import { createSeededRandom } from '../../../src/base/random.js';
import { createCatalog } from '../../../src/catalog/index.js';
import { createCdnZone, createHealthChecker, createRouter, type Edge, type HealthOptions, type RouterOptions } from '../../../src/dns/index.js';
import { createQuery } from '../../../src/net/dns/build.js';
import { TYPE } from '../../../src/net/dns/message.js';
import { createHttpClient, type HttpClient } from '../../../src/net/http/client.js';
import { createHttpServer, type HttpServer } from '../../../src/net/http/server.js';
import { silentLog } from '../../../src/observe/log.js';
import { systemClock } from '../../../src/base/clock.js';
import { createStore } from '../../../src/store/index.js';
import { useParties } from '../../helpers/dns-parties.js';
import { createHandClock, nameOf } from '../../helpers/dns.js';
import { freePort } from '../../helpers/free-port.js';
import { useTempFolders } from '../../helpers/temp.js';

const HEALTH: HealthOptions = { intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 };
const NAMES = Array.from({ length: 40 }, (_, index) => `file${index + 1}`);

describe('routing between real stores', () => {
  const parties = useParties();
  const tempFolder = useTempFolders();
  const stops: (() => Promise<unknown>)[] = [];
  afterEach('stop stores and checks', async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  async function start(count: number, options: Partial<RouterOptions>, over: { readonly capacity?: number } = {}) {
    const clock = createHandClock();
    const folder = await tempFolder();
    const addresses = Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`);
    const port = await freePort(...addresses);
    const servers: HttpServer[] = [];
    const serve = async (index: number): Promise<void> => {
      const store = createStore({ dir: folder, id: `store-${index + 1}`, ...over }, { clock: systemClock, log: silentLog });
      await store.start();
      const server = createHttpServer({ endpoint: { address: addresses[index] ?? '', port } }, store.handler, { clock: systemClock, log: silentLog });
      await server.start();
      servers[index] = server;
      stops.push(() => server.stop(0), () => store.stop());
    };
    for (const index of addresses.keys()) await serve(index);

    // A probe ends by what the store does, not by the clock; time stands still until all have ended.
    const underWay = new Set<Promise<void>>();
    const client = createHttpClient({ clock: systemClock });
    const http: HttpClient = {
      ...client,
      request: async (request) => {
        let end = (): void => undefined;
        const probe = new Promise<void>((resolve) => (end = resolve));
        underWay.add(probe);
        void probe.then(() => underWay.delete(probe));
        try {
          const response = await client.request(request);
          return { ...response, body: (async function* () {
            try {
              yield* response.body;
            } finally {
              end();
            }
          })() };
        } catch (error) {
          end();
          throw error;
        }
      },
    };
    const stores = addresses.map((address, index): Edge => ({ id: `store-${index + 1}`, endpoint: { address, port } }));
    const checker = createHealthChecker(stores, HEALTH, { clock, random: createSeededRandom(7), log: silentLog, http });
    stops.push(() => checker.stop());
    await checker.start();
    const router = createRouter(options, { clock, health: checker });
    const zone = createCdnZone({ catalog: createCatalog(NAMES.map((name) => `${name}.mp4`)), stores, authority: { address: '127.0.0.1', port: 53 }, serial: 1, router });
    const dns = await parties.authority([zone]);

    const ask = async (label: string): Promise<readonly string[]> => {
      const { message } = await parties.exchange(dns, createQuery({ name: nameOf(`${label}.hercdn.com.`), type: TYPE.A, id: 0, recursionDesired: false }), { timeoutMs: 5000 });
      return message.answers.flatMap(({ data }) => (data.kind === 'A' ? [data.address] : []));
    };
    /** Lets time go by in small steps, the probes of each coming to their end. */
    const pass = async (ms: number): Promise<void> => {
      for (let gone = 0; gone < ms; gone += 50) {
        clock.advance(50);
        while (underWay.size > 0) await Promise.all(underWay);
        await new Promise(setImmediate);
      }
    };
    return {
      clock, router, checker, servers, serve, ask, pass,
      /** The first address that each name has now, asked for so slowly that load moves none. */
      routes: async (): Promise<ReadonlyMap<string, string>> => {
        const found = new Map<string, string>();
        for (const [index, name] of NAMES.entries()) {
          if (index % 5 === 0) await pass(1000);
          found.set(name, (await ask(name))[0] ?? '');
        }
        return found;
      },
    };
  }

  it('a store that dies has left the answers within interval × fall, its names spread over several others, all others where they were', async () => {
    const { clock, checker, servers, serve, routes, pass, ask } = await start(5, { policies: ['rendezvous'], take: { least: 1, most: 1 }, ttlSeconds: 1 });
    await pass(5000);
    const before = await routes();
    expect(new Set(before.values()).size).to.equal(5);
    const lost = NAMES.find((name) => before.get(name) === '127.0.0.2') ?? '';

    await servers[1]?.stop(0);
    const died = clock.monotonic();
    // To ask all the while would be load, and load moves names, too.
    while (checker.isUp('store-2')) await pass(50);
    expect(clock.monotonic() - died).to.be.at.most(HEALTH.intervalMs * HEALTH.fall);
    expect((await ask(lost))[0]).to.not.equal('127.0.0.2');

    const after = await routes();
    const heirs = new Set<string | undefined>();
    for (const name of NAMES) {
      if (before.get(name) === '127.0.0.2') heirs.add(after.get(name));
      else expect(after.get(name), name).to.equal(before.get(name));
    }
    expect([...heirs]).to.not.include('127.0.0.2');
    expect(heirs.size).to.be.at.least(3);

    await serve(1);
    const back = clock.monotonic();
    while (!checker.isUp('store-2')) await pass(50);
    expect(clock.monotonic() - back).to.be.at.most(HEALTH.intervalMs * HEALTH.rise);
    expect((await ask(lost))[0]).to.equal('127.0.0.2');
    expect(await routes()).to.deep.equal(before);
  });

  it('sends no more clients to a store than it has room for, before it has said that it is full', async () => {
    const { ask, pass, router, checker } = await start(2, { policies: ['failover'] }, { capacity: 3 });
    const found: (string | undefined)[] = [];
    for (const name of NAMES.slice(0, 7)) found.push((await ask(name))[0]);
    expect(found.map((address) => address?.slice(-1)).join('')).to.equal('1112221');
    expect(router.isFull({ id: 'store-1', endpoint: { address: '127.0.0.1', port: 1 } })).to.equal(true);
    // They never came: the next report says so.
    const reports = checker.reports('store-1');
    while (checker.reports('store-1') === reports) await pass(50);
    expect((await ask('file1'))[0]).to.equal('127.0.0.1');
  });
});
