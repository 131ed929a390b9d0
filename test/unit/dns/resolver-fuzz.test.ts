// Two authorities that say anything at all, within a small world: whatever they say, the local DNS
// comes to an end, and nobody's word is taken about somebody else's names.

import { expect } from 'chai';
import fc from 'fast-check';
import { createResolver } from '../../../src/dns/index.js';
import type { DnsHandler, DnsMessage } from '../../../src/net/dns/message.js';
import { silentLog } from '../../../src/observe/log.js';
import { ask, createHandClock, scripted, wire } from '../../helpers/dns.js';

const NAMES = ['one.test.', 'a.one.test.', 'b.one.test.', 'x.b.one.test.', 'two.test.', 'a.two.test.', 'b.two.test.', 'test.', 'c.three.test.'];

const name = fc.constantFrom(...NAMES);
/** Addresses say who gave them: 192.0.2.<100 + speaker>. */
const record = (speaker: number): fc.Arbitrary<string> =>
  fc.oneof(
    name.map((owner) => `${owner} 60 A 192.0.2.${100 + speaker}`),
    fc.tuple(name, name).map(([owner, target]) => `${owner} 60 CNAME ${target}`),
    fc.tuple(name, name).map(([owner, target]) => `${owner} 60 NS ${target}`),
    name.map((owner) => `${owner} 60 SOA ns.${owner} h.${owner} 1 2 3 4 5`),
  );
const reply = (speaker: number): fc.Arbitrary<DnsHandler> => {
  const section = fc.array(record(speaker), { maxLength: 4 });
  return fc
    .record({ rcode: fc.constantFrom(0, 0, 0, 3, 2), authoritative: fc.constantFrom(true, true, false), answers: section, authorities: section, additionals: section })
    .map(scripted);
};
/** Another reply for each question, the same one each time. */
const authority = (speaker: number): fc.Arbitrary<DnsHandler> =>
  fc.array(reply(speaker), { minLength: NAMES.length, maxLength: NAMES.length }).map((replies) => (query, peer) => {
    const found = replies[NAMES.indexOf(String(query.question.name))] ?? replies[0];
    if (!found) throw new Error('no reply');
    return found(query, peer);
  });

describe('the local DNS, whatever authorities say,', () => {
  it('ends, with a chain from the question, and every record from its own authority', async () => {
    await fc.assert(
      fc.asyncProperty(authority(1), authority(2), authority(3), fc.array(name, { minLength: 1, maxLength: 4 }), async (one, two, learned, questions) => {
        const wiring = wire({ '192.0.2.1:53': one, '192.0.2.2:53': two, '192.0.2.101:53': learned, '192.0.2.102:53': learned });
        const authorities = [{ zone: 'one.test', endpoint: { address: '192.0.2.1', port: 53 } }, { zone: 'two.test', endpoint: { address: '192.0.2.2', port: 53 } }];
        const handler = createResolver({ authorities }, { clock: createHandClock(), log: silentLog, exchange: wiring.exchange });
        for (const question of questions) check(question, await ask(handler, `A ${question}`));
        expect(wiring.sent.length).to.be.at.most(questions.length * 13 * 9);
      }),
      { numRuns: 400 },
    );
  });
});

function check(question: string, message: DnsMessage): void {
  let owner = question;
  for (const { name: found, data } of message.answers) {
    expect(String(found)).to.equal(owner);
    if (data.kind === 'CNAME') owner = String(data.target);
    else if (data.kind !== 'A') throw new Error(`nobody asked for ${data.kind}`);
    // 103: a server that the owner's own authority referred to.
    else if (owner.endsWith('one.test.')) expect(data.address).to.be.oneOf(['192.0.2.101', '192.0.2.103']);
    else if (owner.endsWith('two.test.')) expect(data.address).to.be.oneOf(['192.0.2.102', '192.0.2.103']);
    else throw new Error(`${owner} has no authority here`);
  }
}
