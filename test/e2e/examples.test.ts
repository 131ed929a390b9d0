// What stands in examples/ works.

import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT, useProcesses } from '../helpers/process.js';
import { itWith } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

describe('examples', function () {
  this.timeout(60_000);
  const { startCdn, run } = useProcesses();
  const tempFolder = useTempFolders();

  /** Starts `cdn dns` on free ports; the answer says which port each server has. */
  async function startDns(...args: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const dns = startCdn(['dns', '--listen', '127.0.0.1:0', '--log-format', 'json', ...args]);
    await dns.printed(/"role":"Local DNS"/);
    return new Map([...dns.stderr().matchAll(/"role":"([^"]+)".*?"port":(\d+)/g)].map((match) => [match[1] ?? '', Number(match[2])]));
  }

  itWith('unbound-host', 'unbound.conf: unbound resolves through both authorities', async (unboundHost) => {
    const ports = await startDns();
    const config = (await readFile(path.join(PROJECT, 'examples', 'unbound.conf'), 'utf8'))
      .replace('@40723', `@${ports.get('Authority of hiscinema.com')}`)
      .replace('@40724', `@${ports.get('Authority of hercdn.com')}`);
    const file = path.join(await tempFolder(), 'unbound.conf');
    await writeFile(file, config);
    const ask = async (type: string, name: string): Promise<string> => (await run(unboundHost, ['-v', '-C', file, '-t', type, name])).stdout;
    expect(await ask('A', 'file1.hiscinema.com')).to.include('file1.hiscinema.com is an alias for file1.hercdn.com.').and.include('file1.hercdn.com has address 127.0.0.1');
    expect(await ask('SRV', '_http._tcp.file1.hiscinema.com')).to.match(/has SRV record 0 0 40721 store-1\.hercdn\.com\./);
    expect(await ask('TYPE65280', 'file1.hiscinema.com')).to.include(String.raw`has TYPE65280 record \# 25 0566696C65310668657263646E03636F6D0006766964656F31`);
    expect(await ask('A', 'nosuch.hiscinema.com')).to.include('NXDOMAIN');
    expect(await ask('MX', 'file1.hiscinema.com')).to.match(/has no/);
  });

  itWith('dig', 'example.org.zone: the local DNS follows the alias into the CDN', async (dig) => {
    const ports = await startDns('--zone', path.join(PROJECT, 'examples', 'example.org.zone'));
    const ask = async (...question: readonly string[]): Promise<string> => (await run(dig, ['@127.0.0.1', '-p', String(ports.get('Local DNS')), '+noall', '+answer', ...question])).stdout;
    expect(await ask('films.example.org')).to.match(/^films\.example\.org\.\s+300\s+IN\s+CNAME\s+file1\.hercdn\.com\.\nfile1\.hercdn\.com\.\s+20\s+IN\s+A\s+127\.0\.0\.1\n$/);
    expect(await ask('_http._tcp.films.example.org', 'SRV')).to.match(/SRV\s+0 0 40721 store-1\.hercdn\.com\./);
    expect(await ask('x.any.example.org', 'TXT')).to.include('"every name below any.example.org"');
  });
});
