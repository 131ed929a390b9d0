import { expect } from 'chai';
import { lookupZone, negativeSoa } from '../../../src/dns/zone.js';
import { formatRecord } from '../../../src/net/dns/text.js';
import { nameOf, problemsOf, typeOf, zoneOf } from '../../helpers/dns.js';

const HEAD = '$ORIGIN example.\n$TTL 3600\n@ SOA ns hostmaster 1 2 3 4 60\n@ NS ns\nns A 192.0.2.1\n';

/** RFC 4592 §2.2.1, and what this house adds to it. */
const ZONE = zoneOf(`${HEAD}
*            TXT   "this is a wildcard"
*            MX    10 host1
sub.*        TXT   "this is not a wildcard"
host1        A     192.0.2.1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host1
subdel       NS    ns.example.com.
subdel       NS    ns.subdel
ns.subdel    A     192.0.2.53
ns.subdel    AAAA  2001:db8::53
deep.subdel  NS    ns.example.net.
alias        CNAME host1
*.cloud      CNAME host1
a.b.c.ent    A     192.0.2.9
subdel       DS 1 8 2 00
moved        DNAME new.example.org.
moved        TXT   "the name itself stays"
long         DNAME ${`${'x'.repeat(63)}.`.repeat(3)}example.org.
`);

function say(question: string): string {
  const [type = '', owner = ''] = question.split(' ');
  const found = lookupZone(ZONE, nameOf(owner), typeOf(type));
  if (found.kind === 'dname' && found.alias) return `dname | ${[...found.rrset.records, found.alias.record].map((record) => formatRecord(record).replace(' 3600 IN', '')).join(' | ')}`;
  const lines = 'rrset' in found ? found.rrset.records.map((record) => formatRecord(record).replace(' 3600 IN', '')) : [];
  const glue = found.kind === 'referral' ? found.glue.flatMap((rrset) => rrset.records.map(({ data }) => ('address' in data ? data.address : ''))) : [];
  return [found.kind, ...lines, ...glue].join(' | ');
}

describe('a zone says about a question', () => {
  const cases: readonly (readonly [rule: string, question: string, answer: string])[] = [
    ['RFC 4592 §2.2.1: synthesis', 'MX host3.example.', 'answer | host3.example. MX 10 host1.example.'],
    ['RFC 4592 §2.2.1: the wildcard has no such type', 'A host3.example.', 'nodata'],
    ['RFC 4592 §2.2.1: several labels below', 'TXT foo.bar.example.', 'answer | foo.bar.example. TXT "this is a wildcard"'],
    ['RFC 4592 §2.2.1: an existing name is not synthesised', 'MX host1.example.', 'nodata'],
    ['RFC 4592 §2.2.1: *.example. itself exists', 'MX sub.*.example.', 'nodata'],
    ['RFC 4592 §2.2.1: no wildcard right below the closest encloser', 'SRV _telnet._tcp.host1.example.', 'nxdomain'],
    ['RFC 4592 §2.2.1: host2 is an empty non-terminal', 'A host2.example.', 'nodata'],
    ['RFC 4592 §2.2.1: a delegation covers what is below', 'A host.subdel.example.', 'referral | subdel.example. NS ns.example.com. | subdel.example. NS ns.subdel.example. | 192.0.2.53 | 2001:db8::53'],
    ['RFC 4592 §2.2.1: the closest encloser is *.example.', 'TXT ghost.*.example.', 'nxdomain'],
    ['RFC 4592 §2.1.1: an asterisk asked for is an asterisk', 'TXT *.example.', 'answer | *.example. TXT "this is a wildcard"'],
    ['RFC 4592 §3.4: a CNAME by synthesis', 'A x.cloud.example.', 'cname | x.cloud.example. CNAME host1.example.'],
    ['RFC 1034 §4.3.2 3a', 'A alias.example.', 'cname | alias.example. CNAME host1.example.'],
    ['RFC 1034 §4.3.2 3a: the alias itself', 'CNAME alias.example.', 'answer | alias.example. CNAME host1.example.'],
    ['RFC 1034 §4.3.2 3b: the glue is not authoritative', 'A ns.subdel.example.', 'referral | subdel.example. NS ns.example.com. | subdel.example. NS ns.subdel.example. | 192.0.2.53 | 2001:db8::53'],
    ['RFC 1034 §4.2.1: a cut below a cut is hidden', 'A x.deep.subdel.example.', 'referral | subdel.example. NS ns.example.com. | subdel.example. NS ns.subdel.example. | 192.0.2.53 | 2001:db8::53'],
    ['RFC 1034 §4.3.2 3b: NS of the cut', 'NS subdel.example.', 'referral | subdel.example. NS ns.example.com. | subdel.example. NS ns.subdel.example. | 192.0.2.53 | 2001:db8::53'],
    ['RFC 4035 §3.1.4.1: DS is the parent\'s', 'TYPE43 subdel.example.', 'answer | subdel.example. DS 1 8 2 00'],
    ['RFC 8020 §2: an empty non-terminal exists', 'A c.ent.example.', 'nodata'],
    ['RFC 8020 §2: and so does the one above', 'A ent.example.', 'nodata'],
    ['RFC 4343 §2: letter case is no difference', 'A HOST1.eXample.', 'answer | host1.example. A 192.0.2.1'],
    ['RFC 6672 §2.2: below a redirection', 'A a.b.moved.example.', 'dname | moved.example. DNAME new.example.org. | a.b.moved.example. CNAME a.b.new.example.org.'],
    ['RFC 6672 §2.2: in whatever letter case', 'A a.B.MOVED.example.', 'dname | moved.example. DNAME new.example.org. | a.B.MOVED.example. CNAME a.B.new.example.org.'],
    ['RFC 6672 §2.3: the name itself is where it was', 'TXT moved.example.', 'answer | moved.example. TXT "the name itself stays"'],
    ['RFC 6672 §2.3: and may have no such type', 'A moved.example.', 'nodata'],
    ['RFC 6672 §2.3: the redirection itself', 'DNAME moved.example.', 'answer | moved.example. DNAME new.example.org.'],
    ['RFC 6672 §3.2 3c: before any wildcard', 'TXT x.moved.example.', 'dname | moved.example. DNAME new.example.org. | x.moved.example. CNAME x.new.example.org.'],
    ['RFC 6672 §2.2: too long a name', `A ${'y'.repeat(63)}.long.example.`, `dname | long.example. DNAME ${`${'x'.repeat(63)}.`.repeat(3)}example.org.`],
    ['RFC 8482 §4.1: ANY gets one RRset', 'ANY *.example.', 'answer | *.example. TXT "this is a wildcard"'],
    ['RFC 8482 §4.1: an alias its CNAME', 'ANY alias.example.', 'answer | alias.example. CNAME host1.example.'],
  ];
  for (const [rule, question, answer] of cases) it(`${question} (${rule})`, () => expect(say(question)).to.equal(answer));

  it('refuses to be asked about a name outside', () => expect(() => say('A example.org.')).to.throw('example.org. is not in the zone example.'));
});

