// Name servers of other houses, started on free ports of loopback with zone files of ours. They end
// with the processes of the test.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Endpoint } from '../../src/net/address.js';
import { systemClock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { createQuery } from '../../src/net/dns/build.js';
import { createDnsExchange } from '../../src/net/dns/exchange.js';
import { TYPE } from '../../src/net/dns/message.js';
import { Name } from '../../src/net/dns/name.js';
import { freePort } from './free-port.js';
import type { Running } from './process.js';

/** A zone and the file it is in: absolute path. */
export interface ZoneSource {
  readonly apex: string;
  readonly file: string;
}

export interface ForeignServer {
  readonly program: string;
  readonly zones: readonly ZoneSource[];
  /** An empty folder for its configuration and state. */
  readonly folder: string;
  /** Lines for every zone's section of the configuration, indented: "    provide-xfr: …". */
  readonly perZone?: string;
  start(command: string, args: readonly string[]): Running;
}

/** nsd, answering for the zones. */
export async function startNsd(options: ForeignServer): Promise<Endpoint> {
  const { folder } = options;
  const port = await freePort();
  const zones = options.zones.map(({ apex, file }) => `zone:\n    name: "${apex}"\n    zonefile: "${file}"\n${options.perZone ?? ''}`).join('');
  const state = ['pidfile', 'zonelistfile', 'xfrdfile', 'xfrdir'].map((what) => `    ${what}: "${path.join(folder, what === 'xfrdir' ? '' : what)}"\n`).join('');
  const file = path.join(folder, 'nsd.conf');
  await writeFile(file, `server:
    ip-address: 127.0.0.1@${port}
    username: ""
    zonesdir: "${folder}"
    database: ""
${state}    server-count: 1
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    minimal-responses: yes
    round-robin: no
    tcp-query-count: 0
remote-control:
    control-enable: no
${zones}`);
  await options.start(options.program, ['-d', '-c', file]).printed(/nsd started/);
  return answering(port, options.zones);
}

/** knotd, answering for the zones; nothing is signed, limited or written back. */
export async function startKnot(options: ForeignServer): Promise<Endpoint> {
  const { folder } = options;
  const port = await freePort();
  await mkdir(path.join(folder, 'db'));
  const zones = options.zones.map(({ apex, file }) => `  - domain: "${apex}"\n    file: "${file}"\n${options.perZone ?? ''}`).join('');
  const file = path.join(folder, 'knot.conf');
  await writeFile(file, `server:
    rundir: "${folder}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "${path.join(folder, 'db')}"
template:
  - id: default
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
zone:
${zones}`);
  await options.start(options.program, ['-c', file, '-s', path.join(folder, 'control.sock')]).printed(/server started/);
  return answering(port, options.zones);
}

/** Both load zones behind an open port: asks until each zone is answered for. */
async function answering(port: number, zones: readonly ZoneSource[]): Promise<Endpoint> {
  const endpoint: Endpoint = { address: '127.0.0.1', port };
  const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
  for (const { apex } of zones) {
    const name = Name.parse(apex);
    if (!name) throw new Error(`no name: ${apex}`);
    const query = createQuery({ name, type: TYPE.SOA, id: 0, recursionDesired: false });
    for (let attempts = 1; ; attempts += 1) {
      const { message } = await exchange(endpoint, query, { timeoutMs: 5000 });
      if (message.answers.length > 0) break;
      if (attempts > 5000) throw new Error(`the server on port ${port} does not answer for ${apex}`);
    }
  }
  return endpoint;
}
