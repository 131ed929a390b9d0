// The pipeline: which stores are left after each step, what is said when all are down, and what the
// router remembers from one answer to the next.

import { expect } from 'chai';
import { createRouter, uncheckedHealth, type Health, type RouterOptions } from '../../../src/dns/router.js';
import { decide, type RoutingRules, type Situation } from '../../../src/dns/routing.js';
import type { Edge } from '../../../src/dns/routing-edge.js';
import type { Locate } from '../../../src/dns/scope.js';
import { createClientSubnet } from '../../../src/net/dns/edns.js';
import { createHandClock } from '../../helpers/dns.js';

const endpoint = { address: '127.0.0.1', port: 1 };
const edge = (id: string, over: Partial<Edge> = {}): Edge => ({ id, endpoint, ...over });
const [a, b, c] = [edge('a'), edge('b'), edge('c')];
const drained = edge('d', { drain: true });
const backup = edge('s', { backup: true });

interface Case {
  readonly up: string;
  readonly rules?: Partial<RoutingRules>;
  readonly full?: string;
  readonly lastGood?: readonly Edge[];
  readonly network?: string;
}

function say(edges: readonly Edge[], { up, rules, full = '', lastGood = [], network }: Case): string {
  const situation: Situation = {
    name: 'file1', turn: 0, lastGood, network: network === undefined ? undefined : createClientSubnet(network, 24),
    isUp: ({ id }) => up.includes(id), load: () => 0, room: ({ id }) => (full.includes(id) ? 0 : 1), rttMs: () => undefined,
  };
  const decision = decide(edges, { policies: ['failover'], whenAllDown: 'serve-all', ...rules }, situation);
  return decision.kind === 'edges' ? `${decision.edges.map(({ id }) => id).join('')} /${decision.scope}` : decision.kind;
}

describe('the pipeline leaves', () => {
  const served = (...ids: readonly string[]): Locate => () => ({ place: { served: ids.map((id) => [id]), location: undefined }, prefixLength: 17 });
  const nowhere: Locate = () => ({ place: undefined, prefixLength: 9 });
  const cases: readonly (readonly [rule: string, edges: readonly Edge[], given: Case, expected: string])[] = [
    ['those that are up', [a, b, c], { up: 'ac' }, 'ac /0'],
    ['those that are not drained', [a, drained, c], { up: 'adc' }, 'ac /0'],
    ['those that don’t just stand by', [a, backup], { up: 'as' }, 'a /0'],
    ['those with room', [a, b, c], { up: 'abc', full: 'b' }, 'ac /0'],
    ['all, when all are full', [a, b], { up: 'ab', full: 'ab' }, 'ab /0'],
    ['those that serve the network', [a, b, c], { up: 'abc', rules: { locate: served('b') }, network: '192.0.2.0' }, 'b /17'],
    ['those of the region that serves it', [a, edge('e', { region: 'eu' }), c], { up: 'aec', rules: { locate: served('eu') }, network: '192.0.2.0' }, 'e /17'],
    ['those that come first of it', [a, b, c], { up: 'abc', rules: { locate: served('c', 'b') }, network: '192.0.2.0' }, 'c /17'],
    ['those that come next, where the first are down', [a, b, c], { up: 'ab', rules: { locate: served('c', 'b') }, network: '192.0.2.0' }, 'b /17'],
    ['others, where those are down', [a, b, c], { up: 'ac', rules: { locate: served('b') }, network: '192.0.2.0' }, 'ac /17'],
    ['all, for a network that nobody knows: the map took part', [a, b], { up: 'ab', rules: { locate: nowhere }, network: '192.0.2.0' }, 'ab /9'],
    ['one, whoever asks: the map took no part', [a, b], { up: 'a', rules: { locate: served('b') }, network: '192.0.2.0' }, 'a /0'],
    ['the map alone, where no address is known', [a, b], { up: 'ab', rules: { locate: served('b') } }, 'ab /0'],
    ['serve-all: everybody but the drained and the stand-bys', [a, drained, backup, c], { up: '' }, 'ac /0'],
    ['serve-all: the drained, when there is nobody else', [drained], { up: '' }, 'd /0'],
    ['last-good: who was up last', [a, b, c], { up: '', rules: { whenAllDown: 'last-good' }, lastGood: [b] }, 'b /0'],
    ['last-good: as it is administered now', [a, { ...b, drain: true }], { up: '', rules: { whenAllDown: 'last-good' }, lastGood: [b] }, 'a /0'],
    ['last-good: everybody, when nobody ever was', [a, b, c], { up: '', rules: { whenAllDown: 'last-good' } }, 'abc /0'],
    ['backup: those that stand by', [a, backup], { up: 's', rules: { whenAllDown: 'backup' } }, 's /0'],
    ['backup: of those the ones that are up', [a, backup, edge('t', { backup: true })], { up: 't', rules: { whenAllDown: 'backup' } }, 't /0'],
    ['backup: all of those, when none is', [a, backup, edge('t', { backup: true })], { up: '', rules: { whenAllDown: 'backup' } }, 'st /0'],
    ['backup: everybody, when nobody stands by', [a, b], { up: '', rules: { whenAllDown: 'backup' } }, 'ab /0'],
    ['nodata', [a], { up: '', rules: { whenAllDown: 'nodata' } }, 'nodata'],
    ['servfail', [a], { up: '', rules: { whenAllDown: 'servfail' } }, 'servfail'],
    ['nodata when all that are up are drained', [drained], { up: 'd', rules: { whenAllDown: 'nodata' } }, 'nodata'],
  ];
  for (const [rule, edges, given, expected] of cases) it(rule, () => expect(say(edges, given)).to.equal(expected));
});