describe('a negative answer\'s SOA record (RFC 2308 §3)', () => {
  it('has the minimum as TTL where that is less', () => expect(negativeSoa(ZONE).ttl).to.equal(60));
  it('keeps its own TTL where that is less', () => expect(negativeSoa(zoneOf('$ORIGIN example.\n@ 30 SOA ns h 1 2 3 4 60\n@ 30 NS ns.example.com.\n')).ttl).to.equal(30));
});

describe('a zone is refused', () => {
  const cases: readonly (readonly [rule: string, lines: string, complaints: readonly string[]])[] = [
    ['a CNAME with company (RFC 1034 §3.6.2)', 'www CNAME ns\nwww A 192.0.2.2', ['6:1 www.example. has a CNAME and A: an alias has nothing else (RFC 1034 §3.6.2)']],
    ['two CNAMEs (RFC 2181 §10.1)', 'www CNAME ns\nwww CNAME ns2.example.com.', ['7:1 www.example. has 2 CNAME records: an alias has one (RFC 2181 §10.1)']],
    ['a second SOA', '@ SOA ns hostmaster 2 2 3 4 60', ['6:1 example. has 2 SOA records: a zone has one (RFC 1035 §5.2)']],
    ['a SOA below the apex', 'sub SOA ns hostmaster 2 2 3 4 60', ["6:1 sub.example. has a SOA record and isn't the apex example.: one file, one zone (RFC 1035 §5.2)"]],
    ['a record outside', 'www.example.org. A 192.0.2.2', ['6:1 www.example.org. A is outside the zone example.']],
    ['two DNAMEs (RFC 6672 §2.4)', 'sub DNAME ns\nsub DNAME www', ['7:1 sub.example. has 2 DNAME records: a name has one (RFC 6672 §2.4)']],
    ['a DNAME beside a CNAME (RFC 6672 §2.4)', 'sub DNAME ns\nsub CNAME www', ['7:1 sub.example. has a CNAME and DNAME: an alias has nothing else (RFC 1034 §3.6.2)']],
    ['records below a DNAME (RFC 6672 §2.4)', 'sub DNAME ns\na.b.sub A 192.0.2.2', ['7:1 a.b.sub.example. lies below the DNAME of sub.example.: what is below one is elsewhere (RFC 6672 §2.4)']],
    ['a DNAME with more than its target', 'sub TYPE39 \\# 2 0000', ['6:12 the octets are not data of type 39: it has DNAME data that goes on behind its last field, got "\\\\#"']],
    ['a type that is only a question', 'sub TYPE255 \\# 0', ['6:1 sub.example. ANY is not a type of data (RFC 6895 §3.1)']],
  ];
  for (const [rule, lines, complaints] of cases) it(rule, () => expect(problemsOf(`${HEAD}${lines}\n`)).to.deep.equal(complaints));

  it('but not for a record said twice (RFC 2181 §5)', () => {
    const zone = zoneOf(`${HEAD}www A 192.0.2.2\nWWW A 192.0.2.2\n`);
    const found = lookupZone(zone, nameOf('www.example.'), typeOf('A'));
    expect(found.kind === 'answer' && found.rrset.records.length).to.equal(1);
  });
  it('nor for glue in a sibling zone, which can be looked up', () => expect(problemsOf(`${HEAD}one NS ns.two\ntwo NS ns.two\nns.two A 192.0.2.2\n`)).to.deep.equal([]));
  it('nor for a target that says that there is no service (RFC 2782)', () => expect(problemsOf(`${HEAD}_http._tcp SRV 0 0 0 .\n`)).to.deep.equal([]));
});

