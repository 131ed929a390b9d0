import { expect } from 'chai';
import { createCatalog } from '../../../src/catalog/index.js';
import { createAuthority, createResolver } from '../../../src/dns/index.js';
import { encodeTraceId } from '../../../src/net/dns/account.js';
import type { DnsHandler } from '../../../src/net/dns/message.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { ask, askAnything, createHandClock, scripted, wire, zoneOf, type AskOptions } from '../../helpers/dns.js';

const TRACE = '0123456789abcdef0123456789abcdef';

describe("the local DNS's transcript", () => {
  const tell = async (authority: DnsHandler | undefined, questions: readonly string[], options?: AskOptions): Promise<readonly LogLine[]> => {
    const lines: LogLine[] = [];
    const handler = createResolver(
      { authorities: [{ zone: 'hiscinema.com', endpoint: { address: '127.0.0.1', port: 40_723 } }], catalog: createCatalog(['video1.mp4']) },
      { clock: createHandClock(), log: createLog((line) => lines.push(line)), exchange: wire(authority ? { '127.0.0.1:40723': authority } : {}).exchange },
    );
    for (const question of questions) await ask(handler, question, options);
    return lines;
  };
  const A = scripted({ answers: ['file1.hiscinema.com. 60 A 127.0.0.2'] });

  it('tells of a video by its title, in the words of the original', async () =>
    expect((await tell(A, ['A file1.hiscinema.com'])).map(({ message }) => message)).to.deep.equal([
      'Local DNS Received Message: hiscinema.com/File1  (A file1.hiscinema.com)\n',
      "Received data from this address: ('127.0.0.1', 57797)",
      'Resolving the DNS query now..',
      'Query Resolved - Sending back to the client',
    ]));
  it('tells of any other name in one line', async () =>
    expect((await tell(A, ['SRV _http._tcp.file1.hiscinema.com'])).map(({ message }) => message)).to.deep.equal([
      'Local DNS: SRV _http._tcp.file1.hiscinema.com from 127.0.0.1:57797 -> no data',
    ]));

  const outcomes: readonly (readonly [case_: string, authority: DnsHandler | undefined, question: string, sentence: string])[] = [
    ['no such video', scripted({ rcode: 3 }), 'A file1.hiscinema.com', 'Query Resolved: no such name - Sending NXDOMAIN back to the client'],
    ['no video of that type', scripted({}), 'A file1.hiscinema.com', 'Query Resolved: no data of this type - Sending back to the client'],
    ['nobody to ask about a video', undefined, 'A file1.hiscinema.com', 'Query Failed - Sending SERVFAIL back to the client: the authority of hiscinema.com at 127.0.0.1:40723 does not answer'],
    ['more than anybody reads', scripted({ answers: [`x.hiscinema.com. 60 TXT ${`${'y'.repeat(200)} `.repeat(40).trim()}`] }), 'TXT x.hiscinema.com', 'Local DNS: TXT x.hiscinema.com from 127.0.0.1:57797 -> TXT of 8000 octets'],
    ['no such name', scripted({ rcode: 3 }), 'A x.hiscinema.com', 'Local DNS: A x.hiscinema.com from 127.0.0.1:57797 -> NXDOMAIN'],
    ['nobody there', undefined, 'A x.hiscinema.com', 'Local DNS: A x.hiscinema.com from 127.0.0.1:57797 -> SERVFAIL: the authority of hiscinema.com at 127.0.0.1:40723 does not answer'],
    ['not its zone', A, 'A www.example.com', 'Local DNS: A www.example.com from 127.0.0.1:57797 -> REFUSED: no authority is configured for www.example.com'],
    ['not its business', A, 'AXFR hiscinema.com', 'Local DNS: AXFR hiscinema.com from 127.0.0.1:57797 -> REFUSED: zones are not transferred'],
  ];
  for (const [title, authority, question, sentence] of outcomes) it(title, async () => expect((await tell(authority, [question])).at(-1)?.message).to.equal(sentence));

  it('has facts for machines, the cache and the trace among them', async () => {
    const lines = await tell(A, ['A file1.hiscinema.com', 'A file1.hiscinema.com'], { options: [encodeTraceId(TRACE)] });
    const facts = { qname: 'file1.hiscinema.com.', qtype: 'A', peer: '127.0.0.1:57797', transport: 'udp', traceId: TRACE };
    expect(lines.map((line) => line.facts)).to.deep.equal([facts, facts, facts, { ...facts, rcode: 'NOERROR', ms: 0, cached: false }, facts, facts, facts, { ...facts, rcode: 'NOERROR', ms: 0, cached: true }]);
  });
  it('cannot be forged by a name', async () => expect((await tell(A, ['A a\\010b\\027[31m.hiscinema.com']))[0]?.message).to.equal('Local DNS: A a\\010b\\027[31m.hiscinema.com from 127.0.0.1:57797 -> no data'));
});