describe('a router', () => {
  const asker = { peer: '127.0.0.1', subnet: undefined };
  const route = (stores: readonly (readonly Edge[])[], options: Partial<RouterOptions> = {}, health: Partial<Health> = {}) => {
    const clock = createHandClock();
    const router = createRouter(options, { clock, health: { ...uncheckedHealth, ...health } });
    const select = router.open('file1', 0).select(router.candidates(stores));
    const next = (): string => {
      const selection = select(asker);
      return selection.kind === 'records' ? selection.picks.join('') : selection.kind;
    };
    return { clock, router, next, times: (count: number): string => Array.from({ length: count }, next).join(' ') };
  };

  it('takes turns unless told otherwise', () => expect(route([[a], [b], [c]]).times(4)).to.equal('0 1 2 0'));
  it('lets the first store of a record speak for it', () => expect(route([[a, b], [c]]).times(4)).to.equal('0 0 1 0'));
  it('names as many as it is told to, each record once', () => expect(route([[a, b], [c]], { take: { least: 3, most: 3 } }).times(2)).to.equal('01 01'));
  it('names more stores of a hot name, until it has cooled', () => {
    const { clock, next, times } = route([[a], [b], [c]], { policies: ['failover'], take: { least: 1, most: 2 } });
    times(100);
    expect(next()).to.equal('01');
    clock.advance(20_000);
    expect(next()).to.equal('0');
  });
  it('spreads a hot name over more stores by load, and counts what it answered', () => {
    const { router, times } = route([[a], [b], [c]], { policies: ['rendezvous'], take: { least: 1, most: 1 } });
    times(300);
    const shares = [a, b, c].map(({ id }) => router.shareOf(id));
    expect(Math.max(...shares)).to.be.within(1 / 3, 1.25 / 3 + 0.01);
    expect(shares.reduce((sum, share) => sum + share, 0)).to.be.closeTo(1, 1e-9);
  });
  it('keeps from a store the transfers beyond its own capacity, or the topology’s', () => {
    const busy: Partial<Health> = { transfers: () => 5, capacity: (id) => (id === 'b' ? 5 : undefined) };
    expect(route([[a], [b], [edge('c', { capacity: 6 })]], {}, busy).times(2)).to.equal('0 2');
    expect(route([[a], [b], [edge('c', { capacity: 5 })]], {}, busy).times(2)).to.equal('0 0');
  });
  it('drains a store and takes it back', () => {
    const { router, next } = route([[a], [b]], { policies: ['failover'] });
    router.setDrain('a', true);
    expect([next(), router.isDrained(a)]).to.deep.equal(['1', true]);
    router.setDrain('a', false);
    expect([next(), router.isDrained(a)]).to.deep.equal(['0', false]);
  });
  it('remembers who was up last', () => {
    const up = new Set(['b']);
    const { next } = route([[a], [b]], { policies: ['failover'], whenAllDown: 'last-good' }, { isUp: (id) => up.has(id) });
    expect(next()).to.equal('1');
    up.clear();
    expect(next()).to.equal('1');
  });
});
