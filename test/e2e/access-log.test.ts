// cdn store --access-log as it is used: read by other programs, moved away by logrotate, on a disk that is full.

import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { useProcesses, type Running } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

describe('cdn store --access-log', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();

  async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ readonly store: Running; get(target: string, fields?: Readonly<Record<string, string>>): Promise<number> }> {
    const store = startCdn(['store', '--listen', '127.0.0.1:0', ...args], { env });
    const [, port = ''] = await store.printed(/Running on http:\/\/127\.0\.0\.1:(\d+)\//);
    return {
      store,
      get: async (target, headers = {}) => {
        const answer = await fetch(`http://127.0.0.1:${port}${target}`, { headers });
        await answer.arrayBuffer();
        return answer.status;
      },
    };
  }
  const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

  it('is a file in combined format, complete when the store has stopped', async () => {
    const file = path.join(await tempFolder(), 'access.log');
    const { store, get } = await start(['--access-log', file]);
    await get('/video1', { range: 'bytes=0-99', 'user-agent': 'test "1"' });
    await get('/no-such-thing');
    store.kill('SIGTERM');
    expect((await store.finished).code).to.equal(0);
    const [first = '', second = '', ...rest] = (await textOf(file)).split('\n');
    expect(first).to.match(/^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/video1 HTTP\/1\.1" 206 100 "-" "test \\x221\\x22"$/);
    expect(second).to.match(/"GET \/no-such-thing HTTP\/1\.1" 404 \d+ "-" "/);
    expect(rest).to.deep.equal(['']);
  });

  for (const signal of ['SIGUSR1', 'SIGHUP'] as const) {
    it(`is opened anew on ${signal}: nothing is lost, and nothing more goes into what was moved away`, async () => {
      const file = path.join(await tempFolder(), 'access.log');
      const { store, get } = await start(['--access-log', file]);
      await get('/before');
      await rename(file, `${file}.1`);
      store.kill(signal);
      // The new file is there when the signal was seen to.
      while (await readFile(file).then(() => false, () => true)) await get('/meanwhile');
      await get('/after');
      store.kill('SIGTERM');
      await store.finished;
      const [old, fresh] = [await textOf(`${file}.1`), await textOf(file)];
      expect(old).to.include('/before').and.not.include('/after');
      expect(fresh).to.include('/after').and.not.include('/before');
    });
  }

  it('goes to standard output as JSON, beside the transcript on standard error', async () => {
    const { store, get } = await start(['--access-log', '-', '--access-log-format', 'json']);
    await get('/video1', { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    await store.shows(() => store.stdout().endsWith('\n'), 'a line');
    expect(JSON.parse(store.stdout())).to.include({ client: '127.0.0.1', request: 'GET /video1 HTTP/1.1', status: 200, complete: true, traceId: 'a'.repeat(32) });
    expect(store.stderr()).to.include('Received data: video1');
  });

  it('of an edge has what the cache did', async () => {
    const origin = await start([]);
    const [url = ''] = await origin.store.printed(/http:\/\/127\.0\.0\.1:\d+/);
    const { store, get } = await start(['--origin', url, '--access-log', '-'], { CDN_ACCESS_LOG_FORMAT: 'json' });
    for (let round = 0; round < 2; round += 1) await get('/video1');
    await store.shows(() => store.stdout().split('\n').length === 3, 'two lines');
    const told = store.stdout().trimEnd().split('\n').map((line) => (JSON.parse(line) as { cacheStatus: string }).cacheStatus);
    expect(told[0]).to.match(/^store-1; fwd=uri-miss; ttl=\d+; stored$/);
    expect(told[1]).to.match(/^store-1; hit; ttl=\d+$/);
  });

  it('on a full disk loses lines, and says so once; the store goes on', async function () {
    if (process.platform !== 'linux') this.skip();
    const { store, get } = await start(['--access-log', '/dev/full', '--origin', 'http://127.0.0.1:9', '--admin', '0']);
    const [, admin = ''] = await store.printed(/Administered on http:\/\/127\.0\.0\.1:(\d+)\//);
    expect(await get('/_cdn/health')).to.equal(200);
    await store.printed(/cannot write the access log \/dev\/full: ENOSPC/);
    for (let count = 0; count < 5; count += 1) expect(await get('/_cdn/health')).to.equal(200);
    expect(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()).to.match(/^cdn_access_log_dropped_total [1-6]$/m);
    store.kill('SIGTERM');
    const { code, stderr } = await store.finished;
    expect([code, stderr.match(/cannot write/g)?.length, stderr.includes('6 lines of the access log /dev/full could not be written')]).to.deep.equal([0, 1, true]);
  });

  for (const [args, code, said] of [
    [['--access-log', '/no/such/folder/log'], 6, 'cannot open the access log /no/such/folder/log'],
    [['--access-log-format', 'json'], 2, '--access-log-format: there is no access log'],
    [['--access-log', '-', '--access-log-format', 'common'], 2, '--access-log-format: expected one of combined, json, got "common"'],
  ] as const) {
    it(`${args.join(' ')}: exit ${code}, and a word about it`, async () => {
      const done = await runCdn(['store', '--listen', '127.0.0.1:0', ...args]);
      expect([done.code, done.stderr]).to.satisfy(([exit, text]: [number, string]) => exit === code && text.includes(said), done.stderr);
    });
  }
});
