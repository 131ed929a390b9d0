// `cdn dns --workers 2` from outside: two processes that answer as one would.

import { expect } from 'chai';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import type { Endpoint } from '../../src/net/address.js';
import { createQuery } from '../../src/net/dns/build.js';
import { TYPE } from '../../src/net/dns/message.js';
import { decodeMessage, encodeMessage } from '../../src/net/dns/wire.js';
import { nameOf } from '../helpers/dns.js';
import { openVolley } from '../helpers/dns-volley.js';
import { freePort, freePorts, isPortFree } from '../helpers/free-port.js';
import { PROJECT, useProcesses, type Running } from '../helpers/process.js';
import { itWith } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

const MANY = 300;

describe('cdn dns --workers 2', function () {
  this.timeout(60_000);
  const { startCdn, runCdn, run, start } = useProcesses();
  const tempFolder = useTempFolders();
  const stores: Server[] = [];
  afterEach('close stores', () => {
    for (const store of stores.splice(0)) {
      store.close();
      store.closeAllConnections();
    }
  });

  interface Dns {
    readonly dns: Running;
    port(role: string): number;
    workers(): readonly number[];
  }

  /** On free ports, all of which the answer tells. */
  async function startDns(...args: readonly string[]): Promise<Dns> {
    const dns = startCdn(['dns', '--workers', '2', '--listen', '127.0.0.1:0', '--status-listen', '127.0.0.1:0', '--log-format', 'json', ...args]);
    await dns.printed(/"role":"workers"/);
    return {
      dns,
      port: (role) => Number(new RegExp(`"role":"${role}".*?"port":(\\d+)`).exec(dns.stderr())?.[1]),
      workers: () => (/"role":"workers","processes":\[([\d,]+)\]/.exec(dns.stderr())?.[1] ?? '').split(',').map(Number),
    };
  }

  /** All answers to the same question asked many times at once, over UDP: each with its records' data. */
  async function askMany(port: number, name: string, type: number): Promise<readonly string[]> {
    const volley = await openVolley({ address: '127.0.0.1', port }, 'udp');
    const query = encodeMessage(createQuery({ name: nameOf(name), type, id: 0, recursionDesired: true }));
    const answers = await volley.ask(Array.from({ length: MANY }, () => query));
    volley.close();
    return answers.map((octets) => {
      const decoded = octets && decodeMessage(octets);
      return decoded?.kind === 'message' ? decoded.message.answers.map(({ data }) => (data.kind === 'A' ? data.address : data.kind === 'SOA' ? String(data.serial) : data.kind)).join(' ') : 'no answer';
    });
  }
  const kinds = (answers: readonly string[]): readonly string[] => [...new Set(answers)].sort();

  /** A store that answers its health checks, and counts them. */
  async function startStore(): Promise<{ readonly endpoint: Endpoint; readonly checks: () => number; die(): void }> {
    let checks = 0;
    const server = createServer((request, response) => {
      if (request.url === '/_cdn/health') checks += 1;
      response.end('{"status":"ok","transfers":0}');
    });
    stores.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    return { endpoint: { address: '127.0.0.1', port }, checks: () => checks, die: () => { server.close(); server.closeAllConnections(); } };
  }

  /** Takes spans; `services`: whose they were. */
  async function startCollector(): Promise<{ readonly url: string; services(): readonly string[] }> {
    let taken = '';
    const server = createServer((request, response) => {
      request.on('data', (part: Buffer) => (taken += part.toString('utf8')));
      request.on('end', () => response.end('{}'));
    });
    stores.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    return {
      url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
      services: () => [...taken.matchAll(/"service\.name","value":\{"stringValue":"([^"]+)"/g)].map(([, name = '']) => name),
    };
  }

  /** Which workers have told of a query, by their number. */
  const tellers = (dns: Running): readonly string[] => kinds([...dns.stderr().matchAll(/"qname".*"worker":(\d)/g)].map(([, worker = '']) => worker));

  itWith('dig', 'both answer, over UDP and TCP, with one NSID and one secret for cookies', async (dig) => {
    const { dns, port } = await startDns('--no-health', '--nsid', 'here');
    const at = port('Authority of hercdn.com');
    expect(kinds(await askMany(at, 'file1.hercdn.com', TYPE.A))).to.deep.equal(['127.0.0.1']);
    await dns.shows(() => tellers(dns).length === 2, 'that each worker answered');
    const ask = async (...args: readonly string[]): Promise<string> => (await run(dig, ['@127.0.0.1', '-p', String(at), 'file1.hercdn.com', '+norecurse', ...args])).stdout;
    expect(await ask('+tcp', '+nsid')).to.match(/NOERROR/).and.match(/NSID: .*here/);
    const [, cookie = ''] = /COOKIE: ([0-9a-f]{48})/.exec(await ask('+cookie=0102030405060708')) ?? [];
    const all = await Promise.all(Array.from({ length: 12 }, () => ask(`+cookie=${cookie}`, '+nobadcookie')));
    for (const answer of all) expect(answer).to.match(/NOERROR/).and.match(/\(good\)/);
    expect(await run(dig, ['@127.0.0.1', '-p', String(port('Local DNS')), 'file1.hiscinema.com', '+short']).then(({ stdout }) => stdout)).to.equal('file1.hercdn.com.\n127.0.0.1\n');
  });

  it('a worker that is killed is missed by nobody, and another takes its place', async () => {
    const { dns, port, workers } = await startDns('--no-health', '--store', '127.0.0.1:1', '--store', '127.0.0.2:1');
    const at = port('Authority of hercdn.com');
    expect((await runCdn(['dns', '--status-listen', `127.0.0.1:${port('status')}`, '--drain', 'store-1'])).code).to.equal(0);
    const [first = 0, second = 0] = workers();
    process.kill(first, 'SIGKILL');
    expect(kinds(await askMany(at, 'file1.hercdn.com', TYPE.A))).to.deep.equal(['127.0.0.2']);
    await dns.printed(new RegExp(`Worker 1 of 2 \\(process ${first}\\) ended by SIGKILL: another takes its place`));
    await dns.printed(/Worker 1 of 2 serves again: process \d+/);
    process.kill(second, 'SIGKILL');
    await dns.printed(new RegExp(`Worker 2 of 2 \\(process ${second}\\) ended by SIGKILL`));
    expect(kinds(await askMany(at, 'file1.hercdn.com', TYPE.A)), 'the new one knows of the drain').to.deep.equal(['127.0.0.2']);
    dns.kill('SIGTERM');
    expect((await dns.finished).code).to.equal(0);
    expect(dns.stderr().match(/takes its place/g)).to.have.length(2);
    for (const pid of [first, second]) expect(() => process.kill(pid, 0)).to.throw(/ESRCH/);
  });

  itWith('setsid', 'Ctrl-C is heard once, by the primary, and leaves no process behind', async (setsid) => {
    // A terminal sends SIGINT to all of a process group: to the primary and to its workers.
    const dns = start(setsid, ['--wait', process.execPath, path.join(PROJECT, 'bin', 'run.js'), 'dns', '--workers', '2', '--listen', '127.0.0.1:0', '--status-listen', '127.0.0.1:0', '--no-health', '--log-format', 'json']);
    const [, list = ''] = await dns.printed(/"role":"workers","processes":\[([\d,]+)\]/);
    const pids = list.split(',').map(Number);
    for (const pid of pids) for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) process.kill(pid, signal);
    const { stdout } = await run('ps', ['-o', 'pgid=', '-p', String(pids[0])]);
    process.kill(-Number(stdout.trim()), 'SIGINT');
    expect((await dns.finished).code).to.equal(0);
    expect(dns.stderr().match(/Stopping/g)).to.have.length(1);
    expect(dns.stderr()).to.not.include('takes its place');
    for (const pid of pids) expect(() => process.kill(pid, 0)).to.throw(/ESRCH/);
  });

  it('each store is checked by one process, and one that dies leaves the answers of both', async () => {
    const [one, two] = [await startStore(), await startStore()];
    const topology = path.join(await tempFolder(), 't.yaml');
    const write = (interval: string): Promise<void> => writeFile(topology, JSON.stringify({ stores: [one, two].map(({ endpoint }, index) => ({ address: `127.0.0.${index + 1}:${endpoint.port}` })), health: { interval } }));
    // The second check of a store comes by chance within an interval of the first: not within this test.
    await write('24h');
    const { dns, port } = await startDns('--topology', topology);
    // 127.0.0.2 has nobody who listens: that one is down from the start.
    expect(kinds(await askMany(port('Authority of hercdn.com'), 'file1.hercdn.com', TYPE.A))).to.deep.equal(['127.0.0.1']);
    expect(one.checks(), 'checks when all workers serve').to.equal(1);
    await writeFile(topology, JSON.stringify({ stores: [one, two].map(({ endpoint }) => ({ address: `127.0.0.1:${endpoint.port}` })), routing: { take: 1 }, health: { interval: '200ms', rise: 2, fall: 3 } }));
    dns.kill('SIGHUP');
    await dns.printed(/Routing set up again/);
    const targets = async (): Promise<readonly string[]> => {
      const volley = await openVolley({ address: '127.0.0.1', port: port('Authority of hercdn.com') }, 'udp');
      const queries = [1, 2, 3, 4, 5].map((number) => encodeMessage(createQuery({ name: nameOf(`_http._tcp.file${number}.hercdn.com`), type: TYPE.SRV, id: 0, recursionDesired: false })));
      const answers = await volley.ask(Array.from({ length: MANY / queries.length }, () => queries).flat());
      volley.close();
      return kinds(answers.map((octets) => {
        const decoded = octets && decodeMessage(octets);
        const data = decoded?.kind === 'message' ? decoded.message.answers[0]?.data : undefined;
        return data?.kind === 'SRV' ? data.target.toString() : 'no answer';
      }));
    };
    expect(await targets()).to.deep.equal(['store-1.hercdn.com.', 'store-2.hercdn.com.']);
    one.die();
    await dns.printed(/store-1 \([^)]*\) is down/);
    let named = await targets();
    while (named.length > 1) named = await targets();
    expect(named).to.deep.equal(['store-2.hercdn.com.']);
    const { stores: told } = JSON.parse((await runCdn(['dns', '--status-listen', `127.0.0.1:${port('status')}`, '--status', '--json'])).stdout) as { stores: { state: string; share: number }[] };
    expect(told.map(({ state }) => state)).to.deep.equal(['down', 'up']);
    expect((told[0]?.share ?? 0) + (told[1]?.share ?? 0)).to.be.closeTo(1, 0.002);
  });

  it('a zone and a topology are exchanged in both, or, broken, in none', async () => {
    const folder = await tempFolder();
    const [zone, included, topology] = ['example.zone', 'included', 't.yaml'].map((file) => path.join(folder, file)) as [string, string, string];
    const writeZone = (serial: number, more = ''): Promise<void> => writeFile(zone, `$ORIGIN example.\n$TTL 60\n@ SOA ns h ${serial} 1 1 1 1\n@ NS ns\n$INCLUDE included\n${more}`);
    await writeFile(included, 'ns A 192.0.2.1\n');
    await writeZone(1);
    await writeFile(topology, JSON.stringify({ stores: [{ address: '10.0.0.1:1' }] }));
    const { dns, port } = await startDns('--zone', zone, '--topology', topology, '--no-health');
    const serials = async (): Promise<readonly string[]> => kinds(await askMany(port('Authority of example'), 'example', TYPE.SOA));
    const routes = async (): Promise<readonly string[]> => kinds(await askMany(port('Authority of hercdn.com'), 'file1.hercdn.com', TYPE.A));
    const reload = async (said: RegExp): Promise<void> => {
      dns.kill('SIGHUP');
      await dns.printed(said);
    };
    expect([await serials(), await routes()]).to.deep.equal([['1'], ['10.0.0.1']]);
    await writeZone(2);
    await writeFile(included, 'ns A 192.0.2.2\n');
    await reload(/Zone example loaded again .*: serial 2/);
    expect(await serials()).to.deep.equal(['2']);
    expect(kinds(await askMany(port('Authority of example'), 'ns.example', TYPE.A))).to.deep.equal(['192.0.2.2']);
    await writeZone(3, 'x A y\n');
    await reload(/expected an IPv4 address, got .*The zone is served as it was before/);
    expect(await serials()).to.deep.equal(['2']);
    await writeFile(topology, JSON.stringify({ stores: [{ address: '10.0.0.2:1', id: 'b' }] }));
    await reload(/Routing set up again: 1 store \(new: b; gone: store-1\)/);
    expect(await routes()).to.deep.equal(['10.0.0.2']);
    await writeFile(topology, JSON.stringify({ stores: [{ address: '10.0.0.3:1', id: 'video' }] }));
    await reload(/Requests are routed as they were before/);
    expect(await routes()).to.deep.equal(['10.0.0.2']);
  });

  it('tells the story of a fetch in its order, and sends the spans of all its parties', async () => {
    const [dnsPort, portalPort] = [await freePorts(3), await freePort()];
    const store = await startStore();
    const collector = await startCollector();
    const dns = startCdn(['dns', '--workers', '2', '--listen', `127.0.0.1:${dnsPort}`, '--status-listen', '127.0.0.1:0', '--portal', `127.0.0.1:${portalPort}`, '--store', `127.0.0.1:${store.endpoint.port}`], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    await dns.printed(/2 workers answer/);
    const traced = await runCdn(['trace', 'file1.hiscinema.com', '--dns', `127.0.0.1:${dnsPort}`]);
    expect(traced.code, traced.stderr).to.equal(0);
    // Each question to whichever worker takes it.
    await Promise.all([2, 3, 4, 5].map((number) => askMany(dnsPort, `file${number}.hiscinema.com`, TYPE.A)));
    const storyOf = (number: number): readonly string[] => [`Local DNS Received Message: hiscinema.com/File${number}`, 'Resolving the DNS query now..', `Authority hiscinema.com: A file${number}.hiscinema.com`, `Authority hercdn.com: A file${number}.hercdn.com`, 'Query Resolved - Sending back to the client'];
    await dns.shows((output) => [1, 2, 3, 4, 5].every((number) => output.includes(`hercdn.com: A file${number}.`)), 'all stories');
    for (const number of [1, 2, 3, 4, 5]) {
      let from = 0;
      for (const line of storyOf(number)) {
        const at = dns.stderr().indexOf(line, from);
        expect(at, `${line}, after what comes before it`).to.be.at.least(from);
        from = at;
      }
    }
    dns.kill('SIGTERM');
    await dns.finished;
    expect(kinds(collector.services())).to.deep.equal(['cdn dns', 'cdn dns hercdn.com', 'cdn dns hiscinema.com']);
  });

  it('says what is wrong with the number of workers, and where a port is taken', async () => {
    const wrong = await runCdn(['dns', '--workers', 'many']);
    expect([wrong.code, wrong.stderr.includes('--workers: expected a whole number from 1 to 64, or "auto"')]).to.deep.equal([2, true]);
    const { dns, port } = await startDns('--no-health');
    const taken = await runCdn(['dns', '--workers', '2', '--no-health', '--role', 'authoritative', '--listen', `127.0.0.1:${port('Authority of hercdn.com')}`]);
    expect(taken.code).to.equal(6);
    expect(taken.stderr).to.match(/Authority of hiscinema\.com cannot listen on 127\.0\.0\.1:\d+: the port is in use/);
    // A primary that is gone takes its workers along.
    dns.kill('SIGKILL');
    while (!(await isPortFree(port('Authority of hercdn.com'))));
  });
});
