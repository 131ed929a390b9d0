// What an authoritative server must say, a case a line with the section that says so. An answer is
// "RCODE flags | answer | authority | additional".

import { expect } from 'chai';
import { createAuthority } from '../../src/dns/index.js';
import { silentLog } from '../../src/observe/log.js';
import { decodeExtendedError } from '../../src/net/dns/extended-error.js';
import { formatRcode } from '../../src/net/dns/text.js';
import { ask, createHandClock, summary, zoneOf, type AskOptions } from '../helpers/dns.js';

const LONG = 'l'.repeat(63);
const PARENT = zoneOf(`$ORIGIN example.
$TTL 3600
@           SOA   ns hostmaster 1 2 3 4 60
@           NS    ns
@           MX    10 mail
ns          A     192.0.2.1
ns          AAAA  2001:db8::1
mail        A     192.0.2.25
www         A     192.0.2.80
www         A     192.0.2.81
alias       CNAME www
chain       CNAME alias
toempty     CNAME nothere
tonodata    CNAME mail
outside     CNAME www.example.org.
tosub       CNAME www.sub
tochild     CNAME www.child
loop1       CNAME loop2
loop2       CNAME loop1
self        CNAME self
_http._tcp  SRV   0 0 80 www
_far._tcp   SRV   0 0 80 www.example.org.
a.b.ent     A     192.0.2.9
*.wild      A     192.0.2.42
sub         NS    ns.sub
sub         NS    ns.example.org.
ns.sub      A     192.0.2.53
multi       MX    10 mail
multi       MX    20 www
moved 90    DNAME new
a.new       A     192.0.2.70
twice       DNAME moved
away        DNAME example.org.
tosubs      DNAME sub
tochilds    DNAME child
long        DNAME ${LONG}.long
`);
const CHILD = zoneOf('$ORIGIN child.example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\nwww A 192.0.2.3\n');

const SOA = 'example. 60 SOA ns.example. hostmaster.example. 1 2 3 4 60';
const CHILD_SOA = 'child.example. 5 SOA ns.child.example. h.child.example. 1 2 3 4 5';
const WWW = 'www.example. 3600 A 192.0.2.80 + www.example. 3600 A 192.0.2.81';
const REFERRAL = 'sub.example. 3600 NS ns.sub.example. + sub.example. 3600 NS ns.example.org. | ns.sub.example. 3600 A 192.0.2.53';