describe('a zone is served with a warning of', () => {
  const cases: readonly (readonly [rule: string, lines: string, warnings: readonly string[]])[] = [
    ['keys, whose signatures nobody gets (RFC 4035 §3.1)', '@ DNSKEY 257 3 13 AQID\n@ RRSIG DNSKEY 13 1 60 20300101000000 20200101000000 1 example. AQID', ['6:1 example. has a DNSKEY: the zone is signed, but no signatures go along with answers from here, and who validates them will not take them (RFC 4035 §3.1)']],
    ['TTLs that differ', 'www 301 A 192.0.2.2\nwww 300 A 192.0.2.3', ['6:1 www.example. A has TTLs 300 and 301: one RRset has one TTL, and is served with the least (RFC 2181 §5.2)']],
    ['an apex server without address', '@ NS gone', ['6:1 example. NS points at gone.example., which has no address in this zone']],
    ['a delegation without glue', 'sub NS ns.sub', ['6:1 sub.example. NS points at ns.sub.example., which has no address here: a delegation needs glue (RFC 1034 §4.2.1)']],
    ['a server that is an alias', 'sub NS www\nwww CNAME ns', ['6:1 sub.example. NS points at www.example., which is an alias (RFC 2181 §10.3)']],
    ['a server below a redirection', 'sub NS www.elsewhere\nelsewhere DNAME ns', ['6:1 sub.example. NS points at www.elsewhere.example., which is an alias (RFC 2181 §10.3)']],
    ['a service at an alias', '_http._tcp SRV 0 0 80 www\nwww CNAME ns', ['6:1 _http._tcp.example. SRV points at www.example., which is an alias (RFC 2181 §10.3)']],
    ['delegation by wildcard', '* NS ns.example.com.', ['6:1 *.example. delegates by a wildcard, which has no meaning (RFC 4592 §4.2)']],
    ['redirection by wildcard', '* DNAME example.com.', ['6:1 *.example. redirects by a wildcard, which has no settled meaning (RFC 6672 §3.3)']],
    ['redirection beside a delegation', 'sub NS ns\nsub DNAME www', ['7:1 sub.example. has DNAME and NS: the delegation hides the redirection, which belongs into the zone below (RFC 6672 §2.3)']],
  ];
  for (const [rule, lines, warnings] of cases) it(rule, () => expect(problemsOf(`${HEAD}${lines}\n`)).to.deep.equal(warnings.map((warning) => `warning: ${warning}`)));

  it('no NS at the apex', () => expect(problemsOf('$ORIGIN example.\n@ 1 SOA ns hostmaster 1 2 3 4 60\n')).to.deep.equal(['warning: 2:1 example. has no NS record: a zone names its servers at its apex (RFC 1034 §4.2.1)']));
  it('and TTLs that differ become the least (RFC 2181 §5.2)', () => {
    const found = lookupZone(zoneOf(`${HEAD}www 301 A 192.0.2.2\nwww 300 A 192.0.2.3\nwww 302 A 192.0.2.4\n`), nameOf('www.example.'), typeOf('A'));
    expect(found.kind === 'answer' && found.rrset.records.map(({ ttl }) => ttl)).to.deep.equal([300, 300, 300]);
  });
  it('but not of signatures, which have the TTLs of what they sign (RFC 4034 §3)', () => {
    const sign = (ttl: number, type: string): string => `www ${ttl} RRSIG ${type} 8 2 ${ttl} 20300101000000 20200101000000 1 example. AAAA`;
    const zone = `${HEAD}${sign(300, 'A')}\n${sign(60, 'TXT')}\n`;
    expect(problemsOf(zone)).to.deep.equal([]);
    const found = lookupZone(zoneOf(zone), nameOf('www.example.'), typeOf('RRSIG'));
    expect(found.kind === 'answer' && found.rrset.records.map(({ ttl }) => ttl)).to.deep.equal([300, 60]);
  });
});
