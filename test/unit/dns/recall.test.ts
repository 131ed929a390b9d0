// An answer made from octets that are kept is, octet for octet, the one that the whole chain makes, and
// everything that counts queries counts the same. Two servers alike, the one always decoding in full.

import { expect } from 'chai';
import { createSeededRandom, type Random } from '../../../src/base/random.js';
import { createCatalog } from '../../../src/catalog/index.js';
import { createAuthority, createCdnZone, createPublisherZone, createResolver, createRouter, createServerCookies, createZoneSet, parseScopeMap, uncheckedHealth, type ZoneSet } from '../../../src/dns/index.js';
import type { PolicyName } from '../../../src/dns/routing.js';
import { createRecallTable, type Kept } from '../../../src/dns/recall-table.js';
import { createAnswerer, isStream, type Answerer } from '../../../src/net/dns/answer.js';
import { createEdns, encodeClientSubnet, encodeCookie, createClientSubnet, NSID_REQUEST, encodePadding, encodeTcpKeepalive, decodeClientSubnet, findOption, OPTION } from '../../../src/net/dns/edns.js';
import { encodeTraceId } from '../../../src/net/dns/account.js';
import { createQuery } from '../../../src/net/dns/build.js';
import type { DnsHandler, DnsReply, EdnsOption, Peer } from '../../../src/net/dns/message.js';
import { OrdinaryQuery, readOrdinary } from '../../../src/net/dns/ordinary.js';
import { decodeMessage, encodeMessage } from '../../../src/net/dns/wire.js';
import { createLog, silentLog } from '../../../src/observe/log.js';
import { CORPUS, readCorpus } from '../../fixtures/dns/corpus.js';
import { createHandClock, nameOf, scripted, single, wire, zoneOf, type HandClock } from '../../helpers/dns.js';
import { itWhen } from '../../helpers/programs.js';

const ZONE = `$ORIGIN example.
$TTL 60
@ SOA ns hostmaster 1 2 3 4 5
@ NS ns
ns A 192.0.2.53
www A 192.0.2.80
www AAAA 2001:db8::80
mail MX 10 www
_sip._tcp SRV 0 0 5060 www
*.wild A 192.0.2.81
*.wild TXT "wild"
alias CNAME www
far CNAME elsewhere.test.
loop CNAME loop2
moved DNAME wild
loop2 CNAME loop
cut NS ns.cut
ns.cut A 192.0.2.54
big TXT ${'"0123456789012345678901234567890123456789012345678901234567890123456789" '.repeat(20)}
`;
/** Nothing delegated, redirected or routed: its plain answers come straight from the octets of the zone. */
const PLAIN_ZONE = `${ZONE.split('\n').filter((line) => !/^(cut|ns\.cut|moved)/.test(line)).join('\n')}
$GENERATE 0-9000 g$ A 192.0.2.9
MiXeD 30 A 192.0.2.1
MiXeD 30 A 192.0.2.2
MiXeD AAAA 2001:db8::2
many TXT ${'"1"\nmany TXT '.repeat(15)}"16"
text TXT "one" "two"
text CAA 0 issue "ca.example"
text TLSA 3 1 1 00
text TYPE999 \\# 2 0102
${Array.from({ length: 20 }, (_, index) => `crowd A 192.0.2.${index}`).join('\n')}
${Array.from({ length: 40 }, (_, index) => `large 60 A 198.51.100.${index}`).join('\n')}
`;
const PLAIN_NAMES = ['mixed.example', 'many.example', 'text.example', 'crowd.example', 'large.example'];
const NAMES = ['.', 'example', 'www.example', 'ns.example', 'mail.example', '_sip._tcp.example', 'a.wild.example', 'b.c.wild.example', 'wild.example', 'alias.example', 'far.example', 'loop.example', 'a.moved.example', 'long.name.moved.example', 'x.cut.example',
  'cut.example', 'big.example', 'nothing.example', 'not.here.example', 'other.test', 'version.bind', 'file1.hercdn.com', 'file2.hercdn.com', 'video.hercdn.com', '_http._tcp.file1.hercdn.com', 'store-a.hercdn.com', 'file1.hiscinema.com', '_http._tcp.video.hiscinema.com', 'hiscinema.com'];
