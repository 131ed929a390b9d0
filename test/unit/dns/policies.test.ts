// Each policy alone: tables of what it orders, and the properties that make it what it is.

import { expect } from 'chai';
import fc from 'fast-check';
import { distanceKm } from '../../../src/dns/policies/nearest.js';
import { orderByHash, orderWithinBound } from '../../../src/dns/policies/rendezvous.js';
import { countTaken } from '../../../src/dns/policies/take.js';
import { POLICIES, order, type PolicyName } from '../../../src/dns/routing.js';
import type { Circumstances, Edge, Location } from '../../../src/dns/routing-edge.js';

const endpoint = { address: '127.0.0.1', port: 1 };
const edge = (id: string, over: Partial<Edge> = {}): Edge => ({ id, endpoint, ...over });
const ids = (edges: readonly Edge[]): string => edges.map(({ id }) => id).join(' ');
const at = (latitude: number, longitude: number): { readonly location: Location } => ({ location: { latitude, longitude } });
const about = (over: Partial<Circumstances> = {}): Circumstances => ({ name: 'file1', turn: 0, place: undefined, isUp: () => true, load: () => 0, room: () => Infinity, rttMs: () => undefined, ...over });
/** Groups of equals; a policy that leaves no ties has one store in each. */
function split(name: PolicyName, edges: readonly Edge[], circumstances: Circumstances): readonly (readonly Edge[])[] {
  const policy = POLICIES[name];
  return policy.kind === 'split' ? policy.split(edges, circumstances) : policy.order(edges, circumstances).map((one) => [one]);
}
/** "a b | c": groups of equals, best first. */
const groups = (policy: PolicyName, edges: readonly Edge[], over: Partial<Circumstances> = {}): string => split(policy, edges, about(over)).map(ids).join(' | ');

const abc = [edge('a'), edge('b'), edge('c')];
const VIENNA = at(48.2, 16.37);
const GRAZ = at(47.07, 15.44);
const OSAKA = at(34.69, 135.5);

