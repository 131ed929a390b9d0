// Processor time that an answer takes between two sockets: from the octets of a query to those of its
// answer, with every layer of the server on and no socket. What bench:dns shows beyond echo is this.

import { parseArgs } from 'node:util';
import type * as BaseClock from '../../src/base/clock.js';
import type * as BaseRandom from '../../src/base/random.js';
import type * as Catalog from '../../src/catalog/index.js';
import type * as Dns from '../../src/dns/index.js';
import type * as DnsZoneFile from '../../src/dns/zone-file.js';
import type * as NetDnsAnswer from '../../src/net/dns/answer.js';
import type * as NetDnsBuild from '../../src/net/dns/build.js';
import type * as NetDnsEdns from '../../src/net/dns/edns.js';
import type * as NetDnsName from '../../src/net/dns/name.js';
import type * as NetDnsWire from '../../src/net/dns/wire.js';
import type * as ObserveLog from '../../src/observe/log.js';
import type { Answerer } from '../../src/net/dns/answer.js';
import type { DnsExchange } from '../../src/net/dns/exchange.js';
import type { DnsHandler, EdnsOption, Peer } from '../../src/net/dns/message.js';
import type { Zone } from '../../src/dns/index.js';
import { built } from './built.js';
import { median } from './measure.js';

const { systemClock } = await built<typeof BaseClock>('base/clock.js');
const { createSeededRandom } = await built<typeof BaseRandom>('base/random.js');
const { createCatalog } = await built<typeof Catalog>('catalog/index.js');
const { createAuthority, createCdnZone, createResolver, createRouter, createServerCookies, createZoneSet, parseScopeMap, uncheckedHealth } = await built<typeof Dns>('dns/index.js');
const { parseZone } = await built<typeof DnsZoneFile>('dns/zone-file.js');
const { createAnswerer, isStream } = await built<typeof NetDnsAnswer>('net/dns/answer.js');
const { createQuery } = await built<typeof NetDnsBuild>('net/dns/build.js');
const { createClientSubnet, createEdns, encodeClientSubnet, NSID_REQUEST } = await built<typeof NetDnsEdns>('net/dns/edns.js');
const { Name } = await built<typeof NetDnsName>('net/dns/name.js');
const { decodeMessage, encodeMessage } = await built<typeof NetDnsWire>('net/dns/wire.js');
const { createLog } = await built<typeof ObserveLog>('observe/log.js');

interface Scenario {
  readonly name: string;
  readonly answer: Answerer;
  readonly queries: readonly Uint8Array[];
}

const LOCAL = { address: '127.0.0.1', port: 53 };
const COOKIE = 10;
const ROUND = 200_000;
const silent = createLog(() => undefined, undefined, 'info');
const env = { clock: systemClock, log: silent };

const peerOf = (address = '127.0.0.1'): Peer => ({ remote: { address, port: 4321 }, local: LOCAL, transport: 'udp' });

function query(text: string, id: number, options?: readonly EdnsOption[]): Uint8Array {
  const name = Name.parse(text);
  if (!name) throw new Error(`no name: ${text}`);
  return encodeMessage(createQuery({ name, type: 1, id, recursionDesired: true, ...(options && { edns: createEdns({ options }) }) }));
}

/** Every layer that `cdn dns` has on unless told otherwise. */
function serve(zones: readonly Zone[]): Answerer {
  const cookies = createServerCookies({ clock: systemClock, random: createSeededRandom(1) });
  return createAnswerer(createAuthority({ zones: createZoneSet(zones), cookies, rateLimit: { perSecond: 1e9, seed: 1 }, identity: { nsid: 'bench', version: 'bench' } }, env), silent, { tcpIdleMs: 5000 });
}

function zoneOf(names: number): Zone {
  const lines = ['$ORIGIN bench.test.', '$TTL 300', '@ SOA ns hostmaster 1 7200 900 1209600 60', '@ NS ns', 'ns A 192.0.2.53'];
  for (let index = 0; index < names; index += 1) lines.push(`host${index} A 10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}`);
  const parsed = parseZone(lines.join('\n'));
  if (parsed.kind !== 'zone') throw new Error('the zone is broken');
  return parsed.zone;
}

