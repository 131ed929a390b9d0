// docs/commands.md is what the built program's --help prints.

import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT, useProcesses } from '../helpers/process.js';

describe('docs/commands.md', () => {
  const { run } = useProcesses();

  it('is fresh: `npm run docs` would change nothing', async function () {
    this.timeout(60_000);
    const print = "import { commandsPage } from './scripts/docs.js'; process.stdout.write(commandsPage());";
    const page = await run(process.execPath, ['--input-type=module', '-e', print], { cwd: PROJECT });
    expect(page.code, page.stderr).to.equal(0);
    expect(await readFile(path.join(PROJECT, 'docs', 'commands.md'), 'utf8')).to.equal(page.stdout);
    for (const command of ['dns', 'fetch', 'store', 'up', 'web']) expect(page.stdout).to.include(`## cdn ${command}\n`);
  });
});