const TYPES = [1, 1, 1, 28, 2, 5, 6, 15, 16, 33, 43, 255, 251, 252, 41, 65_280, 999];

interface Party {
  readonly clock: HandClock;
  readonly lines: string[];
  readonly answer: Answerer;
  readonly set: ZoneSet;
}

/** As an authority is in the product, all layers on; `whole`: what recognises ordinary queries is not there. */
function authority(whole: boolean, { perSecond = 1_000_000, nsid = 'here', plain = false, policies = ['round-robin'] as readonly PolicyName[] } = {}): Party {
  const clock = createHandClock();
  const lines: string[] = [];
  const stores = ['store-a', 'store-b', 'store-c'].map((id, index) => ({ id, endpoint: { address: `10.0.0.${index + 1}`, port: 1 } }));
  const map = parseScopeMap('192.0.2.0/24 store-b\n198.51.100.0/24 store-a | store-b\n2001:db8::/32 store-b\n', new Set(stores.map(({ id }) => id)));
  if (map.kind === 'invalid') throw new Error('the map');
  const router = createRouter({ policies, locate: map.locate, take: { least: 1, most: 3 } }, { clock, health: uncheckedHealth });
  const catalog = createCatalog(['video1.mp4', 'video2.mp4']);
  const here = { address: '127.0.0.1', port: 1 };
  const set = plain ? createZoneSet([zoneOf(PLAIN_ZONE)]) : createZoneSet([zoneOf(ZONE), createCdnZone({ catalog, stores, authority: here, serial: 1, router }), createPublisherZone({ catalog, portal: here, authority: here, serial: 1 })]);
  const log = createLog(({ message, facts }) => lines.push(`${message} ${JSON.stringify(facts)}`));
  const cookies = createServerCookies({ clock, random: createSeededRandom(9) });
  const handler = createAuthority({ zones: set, cookies, rateLimit: { perSecond, seed: 7 }, identity: { nsid, version: 'test' } }, { clock, log });
  return { clock, lines, set, answer: createAnswerer(whole ? inFull(handler) : handler, log, { tcpIdleMs: 5000 }) };
}

/** The handler as it sees every query that is out of the ordinary. */
function inFull(handler: DnsHandler): DnsHandler {
  const full: DnsHandler = (query, peer) => {
    if (!(query instanceof OrdinaryQuery)) return handler(query, peer);
    const decoded = decodeMessage(query.octets);
    const question = decoded.kind === 'message' ? decoded.message.questions[0] : undefined;
    if (decoded.kind !== 'message' || !question) throw new Error('an ordinary query that cannot be decoded');
    return handler({ message: decoded.message, question }, peer);
  };
  return Object.assign(full, { recursive: handler.recursive === true });
}

const PEERS: readonly Peer[] = (['127.0.0.1', '192.0.2.7', '198.51.100.9', '2001:db8::1'] as const).flatMap((address) =>
  (['udp', 'tcp'] as const).map((transport) => ({ remote: { address, port: 4321 }, local: { address: '127.0.0.1', port: 53 }, transport })));

function pick<T>(random: Random, among: readonly T[]): T {
  return among[random.int(among.length)] as T;
}

function optionsBy(random: Random): readonly EdnsOption[] {
  const subnet = createClientSubnet(pick(random, ['192.0.2.0', '198.51.100.0', '2001:db8::', '203.0.113.0']), pick(random, [0, 16, 24, 32]));
  const all: readonly EdnsOption[] = [
    ...(subnet ? [encodeClientSubnet(subnet)] : []), NSID_REQUEST, encodePadding(random.int(20)), encodeTcpKeepalive({ timeoutMs: undefined }), encodeTraceId('0123456789abcdef0123456789abcdef'),
    encodeCookie({ client: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), server: new Uint8Array(0) }), encodeCookie({ client: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), server: random.bytes(16) }), { code: 65_002, data: random.bytes(3) },
  ];
  return all.filter(() => random.int(5) === 0);
}