describe('policies order', () => {
  const cases: readonly (readonly [rule: string, policy: PolicyName, edges: readonly Edge[], over: Partial<Circumstances>, order: string])[] = [
    ['turn 0', 'round-robin', abc, { turn: 0 }, 'a | b | c'],
    ['turn 1', 'round-robin', abc, { turn: 1 }, 'b | c | a'],
    ['turn 2', 'round-robin', abc, { turn: 2 }, 'c | a | b'],
    ['turn 3', 'round-robin', abc, { turn: 3 }, 'a | b | c'],
    ['the last turn of all', 'round-robin', abc, { turn: Number.MAX_SAFE_INTEGER }, 'b | c | a'],
    ['the list as it stands, whatever the turn', 'failover', abc, { turn: 1 }, 'a | b | c'],
    ['weight 0 comes last', 'weighted', [edge('a', { weight: 0 }), edge('b'), edge('c', { weight: 0 })], {}, 'b | a | c'],
    ['weights of 0 only: in turn', 'weighted', [edge('a', { weight: 0 }), edge('b', { weight: 0 })], { turn: 1 }, 'b | a'],
    ['from Graz', 'nearest', [edge('osaka', OSAKA), edge('vienna', VIENNA)], { place: { served: [], ...GRAZ } }, 'vienna | osaka'],
    ['within 50 km are equals', 'nearest', [edge('osaka', OSAKA), edge('vienna', VIENNA), edge('bratislava', at(48.15, 17.1))], { place: { served: [], ...VIENNA } }, 'vienna | bratislava | osaka'],
    ['the same place is the same distance', 'nearest', [edge('a', VIENNA), edge('osaka', OSAKA), edge('b', VIENNA)], { place: { served: [], ...GRAZ } }, 'a b | osaka'],
    ['across the date line', 'nearest', [edge('west', at(0, -100)), edge('east', at(0, 178))], { place: { served: [], ...at(0, -179) } }, 'east | west'],
    ['stores without coordinates come last', 'nearest', [edge('a'), edge('osaka', OSAKA)], { place: { served: [], ...GRAZ } }, 'osaka | a'],
    ['an asker without coordinates: no difference', 'nearest', [edge('osaka', OSAKA), edge('vienna', VIENNA)], { place: { served: [], location: undefined } }, 'osaka vienna'],
    ['nothing known of the asker: no difference', 'nearest', [edge('osaka', OSAKA), edge('vienna', VIENNA)], {}, 'osaka vienna'],
    ['by round-trip time', 'rtt', abc, { rttMs: ({ id }) => ({ a: 90, b: 10, c: 40 })[id] }, 'b | c | a'],
    ['a quarter and a millisecond is no difference', 'rtt', abc, { rttMs: ({ id }) => ({ a: 13.5, b: 10, c: 13.6 })[id] }, 'b a | c'],
    ['never measured comes last', 'rtt', abc, { rttMs: ({ id }) => ({ a: undefined, b: 10, c: 40 })[id] }, 'b | c | a'],
  ];
  for (const [rule, policy, edges, over, expected] of cases) it(`${policy}: ${rule}`, () => expect(groups(policy, edges, over)).to.equal(expected));

  it('one within the ties of another', () => {
    const edges = [edge('osaka', OSAKA), edge('a', VIENNA), edge('b', VIENNA)];
    const graz = { place: { served: [], ...GRAZ } };
    expect([0, 1].map((turn) => ids(order(edges, ['nearest', 'round-robin'], about({ turn, ...graz }))))).to.deep.equal(['a b osaka', 'b a osaka']);
  });

  const arbitraryEdges = fc.array(fc.record({ weight: fc.nat(9), latitude: fc.integer({ min: -90, max: 90 }), longitude: fc.integer({ min: -180, max: 180 }), located: fc.boolean() }), { minLength: 1, maxLength: 12 })
    .map((list) => list.map(({ weight, located, latitude, longitude }, index) => edge(`store-${index}`, { weight, ...(located && at(latitude, longitude)) })));
  for (const policy of Object.keys(POLICIES) as PolicyName[]) {
    it(`${policy} drops nobody and doubles nobody`, () => {
      fc.assert(fc.property(arbitraryEdges, fc.nat(), fc.string(), fc.func(fc.nat(100)), (edges, turn, name, load) => {
        const ordered = split(policy, edges, about({ turn, name, load, rttMs: load, place: { served: [], ...GRAZ } })).flat();
        expect(ordered.map(({ id }) => id).sort()).to.deep.equal(edges.map(({ id }) => id).sort());
      }));
    });
  }
});

describe('great circles', () => {
  const cases: readonly (readonly [where: string, from: Location, to: Location, km: number])[] = [
    ['Vienna to Graz', VIENNA.location, GRAZ.location, 144],
    ['a quarter of the equator', { latitude: 0, longitude: 0 }, { latitude: 0, longitude: 90 }, 10_008],
    ['pole to pole', { latitude: 90, longitude: 0 }, { latitude: -90, longitude: 0 }, 20_015],
    ['to the antipode', { latitude: 12.3, longitude: 45.6 }, { latitude: -12.3, longitude: -134.4 }, 20_015],
    ['nowhere', VIENNA.location, VIENNA.location, 0],
  ];
  for (const [where, from, to, km] of cases) it(where, () => expect(distanceKm(from, to)).to.be.closeTo(km, km * 0.005));
});

describe('weighted', () => {
  it('gives each store its part of the turns, to within one percent of them', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 6 }).filter((weights) => weights.some((weight) => weight > 0)), fc.nat(), (weights, start) => {
      const edges = weights.map((weight, index) => edge(String(index), { weight }));
      const first = new Array<number>(weights.length).fill(0);
      const turns = 1000;
      for (let turn = start; turn < start + turns; turn += 1) first[Number(split('weighted', edges, about({ turn }))[0]![0]!.id)]! += 1;
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of weights.entries()) expect(first[index]).to.be.closeTo((turns * weight) / total, turns / 100);
    }), { numRuns: 30 });
  });
  it('gives no store a burst: of weights 1 and 1, nobody is first three times running', () => {
    const firsts = Array.from({ length: 200 }, (_, turn) => split('weighted', [edge('a'), edge('b')], about({ turn }))[0]![0]!.id).join('');
    expect(firsts).to.not.match(/aaa|bbb/);
  });
});

