// cdn purge, cdn warm and cdn why as a user runs them, against an edge that runs as a user runs it.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { useProcesses, type Running } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

async function portsOf(edge: Running): Promise<{ readonly port: string; readonly admin: string }> {
  const [, port = ''] = await edge.printed(/Running on http:\/\/127\.0\.0\.1:(\d+)\//);
  const [, admin = ''] = await edge.printed(/Administered on http:\/\/127\.0\.0\.1:(\d+)\//);
  return { port, admin };
}

describe('cdn purge, cdn warm, cdn why', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();

  async function startEdge(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ readonly port: string; readonly admin: string; readonly edge: Running }> {
    const store = startCdn(['store', '--listen', '127.0.0.1:0']);
    const [, origin = ''] = await store.printed(/Running on (http:\/\/127\.0\.0\.1:\d+)\//);
    const edge = startCdn(['store', '--origin', origin, '--listen', '127.0.0.1:0', '--admin', '0', ...args], { env });
    return { ...(await portsOf(edge)), edge };
  }

  it('tell what there is, take it away, and tell who did', async () => {
    const { port, admin } = await startEdge([]);
    const url = `http://127.0.0.1:${port}/video1`;
    for (let round = 0; round < 2; round += 1) await (await fetch(url)).arrayBuffer();
    const here = await runCdn(['why', url, '--admin', admin]);
    expect([here.code, here.stdout], here.stderr).to.satisfy(([code, text]: [number, string]) => code === 0 && /^\/video1 is here\n {2}200, fresh for \d+ s more: \d+ s old of 60 s, by max-age\n {4}\S+ kB in 1 slice: 1 in memory\n {4}1 hit; ETag "/.test(text));
    const soft = await runCdn(['purge', url, '--soft', '--admin', admin]);
    expect([soft.code, soft.stdout], soft.stderr).to.deep.equal([0, `url ${url}: 1 object made stale\n`]);
    expect((await runCdn(['why', '/video1', '--admin', admin])).stdout).to.match(/200, stale since it was purged softly at .*; may still be served: stale-if-error/);
    const hard = await runCdn(['purge', '/nothing', '--prefix', '/video', '--tag', 'film', '--admin', admin, '--json']);
    expect([hard.code, JSON.parse(hard.stdout)], hard.stderr).to.deep.equal([0, { purges: [
      { by: 'url', what: '/nothing', soft: false, purged: 0 }, { by: 'prefix', what: '/video', soft: false, purged: 1 }, { by: 'tag', what: 'film', soft: false, purged: 0 },
    ] }]);
    const wild = await runCdn(['purge', '/video*', '--admin', admin]);
    expect([wild.code, wild.stdout, wild.stderr]).to.deep.equal([0, 'url /video*: 0 objects purged\n', 'note: * is no wildcard, and nothing has it in its URL: for all that begins with /video, cdn purge --prefix /video\n']);
    const gone = await runCdn(['why', '/video1', '--admin', admin, '--json']);
    const standing = JSON.parse(gone.stdout) as { here: boolean; removals: readonly { why: string }[] };
    expect([gone.code, standing.here, standing.removals[0]?.why]).to.deep.equal([0, false, 'purged by prefix /video']);
    expect((await fetch(url)).headers.get('cache-status')).to.match(/fwd=uri-miss/);
    expect(await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()).to.match(/^cdn_requests_total\{status="200",cache="hit"\} 1$/m);
  });

  it('cdn warm fills it from arguments, a file and standard input, and fails where one stays cold', async () => {
    const { port, admin } = await startEdge([]);
    const list = path.join(await tempFolder(), 'urls');
    await writeFile(list, '# films\n/video2\n\n/video1\n');
    const done = await runCdn(['warm', `http://127.0.0.1:${port}/video1`, '--input-file', list, '--admin', admin]);
    const lines = done.stdout.trimEnd().split('\n');
    expect([done.code, lines.length], done.stderr).to.deep.equal([0, 4]);
    expect(lines.at(-1)).to.match(/^3 of 3 warm, \d\.\d MB: (?:1 was here, 2 stored|3 stored)$/);
    expect((await fetch(`http://127.0.0.1:${port}/video2`)).headers.get('cache-status')).to.match(/; hit;/);
    const json = await runCdn(['warm', '--input-file', '-', '--admin', admin, '--json', '--parallel-max', '1', '--header', 'Accept-Encoding: gzip'], { input: '/video2\n/none\n' });
    const { objects } = JSON.parse(json.stdout) as { objects: readonly { target: string; outcome: string; why: string | null }[] };
    expect([json.code, objects.map(({ target, outcome, why }) => [target, outcome, why])], json.stderr).to.deep.equal([4, [['/video2', 'hit', null], ['/none', 'failed', 'answered 404']]]);
    const said = await runCdn(['warm', '/none', '--admin', admin]);
    expect([said.code, said.stdout]).to.deep.equal([4, '/none: failed: answered 404\n']);
  });

  it('a token, of a file or the environment, opens the door, and only the right one', async () => {
    const file = path.join(await tempFolder(), 'admin.token');
    await writeFile(file, 'correct-horse-battery\n');
    const { admin, edge } = await startEdge(['--admin-token-file', file]);
    const without = await runCdn(['purge', '/a', '--admin', admin]);
    expect([without.code, without.stderr]).to.satisfy(([code, text]: [number, string]) => code === 4 && text.includes('it wants a token') && text.includes('--admin-token-file'));
    const wrong = await runCdn(['why', '/a', '--admin', admin], { env: { CDN_ADMIN_TOKEN: 'wrong-horse-battery' } });
    expect([wrong.code, wrong.stderr]).to.satisfy(([code, text]: [number, string]) => code === 4 && text.includes('this is not its token'));
    const right = await runCdn(['purge', '/a'], { env: { CDN_ADMIN_TOKEN: 'correct-horse-battery', CDN_ADMIN: `127.0.0.1:${admin}` } });
    expect(right.code, right.stderr).to.equal(0);
    expect((await runCdn(['why', '/a', '--admin', admin, '--admin-token-file', file])).code).to.equal(0);
    expect(edge.stdout() + edge.stderr()).not.to.include('horse');
  });

  for (const [args, code, said] of [
    [['store', '--origin', 'http://127.0.0.1:1', '--admin', '0.0.0.0:40727'], 2, 'there is no token'],
    [['store', '--origin', 'http://127.0.0.1:1', '--admin', 'here'], 2, '--admin: expected a port of 127.0.0.1, or an IP address and port'],
    [['store', '--admin', '40727'], 2, '--admin: only a store with an origin'],
    [['store', '--origin', 'http://127.0.0.1:1', '--admin', '0', '--admin-token-file', '/no/such/file'], 2, 'cannot read /no/such/file'],
    [['purge'], 2, 'say what to purge'],
    [['purge', '/a', '--sofft'], 2, 'did you mean: --soft'],
    [['purge', 'a'], 2, '"a" is no path that begins with "/"'],
    [['purge', '/a', '--admin', '127.0.0.1:1'], 4, 'no edge is administered on 127.0.0.1:1'],
    [['warm'], 2, 'say what to warm'],
    [['warm', '/a', 'b'], 2, '"b" is no path that begins with "/"'],
    [['warm', '/a', '--header', 'Cookie: a=b'], 2, '--header: expected Accept'],
    [['warm', '--input-file', '/no/such/file'], 2, 'cannot read /no/such/file'],
    [['warm', '/a', '--admin', '127.0.0.1:1'], 4, 'no edge is administered on 127.0.0.1:1'],
    [['why'], 2, 'url'],
    [['why', 'a', '--admin', '127.0.0.1:1'], 4, 'no edge is administered'],
  ] as const) {
    it(`cdn ${args.join(' ')}: exit ${code}, and a word about it`, async () => {
      const done = await runCdn(args);
      expect([done.code, done.stderr]).to.satisfy(([exit, text]: [number, string]) => exit === code && text.includes(said), done.stderr);
    });
  }

  it('a token that can be guessed is none, and is not shown', async () => {
    const done = await runCdn(['store', '--origin', 'http://127.0.0.1:1', '--admin', '0'], { env: { CDN_ADMIN_TOKEN: 'hunter2' } });
    expect(done.code).to.equal(2);
    expect(done.stderr).to.include('CDN_ADMIN_TOKEN: expected a token of 16').and.not.include('hunter2');
  });
});
