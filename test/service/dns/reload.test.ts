// A server that reads its zone files again, as whoever runs it sees it: SIGHUP, and answers all the while.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createAuthority, openZoneFiles } from '../../../src/dns/index.js';
import { createQuery } from '../../../src/net/dns/build.js';
import { createDnsExchange } from '../../../src/net/dns/exchange.js';
import { TYPE } from '../../../src/net/dns/message.js';
import { createDnsServer } from '../../../src/net/dns/server.js';
import { silentLog } from '../../../src/observe/log.js';
import { nameOf } from '../../helpers/dns.js';
import { useProcesses } from '../../helpers/process.js';
import { useTempFolders } from '../../helpers/temp.js';

const head = (serial: number): string => `$ORIGIN example.test.\n$TTL 60\n@ SOA ns h ${serial} 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n`;

describe('cdn dns --zone', () => {
  const createFolder = useTempFolders();
  const { startCdn } = useProcesses();
  const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
  const serialAt = async (port: number): Promise<number | undefined> => {
    const query = createQuery({ name: nameOf('example.test'), type: TYPE.SOA, id: 0, recursionDesired: false });
    const { message } = await exchange({ address: '127.0.0.1', port }, query, { timeoutMs: 10_000 });
    const data = message.answers[0]?.data;
    return data?.kind === 'SOA' ? data.serial : undefined;
  };

  it('reads its files again on SIGHUP, and keeps what it has when one is broken', async () => {
    const file = path.join(await createFolder(), 'example.zone');
    await writeFile(file, head(1));
    const cdn = startCdn(['dns', '--role', 'authoritative', '--listen', '127.0.0.1:0', '--zone', file, '--log-format', 'text']);
    const [, port = ''] = await cdn.printed(/Authority of example\.test on 127\.0\.0\.1:(\d+)/);
    expect(await serialAt(Number(port))).to.equal(1);
    await writeFile(file, `${head(2)}x A y\n`);
    cdn.kill('SIGHUP');
    await cdn.printed(/example\.zone:6:5: A address: expected an IPv4 address, got "y"/);
    expect(await serialAt(Number(port))).to.equal(1);
    await writeFile(file, head(3));
    cdn.kill('SIGHUP');
    await cdn.printed(/Zone example\.test loaded again from .*: serial 3/);
    expect(await serialAt(Number(port))).to.equal(3);
  });

  it('answers while it loads a large zone', async function () {
    this.timeout(60_000);
    const file = path.join(await createFolder(), 'example.zone');
    await writeFile(file, head(1));
    const files = await openZoneFiles([file], { clock: systemClock, log: silentLog });
    const server = createDnsServer({ endpoint: { address: '127.0.0.1', port: 0 } }, createAuthority({ zones: files.set }, { clock: systemClock, log: silentLog }), { clock: systemClock, log: silentLog });
    await server.start();
    try {
      await writeFile(file, head(2) + Array.from({ length: 50_000 }, (_, index) => `host${index} A 192.0.2.${index % 256}`).join('\n'));
      let loaded = false;
      const loading = files.reload().then(() => (loaded = true));
      let answered = 0;
      while (!loaded) {
        const serial = await serialAt(server.endpoint.port);
        if (serial === 1) answered += 1;
      }
      await loading;
      // Were it loaded in one go, one query at most would have been answered before.
      expect(answered).to.be.greaterThan(5);
      expect(await serialAt(server.endpoint.port)).to.equal(2);
    } finally {
      await server.stop();
    }
  });
});