describe('rendezvous', () => {
  const stores = Array.from({ length: 8 }, (_, index) => edge(`store-${index + 1}`));
  const names = Array.from({ length: 2000 }, (_, index) => `file${index}`);

  it('moves the names of the store that dies and no other, and spreads them over all that are left', () => {
    for (const dead of stores) {
      const left = stores.filter((other) => other !== dead);
      const heirs = new Map<string, number>();
      for (const name of names) {
        const before = orderByHash(stores, name);
        const after = orderByHash(left, name);
        expect(ids(after)).to.equal(ids(before.filter((other) => other !== dead)));
        if (before[0] === dead) heirs.set(after[0]!.id, (heirs.get(after[0]!.id) ?? 0) + 1);
      }
      expect(heirs.size).to.equal(7);
    }
  });
  it('gives each store its part of the names by weight', () => {
    const weighted = stores.map((store, index) => ({ ...store, weight: index < 4 ? 3 : 1 }));
    const homes = new Map<string, number>();
    for (const name of names) {
      const home = orderByHash(weighted, name)[0]!.id;
      homes.set(home, (homes.get(home) ?? 0) + 1);
    }
    for (const { id, weight } of weighted) expect(homes.get(id), id).to.be.closeTo((names.length * weight) / 16, 0.25 * ((names.length * weight) / 16) + 10);
  });
  it('doesn’t depend on the order of the topology', () => {
    for (const name of names.slice(0, 50)) expect(ids(orderByHash([...stores].reverse(), name))).to.equal(ids(orderByHash(stores, name)));
  });
  it('no store has more than 1.25 times the mean, rounded up, whatever is asked for', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.nat(4), { minLength: 1, maxLength: 300 }), (count, asked) => {
      const group = Array.from({ length: count }, (_, index) => edge(`store-${index}`));
      const load = new Map<string, number>();
      for (const [sofar, title] of asked.entries()) {
        const { id } = orderWithinBound(group, { name: `file${title}`, load: (one) => load.get(one.id) ?? 0 }, 0)[0]!;
        load.set(id, (load.get(id) ?? 0) + 1);
        expect(load.get(id)).to.be.at.most(Math.ceil((1.25 * (sofar + 1)) / count));
      }
    }));
  });
  it('leaves a name at home while there is hardly any load', () => {
    const load = new Map<string, number>();
    const homes = new Set<string>();
    for (let i = 0; i < 10; i += 1) {
      const { id } = orderWithinBound(stores, { name: 'file1', load: (one) => load.get(one.id) ?? 0 })[0]!;
      load.set(id, (load.get(id) ?? 0) + 1);
      homes.add(id);
    }
    expect(homes.size).to.equal(1);
  });
  it('comes home when the load is gone', () => {
    const home = orderByHash(stores, 'file1')[0]!;
    const busy = orderWithinBound(stores, { name: 'file1', load: (one) => (one === home ? 50 : 0) });
    expect(busy.at(-1)).to.equal(home);
    expect(busy[0]).to.equal(orderByHash(stores, 'file1')[1]);
    expect(orderWithinBound(stores, { name: 'file1', load: () => 0 })[0]).to.equal(home);
  });
});

describe('how many stores an answer names', () => {
  const cases: readonly (readonly [rule: string, least: number, most: number, name: number, all: number, stores: number, count: number])[] = [
    ['one, of a name like others', 1, 8, 10, 1000, 10, 1],
    ['one, while nothing can be told', 1, 8, 99, 99, 10, 1],
    ['as many as its part of the clients fills', 1, 8, 250, 1000, 10, 3],
    ['never more than eight', 1, 20, 1000, 1000, 10, 8],
    ['no more than asked for', 1, 2, 1000, 1000, 10, 2],
    ['no more than there are', 1, 8, 1000, 1000, 3, 3],
    ['the least, of a cold name', 4, 8, 0, 1000, 10, 4],
    ['the least, when the most is less', 4, 2, 0, 1000, 10, 4],
    ['none where there is none', 1, 8, 0, 0, 0, 0],
  ];
  for (const [rule, least, most, name, all, stores, count] of cases) it(rule, () => expect(countTaken({ least, most }, { name, all }, stores)).to.equal(count));
});
