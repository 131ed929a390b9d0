import { expect } from 'chai';
import { createCatalog } from '../../../src/catalog/index.js';
import { createAuthority, createResolver } from '../../../src/dns/index.js';
import { encodeTraceId } from '../../../src/net/dns/account.js';
import type { DnsHandler } from '../../../src/net/dns/message.js';
import { createLog, type LogLine } from '../../../src/observe/log.js';
import { ask, createHandClock, scripted, wire, zoneOf, type AskOptions } from '../../helpers/dns.js';

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
