// What `npm pack` makes: what a user needs and no more, and it works where nothing else is.

import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '../helpers/programs.js';
import { PROJECT, useProcesses, type Finished } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

/** npm of the Node that runs the tests, or of the machine where that Node came without. */
function npm(): readonly [string, ...string[]] {
  const cli = process.env['npm_execpath'];
  if (cli?.endsWith('.js') === true) return [process.execPath, cli];
  const found = findProgram('npm');
  if (found === undefined) throw new Error('npm is not on this machine');
  return [found];
}

const ALLOWED: readonly RegExp[] = [/^package\.json$/, /^README\.md$/, /^LICENSE$/, /^oclif\.manifest\.json$/, /^bin\/run\.js$/, /^videos\/[^/]+\.mp4$/, /^dist\/[\w/-]+\.js$/, /^dist\/quick\/LICENSES\.txt$/, /^(?:ARCHITECTURE|CHANGELOG|CONTRIBUTING)\.md$/, /^(?:docs|examples)\/[\w./-]+$/];

describe('the packed tarball', function () {
  this.timeout(180_000);
  const tempFolder = useTempFolders();
  const { run, start } = useProcesses();

  async function runNpm(cwd: string, ...args: readonly string[]): Promise<Finished> {
    const [program, ...first] = npm();
    // What `npm test` itself was started with must not steer the npm that it starts.
    const inherited = Object.keys(process.env).filter((name) => /^npm_(config_(local_)?prefix|package_|lifecycle_)/i.test(name));
    const done = await run(program, [...first, ...args], { cwd, env: Object.fromEntries(inherited.map((name) => [name, ''])) });
    expect(done.code, `npm ${args.join(' ')}: ${done.stdout}${done.stderr}`).to.equal(0);
    return done;
  }

  /** `npm test` has built; building again here would pull dist/ from under other tests. */
  const pack = (folder: string): Promise<Finished> => runNpm(PROJECT, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);

  it('holds what a user needs, and no more', async () => {
    const folder = await tempFolder();
    const report: unknown = JSON.parse((await pack(folder)).stdout);
    const paths = [...JSON.stringify(report).matchAll(/"path":"([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(paths.filter((name) => !ALLOWED.some((allowed) => allowed.test(name)))).to.deep.equal([]);
    expect(paths).to.include.members(['package.json', 'README.md', 'LICENSE', 'oclif.manifest.json', 'bin/run.js', 'dist/commands/up.js', 'videos/video1.mp4', 'videos/video5.mp4']);
    // What the README points at is there, too.
    const links = [...(await readFile(path.join(PROJECT, 'README.md'), 'utf8')).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => (match[1] ?? '').replace(/\/$/, ''));
    expect(links.filter((link) => !paths.some((name) => name === link || name.startsWith(`${link}/`)))).to.deep.equal([]);
  });

  it('installs into an empty folder, and runs a network and a fetch from there', async () => {
    const folder = await tempFolder();
    await pack(folder);
    const tarball = (await readdir(folder)).find((name) => /^hercdn-.*\.tgz$/.test(name)) ?? 'none';
    const empty = path.join(folder, 'empty');
    await mkdir(empty);
    await writeFile(path.join(empty, 'package.json'), '{"private":true}');
    await runNpm(empty, 'install', '--prefer-offline', '--no-audit', '--no-fund', path.join(folder, tarball));
    // On Windows the name in .bin is a batch file; the script that it calls runs everywhere.
    const cdn = (...args: readonly string[]): [string, readonly string[]] => [process.execPath, [path.join(empty, 'node_modules', 'hercdn', 'bin', 'run.js'), ...args]];

    const { version } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as { version: string };
    const told = await run(...cdn('--version'), { cwd: empty });
    expect(told.stdout).to.match(new RegExp(`^hercdn/${version.replaceAll('.', '\\.')} `));
    expect(await readdir(path.join(empty, 'node_modules', '.bin'))).to.include('cdn');

    const network = start(...cdn('up', '--free-ports', '--log-format', 'json'), { cwd: empty });
    const ready = JSON.parse((await network.printed(/^.*"ready":true.*$/m))[0]) as { dns: { address: string; port: number } };
    const fetched = await run(...cdn('fetch', 'hiscinema.com/File1', '--dns', `${ready.dns.address}:${ready.dns.port}`, '-o', 'film.mp4'), { cwd: empty });
    expect(fetched.code, fetched.stderr).to.equal(0);
    const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(sha256(await readFile(path.join(empty, 'film.mp4')))).to.equal(sha256(await readFile(path.join(PROJECT, 'videos', 'video1.mp4'))));
  });
});