/** Any query that a client may send, its name in any letter case. */
function queryBy(random: Random, names = NAMES): Uint8Array {
  const name = Array.from(pick(random, names), (letter) => (random.int(3) === 0 ? letter.toUpperCase() : letter)).join('');
  const edns = random.int(2) === 0 ? undefined : createEdns({ udpPayloadSize: pick(random, [0, 512, 900, 1232, 4096, 65_535]), dnssecOk: random.int(2) === 0, version: random.int(20) === 0 ? 1 : 0, options: optionsBy(random) });
  const message = createQuery({ name: nameOf(name), type: pick(random, TYPES), class: pick(random, [1, 1, 1, 1, 1, 1, 3, 255]), id: random.int(65_536), recursionDesired: random.int(2) === 0, edns });
  const octets = encodeMessage({ ...message, checkingDisabled: random.int(4) === 0, authenticData: random.int(4) === 0, authoritative: random.int(9) === 0, truncated: random.int(9) === 0 });
  // One octet of it may be any other.
  if (random.int(20) === 0) octets[random.int(octets.length)] = random.int(256);
  return octets;
}

async function octetsOf(answer: Answerer, query: Uint8Array, peer: Peer): Promise<string> {
  const answered = await answer(query, peer);
  if (answered === undefined) return 'nothing';
  return isStream(answered) ? Array.from(answered, (octets) => Buffer.from(octets).toString('hex')).join(' ') : Buffer.from(answered).toString('hex');
}

async function expectAlike(parties: readonly [Party, Party], query: Uint8Array, peer: Peer): Promise<void> {
  const [known, whole] = await Promise.all(parties.map(({ answer }) => octetsOf(answer, query, peer)));
  if (known !== whole) expect(known, `${Buffer.from(query).toString('hex')} from ${peer.remote.address} over ${peer.transport}`).to.equal(whole);
}

