// `cdn fetch` with a plain line does without oclif: the same comes of it, and oclif is not loaded.

import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.js';
import { textResponse } from '../../src/net/http/message.js';
import { createHttpServer, type HttpServer } from '../../src/net/http/server.js';
import { silentLog } from '../../src/observe/log.js';
import { useProcesses, type Finished } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

/** Tells at the end what of oclif was loaded. */
const TELL = `data:text/javascript,${encodeURIComponent("import { createRequire } from 'node:module'; process.on('exit', () => { const files = Object.keys(createRequire('file:///')('node:module')._cache).filter((name) => name.includes('oclif')); process.stderr.write(`oclif: ${files.length > 0}\\n`); });")}`;

describe('cdn fetch, quickly', function () {
  this.timeout(60_000);
  const { runCdn } = useProcesses();
  const newFolder = useTempFolders();
  let server: HttpServer;
  let url: string;

  before('a server', async () => {
    server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, ({ target }) => textResponse(target.startsWith('/no') ? 404 : 200, target), { clock: systemClock, log: silentLog });
    await server.start();
    url = `http://127.0.0.1:${server.endpoint.port}`;
  });
  after(() => server.stop(0));

  /** Times, ports and traces of their own aside. */
  const clean = (text: string): string => text.replace(/ *[▓░█]+ */g, ' BAR ').replace(/\b[0-9a-f]{32}\b/g, 'TRACE').replace(/\d+(?:\.\d+)? [mµ]?s\b/g, 'TIME').replace(/[\d.]+ [kM]?B\/s/g, 'RATE').replace(/ {2,}/g, '  ').replace(/127\.0\.0\.1:(?!1\b)\d+/g, 'HERE').replace(/oclif: \w+\n/, '');

  async function run(words: readonly string[], folder: string, env: Readonly<Record<string, string>> = {}): Promise<Finished & { readonly oclif: boolean }> {
    const done = await runCdn(['fetch', ...words], { cwd: folder, env: { NODE_OPTIONS: `--import=${TELL}`, ...env } });
    return { ...done, oclif: done.stderr.includes('oclif: true') };
  }

  for (const [what, words, file] of [
    ['a file', ['/a'], 'a'],
    ['its story', ['/a', '--explain', '--force'], 'a'],
    ['several, one of which is not there', ['/a', '/no', '-o', 'one', '-o', 'two', '--parallel-max', '1'], 'one'],
    ['none at all', [], undefined],
    ['what is not there', ['/no'], undefined],
    ['the standard output', ['/a', '-o', '-'], undefined],
    ['nobody', ['http://127.0.0.1:1/a', '--silent'], undefined],
    ['a value that its field refuses', ['/a', '--parallel', 'many'], undefined],
    ['a form', ['/a', '-w', '%{http_code}\\n', '--verbose'], 'a'],
  ] as const) {
    it(`${what}: as with oclif`, async () => {
      const [quick, slow] = [await realpath(await newFolder()), await realpath(await newFolder())];
      const typed = words.map((word) => (word.startsWith('/') ? url + word : word));
      const done = await run(typed, quick);
      // The end of flags is nothing that is plain.
      const same = await run([...typed, '--'], slow);
      expect([done.oclif, same.oclif]).to.deep.equal([false, true]);
      expect(clean(done.stderr).replaceAll(quick, 'FOLDER')).to.equal(clean(same.stderr).replaceAll(slow, 'FOLDER'));
      expect([done.code, clean(done.stdout), await readdir(quick)]).to.deep.equal([same.code, clean(same.stdout), await readdir(slow)]);
      if (file !== undefined) expect(await readFile(path.join(quick, file), 'utf8')).to.equal('/a');
    });
  }

  it('what is not plain is oclif’s: --json, --help, a variable, a word that is wrong', async () => {
    const folder = await newFolder();
    const answers = [await run([`${url}/a`, '--json'], folder), await run(['--help'], folder), await run([`${url}/a`, '--force'], folder, { CDN_PARALLEL: '2' }), await run([`${url}/a`, '--frce'], folder)];
    expect(answers.map(({ oclif, code }) => [oclif, code])).to.deep.equal([[true, 0], [true, 0], [true, 0], [true, 2]]);
    expect(answers[3]?.stderr).to.include('did you mean: --force');
  });
});
