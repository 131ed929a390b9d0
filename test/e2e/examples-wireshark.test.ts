// The exercise in examples/wireshark.md: its commands run, in order, and print what it shows.

import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startNetwork } from '../helpers/network.js';
import { PROGRAM, PROJECT, useProcesses } from '../helpers/process.js';
import { itWith } from '../helpers/programs.js';
import { parseSections, shows } from '../helpers/readme.js';
import { useTempFolders } from '../helpers/temp.js';

/** Blocks in a list are set in. */
const EXERCISE = readFileSync(path.join(PROJECT, 'examples', 'wireshark.md'), 'utf8').replace(/^ {3}/gm, '');

describe('examples: wireshark.md', function () {
  this.timeout(60_000);
  const { startCdn, start } = useProcesses();
  const tempFolder = useTempFolders();

  itWith('tshark', 'every command prints what it shows', async (tshark) => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    await mkdir(path.join(folder, 'bin'));
    const shim = path.join(folder, 'bin', 'cdn');
    await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
    await chmod(shim, 0o755);
    const PATH = [path.join(folder, 'bin'), path.dirname(tshark), process.env['PATH'] ?? ''].join(path.delimiter);
    const blocks = parseSections(EXERCISE).flatMap((section) => section.blocks);
    expect(blocks.filter(({ language }) => language === 'sh')).to.have.length(6);
    for (const [index, block] of blocks.entries()) {
      if (block.language !== 'sh') continue;
      const done = await start('/bin/sh', ['-e', '-c', block.text], { cwd: folder, env: { PATH, CDN_DNS: network.dnsAddress }, input: '' }).finished;
      expect(done.code, `${block.text}\n${done.stderr}`).to.equal(0);
      const next = blocks[index + 1];
      if (next?.language === 'text') expect(shows(done.stdout, next.text), `shown:\n${next.text}\nprinted:\n${done.stdout}`).to.equal(true);
    }
  });
});
