// Request routing from outside: stores that die and come back, the topology of examples/, the live view.

import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import path from 'node:path';
import { freePort } from '../helpers/free-port.js';
import { PROJECT, useProcesses, type Running } from '../helpers/process.js';
import { itWith } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

interface Line {
  readonly time: string;
  readonly store?: string;
  readonly health?: string;
  readonly contrary?: number;
  readonly reason?: string;
}

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

  it('a store that dies leaves the answers within interval × fall, its names spread over others; it comes back after rise', async () => {
    const [intervalMs, fall] = [1000, 3];
    const addresses = [1, 2, 3, 4].map((number) => `127.0.0.${number}`);
    const storePort = await freePort(...addresses);
    const folder = await tempFolder();
    const labels = Array.from({ length: 40 }, (_, index) => `file${index + 1}`);
    for (const label of labels) await writeFile(path.join(folder, `${label}.mp4`), label);
    const start = (address: string): Running => startCdn(['store', '--listen', `${address}:${storePort}`, '--dir', folder]);
    const stores = addresses.map(start);
    await Promise.all(stores.map((store) => store.printed(/Running on/)));
    const topology = path.join(folder, 'topology.yaml');
    await writeFile(topology, JSON.stringify({ stores: addresses.map((address) => ({ address: `${address}:${storePort}` })), routing: { policy: ['rendezvous'], take: 1 }, health: { interval: `${intervalMs}ms`, timeout: '500ms', rise: 2, fall } }));
    const { dns, port } = await startDns('--topology', topology, '--dir', folder, '--verbose');
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port('Authority of hercdn.com')}`]);
    const routes = async (): Promise<ReadonlyMap<string, string>> => new Map(await Promise.all(labels.map(async (label) => [label, (await resolver.resolve4(`${label}.hercdn.com`))[0] ?? ''] as const)));

    const before = await routes();
    expect(new Set(before.values())).to.deep.equal(new Set(addresses));
    stores[1]?.kill('SIGKILL');
    await dns.printed(/"store":"store-2".*"health":"down"/);
    const failures = dns.stderr().split('\n').filter((line) => line.includes('"store":"store-2"') && line.includes('probe of')).map((line) => JSON.parse(line) as Line);
    expect(failures.map(({ contrary, health }) => `${health} ${contrary}`).slice(0, fall)).to.deep.equal(['up 1', 'up 2', 'down 0']);
    // The first failure came within an interval of the death; what the log counts from there has to fit into the others.
    expect(Date.parse(failures[fall - 1]!.time) - Date.parse(failures[0]!.time)).to.be.at.most(intervalMs * (fall - 1));

    const after = await routes();
    expect([...after.values()]).to.not.include('127.0.0.2');
    const heirs = new Set(labels.filter((label) => before.get(label) === '127.0.0.2').map((label) => after.get(label)));
    expect(heirs.size).to.be.at.least(2);

    start('127.0.0.2');
    await dns.shows((output) => output.search(/store-2 \(\S+\) is up(?![\s\S]*store-2 \(\S+\) is down)/) >= 0 && output.search(/store-2 \(\S+\) is down[\s\S]*store-2 \(\S+\) is up/) >= 0, 'that store-2 is up again');
    expect([...(await routes()).values()]).to.include('127.0.0.2');
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
    const running = startCdn(['store', '--listen', `127.0.0.1:${store}`]);
    await running.printed(/Running on/);
    const { port } = await startDns('--store', `127.0.0.1:${store}`, '--store', `127.0.0.2:${store}`);
    const status = (...args: readonly string[]) => runCdn(['dns', '--status-listen', `127.0.0.1:${port('status')}`, ...args]);
    const table = await status('--status');
    expect(table.code, table.stderr).to.equal(0);
    expect(table.stdout).to.match(/^store-1 .* up .*answers$/m).and.match(/^store-2 .* down .*ECONNREFUSED/m);
    const drained = JSON.parse((await status('--drain', 'store-1', '--status', '--json')).stdout) as { stores: { id: string; state: string; health: string }[] };
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
