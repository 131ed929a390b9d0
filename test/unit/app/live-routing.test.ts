// Routing that follows its files: exchanged whole when they change, left as it was when they are broken.

import { expect } from 'chai';
import { rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createEnv, type Env } from '../../../src/app/env.js';
import { createLiveRouting, type LiveRouting } from '../../../src/app/live-routing.js';
import { mapStores, type Routing } from '../../../src/app/routing.js';
import { edgesOf, readRouting } from '../../../src/cli/routing-flags.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { silentProgress } from '../../../src/observe/progress.js';
import { createHandClock, type HandClock } from '../../helpers/dns.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('routing that follows its files', () => {
  const tempFolder = useTempFolders();
  const started: LiveRouting[] = [];
  afterEach('stop routing', async () => {
    for (const live of started.splice(0)) await live.stop(0);
  });

  const FIRST = 'stores: [{id: a}, {id: b, drain: true}]\nrouting: {policy: failover, ttl: 5s, map: m.map}\n';

  async function start() {
    const folder = await tempFolder();
    const file = path.join(folder, 't.yaml');
    const map = path.join(folder, 'm.map');
    await writeFile(file, FIRST);
    await writeFile(map, '10.0.0.0/8 a\n');
    const lines: LogLine[] = [];
    const clock = createHandClock();
    const env: Env = { ...createEnv({ log: createLog((line) => lines.push(line)), progressOf: () => silentProgress, restoreTerminal: () => undefined }), clock };
    const swaps: Routing[] = [];
    const plan = mapStores(await readRouting({ topology: file, 'no-health': true }), (stores) => edgesOf(stores) ?? []);
    const live = createLiveRouting(plan, (routing) => void swaps.push(routing), env);
    started.push(live);
    await live.start();
    let times = 1000;
    return {
      live, lines, swaps, clock, file, map,
      /** Writes it, with a time of its own. */
      write: async (name: string, text: string): Promise<void> => {
        await writeFile(name, text);
        times += 10;
        await utimes(name, times, times);
      },
      errors: () => lines.filter(({ level }) => level === 'error').map(({ message }) => message),
    };
  }
  const ids = ({ stores }: Routing): string => stores.map(({ id }) => id).join(' ');

  it('is told once at the start, and again each time it is told to read', async () => {
    const { live, swaps, write, file, lines } = await start();
    expect(swaps.map(ids)).to.deep.equal(['a b']);
    await write(file, 'stores: [{id: a}, {id: c}]\nrouting: {policy: weighted, ttl: 7s}\n');
    await live.reload();
    expect(swaps.map(ids)).to.deep.equal(['a b', 'a c']);
    expect(live.current).to.equal(swaps[1]);
    expect(live.current.router.rules).to.deep.include({ policies: ['weighted'], ttlSeconds: 7 });
    expect(lines.at(-1)?.message).to.equal('Routing set up again: 2 stores (new: c; gone: b), weighted, TTL 7 s');
  });
  it('reads once for all who ask before it has begun', async () => {
    const { live, swaps, write, file } = await start();
    await write(file, 'stores: [{id: c}]');
    await Promise.all(Array.from({ length: 50 }, () => live.reload()));
    expect(swaps.map(ids)).to.deep.equal(['a b', 'c']);
    await live.reload();
    expect(swaps).to.have.length(3);
  });
  it('stays as it was when the topology is broken, with every problem and its path, and follows the next that is not', async () => {
    const { live, swaps, write, file, errors } = await start();
    await write(file, 'stores: [{id: a, weight: -1}, {id: b, capacity: none}]\nrouting: {ttl: soon}\n');
    await live.reload();
    expect(swaps).to.have.length(1);
    expect(errors()).to.deep.equal([`the topology ${file} can't be used:\n  stores[0].weight: expected a whole number from 0 to 1000000, got -1\n  stores[1].capacity: expected a whole number from 1 to 100000000, got "none"\n  routing.ttl: expected a time such as "20s", got "soon"\nRequests are routed as they were before`]);
    await write(file, FIRST);
    await live.reload();
    expect(swaps).to.have.length(2);
  });
  it('stays as it was when the map is broken, or gone', async () => {
    const { live, swaps, write, map, errors } = await start();
    await write(map, '10.0.0.0/8 nowhere\n10.0.0.1/8 a\n');
    await live.reload();
    await rm(map);
    await live.reload();
    expect(swaps).to.have.length(1);
    expect(errors()[0]).to.include(`${map}:1:12: "nowhere" is no store`).and.include(`${map}:2:1: 10.0.0.1/8 has bits set beyond its /8`);
    expect(errors()[1]).to.match(/^cannot read the map of networks .*ENOENT/);
  });
  it('keeps what was drained on the command line, until the topology says something else of that store', async () => {
    const { live, write, file } = await start();
    const drained = (): string => live.current.stores.filter((edge) => live.current.router.isDrained(edge)).map(({ id }) => id).join(' ');
    live.current.router.setDrain('a', true);
    live.current.router.setDrain('b', false);
    expect(drained()).to.equal('a');
    await write(file, `${FIRST}# nothing new\n`);
    await live.reload();
    expect(drained()).to.equal('a');
    await write(file, 'stores: [{id: a, drain: true}, {id: b, drain: true}]');
    await live.reload();
    expect(drained()).to.equal('a');
    await write(file, 'stores: [{id: a}, {id: b}]');
    await live.reload();
    expect(drained()).to.equal('');
  });
  it('goes on with the turns and shares that were', async () => {
    const { live, write, file } = await start();
    const asker = { peer: '127.0.0.1', subnet: undefined };
    const ask = (): void => {
      const { router, stores } = live.current;
      router.open('file1', 0).select(router.candidates(stores.map((edge) => [edge])))(asker);
    };
    ask();
    expect(live.current.router.shareOf('a')).to.equal(1);
    await write(file, 'stores: [{id: a}, {id: b}]');
    await live.reload();
    expect(live.current.router.shareOf('a')).to.equal(1);
    ask();
    expect(live.current.router.shareOf('b')).to.equal(0.5);
  });

  describe('by itself', () => {
    /** Lets the looks of some seconds happen, each to its end: then the next one is set. */
    async function look(clock: HandClock): Promise<void> {
      for (let second = 0; second < 4; second += 1) {
        clock.advance(1000);
        while (clock.waiting() === 0) await new Promise(setImmediate);
      }
    }
    it('follows a topology, and a map, that has changed', async () => {
      const { swaps, write, file, map, clock } = await start();
      await look(clock);
      expect(swaps).to.have.length(1);
      await write(file, 'stores: [{id: a}]\nrouting: {map: m.map}\n');
      await look(clock);
      expect(swaps.map(ids)).to.deep.equal(['a b', 'a']);
      await write(map, '10.0.0.0/9 a\n');
      await look(clock);
      expect(swaps).to.have.length(3);
    });
    it('follows the map that a changed topology names', async () => {
      const { swaps, write, file, clock } = await start();
      const other = path.join(path.dirname(file), 'other.map');
      await write(other, '10.0.0.0/8 a\n');
      await write(file, 'stores: [{id: a}]\nrouting: {map: other.map}\n');
      await look(clock);
      await write(other, '10.0.0.0/9 a\n');
      await look(clock);
      expect(swaps).to.have.length(3);
    });
    it('tells once what is broken, and waits for it to be mended', async () => {
      const { swaps, write, file, clock, errors } = await start();
      await write(file, 'stores: [');
      await look(clock);
      await look(clock);
      expect([swaps.length, errors().length]).to.deep.equal([1, 1]);
      await write(file, FIRST);
      await look(clock);
      expect(swaps).to.have.length(2);
    });
  });
});
