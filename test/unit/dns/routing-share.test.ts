import { expect } from 'chai';
import { addSpread, createRouter, createRoutingMemory, createSharedMemory, createToldHealth, spreadOf, uncheckedHealth, type Edge, type SharedMemory, type StoreHealth } from '../../../src/dns/index.js';
import { createHandClock } from '../../helpers/dns.js';

const EDGES: readonly Edge[] = ['a', 'b'].map((id, index) => ({ id, endpoint: { address: `10.0.0.${index + 1}`, port: 80 } }));
const up: StoreHealth = { verdict: 'up', reason: 'answers', sinceMs: 0, contrary: 0, transfers: 0, capacity: undefined, reports: 1, changes: 0, rttMs: undefined };

describe('routers that share what they remember', () => {
  const clock = createHandClock();
  const health = createToldHealth();
  const routerOf = ({ memory }: SharedMemory) => createRouter({ take: { least: 1, most: 1 } }, { clock, health, memory });
  /** The store that an answer about file1 names. */
  const answer = (shared: SharedMemory, peer: string): string => {
    const router = routerOf(shared);
    const selection = router.open('file1', 0).select(router.candidates(EDGES.map((edge) => [edge])))({ peer, subnet: undefined, decided: undefined });
    return selection.kind === 'records' ? selection.picks.map((pick) => EDGES[pick]?.id).join() : selection.kind;
  };
  beforeEach(() => {
    for (const { id } of EDGES) health.tell(id, up);
  });

  it('know of each other’s answers, and tell none twice', () => {
    const [one, two] = [createSharedMemory({ clock }), createSharedMemory({ clock })];
    expect(one.takeSpread()).to.equal(undefined);
    const first = answer(one, '192.0.2.1');
    const spread = one.takeSpread();
    expect(spread).to.deep.equal({ stores: [[first, 1]], names: [['file1', 1]] });
    if (spread) two.addSpread(spread, health);
    expect([two.takeSpread(), one.takeSpread()]).to.deep.equal([undefined, undefined]);
    expect(routerOf(two).shareOf(first)).to.equal(1);
  });

  it('name the same store to the same asker, whichever it asks, and the next one after a TTL', () => {
    const [one, two] = [createSharedMemory({ clock }), createSharedMemory({ clock })];
    const askers = Array.from({ length: 200 }, (_, index) => `10.${index}.0.${index}`);
    const named = askers.map((asker) => answer(one, asker));
    expect(askers.map((asker) => answer(two, asker))).to.deep.equal(named);
    expect(named.filter((id) => id === 'a').length, 'of 200').to.be.within(70, 130);
    clock.advance(20_000);
    expect(askers.map((asker) => answer(two, asker))).to.deep.equal(named.map((id) => (id === 'a' ? 'b' : 'a')));
  });

  it('fill a store together, until it tells its load again', () => {
    const [one, two] = [createSharedMemory({ clock }), createSharedMemory({ clock })];
    for (const { id } of EDGES) health.tell(id, { ...up, capacity: 1 });
    const full = (): boolean => EDGES.some((edge) => routerOf(two).isFull(edge));
    const first = answer(one, '192.0.2.1');
    const spread = one.takeSpread();
    expect(full()).to.equal(false);
    if (spread) two.addSpread(spread, health);
    expect(full()).to.equal(true);
    expect(answer(two, '192.0.2.1'), 'the other has room').to.not.equal(first);
    for (const { id } of EDGES) health.tell(id, { ...up, capacity: 1, reports: 2 });
    expect(full()).to.equal(false);
  });

  it('one that begins has all of it, aged alike', () => {
    const memory = createRoutingMemory({ clock });
    memory.setHalfLife(1000);
    addSpread(memory, { stores: [['a', 8]], names: [] }, uncheckedHealth, clock.monotonic());
    clock.advance(1000);
    addSpread(memory, { stores: [['b', 4]], names: [['file1', 2]] }, uncheckedHealth, clock.monotonic());
    expect(spreadOf(memory)).to.deep.equal({ stores: [['a', 4], ['b', 4]], names: [['file1', 2]] });
  });

  it('take a store out when they are told that it is down', () => {
    health.tell('a', { ...up, verdict: 'down' });
    const shared = createSharedMemory({ clock });
    for (const asker of ['192.0.2.1', '192.0.2.2']) answer(shared, asker);
    expect(shared.takeSpread()?.stores).to.deep.equal([['b', 2]]);
  });
});