const CASES: readonly (readonly [section: string, question: string, answer: string])[] = [
  // RFC 1034, RFC 1035: the algorithm
  ['RFC 1034 §4.3.2 3a', 'A www.example.', `NOERROR aa | ${WWW}`],
  ['RFC 1034 §4.3.2 3a: CNAME, then anew', 'A alias.example.', `NOERROR aa | alias.example. 3600 CNAME www.example. + ${WWW}`],
  ['RFC 1034 §3.6.2: CNAME asked for is not followed', 'CNAME chain.example.', 'NOERROR aa | chain.example. 3600 CNAME alias.example.'],
  ['RFC 1034 §3.6.2: an alias of an alias', 'A chain.example.', `NOERROR aa | chain.example. 3600 CNAME alias.example. + alias.example. 3600 CNAME www.example. + ${WWW}`],
  ['RFC 1034 §4.3.2 3b: a referral, not authoritative', 'A www.sub.example.', `NOERROR |  | ${REFERRAL}`],
  ['RFC 1034 §4.3.2 3b: at the cut itself', 'NS sub.example.', `NOERROR |  | ${REFERRAL}`],
  ['RFC 1034 §4.2.1: glue is not data', 'A ns.sub.example.', `NOERROR |  | ${REFERRAL}`],
  ['RFC 1035 §4.1.1: AA is about the first owner', 'A tosub.example.', `NOERROR aa | tosub.example. 3600 CNAME www.sub.example. | ${REFERRAL}`],
  ['RFC 1034 §4.3.2 2: the nearest zone', 'A www.child.example.', 'NOERROR aa | www.child.example. 60 A 192.0.2.3'],
  ['RFC 1034 §4.3.2 3a: an alias into another zone here', 'A tochild.example.', 'NOERROR aa | tochild.example. 3600 CNAME www.child.example. + www.child.example. 60 A 192.0.2.3'],
  ['RFC 1034 §4.3.2 3a: an alias to elsewhere', 'A outside.example.', 'NOERROR aa | outside.example. 3600 CNAME www.example.org.'],
  ['RFC 1034 §5.2.2: a loop is told once', 'A loop1.example.', 'NOERROR aa | loop1.example. 3600 CNAME loop2.example. + loop2.example. 3600 CNAME loop1.example.'],
  ['RFC 1034 §5.2.2: the shortest loop', 'A self.example.', 'NOERROR aa | self.example. 3600 CNAME self.example.'],
  ['RFC 1034 §4.3.2 6: addresses of servers', 'NS example.', 'NOERROR aa | example. 3600 NS ns.example. |  | ns.example. 3600 A 192.0.2.1 + ns.example. 3600 AAAA 2001:db8::1'],
  ['RFC 1035 §3.3.9: and of mail exchangers', 'MX example.', 'NOERROR aa | example. 3600 MX 10 mail.example. |  | mail.example. 3600 A 192.0.2.25'],
  ['RFC 2782: and of services', 'SRV _http._tcp.example.', `NOERROR aa | _http._tcp.example. 3600 SRV 0 0 80 www.example. |  | ${WWW}`],
  ['RFC 2181 §5.4.1: not of hosts elsewhere', 'SRV _far._tcp.example.', 'NOERROR aa | _far._tcp.example. 3600 SRV 0 0 80 www.example.org.'],
  ['RFC 1034 §4.3.2 6: of each host', 'MX multi.example.', `NOERROR aa | multi.example. 3600 MX 10 mail.example. + multi.example. 3600 MX 20 www.example. |  | mail.example. 3600 A 192.0.2.25 + ${WWW}`],
  // RFC 2308: negatives
  ['RFC 2308 §2.1: NXDOMAIN with SOA', 'A nothere.example.', `NXDOMAIN aa |  | ${SOA}`],
  ['RFC 2308 §2.2: NODATA with SOA', 'AAAA www.example.', `NOERROR aa |  | ${SOA}`],
  ['RFC 2308 §3: the TTL is the lesser', 'A nothere.child.example.', `NXDOMAIN aa |  | ${CHILD_SOA}`],
  ['RFC 6604 §3: the rcode of the last name', 'A toempty.example.', `NXDOMAIN aa | toempty.example. 3600 CNAME nothere.example. | ${SOA}`],
  ['RFC 2308 §2.2.1: NODATA behind an alias', 'TXT tonodata.example.', `NOERROR aa | tonodata.example. 3600 CNAME mail.example. | ${SOA}`],
  ['RFC 8020 §2: an empty non-terminal', 'A ent.example.', `NOERROR aa |  | ${SOA}`],
  ['RFC 8020 §2: above an underscore', 'A _tcp.example.', `NOERROR aa |  | ${SOA}`],
  // RFC 4592: wildcards
  ['RFC 4592 §2.1.3: owned by the name asked for', 'A x.wild.example.', 'NOERROR aa | x.wild.example. 3600 A 192.0.2.42'],
  ['RFC 4592 §2.1.3: at any depth', 'A x.y.wild.example.', 'NOERROR aa | x.y.wild.example. 3600 A 192.0.2.42'],
  ['RFC 4592 §2.2.1: not the name above', 'A wild.example.', `NOERROR aa |  | ${SOA}`],
  ['RFC 4592 §2.2.1: NODATA of a wildcard', 'TXT x.wild.example.', `NOERROR aa |  | ${SOA}`],
  // RFC 6672: redirections
  ['RFC 6672 §3.1: the redirection, the alias it makes with its TTL, and what is there', 'A a.moved.example.', 'NOERROR aa | moved.example. 90 DNAME new.example. + a.moved.example. 90 CNAME a.new.example. + a.new.example. 3600 A 192.0.2.70'],
  ['RFC 6672 §3.2: two of them', 'A a.twice.example.', 'NOERROR aa | twice.example. 3600 DNAME moved.example. + a.twice.example. 3600 CNAME a.moved.example. + moved.example. 90 DNAME new.example. + a.moved.example. 90 CNAME a.new.example. + a.new.example. 3600 A 192.0.2.70'],
  ['RFC 6672 §3.2: to nothing', 'A nothere.moved.example.', `NXDOMAIN aa | moved.example. 90 DNAME new.example. + nothere.moved.example. 90 CNAME nothere.new.example. | ${SOA}`],
  ['RFC 6672 §3.2: out of here', 'A a.away.example.', 'NOERROR aa | away.example. 3600 DNAME example.org. + a.away.example. 3600 CNAME a.example.org.'],
  ['RFC 6672 §3.2: to what is delegated', 'A a.tosubs.example.', `NOERROR aa | tosubs.example. 3600 DNAME sub.example. + a.tosubs.example. 3600 CNAME a.sub.example. | ${REFERRAL}`],
  ['RFC 6672 §3.2: into another zone served here', 'A www.tochilds.example.', 'NOERROR aa | tochilds.example. 3600 DNAME child.example. + www.tochilds.example. 3600 CNAME www.child.example. + www.child.example. 60 A 192.0.2.3'],
  ['RFC 6672 §2.3: the name itself is where it was', 'A moved.example.', `NOERROR aa |  | ${SOA}`],
  ['RFC 6672 §2.2: too long a name', `A ${LONG}.${LONG}.${LONG}.long.example.`, `YXDOMAIN aa | long.example. 3600 DNAME ${LONG}.long.example.`],
  ['RFC 6672 §2.2: the same redirection again is told once, and then makes too long a name', `A ${LONG}.${LONG}.long.example.`, `YXDOMAIN aa | long.example. 3600 DNAME ${LONG}.long.example. + ${LONG}.${LONG}.long.example. 3600 CNAME ${LONG}.${LONG}.${LONG}.long.example.`],
  ['RFC 1034 §3.6.2: the alias is what was asked for', 'CNAME a.moved.example.', 'NOERROR aa | moved.example. 90 DNAME new.example. + a.moved.example. 90 CNAME a.new.example.'],
  ['RFC 6672 §2.4: a redirection is a record like others', 'DNAME moved.example.', 'NOERROR aa | moved.example. 90 DNAME new.example.'],
  // what is refused
  ['RFC 1035 §4.1.1: a name of no zone here', 'A www.example.org.', 'REFUSED'],
  ['RFC 1035 §4.1.1: the root', 'NS .', 'REFUSED'],
  ['RFC 5936 §2.2.1: AXFR', 'AXFR example.', 'REFUSED'],
  ['RFC 1995 §2: IXFR', 'IXFR example.', 'REFUSED'],
  ['RFC 6891 §6.1.1: OPT is no question', 'OPT example.', 'FORMERR'],
  ['RFC 6895 §3.1: a meta-type', 'TYPE249 example.', 'NOTIMP'],
  ['RFC 3597 §3: an unknown type is a type', 'TYPE731 www.example.', `NOERROR aa |  | ${SOA}`],
  ['RFC 8482 §4.1: ANY gets one RRset', 'ANY www.example.', `NOERROR aa | ${WWW}`],
  ['RFC 8482 §4.1: ANY of an alias', 'ANY alias.example.', 'NOERROR aa | alias.example. 3600 CNAME www.example.'],
  ['RFC 4343 §3: letter case', 'A WwW.eXaMpLe.', `NOERROR aa | ${WWW}`],
];

