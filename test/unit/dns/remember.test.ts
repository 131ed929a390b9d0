// What is remembered between decisions changes none of them: each is compared with that of a router that
// has never seen these stores, whose lists and places are other objects.

import { expect } from 'chai';
import fc from 'fast-check';
import { filterSame, rememberByText, rememberPairs, sameList } from '../../../src/dns/remember.js';
import { decide, POLICIES, type PolicyName, type RoutingRules, type Situation } from '../../../src/dns/routing.js';
import type { Edge, Place } from '../../../src/dns/routing-edge.js';
import { WHEN_ALL_DOWN } from '../../../src/dns/policies/all-down.js';
import { createClientSubnet } from '../../../src/net/dns/edns.js';

const NETWORK = createClientSubnet('192.0.2.0', 24);

const stores = fc.array(fc.record({ weight: fc.nat(4), region: fc.constantFrom('EU', 'us', undefined), latitude: fc.integer({ min: -90, max: 90 }), drain: fc.boolean(), backup: fc.boolean() }), { minLength: 1, maxLength: 12 })
  .map((list) => list.map(({ weight, region, latitude, drain, backup }, index): Edge => ({ id: `store-${index}`, endpoint: { address: '127.0.0.1', port: 1 }, weight, drain: drain && index % 3 === 0, backup: backup && index % 3 === 1, ...(region !== undefined && { region }), ...(index % 4 !== 3 && { location: { latitude, longitude: latitude } }) })));
const places = fc.array(fc.record({ served: fc.constantFrom<Place['served']>([], [['eu']], [['us', 'store-1'], ['eu']], [['nowhere']]), latitude: fc.integer({ min: -90, max: 90 }) }), { minLength: 1, maxLength: 3 })
  .map((list) => list.map(({ served, latitude }): Place => ({ served, location: { latitude, longitude: latitude } })));
const policies = fc.shuffledSubarray(Object.keys(POLICIES) as PolicyName[], { minLength: 1 });
/** The circumstances of one decision: numbers by chance for each store. */
const moments = fc.array(fc.record({ place: fc.nat(2), turn: fc.nat(100), name: fc.constantFrom('file1', 'file2'), numbers: fc.array(fc.nat(20), { minLength: 12, maxLength: 12 }), down: fc.nat(4095), calm: fc.boolean() }), { minLength: 1, maxLength: 12 });

const copyOf = (edge: Edge): Edge => ({ ...edge, ...(edge.location && { location: { ...edge.location } }) });
const numberOf = ({ id }: Edge): number => Number(id.slice(6));

describe('what is remembered between decisions', () => {
  it('changes none of them', () => {
    fc.assert(fc.property(stores, places, policies, fc.constantFrom(...WHEN_ALL_DOWN), moments, fc.integer({ min: 1, max: 9 }), (edges, known, order, whenAllDown, happening, wanted) => {
      for (const { place, turn, name, numbers, down, calm } of happening) {
        const where = known[place % known.length] as Place;
        const of = (edge: Edge): number => numbers[numberOf(edge)] as number;
        const situation: Situation = {
          name, turn, lastGood: edges.slice(0, 2), network: NETWORK,
          isUp: (edge) => calm || ((down >> numberOf(edge)) & 1) === 0, load: (edge) => of(edge) * 3, room: (edge) => (calm ? 1 : of(edge)), rttMs: (edge) => (of(edge) === 0 ? undefined : of(edge) * 5),
        };
        const rules = (found: Place): RoutingRules => ({ policies: order, whenAllDown, locate: () => ({ place: found, prefixLength: 24 }) });
        const told = (candidates: readonly Edge[], found: Place, over: Partial<Situation> = {}): readonly string[] => {
          const decision = decide(candidates, rules(found), { ...situation, ...over });
          return decision.kind === 'edges' ? decision.edges.map(({ id }) => id) : [decision.kind];
        };
        const anew = told(edges.map(copyOf), { served: where.served, location: where.location && { ...where.location } });
        expect(told(edges, where)).to.deep.equal(anew);
        // Where only some are wanted, those are the first ones; behind them are all the others.
        const some = told(edges, where, { countWanted: () => wanted });
        expect(some.slice(0, wanted)).to.deep.equal(anew.slice(0, wanted));
        expect([...some].sort()).to.deep.equal([...anew].sort());
      }
    }), { numRuns: 200 });
  }).timeout(20_000);

  it('are lists: those with the same elements are one, of the last eight', () => {
    const numbers = [1, 2, 3];
    const few = filterSame(numbers, (number) => number > 1);
    expect(few).to.deep.equal([2, 3]);
    expect(filterSame(numbers, (number) => number !== 1)).to.equal(few);
    expect(filterSame(numbers, () => true)).to.equal(numbers);
    expect(filterSame([1, 2, 3], (number) => number > 1), 'of another list').to.not.equal(few);
    for (let index = 0; index < 8; index += 1) sameList(numbers, [index]);
    const again = filterSame(numbers, (number) => number > 1);
    expect(again).to.deep.equal(few);
    expect(again).to.not.equal(few);
  });

  it('is what was made of two objects, or of one and a text', () => {
    let made = 0;
    const pair = rememberPairs((a: object, b: object) => ({ a, b, number: (made += 1) }));
    const [a, b] = [{}, {}];
    expect([pair(a, b), pair(a, a), pair(a, b)].map(({ number }) => number)).to.deep.equal([1, 2, 1]);
    const byText = rememberByText(2, (of: object, text: string) => ({ of, text, number: (made += 1) }));
    // The third text has taken the place of both.
    expect(['x', 'y', 'x', 'z', 'z', 'x'].map((text) => byText(a, text).number)).to.deep.equal([3, 4, 3, 5, 5, 6]);
  });
});
