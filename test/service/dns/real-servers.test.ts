// The local DNS before name servers of other houses, and theirs before ours: knot delegates to nsd, and
// our local DNS follows; unbound, told to send client subnets, resolves what our authorities serve.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../../src/base/clock.js';
import { createCatalog } from '../../../src/catalog/index.js';
import { loadZoneFile } from '../../../src/dns/index.js';
import type { Endpoint } from '../../../src/net/address.js';
import { createQuery } from '../../../src/net/dns/build.js';
import { createClientSubnet, createEdns, decodeClientSubnet, encodeClientSubnet, findOption, OPTION } from '../../../src/net/dns/edns.js';
import type { DnsMessage, EdnsOption } from '../../../src/net/dns/message.js';
import { nameOf, summary, typeOf } from '../../helpers/dns.js';
import { useParties } from '../../helpers/dns-parties.js';
import { freePort } from '../../helpers/free-port.js';
import { startKnot, startNsd } from '../../helpers/name-servers.js';
import { PROJECT, useProcesses } from '../../helpers/process.js';
import { findProgram, itWith } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';

const LONG = 'x'.repeat(63);
const PARENT = `$ORIGIN example.org.
$TTL 300
@ SOA ns h 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
*.wild TXT "any"
a.b.ent A 192.0.2.2
alias CNAME www
far CNAME www.sub
chain CNAME chain2
chain2 CNAME www
loop CNAME loop2
loop2 CNAME loop
big TXT ${Array.from({ length: 12 }, () => `"${'y'.repeat(200)}"`).join(' ')}
${LONG}.${LONG}.${LONG}.${'z'.repeat(49)} A 192.0.2.3
sub NS ns.sub
ns.sub A 127.0.0.1
moved DNAME sub
`;
const CHILD = `$ORIGIN sub.example.org.
$TTL 300
@ SOA ns h 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.4
www AAAA 2001:db8::4
up CNAME www.example.org.
`;

