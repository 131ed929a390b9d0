// The memory of the local DNS under a flood: two hundred thousand random names go through it, as octets, and neither
// the cache nor the heap grows beyond its bound.

import { expect } from 'chai';
import { Session } from 'node:inspector/promises';
import { createCache, type Cache } from '../../../src/dns/cache.js';
import { systemClock } from '../../../src/base/clock.js';
import { createQuery, createResponse } from '../../../src/net/dns/build.js';
import { CLASS, TYPE, type DnsMessage } from '../../../src/net/dns/message.js';
import { Name } from '../../../src/net/dns/name.js';
import { decodeMessage, encodeMessage } from '../../../src/net/dns/wire.js';
import { nameOf, recordOf } from '../../helpers/dns.js';

const BOUND = 8_000_000;
const NAMES = 200_000;
const SOA = recordOf('flood.test. 3600 SOA ns.flood.test. h.flood.test. 1 2 3 4 3600');

/** What is reachable, in bytes, typed arrays outside the heap included. */
async function usedBytes(session: Session): Promise<number> {
  await session.post('HeapProfiler.collectGarbage');
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** As it comes off the wire, so that nothing is shared that wouldn't be. */
function received(message: DnsMessage): DnsMessage {
  const decoded = decodeMessage(encodeMessage(message));
  if (decoded.kind !== 'message') throw new Error('not a message');
  return decoded.message;
}

describe('the memory of the local DNS', () => {
  const session = new Session();
  before(() => session.connect());
  after(() => session.disconnect());

  it('holds a flood of random names within its bound', async () => {
    let cache: Cache | undefined = createCache({ maxBytes: BOUND }, { clock: systemClock });
    const apex = nameOf('flood.test.');
    let most = 0;
    for (let i = 0; i < NAMES; i += 1) {
      const name = apex.prepend(`${((i * 2_654_435_761) >>> 0).toString(36)}x${i.toString(36)}`) ?? Name.root;
      const query = createQuery({ name, type: TYPE.A, id: 1, recursionDesired: false });
      if (i % 3 === 0) cache.storeFailure(name, TYPE.A, { infoCode: 22, text: `the authority of flood.test at 192.0.2.${i % 256}:53 does not answer` }, undefined);
      else if (i % 3 === 1) {
        const [soa] = received(createResponse(query, { authorities: [SOA] })).authorities;
        if (soa) cache.storeNxdomain(name, soa, 'everybody');
      } else {
        const { answers } = received(createResponse(query, { answers: [{ name, type: TYPE.A, class: CLASS.IN, ttl: 3600, data: { kind: 'A', address: '192.0.2.1' } }] }));
        cache.storeRecords(name, TYPE.A, answers, 'everybody');
      }
      most = Math.max(most, cache.bytes);
    }
    const { entries } = cache;
    const used = await usedBytes(session);
    cache = undefined;
    // What it held is what letting go of it gives back: before it there may be others' garbage.
    const held = used - (await usedBytes(session));
    expect(most).to.be.at.most(BOUND);
    expect(entries).to.be.within(4000, 30_000);
    // The bound is kept by estimate: the heap says how good the estimate is.
    expect(held).to.be.within(BOUND * 0.4, BOUND * 1.25);
  }).timeout(120_000);
});
