import { expect } from 'chai';
import { clientOf, createPlaces, type Holder } from '../../../src/net/tcp-places.js';

const IPV6: readonly (readonly [what: string, one: string, other: string, same: boolean])[] = [
  ['addresses of one /64', '2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
  ['neighbouring /64s', '2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['links of one address', 'fe80::1%eth0', 'fe80::1', true],
  ['IPv4 addresses side by side', '192.0.2.1', '192.0.2.2', false],
];

describe('places for TCP connections', () => {
  for (const [what, one, other, same] of IPV6) it(`${what}: ${same ? 'one client' : 'two clients'}`, () => expect(clientOf(one) === clientOf(other)).to.equal(same));

  it('are free again when released, once', () => {
    const places = createPlaces({ total: 2, perClient: 1 });
    const busy = (client: string): Holder => ({ client, isIdle: () => false, evict: () => expect.fail('it was busy') });
    const [a, b] = [busy('a'), busy('b')];
    expect([a, busy('a'), b, busy('c')].map((holder) => places.take(holder))).to.deep.equal([true, false, true, false]);
    places.release(a);
    places.release(a);
    expect([busy('a'), busy('c')].map((holder) => places.take(holder))).to.deep.equal([true, false]);
  });
});
