// Whole zones over TCP, to dig and kdig; and a zone so large that it takes many messages.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { createAuthority, loadZoneFile, type Zone } from '../../../src/dns/index.js';
import { createDnsServer } from '../../../src/net/dns/server.js';
import { parsePrefix } from '../../../src/net/prefix.js';
import { silentLog } from '../../../src/observe/log.js';
import { ask, createHandClock, summary, zoneOf } from '../../helpers/dns.js';
import { PROJECT } from '../../helpers/process.js';
import { itWith } from '../../helpers/programs.js';

const run = promisify(execFile);
const LOOPBACK = [parsePrefix('127.0.0.0/8') ?? expect.fail('no prefix')];
const LARGE = zoneOf(`$ORIGIN large.test.\n$TTL 60\n@ SOA ns h 7 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n${Array.from({ length: 20_000 }, (_, index) => `host${index} A 192.0.2.${index % 256}`).join('\n')}\n`);
const SMALL = '$ORIGIN small.test.\n$TTL 60\n@ SOA ns h 7 2 3 4 5\n@ NS ns\nns A 192.0.2.53\ncut NS ns.cut\nns.cut A 192.0.2.54\n';

async function serving(zones: readonly Zone[], use: (port: number) => Promise<void>): Promise<void> {
  const server = createDnsServer({ endpoint: { address: '127.0.0.1', port: 0 } }, createAuthority({ zones, transferTo: LOOPBACK }, { clock: systemClock, log: silentLog }), { clock: systemClock, log: silentLog });
  await server.start();
  try {
    await use(server.endpoint.port);
  } finally {
    await server.stop();
  }
}

describe('a zone transfer', () => {
  for (const program of ['dig', 'kdig']) {
    itWith(program, `to ${program} has every record once, its SOA record first and last`, (found) =>
      serving([zoneOf(SMALL)], async (port) => {
        const { stdout } = await run(found, ['@127.0.0.1', '-p', String(port), '+noall', '+answer', 'AXFR', 'small.test']);
        const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';')).map((line) => line.replace(/\s+/g, ' '));
        const soa = 'small.test. 60 IN SOA ns.small.test. h.small.test. 7 2 3 4 5';
        expect([lines[0], lines.at(-1)]).to.deep.equal([soa, soa]);
        expect(lines.slice(1, -1).sort()).to.deep.equal([
          'cut.small.test. 60 IN NS ns.cut.small.test.',
          'ns.cut.small.test. 60 IN A 192.0.2.54',
          'ns.small.test. 60 IN A 192.0.2.53',
          'small.test. 60 IN NS ns.small.test.',
        ]);
      }));
  }
  itWith('dig', 'of many messages arrives whole', (dig) =>
    serving([LARGE], async (port) => {
      const { stdout } = await run(dig, ['@127.0.0.1', '-p', String(port), 'AXFR', 'large.test'], { maxBuffer: 1 << 26 });
      expect(stdout).to.match(/XFR size: 20004 records \(messages \d\d+,/);
    }));
  itWith('dig', 'of every zone of the fixtures is what dig can read', async (dig) => {
    const file = path.join(PROJECT, 'test/fixtures/zones/types.test.zone');
    const zone = await loadZoneFile(file, { clock: systemClock });
    const count = [...zone.nodes.values()].flatMap((node) => node.rrsets.values().flatMap(({ records }) => records)).length;
    await serving([zone], async (port) => {
      const { stdout } = await run(dig, ['@127.0.0.1', '-p', String(port), 'AXFR', 'types.test']);
      expect(stdout).to.include(`XFR size: ${count + 1} records`);
    });
  });

  const handler = createAuthority({ zones: [zoneOf(SMALL)], transferTo: LOOPBACK }, { clock: createHandClock(), log: silentLog });
  const SOA = 'NOERROR aa | small.test. 60 SOA ns.small.test. h.small.test. 7 2 3 4 5';
  const CASES: readonly (readonly [rule: string, question: string, over: { readonly remote?: string; readonly transport?: 'udp' | 'tcp' }, expected: string])[] = [
    ['RFC 5936 §2.2.1: REFUSED for those not on the list', 'AXFR small.test.', { transport: 'tcp', remote: '192.0.2.1' }, 'REFUSED'],
    ['RFC 5936 §4.2: REFUSED over UDP', 'AXFR small.test.', { transport: 'udp' }, 'REFUSED'],
    ['RFC 5936 §2.2.1: NOTAUTH for a zone that is not served', 'AXFR example.org.', { transport: 'tcp' }, 'NOTAUTH'],
    ['RFC 5936 §2.2.1: NOTAUTH for a name that is no apex', 'AXFR ns.small.test.', { transport: 'tcp' }, 'NOTAUTH'],
    ['RFC 1995 §2: IXFR over UDP gets the SOA record', 'IXFR small.test.', { transport: 'udp' }, SOA],
    ['RFC 1995 §2: but not for those not on the list', 'IXFR small.test.', { transport: 'udp', remote: '192.0.2.1' }, 'REFUSED'],
  ];
  for (const [rule, question, over, expected] of CASES) it(rule, async () => expect(summary(await ask(handler, question, over))).to.equal(expected));
});
