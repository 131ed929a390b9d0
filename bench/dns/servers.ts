// The servers that are measured, each on one core with a configuration of its own, and the zones they serve.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { createQuery } from '../../src/net/dns/build.js';
import { createDnsExchange } from '../../src/net/dns/exchange.js';
import { Name } from '../../src/net/dns/name.js';
import { withDescendants } from './measure.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

export interface Bench {
  readonly folder: string;
  /** Where servers run. */
  readonly core: string;
  readonly children: ChildProcess[];
}

export interface Running {
  readonly pids: readonly number[];
  readonly address: string;
  readonly port: number;
}

/** Whether the program can be run. */
export function installed(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').concat('/usr/sbin').some((folder) => existsSync(path.join(folder, program)));
}

/** Started on its core; what it logs goes to a file, as an operator's would. */
export function launch(bench: Bench, name: string, command: string, args: readonly string[]): ChildProcess {
  const log = openSync(path.join(bench.folder, `${name}.log`), 'a');
  const child = spawn('taskset', ['-c', bench.core, command, ...args], { stdio: ['ignore', log, log], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } });
  bench.children.push(child);
  return child;
}

/** Once it has answered this question, so long as it runs. */
async function answering(child: ChildProcess, address: string, port: number, question: string): Promise<Running> {
  const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
  const name = Name.parse(question);
  if (!name || child.pid === undefined) throw new Error(`cannot ask for ${question}`);
  for (let attempts = 0; ; attempts += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} has ended with ${child.exitCode}`);
    try {
      const { message } = await exchange({ address, port }, createQuery({ name, type: 1, id: 0, recursionDesired: true }), { timeoutMs: 500 });
      if (message.answers.length > 0) return { pids: await withDescendants(child.pid), address, port };
    } catch (error) {
      if (attempts > 600) throw error;
    }
    await systemClock.sleep(100);
  }
}

export async function stop(bench: Bench): Promise<void> {
  for (const child of bench.children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([ended, systemClock.sleep(3000).then(() => child.kill('SIGKILL'))]);
  }
}

/** host0 to host(names-1) below the apex, an A record each. */
export async function writeZone(file: string, apex: string, names: number): Promise<void> {
  const stream = createWriteStream(file);
  stream.write(`$ORIGIN ${apex}\n$TTL 300\n@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns\nns A 192.0.2.53\n`);
  for (let first = 0; first < names; first += 10_000) {
    let lines = '';
    for (let index = first; index < Math.min(names, first + 10_000); index += 1) lines += `host${index} A 10.${(index >>> 16) & 255}.${(index >>> 8) & 255}.${index & 255}\n`;
    if (!stream.write(lines)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

export interface ZoneJob {
  readonly apex: string;
  readonly file: string;
  readonly port: number;
  readonly address?: string;
}

const first = ({ apex }: ZoneJob): string => `host0.${apex}`;

export function startOurs(bench: Bench, name: string, job: ZoneJob, extra: readonly string[] = []): Promise<Running> {
  const { address = '127.0.0.1' } = job;
  const child = launch(bench, name, process.execPath, [path.join(project, 'bin/run.js'), 'dns', '--role', 'authoritative', '--zone', job.file, '--listen', `${address}:${job.port}`, ...extra]);
  return answering(child, address, job.port, first(job));
}

export function startEcho(bench: Bench, port: number): Promise<Running> {
  const child = launch(bench, 'echo', process.execPath, ['--import', 'tsx', path.join(project, 'bench/dns/echo.ts'), '127.0.0.1', String(port)]);
  // It answers everything with the question, and so never with an answer.
  return systemClock.sleep(2500).then(() => ({ pids: child.pid === undefined ? [] : [child.pid], address: '127.0.0.1', port }));
}

export async function startKnot(bench: Bench, name: string, job: ZoneJob, workers = 1): Promise<Running> {
  const home = path.join(bench.folder, name);
  await mkdir(path.join(home, 'db'), { recursive: true });
  await writeFile(path.join(home, 'knot.conf'), `server:\n    rundir: "${home}"\n    listen: 127.0.0.1@${job.port}\n    udp-workers: ${workers}\n    tcp-workers: 1\n    background-workers: 1\ndatabase:\n    storage: "${home}/db"\ntemplate:\n  - id: default\n    semantic-checks: off\n    zonefile-sync: -1\n    journal-content: none\nzone:\n  - domain: "${job.apex}"\n    file: "${job.file}"\n`);
  return answering(launch(bench, name, 'knotd', ['-c', path.join(home, 'knot.conf'), '-s', path.join(home, 'control.sock')]), '127.0.0.1', job.port, first(job));
}

export async function startNsd(bench: Bench, name: string, job: ZoneJob): Promise<Running> {
  const home = path.join(bench.folder, name);
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, 'nsd.conf'), `server:\n    ip-address: 127.0.0.1@${job.port}\n    username: ""\n    zonesdir: "${home}"\n    database: ""\n    pidfile: "${home}/pid"\n    zonelistfile: "${home}/list"\n    xfrdfile: "${home}/xfrd"\n    xfrdir: "${home}"\n    server-count: 1\n    rrl-ratelimit: 0\n    rrl-whitelist-ratelimit: 0\nremote-control:\n    control-enable: no\nzone:\n    name: "${job.apex}"\n    zonefile: "${job.file}"\n`);
  return answering(launch(bench, name, 'nsd', ['-d', '-c', path.join(home, 'nsd.conf')]), '127.0.0.1', job.port, first(job));
}

/** dnsmasq as a server of its own few names. */
export function startDnsmasq(bench: Bench, job: ZoneJob, names: number): Promise<Running> {
  const hosts = Array.from({ length: names }, (_, index) => `--host-record=host${index}.${job.apex.replace(/\.$/, '')},10.0.0.${index},300`);
  const child = launch(bench, 'dnsmasq', 'dnsmasq', ['-k', '-C', '/dev/null', '-u', '', '-h', '-R', '-p', String(job.port), '-a', '127.0.0.1', '--bind-interfaces', '--pid-file=', ...hosts]);
  return answering(child, '127.0.0.1', job.port, first(job));
}

/** A resolver that forwards to `upstream` what it has not in its cache. */
export async function startForwarder(bench: Bench, program: 'unbound' | 'dnsmasq', port: number, upstream: Running, question: string): Promise<Running> {
  if (program === 'dnsmasq') {
    const child = launch(bench, 'dnsmasq-cache', 'dnsmasq', ['-k', '-C', '/dev/null', '-u', '', '-h', '-R', '-p', String(port), '-a', '127.0.0.1', '--bind-interfaces', '--pid-file=', '-c', '10000', `--server=${upstream.address}#${upstream.port}`]);
    return answering(child, '127.0.0.1', port, question);
  }
  const home = path.join(bench.folder, 'unbound');
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, 'unbound.conf'), `server:\n    interface: 127.0.0.1@${port}\n    username: ""\n    chroot: ""\n    directory: "${home}"\n    pidfile: ""\n    use-syslog: no\n    num-threads: 1\n    do-not-query-localhost: no\n    module-config: "iterator"\nremote-control:\n    control-enable: no\nforward-zone:\n    name: "."\n    forward-addr: ${upstream.address}@${upstream.port}\n`);
  return answering(launch(bench, 'unbound', 'unbound', ['-d', '-c', path.join(home, 'unbound.conf')]), '127.0.0.1', port, question);
}

/** The whole network of names with two stores that run: the local DNS on `port`, the router two above. */
export async function startNetwork(bench: Bench, port: number): Promise<{ readonly local: Running; readonly routed: Running }> {
  const stores = [1, 2].map((index) => `127.0.0.${index}:${port + 10}`);
  for (const [index, store] of stores.entries()) launch(bench, `store-${index + 1}`, process.execPath, [path.join(project, 'bin/run.js'), 'store', '--listen', store]);
  const child = launch(bench, 'network', process.execPath, [path.join(project, 'bin/run.js'), 'dns', '--listen', `127.0.0.1:${port}`, ...stores.flatMap((store) => ['--store', store]), '--status-listen', `127.0.0.1:${port + 11}`]);
  const local = await answering(child, '127.0.0.1', port, 'file1.hiscinema.com');
  return { local, routed: { ...local, port: port + 2 } };
}
