// A minute (or --seconds) of dnsperf at full speed with hostile packets mixed in, against an authority
// and a local DNS: they must stay up, answer right all the while, and keep their memory flat. Exit 1 if not.

import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../src/base/clock.js';
import { createSeededRandom, systemRandom } from '../../src/base/random.js';
import { createQuery } from '../../src/net/dns/build.js';
import { createDnsExchange } from '../../src/net/dns/exchange.js';
import { Name } from '../../src/net/dns/name.js';
import { formatRData } from '../../src/net/dns/text.js';
import { measure, residentKb } from './measure.js';
import { installed, startNetwork, startOurs, stop, writeZone, type Bench, type Running } from './servers.js';

const CORPUS = new URL('../../../shared/corpus/dns/packets.hex.gz', import.meta.url);
const APEX = 'soak.test.';
const NAMES = 1000;

/** The packets beside the repository where they are, and as many made by chance. */
function hostilePackets(): readonly Uint8Array[] {
  const random = createSeededRandom(1);
  const made = Array.from({ length: 3000 }, () => {
    const octets = random.bytes(random.int(80));
    // Half of them begin like a query.
    if (random.int(2) === 0) octets.set([1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, random.int(2)].slice(0, octets.length));
    return octets;
  });
  if (!existsSync(CORPUS)) return made;
  const lines = gunzipSync(readFileSync(CORPUS)).toString('latin1').split('\n').filter((line) => line !== '');
  return [...made, ...lines.map((line) => new Uint8Array(Buffer.from(line, 'hex')))];
}

/** Hostile packets at a pace, until stopped; says how many. */
function startHostility(servers: readonly Running[]): () => Promise<number> {
  const packets = hostilePackets();
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) });
  socket.on('error', () => undefined);
  let sent = 0;
  let over = false;
  const work = async (): Promise<void> => {
    while (!over) {
      for (let count = 0; count < 5; count += 1) for (const { port, address } of servers) socket.send(packets[sent++ % packets.length] as Uint8Array, port, address);
      await systemClock.sleep(10);
    }
  };
  const working = work();
  return async () => {
    over = true;
    await working;
    socket.close();
    return sent;
  };
}

/** Asks for names by chance, one after the other, until stopped; says how often, and what was wrong. */
function startChecks({ address, port }: Running, expected: (index: number) => { readonly name: string; readonly answer: RegExp }): () => Promise<{ readonly asked: number; readonly unanswered: number; readonly wrong: readonly string[] }> {
  const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
  const random = createSeededRandom(2);
  const wrong: string[] = [];
  let asked = 0;
  let unanswered = 0;
  let over = false;
  const work = async (): Promise<void> => {
    while (!over) {
      const { name, answer } = expected(random.int(NAMES));
      try {
        const { message } = await exchange({ address, port }, createQuery({ name: Name.parse(name) ?? Name.root, type: 1, id: 0, recursionDesired: true }), { timeoutMs: 3000 });
        const said = message.answers.map(({ data }) => formatRData(data)).join(' ');
        if (!answer.test(said)) wrong.push(`${name}: ${said === '' ? `rcode ${message.rcode}` : said}`);
      } catch {
        // A full buffer drops datagrams, whoever they are from.
        unanswered += 1;
      }
      asked += 1;
      await systemClock.sleep(10);
    }
  };
  const working = work();
  return async () => {
    over = true;
    await working;
    return { asked, unanswered, wrong };
  };
}

async function soak(name: string, server: Running, queries: string, seconds: number, expected: Parameters<typeof startChecks>[1]): Promise<boolean> {
  const load = { address: server.address, port: server.port, queries, outstanding: 100 };
  // Warm: what a server keeps for its work is there before anything is compared.
  await measure({ ...load, seconds: Math.max(1, seconds / 4) }, server.pids, '1');
  const before = await residentKb(server.pids);
  const stopHostility = startHostility([server]);
  const stopChecks = startChecks(server, expected);
  const { perSecond, lost } = await measure({ ...load, seconds }, server.pids, '1');
  const hostile = await stopHostility();
  const { asked, unanswered, wrong } = await stopChecks();
  const after = await residentKb(server.pids);
  const grownKb = after - before;
  const flat = grownKb < 0.25 * before + 16_384;
  process.stdout.write(`${JSON.stringify({ server: name, seconds, answersPerSecond: Math.round(perSecond), lost, hostile, checked: asked, unanswered, wrong: wrong.length, residentMb: Math.round(after / 1024), grownMb: Math.round(grownKb / 1024) })}\n`);
  for (const what of wrong.slice(0, 5)) process.stdout.write(`  wrong: ${what}\n`);
  if (!flat) process.stdout.write(`  memory has grown from ${before} kB to ${after} kB\n`);
  return flat && wrong.length === 0 && unanswered < asked / 10 && hostile > 0 && perSecond > 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
  const seconds = Number(values.seconds);
  if (!installed('dnsperf')) throw new Error('dnsperf is not installed: apt-get install dnsperf');
  const bench: Bench = { folder: await mkdtemp(path.join(tmpdir(), 'cdn-soak-')), core: '0', children: [] };
  try {
    const file = path.join(bench.folder, 'soak.zone');
    await writeZone(file, APEX, NAMES);
    const queries = path.join(bench.folder, 'queries.txt');
    await writeFile(queries, `${Array.from({ length: NAMES }, (_, index) => `host${index}.${APEX} A\nnot${index}.${APEX} AAAA`).join('\n')}\n`);
    const authority = await startOurs(bench, 'authority', { apex: APEX, file, port: 5450 });
    const { local } = await startNetwork(bench, 5460);
    const videos = path.join(bench.folder, 'videos.txt');
    await writeFile(videos, `${Array.from({ length: 5 }, (_, index) => `file${index + 1}.hiscinema.com A\nno${index}.hiscinema.com A`).join('\n')}\n`);
    const good = [
      await soak('authority', authority, queries, seconds, (index) => ({ name: `host${index}.${APEX}`, answer: new RegExp(`^10\\.0\\.${index >>> 8}\\.${index & 255}$`) })),
      await soak('local DNS', local, videos, seconds, (index) => ({ name: `file${(index % 5) + 1}.hiscinema.com`, answer: /^file\d\.hercdn\.com\. 127\.0\.0\.[12]$/ })),
    ];
    if (good.includes(false)) process.exitCode = 1;
  } finally {
    await stop(bench);
    await rm(bench.folder, { recursive: true, force: true });
  }
}

await main();