describe('between name servers of other houses,', function () {
  this.timeout(60_000);
  const parties = useParties();
  const processes = useProcesses();
  const tempFolder = useTempFolders();

  const query = async (server: Endpoint, question: string, options: readonly EdnsOption[] = []): Promise<DnsMessage> => {
    const [type = '', name = ''] = question.split(' ');
    const message = createQuery({ name: nameOf(name), type: typeOf(type), id: 0, recursionDesired: true, edns: createEdns({ options }) });
    return (await parties.exchange(server, message, { timeoutMs: 10_000, mixCase: true })).message;
  };

  itWith('nsd', `the local DNS follows delegations from ${findProgram('knotd') ? 'knot' : 'one nsd'} to nsd`, async (nsd) => {
    const start = async (what: string, program: string, apex: string, text: string): Promise<Endpoint> => {
      const folder = await tempFolder();
      const file = path.join(folder, `${what}.zone`);
      await writeFile(file, text);
      const options = { program, folder, zones: [{ apex, file }], start: processes.start };
      return program.endsWith('knotd') ? startKnot(options) : startNsd(options);
    };
    const parent = await start('parent', findProgram('knotd') ?? nsd, 'example.org.', PARENT);
    const child = await start('child', nsd, 'sub.example.org.', CHILD);
    const local = await parties.localDns([{ zone: 'example.org', endpoint: parent }], systemClock, { referralPort: child.port });
    const SOA = 'SOA ns.example.org. h.example.org. 1 3600 600 86400 60';
    const cases: readonly (readonly [question: string, answer: string])[] = [
      ['A www.example.org.', 'NOERROR ra | www.example.org. 300 A 192.0.2.1'],
      ['A WWW.Example.ORG.', 'NOERROR ra | WWW.Example.ORG. 300 A 192.0.2.1'],
      ['TXT x.wild.example.org.', 'NOERROR ra | x.wild.example.org. 300 TXT "any"'],
      ['A b.ent.example.org.', `NOERROR ra |  | example.org. 60 ${SOA}`],
      ['A nothing.example.org.', `NXDOMAIN ra |  | example.org. 60 ${SOA}`],
      ['A below.nothing.example.org.', `NXDOMAIN ra |  | example.org. 60 ${SOA}`],
      ['AAAA www.example.org.', `NOERROR ra |  | example.org. 60 ${SOA}`],
      ['A chain.example.org.', 'NOERROR ra | chain.example.org. 300 CNAME chain2.example.org. + chain2.example.org. 300 CNAME www.example.org. + www.example.org. 300 A 192.0.2.1'],
      ['A loop.example.org.', 'SERVFAIL ra'],
      ['A www.sub.example.org.', 'NOERROR ra | www.sub.example.org. 300 A 192.0.2.4'],
      ['AAAA www.sub.example.org.', 'NOERROR ra | www.sub.example.org. 300 AAAA 2001:db8::4'],
      ['A far.example.org.', 'NOERROR ra | far.example.org. 300 CNAME www.sub.example.org. + www.sub.example.org. 300 A 192.0.2.4'],
      ['A up.sub.example.org.', 'NOERROR ra | up.sub.example.org. 300 CNAME www.example.org. + www.example.org. 300 A 192.0.2.1'],
      ['A www.moved.example.org.', 'NOERROR ra | www.moved.example.org. 300 CNAME www.sub.example.org. + www.sub.example.org. 300 A 192.0.2.4'],
      ['A nothing.sub.example.org.', 'NXDOMAIN ra |  | sub.example.org. 60 SOA ns.sub.example.org. h.sub.example.org. 1 3600 600 86400 60'],
      ['SOA sub.example.org.', 'NOERROR ra | sub.example.org. 300 SOA ns.sub.example.org. h.sub.example.org. 1 3600 600 86400 60'],
    ];
    for (const [question, answer] of cases) {
      expect(summary(await query(local, question)).replaceAll(/ 299 /g, ' 300 ').replaceAll(/ 59 /g, ' 60 '), question).to.equal(answer);
    }
    expect((await query(local, 'TXT big.example.org.')).answers).to.have.length(1);
    const longest = nameOf(`${LONG}.${LONG}.${LONG}.${'z'.repeat(49)}.example.org.`);
    expect(longest.wire).to.have.length(255);
    expect((await query(local, `A ${longest}`)).answers).to.have.length(1);
  });

  itWith('unbound', 'unbound resolves what our authorities serve, client subnets on, without a complaint', async (unbound) => {
    const stores = [1, 2, 3].map((number) => ({ id: `store-${number}`, endpoint: { address: `127.0.0.${number}`, port: 40_721 } }));
    const network = await parties.network(stores, createCatalog(['video1.mp4', 'video2.mp4', 'video3.mp4']));
    const files = ['dname', 'deep', 'plain', 'wild'];
    const zones = await Promise.all(files.map((zone) => loadZoneFile(path.join(PROJECT, `test/fixtures/zones/${zone}.test.zone`), { clock: systemClock })));
    const own = await parties.authority(zones);
    const folder = await tempFolder();
    const port = await freePort();
    const file = path.join(folder, 'unbound.conf');
    const stub = (zone: string, { port: at }: Endpoint): string => `stub-zone:\n  name: "${zone}"\n  stub-addr: 127.0.0.1@${at}\n  stub-no-cache: no\n`;
    await writeFile(file, `server:
  interface: 127.0.0.1
  port: ${port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 2
  log-servfail: yes
  num-threads: 1
  do-not-query-localhost: no
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
  client-subnet-always-forward: yes
  use-caps-for-id: yes
  harden-referral-path: no
  qname-minimisation: yes
  harden-below-nxdomain: yes
  local-zone: "test." nodefault
remote-control:
  control-enable: no
${stub('hiscinema.com', network.publisher)}${stub('hercdn.com', network.cdn)}${files.map((zone) => stub(`${zone}.test`, own)).join('')}`);
    const running = processes.start(unbound, ['-d', '-p', '-c', file]);
    await running.printed(/start of service/);
    const server = { address: '127.0.0.1', port };
    const subnet = createClientSubnet('198.51.100.0', 24);
    if (!subnet) throw new Error('no subnet');
    for (const options of [[], [encodeClientSubnet(subnet)]]) {
      for (const label of ['file1', 'file2', 'file3', 'video']) {
        const message = await query(server, `A ${label}.hiscinema.com.`, options);
        expect(summary(message), label).to.match(new RegExp(`^NOERROR ra \\| ${label}\\.hiscinema\\.com\\. \\d+ CNAME ${label}\\.hercdn\\.com\\. \\+ ${label}\\.hercdn\\.com\\. \\d+ A 127\\.0\\.0\\.[123]`));
        expect((await query(server, `SRV _http._tcp.${label}.hiscinema.com.`, options)).answers.length, `SRV of ${label}`).to.be.at.least(2);
        expect(summary(await query(server, `AAAA ${label}.hiscinema.com.`, options)), `AAAA of ${label}`).to.match(/^NOERROR ra/);
        const option = findOption((await query(server, `A ${label}.hercdn.com.`, options)).edns, OPTION.CLIENT_SUBNET);
        if (options.length > 0) expect(option && decodeClientSubnet(option)?.sourcePrefixLength).to.equal(24);
      }
      for (const [question, rcode] of [['A hiscinema.com.', 0], ['A www.hiscinema.com.', 0], ['NS hercdn.com.', 0], ['SOA hiscinema.com.', 0], ['TYPE65280 file1.hercdn.com.', 0], ['A nothing.hercdn.com.', 3], ['A a.b.nothing.hiscinema.com.', 3], ['TXT hiscinema.com.', 0]] as const) {
        expect((await query(server, question, options)).rcode, question).to.equal(rcode);
      }
    }
    const others: readonly (readonly [question: string, rcode: number, answers: number])[] = [
      ['A a.moved.dname.test.', 0, 3], ['A host.c1.dname.test.', 0, 5], ['A none.moved.dname.test.', 3, 2], ['TXT x.w.moved.dname.test.', 0, 3], ['A www.cross.dname.test.', 0, 5],
      ['TXT x.deep.test.', 0, 1], ['TXT x.b.a.deep.test.', 0, 1], ['A y.c.b.a.deep.test.', 0, 1], ['TXT q.al2.deep.test.', 0, 3], ['A g.f.e.d.deep.test.', 0, 0], ['A nothing.f.e.d.deep.test.', 0, 0],
      ['A www.plain.test.', 0, 3], ['TXT anything.wild.test.', 0, 1], ['A x.onward.wild.test.', 0, 2],
    ];
    for (const [question, rcode, answers] of others) {
      const message = await query(server, question);
      expect([message.rcode, message.answers.length], `${question} ${summary(message)}`).to.deep.equal([rcode, answers]);
    }
    expect(running.stderr()).to.match(/resolving file1\.hercdn\.com\. A IN/i);
    const complaints = running.stderr().split('\n').filter((line) => / (warning|error|fatal)|SERVFAIL|\blame\b|sanitize|scrub|THROWAWAY|caps|mismatch|timeout/i.test(line) && !/info: response for|subnetcache: (prefetch|serve)/.test(line));
    expect(complaints.join('\n')).to.equal('');
  });
});
