// Request routing from outside: stores that die and come back, the topology of examples/, the live view.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import path from 'node:path';
import { freePort } from '../helpers/free-port.js';
import { startNetwork } from '../helpers/network.js';
import { PROJECT, useProcesses, type Running } from '../helpers/process.js';
import { itWith } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

/** However busy the machine: the first probe of a store that runs finds it. */
const PATIENT = { interval: '20s', timeout: '10s' };

describe('request routing', function () {
  this.timeout(60_000);
  const { startCdn, runCdn, run } = useProcesses();
  const tempFolder = useTempFolders();

  /** `cdn dns` on free ports; the answer says which port each of its servers has. */
  async function startDns(...args: readonly string[]): Promise<{ readonly dns: Running; port(role: string): number }> {
    const dns = startCdn(['dns', '--listen', '127.0.0.1:0', '--status-listen', '127.0.0.1:0', '--log-format', 'json', ...args]);
    await dns.printed(/"role":"Local DNS"/);
    return { dns, port: (role) => Number(new RegExp(`"role":"${role}".*?"port":(\\d+)`).exec(dns.stderr())?.[1]) };
  }

  it('a store that dies leaves the answers, its names spread over others, and comes back', async () => {
    const addresses = [1, 2, 3, 4].map((number) => `127.0.0.${number}`);
    const storePort = await freePort(...addresses);
    const folder = await tempFolder();
    const labels = Array.from({ length: 40 }, (_, index) => `file${index + 1}`);
    for (const label of labels) await writeFile(path.join(folder, `${label}.mp4`), label);
    const start = (address: string): Running => startCdn(['store', '--listen', `${address}:${storePort}`, '--dir', folder]);
    const stores = addresses.map(start);
    await Promise.all(stores.map((store) => store.printed(/Running on/)));
    const topology = path.join(folder, 'topology.yaml');
    await writeFile(topology, JSON.stringify({ stores: addresses.map((address) => ({ address: `${address}:${storePort}` })), routing: { policy: ['rendezvous'], take: 1 }, health: { interval: '500ms', rise: 2, fall: 3 } }));
    const { dns, port } = await startDns('--topology', topology, '--dir', folder, '--verbose');
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port('Authority of hercdn.com')}`]);
    const routes = async (): Promise<ReadonlyMap<string, string>> => new Map(await Promise.all(labels.map(async (label) => [label, (await resolver.resolve4(`${label}.hercdn.com`))[0] ?? ''] as const)));
    /** What was said of it last; a busy machine may make probes late, and so a store go and come. */
    const untilLast = (id: string, health: string): Promise<void> => dns.shows((output) => output.split('\n').filter((line) => new RegExp(`"${id} \\([^)]*\\) is (up|down)`).test(line)).at(-1)?.includes(`) is ${health}`) === true, `that ${id} is ${health} last`);

    for (const number of [1, 2, 3, 4]) await untilLast(`store-${number}`, 'up');
    const before = await routes();
    expect(new Set(before.values())).to.deep.equal(new Set(addresses));
    stores[1]?.kill('SIGKILL');
    await stores[1]?.finished;
    await untilLast('store-2', 'down');

    const after = await routes();
    expect([...after.values()]).to.not.include('127.0.0.2');
    const heirs = new Set(labels.filter((label) => before.get(label) === '127.0.0.2').map((label) => after.get(label)));
    expect(heirs.size).to.be.at.least(2);

    await start('127.0.0.2').printed(/Running on/);
    await untilLast('store-2', 'up');
    expect([...(await routes()).values()]).to.include('127.0.0.2');
  });

  it('reads its topology again on SIGHUP, and keeps what it has when that is broken', async () => {
    const file = path.join(await tempFolder(), 't.yaml');
    const write = (stores: readonly object[]): Promise<void> => writeFile(file, JSON.stringify({ stores }));
    await write([{ address: '10.0.0.1:1' }]);
    const { dns, port } = await startDns('--topology', file, '--no-health');
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port('Authority of hercdn.com')}`]);
    const ask = async (): Promise<string> => (await resolver.resolve4('file1.hercdn.com')).join(' ');
    expect(await ask()).to.equal('10.0.0.1');
    await write([{ address: '10.0.0.1:1', drain: true }, { address: '10.0.0.2:1' }]);
    dns.kill('SIGHUP');
    await dns.printed(/Routing set up again: 2 stores \(new: store-2\)/);
    expect(await ask()).to.equal('10.0.0.2');
    await write([{ address: '10.0.0.3' }, { weight: 'heavy' }]);
    dns.kill('SIGHUP');
    const [text] = await dns.printed(/stores\[0\]\.address: .*Requests are routed as they were before/);
    expect(text).to.include('stores[1].weight');
    expect(await ask()).to.equal('10.0.0.2');
  });

  it('cdn up reads its topology again, too; its stores stay those that it started', async () => {
    const file = path.join(await tempFolder(), 't.yaml');
    const write = (stores: readonly object[]): Promise<void> => writeFile(file, JSON.stringify({ stores, health: PATIENT }));
    await write([{ id: 'a' }, { id: 'b' }]);
    const network = await startNetwork(startCdn, ['--topology', file, '--status-listen', '127.0.0.1:0']);
    const [, status] = await network.process.printed(/"role":"status".*?"port":(\d+)/);
    const states = async (): Promise<string> => {
      const { stores } = (await (await fetch(`http://127.0.0.1:${status}/_cdn/health`)).json()) as { stores: { id: string; state: string }[] };
      return stores.map(({ id, state }) => `${id} ${state}`).join(', ');
    };
    expect(await states()).to.equal('a up, b up');
    await write([{ id: 'b', drain: true }, { id: 'a' }]);
    network.process.kill('SIGHUP');
    await network.process.printed(/Routing set up again: 2 stores, round-robin/);
    expect(await states()).to.equal('b drained, a up');
    await write([{ id: 'b', rate: '1Mbit/s' }, { id: 'c' }]);
    network.process.kill('SIGHUP');
    const [text] = await network.process.printed(/cdn up runs its stores as they were when it started.*Requests are routed as they were before/);
    expect(text).to.include('stores[0].rate: b runs with no rate, not 125000 bytes/s').and.include('stores[1].id: c is not running').and.include('stores: a is running, and missing here');
    expect(await states()).to.equal('b drained, a up');
  });

  itWith('dig', 'examples/topology.yaml routes as docs/routing.md says', async (dig) => {
    const { port } = await startDns('--topology', path.join(PROJECT, 'examples', 'topology.yaml'), '--no-health');
    const ask = async (subnet: string): Promise<string> => {
      const { stdout } = await run(dig, ['@127.0.0.1', '-p', String(port('Authority of hercdn.com')), 'file1.hercdn.com', `+subnet=${subnet}`]);
      return `${/\sA\s+(\S+)/.exec(stdout.slice(stdout.indexOf('ANSWER SECTION')))?.[1]} ${/CLIENT-SUBNET: (\S+)/.exec(stdout)?.[1]}`;
    };
    expect(await ask('10.200.0.0/24')).to.match(/^127\.0\.0\.[12] 10\.200\.0\.0\/24\/9$/);
    expect(await ask('10.9.1.0/24')).to.equal('127.0.0.3 10.9.1.0/24/21');
    expect(await ask('203.0.113.0/24')).to.equal('127.0.0.3 203.0.113.0/24/24');
    expect(await ask('2001:db8:1::/56')).to.match(/^127\.0\.0\.[12] 2001:db8:1::\/56\/32$/);
  });

  it('tells how the stores are, and drains one', async () => {
    const store = await freePort('127.0.0.1', '127.0.0.2');
    const running = startCdn(['store', '--listen', `127.0.0.1:${store}`, '--capacity', '7']);
    await running.printed(/Running on/);
    const topology = path.join(await tempFolder(), 't.yaml');
    await writeFile(topology, JSON.stringify({ health: PATIENT }));
    const { port } = await startDns('--topology', topology, '--store', `127.0.0.1:${store}`, '--store', `127.0.0.2:${store}`);
    const status = (...args: readonly string[]) => runCdn(['dns', '--status-listen', `127.0.0.1:${port('status')}`, ...args]);
    const table = await status('--status');
    expect(table.code, table.stderr).to.equal(0);
    expect(table.stdout).to.match(/^store-1 .* up .*answers$/m).and.match(/^store-2 .* down .*ECONNREFUSED/m);
    expect(table.stdout).to.match(/^store-1 .* 0\/7 /m);
    const none = await status('--drain', 'store-1', '--status', '--json');
    expect(none.code, 'one is drained, the other down').to.equal(4);
    const drained = JSON.parse(none.stdout) as { stores: { id: string; state: string; health: string }[] };
    // Scripts rely on these.
    expect(Object.keys(drained)).to.deep.equal(['status', 'policies', 'whenAllDown', 'ttlSeconds', 'uptimeSeconds', 'stores']);
    expect(Object.keys(drained.stores[0] ?? {})).to.deep.equal(['id', 'address', 'state', 'health', 'reason', 'since', 'changes', 'share', 'transfers', 'capacity', 'rttMs', 'weight', 'region']);
    expect(drained.stores.map(({ id, state, health }) => `${id} ${state} ${health}`)).to.deep.equal(['store-1 drained up', 'store-2 down down']);
    expect((await status('--undrain', 'store-1')).stdout).to.match(/^store-1 .* up /m);
    const wrong = await status('--drain', 'store-9');
    expect([wrong.code, wrong.stderr.includes('there are store-1, store-2')]).to.deep.equal([2, true]);
    const page = await fetch(`http://127.0.0.1:${port('status')}/_cdn/drain?store=store-1&drain=true`, { method: 'POST', headers: { origin: 'http://example.org' } });
    expect(page.status).to.equal(403);
    expect((await fetch(`http://127.0.0.1:${port('status')}/_cdn/health`)).status).to.equal(200);
  });

  it('a topology that is wrong stops the start, with all that is wrong', async () => {
    const file = path.join(await tempFolder(), 't.yaml');
    await writeFile(file, 'stores: [{rate: fast}]\nhealth: {fall: 0}\n');
    const done = await runCdn(['up', '--topology', file]);
    expect(done.code).to.equal(2);
    expect(done.stderr).to.include('stores[0].rate: expected a rate such as').and.include('health.fall: expected a whole number from 1 to 100, got 0');
  });
});