describe("an authority's transcript", () => {
  const zone = zoneOf('$ORIGIN hiscinema.com.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\nfile1 CNAME file1.hercdn.com.\nsub NS ns.example.org.\nmany A 192.0.2.1\nmany A 192.0.2.2\nmany A 192.0.2.3\nmany A 192.0.2.4\nmany A 192.0.2.5\nmany A 192.0.2.6\n');
  const cases: readonly (readonly [question: string, sentence: string])[] = [
    ['A file1.hiscinema.com', 'Authority hiscinema.com: A file1.hiscinema.com from 127.0.0.1:57797 -> CNAME file1.hercdn.com'],
    ['A x.hiscinema.com', 'Authority hiscinema.com: A x.hiscinema.com from 127.0.0.1:57797 -> NXDOMAIN'],
    ['AAAA ns.hiscinema.com', 'Authority hiscinema.com: AAAA ns.hiscinema.com from 127.0.0.1:57797 -> no data'],
    ['A x.sub.hiscinema.com', 'Authority hiscinema.com: A x.sub.hiscinema.com from 127.0.0.1:57797 -> referral to sub.hiscinema.com'],
    ['A many.hiscinema.com', 'Authority hiscinema.com: A many.hiscinema.com from 127.0.0.1:57797 -> A 192.0.2.1, A 192.0.2.2, A 192.0.2.3, A 192.0.2.4, 2 more'],
    ['A www.example.org', 'Authority hiscinema.com: A www.example.org from 127.0.0.1:57797 -> REFUSED: not an authority for www.example.org.'],
  ];
  for (const [question, sentence] of cases) {
    it(sentence, async () => {
      const lines: LogLine[] = [];
      await ask(createAuthority({ zones: [zone] }, { clock: createHandClock(), log: createLog((line) => lines.push(line)) }), question, { options: [encodeTraceId(TRACE)] });
      expect(lines.map(({ message }) => message)).to.deep.equal([sentence]);
      expect(lines[0]?.facts).to.deep.include({ traceId: TRACE });
    });
  }
});

describe('the transcript of a flood', () => {
  const flood = async (least: 'debug' | 'info' | 'warn') => {
    const lines: LogLine[] = [];
    const clock = createHandClock();
    const handler = createAuthority({ zones: [zoneOf('$ORIGIN example.\n@ 60 SOA ns hostmaster 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n')] }, { clock, log: createLog((line) => lines.push(line), undefined, least) });
    for (let count = 0; count < 1300; count += 1) await askAnything(handler, 'A ns.example');
    return { lines, clock, handler };
  };

  it('is a burst, then how many more there were; and after a while it is told again', async () => {
    const { lines, clock, handler } = await flood('info');
    expect(lines).to.have.length(200);
    clock.advance(1000);
    expect(lines.at(-1)?.message).to.equal('Authority example: … and 1,100 more queries in the last second (--verbose tells each)');
    expect(lines.at(-1)?.facts).to.deep.equal({ queries: 1100 });
    for (let count = 0; count < 21; count += 1) await askAnything(handler, 'A ns.example');
    expect(lines).to.have.length(221);
    clock.advance(1000);
    expect(lines.at(-1)?.message).to.contain('and 1 more query in');
    for (let second = 0; second < 20; second += 1) clock.advance(1000);
    for (let count = 0; count < 200; count += 1) await askAnything(handler, 'A ns.example');
    expect(lines).to.have.length(422);
  });
  it('is told whole with --verbose', async () => expect((await flood('debug')).lines).to.have.length(1300));
  it('is not told with --quiet', async () => expect((await flood('warn')).lines).to.have.length(0));
});