function routed(policies: readonly ('round-robin' | 'rendezvous')[], stores: number): Answerer {
  const edges = Array.from({ length: stores }, (_, index) => ({ id: `store-${index + 1}`, endpoint: { address: `10.0.0.${index + 1}`, port: 80 } }));
  const map = parseScopeMap(`192.0.2.0/24 ${edges.map(({ id }) => id).join(' ')}\n`, new Set(edges.map(({ id }) => id)));
  if (map.kind !== 'map') throw new Error('the map is broken');
  const router = createRouter({ policies, locate: map.locate }, { clock: systemClock, health: uncheckedHealth });
  return serve([createCdnZone({ catalog: createCatalog(['video1.mp4', 'video2.mp4', 'video3.mp4', 'video4.mp4', 'video5.mp4']), stores: edges, authority: LOCAL, serial: 1, router })]);
}

/** The cookie that comes back for a client's. */
function earnCookie(answer: Answerer, client: EdnsOption): EdnsOption {
  const answered = answer(query('host0.bench.test', 1, [client]), peerOf());
  if (!(answered instanceof Uint8Array)) throw new Error('no answer');
  const decoded = decodeMessage(answered);
  const option = decoded.kind === 'message' ? decoded.message.edns?.options.find(({ code }) => code === COOKIE) : undefined;
  if (!option) throw new Error('no cookie');
  return option;
}

async function prepare(names: number): Promise<readonly Scenario[]> {
  const few = serve([zoneOf(4)]);
  const spread = (count: number, name: (index: number) => string, options?: readonly EdnsOption[]): readonly Uint8Array[] => Array.from({ length: count }, (_, index) => query(name(index), index & 0xffff, options));
  const host = (index: number): string => `host${index & 3}.bench.test`;
  const video = (index: number): string => `file${(index % 5) + 1}.hercdn.com`;
  const client = { code: COOKIE, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  const subnet = createClientSubnet('192.0.2.0', 24);
  const ecs = subnet ? [encodeClientSubnet(subnet)] : [];
  const random = createSeededRandom(1);

  const exchange: DnsExchange = (_, asked) => Promise.resolve({ message: { ...asked, response: true, authoritative: true, answers: asked.questions.map(({ name }) => ({ name, type: 1, class: 1, ttl: 86_400, data: { kind: 'A', address: '10.0.0.1' } as const })), edns: undefined }, transport: 'udp', local: LOCAL, remote: LOCAL, durationMs: 1 });
  const resolver: DnsHandler = createResolver({ authorities: [{ zone: 'hiscinema.com', endpoint: LOCAL }] }, { ...env, exchange });
  const local = createAnswerer(resolver, silent, { tcpIdleMs: 5000 });
  const cached = spread(1000, (index) => `file${(index % 5) + 1}.hiscinema.com`);
  for (const octets of cached) await local(octets, peerOf());

  return [
    { name: 'static', answer: few, queries: spread(1000, host) },
    { name: 'static, OPT', answer: few, queries: spread(1000, host, []) },
    { name: 'cookie, first', answer: few, queries: spread(1000, host, [client]) },
    { name: 'cookie, known', answer: few, queries: spread(1000, host, [earnCookie(few, client)]) },
    { name: 'NSID', answer: few, queries: spread(1000, host, [NSID_REQUEST]) },
    { name: 'cached', answer: local, queries: cached },
    { name: 'routed, 2', answer: routed(['round-robin'], 2), queries: spread(1000, video, ecs) },
    { name: 'rendezvous, 64', answer: routed(['rendezvous'], 64), queries: spread(1000, video, ecs) },
    { name: `${names} names`, answer: serve([zoneOf(names)]), queries: spread(100_000, () => `host${random.int(names)}.bench.test`) },
  ];
}

/** Nanoseconds of processor time for one, collection of garbage and compilation included. */
function round({ answer, queries }: Scenario): number {
  const before = process.cpuUsage();
  for (let count = 0; count < ROUND; count += 1) {
    const answered = answer(queries[count % queries.length] as Uint8Array, peerOf());
    if (answered === undefined || answered instanceof Promise || isStream(answered)) throw new Error('no answer at once');
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / ROUND;
}

const { values } = parseArgs({ options: { names: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '7' }, only: { type: 'string' } } });
const scenarios = (await prepare(Number(values.names))).filter(({ name }) => values.only === undefined || name.startsWith(values.only));
const taken = scenarios.map((): number[] => []);
for (let count = -3; count < Number(values.rounds); count += 1) {
  for (const [index, scenario] of scenarios.entries()) {
    const ns = round(scenario);
    // The first rounds are the compiler's.
    if (count >= 0) taken[index]?.push(ns);
    // Timers have their turn, as they would between two datagrams.
    await systemClock.sleep(1);
  }
}
for (const [index, { name }] of scenarios.entries()) process.stdout.write(`${name.padEnd(20)}${Math.round(median(taken[index] ?? [])).toString().padStart(8)} ns\n`);