describe('answers recalled', () => {
  it('are the octets of the whole chain for 8,000 queries, and so are transcript, choices, limits and cookies', async () => {
    const random = createSeededRandom(1);
    const parties = [authority(false), authority(true)] as const;
    for (let count = 0; count < 8000; count += 1) await expectAlike(parties, queryBy(random), pick(random, PEERS));
    expect(parties[0].lines).to.have.length.greaterThan(5000).and.deep.equal(parties[1].lines);
  }).timeout(60_000);

  for (const policies of [['weighted'], ['nearest', 'rendezvous'], ['rtt', 'failover']] as const) {
    it(`and so are those routed by ${policies.join(' and ')}`, async () => {
      const random = createSeededRandom(6);
      const parties = [authority(false, { policies }), authority(true, { policies })] as const;
      const routed = NAMES.filter((name) => name.includes('hercdn'));
      for (let count = 0; count < 600; count += 1) {
        await expectAlike(parties, queryBy(random, routed), pick(random, PEERS));
        if (count % 100 === 99) for (const { clock } of parties) clock.advance(5000);
      }
      expect(parties[0].lines).to.deep.equal(parties[1].lines);
    }).timeout(60_000);
  }

  it('and where the rate limit bites, the same answers are cut or dropped', async () => {
    const random = createSeededRandom(2);
    const parties = [authority(false, { perSecond: 5 }), authority(true, { perSecond: 5 })] as const;
    for (let count = 0; count < 3000; count += 1) {
      await expectAlike(parties, queryBy(random), pick(random, PEERS));
      if (count % 100 === 99) for (const { clock } of parties) clock.advance(500);
    }
    expect(parties[0].lines.some((line) => line.startsWith('over the rate limit'))).to.equal(true);
    expect(parties[0].lines).to.deep.equal(parties[1].lines);
  }).timeout(60_000);

  for (const perSecond of [1_000_000, 20]) {
    it(`and so are those that come straight from a zone, at a limit of ${perSecond}`, async () => {
      const random = createSeededRandom(5);
      const parties = [authority(false, { plain: true, perSecond }), authority(true, { plain: true, perSecond })] as const;
      for (let count = 0; count < 4000; count += 1) {
        await expectAlike(parties, queryBy(random, [...NAMES.slice(0, 18), ...PLAIN_NAMES, ...PLAIN_NAMES]), pick(random, PEERS));
        if (count % 100 === 99) for (const { clock } of parties) clock.advance(500);
      }
      expect(parties[0].lines).to.deep.equal(parties[1].lines);
    }).timeout(60_000);
  }

  it('end with the zone they were made from', async () => {
    const parties = [authority(false), authority(true)] as const;
    const query = encodeMessage(createQuery({ name: nameOf('www.example'), type: 1, id: 1, recursionDesired: false }));
    const peer = PEERS[0]!;
    await expectAlike(parties, query, peer);
    const before = await octetsOf(parties[0].answer, query, peer);
    for (const { set } of parties) set.swap(zoneOf(ZONE.replace('192.0.2.80', '192.0.2.99')));
    await expectAlike(parties, query, peer);
    expect(await octetsOf(parties[0].answer, query, peer)).to.not.equal(before);
  });

  itWhen(CORPUS, 'the corpus of hostile packets', 'are the octets of the whole chain for every hostile packet there is, asked twice', async () => {
    const parties = [authority(false), authority(true)] as const;
    for (const octets of readCorpus()) for (let count = 0; count < 2; count += 1) await expectAlike(parties, octets, PEERS[0]!);
  });

  it('of the cache are those of the whole chain while the seconds go by', async () => {
    const random = createSeededRandom(3);
    const names = ['www.hiscinema.com', 'far.hiscinema.com', 'no.hiscinema.com', 'localhost', 'else.test'];
    const party = (whole: boolean): Party => {
      const clock = createHandClock();
      const lines: string[] = [];
      const log = createLog(({ message, facts }) => lines.push(`${message} ${JSON.stringify(facts)}`));
      const upstream = wire({ '127.0.0.1:1': (query, peer) => scripted(query.question.name.key.includes('no') ? { rcode: 3, authorities: ['hiscinema.com. 9 SOA a.test. b.test. 1 2 3 4 7'] } : { answers: [`${query.question.name.toString()} 12 A 127.0.0.2`, `${query.question.name.toString()} 12 A 127.0.0.3`] })(query, peer) });
      const handler = createResolver({ authorities: [{ zone: 'hiscinema.com', endpoint: { address: '127.0.0.1', port: 1 } }], tailoredZones: ['far.hiscinema.com'] }, { clock, log, exchange: upstream.exchange });
      return { clock, lines, set: createZoneSet([]), answer: createAnswerer(whole ? inFull(handler) : handler, log) };
    };
    const parties = [party(false), party(true)] as const;
    for (let count = 0; count < 2000; count += 1) {
      await expectAlike(parties, queryBy(random, names), pick(random, PEERS));
      if (count % 40 === 39) for (const { clock } of parties) clock.advance(1000);
    }
    expect(parties[0].lines).to.deep.equal(parties[1].lines);
  }).timeout(60_000);

  it('of the cache end no later than what they were made of', async () => {
    const clock = createHandClock();
    const { exchange, sent } = wire({ '127.0.0.1:1': scripted({ answers: ['www.hiscinema.com. 12 A 127.0.0.2'] }) });
    const answer = createAnswerer(createResolver({ authorities: [{ zone: 'hiscinema.com', endpoint: { address: '127.0.0.1', port: 1 } }] }, { clock, log: silentLog, exchange }), silentLog);
    const query = encodeMessage(createQuery({ name: nameOf('www.hiscinema.com'), type: 1, id: 1, recursionDesired: true }));
    for (let at = 0; at < 119; at += 1) {
      await octetsOf(answer, query, PEERS[0]!);
      clock.advance(100);
    }
    expect(sent).to.have.length(1);
    clock.advance(100);
    await octetsOf(answer, query, PEERS[0]!);
    expect(sent).to.have.length(2);
  });

  it('of the cache for one network are not given to another', async () => {
    const authority: DnsHandler = (query, peer) => {
      const option = findOption(query.message.edns, OPTION.CLIENT_SUBNET);
      const subnet = option && decodeClientSubnet(option);
      if (!subnet) return scripted({ answers: ['www.hiscinema.com. 60 A 10.0.0.9'] })(query, peer);
      const scoped = createEdns({ options: [encodeClientSubnet({ ...subnet, scopePrefixLength: 24 })] });
      return { ...single(scripted({ answers: [`www.hiscinema.com. 60 A 10.0.0.${subnet.address[0] === 192 ? 1 : 2}`] })(query, peer) as DnsReply), edns: scoped };
    };
    const { exchange } = wire({ '127.0.0.1:1': authority });
    const handler = createResolver({ authorities: [{ zone: 'hiscinema.com', endpoint: { address: '127.0.0.1', port: 1 } }], tailoredZones: ['hiscinema.com'] }, { clock: createHandClock(), log: silentLog, exchange });
    const answer = createAnswerer(handler, silentLog);
    const query = encodeMessage(createQuery({ name: nameOf('www.hiscinema.com'), type: 1, id: 1, recursionDesired: true }));
    const said: string[] = [];
    for (const index of [0, 0, 2, 2, 4, 4, 0, 2, 4]) said.push((await octetsOf(answer, query, PEERS[index]!)).slice(-2));
    expect(said.join(' ')).to.equal('09 09 01 01 02 02 09 01 02');
  });

  it('are kept in a table that does not grow', () => {
    const table = createRecallTable<Kept>(16);
    const queries = Array.from({ length: 100 }, (_, index) => readOrdinary(encodeMessage(createQuery({ name: nameOf(`n${index}.example`), type: 1, id: 1, recursionDesired: false }))) as OrdinaryQuery);
    const keep = (query: OrdinaryQuery): void => table.keep(query, { section: query.sectionKey(), used: false });
    queries.forEach(keep);
    expect(queries.filter((query) => table.find(query) !== undefined)).to.have.length.within(8, 16);
  });

  it('are none that a datagram has no room for: made-up names of a wildcard would keep 64 KB each', () => {
    const set = createZoneSet([zoneOf(`$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n*.small TXT "small"\n*.large TXT ${`"${'x'.repeat(250)}" `.repeat(200)}\n`)]);
    const handler = createAuthority({ zones: set }, { clock: createHandClock(), log: silentLog });
    const isKept = (name: string): boolean => {
      const query = readOrdinary(encodeMessage(createQuery({ name: nameOf(name), type: 16, id: 1, recursionDesired: false }))) as OrdinaryQuery;
      const reply = handler(query, { remote: { address: '192.0.2.1', port: 4242 }, local: { address: '127.0.0.1', port: 53 }, transport: 'tcp' });
      return 'shared' in reply;
    };
    expect([isKept('a.small.example'), isKept('a.large.example')]).to.deep.equal([true, false]);
  });

  it('give way to others when nobody asks for them, and not before', () => {
    const table = createRecallTable<Kept>(2);
    const [favourite, ...others] = Array.from({ length: 50 }, (_, index) => readOrdinary(encodeMessage(createQuery({ name: nameOf(`n${index}.example`), type: 1, id: 1, recursionDesired: false }))) as OrdinaryQuery);
    table.keep(favourite!, { section: favourite!.sectionKey(), used: false });
    for (const query of others) {
      expect(table.find(favourite!)).to.not.equal(undefined);
      table.keep(query, { section: query.sectionKey(), used: false });
    }
  });
});

describe('an ordinary query', () => {
  it('has the values that decoding in full gives', () => {
    const random = createSeededRandom(4);
    let ordinary = 0;
    for (let count = 0; count < 2000; count += 1) {
      const octets = queryBy(random);
      const query = readOrdinary(octets);
      const decoded = decodeMessage(octets);
      if (!query) continue;
      ordinary += 1;
      if (decoded.kind !== 'message') throw new Error(`taken for ordinary: ${Buffer.from(octets).toString('hex')}`);
      const { message } = decoded;
      for (const key of Object.keys(message) as (keyof typeof message)[]) {
        if (key !== 'questions') expect(query[key], key).to.deep.equal(message[key]);
      }
      expect(query.question.name.wire).to.deep.equal(message.questions[0]?.name.wire);
      for (const code of [...Object.values(OPTION), 65_001, 65_002]) expect(query.option(code), `option ${code}`).to.deep.equal(findOption(message.edns, code));
      expect([query.question.type, query.question.class]).to.deep.equal([message.questions[0]?.type, message.questions[0]?.class]);
    }
    expect(ordinary).to.be.greaterThan(1200);
  });
});
