// Attempts to put a lie into the cache of the local DNS, by an authority on a real socket that is honestly
// configured for its own zone. After each, the names it lied about are asked for, and their own
// authorities must have been believed.

import { expect } from 'chai';
import type { Endpoint } from '../../../src/net/address.js';
import { createQuery } from '../../../src/net/dns/build.js';
import { createEdns } from '../../../src/net/dns/edns.js';
import type { DnsMessage } from '../../../src/net/dns/message.js';
import { nameOf, scripted, summary, typeOf, zoneOf } from '../../helpers/dns.js';
import { useParties } from '../../helpers/dns-parties.js';

/** What a liar says when it is asked for A evil.one.test. */
type Lie = Parameters<typeof scripted>[0];

const HONEST = zoneOf('$ORIGIN two.test.\n$TTL 20\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n@ A 192.0.2.4\nns A 192.0.2.2\nwww A 192.0.2.4\nsub TXT here\n');
const DEEP = zoneOf('$ORIGIN deep.one.test.\n$TTL 20\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\na A 192.0.2.5\n');
/** What must come of it, each asked after the lie. */
const TRUTH: readonly (readonly [question: string, answer: string])[] = [
  ['A www.two.test.', 'NOERROR ra | www.two.test. 20 A 192.0.2.4'],
  ['A two.test.', 'NOERROR ra | two.test. 20 A 192.0.2.4'],
  ['NS two.test.', 'NOERROR ra | two.test. 20 NS ns.two.test.'],
  ['A ns.two.test.', 'NOERROR ra | ns.two.test. 20 A 192.0.2.2'],
  ['TXT sub.two.test.', 'NOERROR ra | sub.two.test. 20 TXT "here"'],
  ['A a.deep.one.test.', 'NOERROR ra | a.deep.one.test. 20 A 192.0.2.5'],
  ['A localhost.', 'NOERROR ra | localhost. 10800 A 127.0.0.1'],
  ['A a.example.', 'REFUSED ra'],
  ['NS .', 'REFUSED ra'],
];
const EVIL = 'evil.one.test. 60 A 192.0.2.66';

describe('the local DNS is not poisoned by', () => {
  const parties = useParties();
  const query = async (server: Endpoint, question: string): Promise<DnsMessage> => {
    const [type = '', name = ''] = question.split(' ');
    const message = createQuery({ name: nameOf(name), type: typeOf(type), id: 0, recursionDesired: true, edns: createEdns() });
    return (await parties.exchange(server, message, { timeoutMs: 10_000, attempts: 1 })).message;
  };

  const lies: readonly (readonly [what: string, lie: Lie])[] = [
    ['servers of a sibling zone in the authority section', { answers: [EVIL], authorities: ['two.test. 3600 NS ns.evil.one.test.'], additionals: ['ns.evil.one.test. 3600 A 192.0.2.66'] }],
    ['the address of a sibling’s server as glue', { answers: [EVIL], authorities: ['one.test. 3600 NS ns.two.test.'], additionals: ['ns.two.test. 3600 A 192.0.2.66'] }],
    ['servers of the root, and of the top level', { answers: [EVIL], authorities: ['. 3600 NS ns.evil.one.test.', 'test. 3600 NS ns.evil.one.test.'], additionals: ['ns.evil.one.test. 3600 A 192.0.2.66'] }],
    ['the portal’s address in the additional section', { answers: [EVIL], additionals: ['www.two.test. 3600 A 192.0.2.66', 'two.test. 3600 A 192.0.2.66'] }],
    ['the portal’s address in the answer section', { answers: [EVIL, 'www.two.test. 3600 A 192.0.2.66', 'two.test. 3600 A 192.0.2.66'] }],
    ['the portal’s address in the authority section', { answers: [EVIL], authorities: ['www.two.test. 3600 A 192.0.2.66', 'two.test. 3600 A 192.0.2.66'] }],
    ['an alias to the portal, with its address', { answers: ['evil.one.test. 60 CNAME www.two.test.', 'www.two.test. 3600 A 192.0.2.66'] }],
    ['an alias of the portal behind one to it', { answers: ['evil.one.test. 60 CNAME www.two.test.', 'www.two.test. 3600 CNAME evil2.one.test.', 'evil2.one.test. 3600 A 192.0.2.66'] }],
    ['a CNAME of the portal beside the answer', { answers: [EVIL, 'www.two.test. 3600 CNAME evil.one.test.', 'two.test. 3600 CNAME evil.one.test.'] }],
    ['NXDOMAIN for the portal, behind an alias', { rcode: 3, answers: ['evil.one.test. 60 CNAME www.two.test.'], authorities: ['two.test. 3600 SOA ns.evil.one.test. h.two.test. 1 2 3 4 3600'] }],
    ['NXDOMAIN with the SOA of another zone', { rcode: 3, authorities: ['two.test. 3600 SOA ns.evil.one.test. h.two.test. 1 2 3 4 3600'] }],
    ['NXDOMAIN with the SOA of the zone above', { rcode: 3, authorities: ['test. 3600 SOA ns.evil.one.test. h.test. 1 2 3 4 3600'] }],
    ['a referral to a sibling', { authoritative: false, authorities: ['two.test. 3600 NS ns.evil.one.test.'], additionals: ['ns.evil.one.test. 3600 A 127.0.0.1'] }],
    ['a referral upwards', { authoritative: false, authorities: ['test. 3600 NS ns.evil.one.test.'], additionals: ['ns.evil.one.test. 3600 A 127.0.0.1'] }],
    ['a referral to a zone that is configured for itself', { authoritative: false, authorities: ['deep.one.test. 3600 NS ns.evil.one.test.'], additionals: ['ns.evil.one.test. 3600 A 127.0.0.1'] }],
    ['data of a zone below that is configured for itself', { answers: ['evil.one.test. 60 CNAME a.deep.one.test.', 'a.deep.one.test. 3600 A 192.0.2.66'], additionals: ['a.deep.one.test. 3600 A 192.0.2.66'] }],
    ['localhost, behind an alias', { answers: ['evil.one.test. 60 CNAME localhost.', 'localhost. 3600 A 192.0.2.66'] }],
    ['a name that nobody here knows, behind an alias', { answers: ['evil.one.test. 60 CNAME a.example.', 'a.example. 3600 A 192.0.2.66'] }],
  ];
  for (const [what, lie] of lies) {
    it(what, async () => {
      const liar = await parties.serve(scripted(lie));
      const honest = await parties.authority([HONEST]);
      const deep = await parties.authority([DEEP]);
      const local = await parties.localDns([{ zone: 'one.test', endpoint: liar }, { zone: 'two.test', endpoint: honest }, { zone: 'deep.one.test', endpoint: deep }]);
      const message = await query(local, 'A evil.one.test.');
      for (const { name, data } of [...message.answers, ...message.authorities, ...message.additionals]) {
        if ('address' in data && data.address === '192.0.2.66') expect(String(name)).to.equal('evil.one.test.');
      }
      // The liar's own name as well, once more: whatever it has left behind is looked at.
      await query(local, 'A evil.one.test.');
      for (const [question, answer] of TRUTH) expect(summary(await query(local, question)), question).to.equal(answer);
    });
  }
});
