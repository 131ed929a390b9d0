// cdn trace as a user types it.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startNetwork, type RunningNetwork } from '../helpers/network.js';
import { useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

describe('cdn trace', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses({ after: 'all' });
  const tempFolder = useTempFolders();
  let network: RunningNetwork;
  before('start a network', async () => {
    network = await startNetwork(startCdn);
  });
  const trace = (args: readonly string[], cwd?: string) => runCdn(['trace', ...args, '--dns', network.dnsAddress], cwd === undefined ? {} : { cwd });

  it('tells messages 3 to 8, the time, and how much was answered', async () => {
    const { code, stdout, stderr } = await trace(['file1.hiscinema.com']);
    expect(code, stderr).to.equal(0);
    expect([...stdout.matchAll(/^(\d+)\./gm)].map(([, number]) => number)).to.deep.equal(['3', '4', '5', '6', '7', '8']);
    expect(stdout).to.match(/Where the time went[^]*└ authority of hercdn\.com[^]*^A file1\.hiscinema\.com: 2 records in /m);
  });

  it('any type, by its name or number, and everything as JSON', async () => {
    for (const type of ['V', 'TYPE65280']) {
      const { code, stdout, stderr } = await trace(['file1.hiscinema.com', '--type', type, '--json']);
      expect(code, stderr).to.equal(0);
      expect((JSON.parse(stdout) as { records: readonly string[] }).records.at(-1)).to.include('"video1"');
    }
  });

  it('its forms, into a file', async () => {
    const cwd = await tempFolder();
    for (const [format, start] of [['json', '{\n  "version": 1'], ['mermaid', 'sequenceDiagram\n'], ['html', '<!doctype html>'], ['text', '3.  client'], ['pcap', '\n\r\r\n']] as const) {
      const { code, stdout, stderr } = await trace(['file2.hiscinema.com', `--explain=${format}`, '--explain-file', `story.${format}`], cwd);
      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(/^A file2\.hiscinema\.com: \d records? in .*\n$/);
      expect((await readFile(path.join(cwd, `story.${format}`), 'latin1')).slice(0, start.length)).to.equal(start);
    }
  });

  it('exit statuses: 2 usage, 3 no such name or record, 4 DNS fails', async () => {
    for (const [args, code] of [[['a/b'], 2], [['hiscinema.com', '--type', 'NOPE'], 2], [['nobody.hiscinema.com'], 3], [['file1.hiscinema.com', '--type', 'MX'], 3], [['example.org'], 4]] as const) {
      const done = await trace(args);
      expect(done.code, args.join(' ')).to.equal(code);
      expect(done.stderr).to.match(/^error: [^]*^ {2}try: /m);
    }
    expect((await runCdn(['trace', 'hiscinema.com', '--dns', '127.0.0.1:1'])).code).to.equal(4);
  });
});
