// cdn sign and cdn store --signed-urls as two people would use them.

import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.js';
import { probeStore } from '../../src/dns/health-probe.js';
import { createHttpClient } from '../../src/net/http/client.js';
import { useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

const line = (id: string, octet: string): string => `${id} ${octet.repeat(32)}\n`;

describe('cdn sign and cdn store --signed-urls', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();

  async function keyFile(text: string, mode = 0o600): Promise<string> {
    const file = path.join(await tempFolder(), 'keys');
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }
  async function sign(url: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runCdn(['sign', url, ...args]);
    expect([code, stderr]).to.deep.equal([0, '']);
    return stdout.trim();
  }

  it('what is signed is served; keys change on SIGHUP; health is told to anybody', async () => {
    const file = await keyFile(line('one', 'a1'), 0o644);
    const store = startCdn(['store', '--listen', '127.0.0.1:0', '--signed-urls', file]);
    const port = Number((await store.printed(/Running on http:\/\/127\.0\.0\.1:(\d+)/))[1]);
    expect(store.stderr()).to.contain(`chmod 600 ${file}`);
    await chmod(file, 0o600);
    const url = `http://127.0.0.1:${port}/video1`;
    const byOne = await sign(url, '--key-file', file, '--expires', '10m', '--client', '127.0.0.0/8');
    expect(byOne).to.match(new RegExp(`^${url}\\?cdn-key=one&cdn-expires=\\d+&cdn-client=127\\.0\\.0\\.0/8&cdn-signature=[\\w-]{43}$`));
    const statusOf = async (target: string): Promise<number> => {
      const response = await fetch(target);
      await response.arrayBuffer();
      return response.status;
    };
    expect([await statusOf(byOne), await statusOf(url)]).to.deep.equal([200, 403]);

    const http = createHttpClient({ clock: systemClock });
    const probed = await probeStore({ address: '127.0.0.1', port }, 5000, { clock: systemClock, http }, new AbortController().signal);
    await http.close();
    expect(probed.kind, 'the health check of cdn dns').to.equal('alive');

    await writeFile(file, line('two', 'b2'));
    store.kill('SIGHUP');
    await store.printed(/read again: two/);
    const byTwo = await sign(url, '--key-file', file);
    expect([await statusOf(byOne), await statusOf(byTwo)]).to.deep.equal([403, 200]);
    await writeFile(file, 'nonsense');
    store.kill('SIGHUP');
    await store.printed(/checked with the keys from before/);
    expect(await statusOf(byTwo)).to.equal(200);
  });

  it('--key picks one, --json tells it all', async () => {
    const file = await keyFile(line('one', 'a1') + line('two', 'b2'));
    const { stdout } = await runCdn(['sign', 'http://h/x?y=1', '--key-file', file, '--key', 'two', '--json']);
    const report = JSON.parse(stdout) as Record<string, string>;
    expect(report).to.include({ key: 'two' });
    expect(report['url']).to.match(/^http:\/\/h\/x\?y=1&cdn-key=two&/);
    expect(Number(/cdn-expires=(\d+)/.exec(report['url'] ?? '')?.[1]) * 1000).to.equal(Date.parse(report['expires'] ?? ''));
  });

  it('says what is wrong: exit 2', async () => {
    const file = await keyFile(line('one', 'a1'));
    const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
      [['sign', 'http://h/x'], '--key-file: which keys?'],
      [['sign', 'video1', '--key-file', file], 'expected an http or https URL, got "video1"'],
      [['sign', 'http://h/x', '--key-file', file, '--expires', '0s'], '--expires: expected a time'],
      [['sign', 'http://h/x', '--key-file', file, '--client', '192.0.2.1/24'], '--client: expected an address or a network'],
      [['sign', 'http://h/x', '--key-file', file, '--key', 'three'], 'there is no key three'],
      [['store', '--listen', '127.0.0.1:0', '--signed-urls', `${file}-not`], 'cannot read the keys in'],
    ];
    const done = await Promise.all(wrong.map(([args]) => runCdn(args)));
    for (const [index, [args, says]] of wrong.entries()) {
      expect([done[index]?.code, done[index]?.stderr.includes(says)], `${args.join(' ')}: ${done[index]?.stderr}`).to.deep.equal([2, true]);
    }
  });
});
