// Every shell block of the README runs, in order, and prints what the README shows.
//
// "sh" blocks run to their end in a scratch folder, with `cdn` on the PATH. "sh background" blocks are
// started and go on until the next section that has such a block. "sh project" blocks run in the
// project's folder, their `npm install &&` left out: who runs this has done that. A "text" block is the
// output of the block before it; "text cdn dns" is what the `cdn dns` in the background has printed.
// "js" blocks are run by Node.

import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isPortFree } from '../helpers/free-port.js';
import { findProgram, itWhen } from '../helpers/programs.js';
import { PROGRAM, PROJECT, useProcesses, type Running } from '../helpers/process.js';
import { parseSections, shows, type Block } from '../helpers/readme.js';

const README = readFileSync(path.join(PROJECT, 'README.md'), 'utf8');
const PORTS = [40720, 40721, 40722, 40723, 40724];

const portsFree = (await Promise.all(PORTS.map((port) => isPortFree(port)))).every(Boolean);

/** What each command prints once it can be asked. */
const READY: readonly (readonly [string, RegExp])[] = [['cdn up', /Ready/], ['cdn dns', /Local DNS on/], ['cdn web', /Running on/], ['cdn store', /Running on/]];

/** What keeps a block from running on this machine; undefined when nothing does. */
function missingFor(block: Block): string | undefined {
  if (process.platform === 'win32') return 'a POSIX shell';
  if (!portsFree) return 'the ports 40720-40724 free';
  return ['dig', 'curl', 'ffprobe'].find((program) => new RegExp(`\\b${program}\\b`).test(block.text) && findProgram(program) === undefined);
}

describe('README.md', function () {
  this.timeout(60_000);
  const { start, endAll } = useProcesses({ after: 'all' });
  let folder = '';
  let background: { readonly section: string; readonly command: string; readonly process: Running }[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cdn-readme-'));
    await mkdir(path.join(folder, 'bin'));
    await mkdir(path.join(folder, 'scratch'));
    const shim = path.join(folder, 'bin', 'cdn');
    await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
    await chmod(shim, 0o755);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function shell(block: Block): Running {
    const inProject = block.words.includes('project');
    const command = inProject ? block.text.replace(/^npm install && /, '') : block.text;
    const script = block.language === 'js' ? `exec '${process.execPath}' --input-type=module - <<'END'\n${command}\nEND` : command;
    const PATH = [path.join(folder, 'bin'), path.dirname(process.execPath), process.env['PATH'] ?? ''].join(path.delimiter);
    return start('/bin/sh', ['-e', '-c', `exec 2>&1\n${script}`], { cwd: inProject ? PROJECT : path.join(folder, 'scratch'), env: { PATH }, input: '' });
  }

  async function startBackground(section: string, block: Block, shown: string | undefined): Promise<void> {
    if (background.some((entry) => entry.section !== section)) {
      await endAll();
      background = [];
    }
    const process = shell({ ...block, text: `exec ${block.text}` });
    background.push({ section, command: block.text, process });
    const [, pattern] = READY.find(([command]) => block.text.startsWith(command)) ?? [];
    if (pattern === undefined) throw new Error(`how "${block.text}" says that it is ready is not known here`);
    await process.printed(pattern);
    if (shown !== undefined) await process.shows((output) => shows(output, shown), shown);
  }

  async function runToEnd(block: Block, shown: string | undefined): Promise<void> {
    const done = await shell(block).finished;
    expect(done.code, done.stdout).to.equal(0);
    if (shown !== undefined) expect(shows(done.stdout, shown), `shown:\n${shown}\nprinted:\n${done.stdout}`).to.equal(true);
  }

  for (const { title, blocks } of parseSections(README)) {
    for (const [index, block] of blocks.entries()) {
      const next = blocks[index + 1];
      const shown = next?.language === 'text' && next.words.length === 0 ? next.text : undefined;
      const missing = missingFor(block);
      const name = `line ${block.line}: ${block.text.split('\n')[0] ?? ''}`;
      if ((block.language === 'sh' || block.language === 'js') && !block.text.endsWith('npm test')) {
        itWhen(missing === undefined, missing ?? '', name, () => (block.words.includes('background') ? startBackground(title, block, shown) : runToEnd(block, shown)));
      } else if (block.language === 'text' && block.words.length > 0) {
        const command = block.words.join(' ');
        itWhen(missing === undefined, missing ?? '', `line ${block.line}: what ${command} has printed`, async () => {
          const process = background.find((entry) => entry.command.startsWith(command))?.process;
          if (process === undefined) throw new Error(`no "${command}" runs in the background`);
          await process.shows((output) => shows(output, block.text), block.text);
        });
      }
    }
  }

  it('names the commands that CI runs', () => {
    const ci = readFileSync(path.join(PROJECT, '.ci', 'run'), 'utf8');
    for (const command of ['npm install && npm test', 'npm run demo']) {
      expect(README).to.include(command);
      expect(ci).to.include(command);
    }
  });

  it('has no other shell than sh blocks, and no code but js, so that all of it runs', () => {
    const languages = parseSections(README).flatMap(({ blocks }) => blocks.map(({ language }) => language));
    expect(languages.filter((language) => !['sh', 'text', 'js'].includes(language))).to.deep.equal([]);
    expect(languages.filter((language) => language === 'sh')).to.have.length.greaterThan(5);
  });
});