describe('an authoritative server', () => {
  const handler = createAuthority({ zones: [PARENT, CHILD] }, { clock: createHandClock(), log: silentLog });

  for (const [section, question, answer] of CASES) {
    it(`${question} (${section})`, async () => expect(summary(await ask(handler, question))).to.equal(answer));
  }

  const WHY: readonly (readonly [section: string, question: string, answer: string, over?: AskOptions])[] = [
    ['RFC 8914 §4.21: Not Authoritative', 'A www.example.org.', 'REFUSED 20'],
    ['RFC 8914 §4.19: Prohibited', 'AXFR example.', 'REFUSED 18', { transport: 'tcp' }],
    ['RFC 8914 §4.22: Not Supported', 'TYPE249 example.', 'NOTIMP 21'],
    ['RFC 8914 §4.22: of a class that is not served', 'A www.example.', 'REFUSED 21', { rrClass: 254 }],
    ['RFC 8914 §3: nothing where nothing is wrong', 'A www.example.', 'NOERROR'],
  ];
  for (const [section, question, answer, over] of WHY) {
    it(`${section}: ${question}`, async () => {
      const message = await ask(handler, question, { options: [], ...over });
      const errors = (message.edns?.options ?? []).map(decodeExtendedError).map((error) => ` ${error?.infoCode}${error?.text}`);
      expect(`${formatRcode(message.rcode)}${errors.join('')}`).to.equal(answer);
    });
  }
  it('RFC 6891 §7: without EDNS in the query no word of why', async () => expect((await ask(handler, 'A www.example.org.')).edns).to.equal(undefined));

  it('RFC 1035 §4.1.1: echoes ID and RD, offers no recursion', async () => {
    const { id, response, recursionDesired, recursionAvailable } = await ask(handler, 'A www.example.', { recursionDesired: true });
    expect({ id, response, recursionDesired, recursionAvailable }).to.deep.equal({ id: 4242, response: true, recursionDesired: true, recursionAvailable: false });
  });
  it('RFC 4343 §4.1: echoes the question in its own letter case', async () => {
    expect(String((await ask(handler, 'A WwW.eXaMpLe.')).questions[0]?.name)).to.equal('WwW.eXaMpLe.');
  });
  it('RFC 6891 §6.1.1: an OPT for an OPT, none for none', async () => {
    expect((await ask(handler, 'A www.example.')).edns).to.equal(undefined);
    expect((await ask(handler, 'A www.example.', { options: [] })).edns).to.deep.include({ udpPayloadSize: 1232, version: 0 });
  });
  for (const [name, rrClass] of [['CH', 3], ['NONE', 254], ['ANY', 255]] as const) {
    it(`class ${name} is refused`, async () => expect(summary(await ask(handler, 'A www.example.', { rrClass }))).to.equal('REFUSED'));
  }
  it('RFC 1034 §5.2.2: follows no more aliases than it may', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `c${index} CNAME c${index + 1}`).join('\n');
    const zone = zoneOf(`$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\n${lines}\nc20 A 192.0.2.3\n`);
    const limited = createAuthority({ zones: [zone], maxChain: 3 }, { clock: createHandClock(), log: silentLog });
    expect((await ask(limited, 'A c0.example.')).answers.map(({ name }) => String(name))).to.deep.equal(['c0.example.', 'c1.example.', 'c2.example.', 'c3.example.']);
  });
});
