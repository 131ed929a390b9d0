// Every flag of `cdn fetch`, on the built program against a real server: what it sends, writes and prints.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.js';
import { deliver } from '../../src/net/http/deliver.js';
import { formatReprDigest } from '../../src/net/http/digest.js';
import { textResponse, type HttpRequest } from '../../src/net/http/message.js';
import { createHttpServer, type HttpServer } from '../../src/net/http/server.js';
import { shape } from '../../src/net/shape.js';
import { silentLog } from '../../src/observe/log.js';
import { CERTIFICATE, KEY } from '../service/fetch/certificate.js';
import { useProcesses } from '../helpers/process.js';

const FILM = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * 7 + (index >> 8)) & 255));
const SHA256 = createHash('sha256').update(FILM).digest();

describe('cdn fetch, flag by flag', function () {
  this.timeout(60_000);
  const { runCdn } = useProcesses();
  const requests: HttpRequest[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  let server: HttpServer;
  let url: string;
  let folder: string;

  before('a server', async () => {
    server = createHttpServer({ endpoint: { address: '127.0.0.1', port: 0 } }, (request) => {
      requests.push(request);
      const path_ = request.target.replace(/\?.*/, '');
      if (path_ === '/moved') return textResponse(302, '', { location: request.target.replace('/moved?', '') });
      if (path_ === '/busy' && requests.filter(({ target }) => target === '/busy').length < 3) return textResponse(503, 'busy', { 'retry-after': '0' });
      const slow = path_ === '/slow';
      return deliver(request, {
        length: FILM.length, etag: '"1"', lastModifiedMs: undefined, contentType: 'video/mp4', fields: { 'repr-digest': formatReprDigest(SHA256) },
        async *open(range, signal) {
          const bytes = FILM.subarray(range.firstPos, range.lastPos + 1);
          if (slow) yield* shape((async function* () { yield bytes; })(), 100_000, systemClock, signal);
          else yield bytes;
        },
      }, Date.now());
    }, { clock: systemClock, log: silentLog });
    await server.start();
    url = `http://127.0.0.1:${server.endpoint.port}`;
  });
  after(() => server.stop(0));
  beforeEach(async () => {
    requests.length = 0;
    folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cdn-test-')));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await rm(folder, { recursive: true, force: true });
  });

  const fetch = (...args: readonly string[]) => runCdn(['fetch', ...args], { cwd: folder });
  const saved = (name: string): Promise<Buffer> => readFile(path.join(folder, name));

  async function listen(listener: Server): Promise<number> {
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    closing.push(() => new Promise((resolve) => listener.close(resolve)));
    return (listener.address() as AddressInfo).port;
  }

  it('-O, -o, -o -, several targets, --input-file, -C -', async () => {
    await writeFile(path.join(folder, 'list'), `# films\n${url}/c.mp4\n\n`);
    const done = await fetch('-O', `${url}/a.mp4`, `${url}/b.mp4`, '--input-file', 'list', '-C', '-');
    expect(done.code, done.stderr).to.equal(0);
    for (const name of ['a.mp4', 'b.mp4', 'c.mp4']) expect((await saved(name)).equals(FILM)).to.equal(true);
    const paired = await fetch('-o', 'one', `${url}/a.mp4`, '-o', 'two', `${url}/b.mp4`, '--parallel-max', '1');
    expect(paired.code, paired.stderr).to.equal(0);
    expect((await readdir(folder)).sort()).to.deep.equal(['a.mp4', 'b.mp4', 'c.mp4', 'list', 'one', 'two']);
    const both = await fetch('-o', '-', `${url}/a.mp4`, '--range', '0-9', '--silent');
    expect([both.stdout.length > 0, both.stderr]).to.deep.equal([true, '']);
  });

  it('of several targets, one that fails is told, and its status is the command’s', async () => {
    const done = await fetch(`${url}/a.mp4`, 'http://127.0.0.1:1/b.mp4', '--json');
    expect(done.code).to.equal(4);
    const { results } = JSON.parse(done.stdout) as { results: { url?: string; error?: { code: string } }[] };
    expect(results.map((result) => result.error?.code ?? result.url)).to.deep.equal([`${url}/a.mp4`, 'STORE_UNREACHABLE']);
    const none = await fetch();
    expect(none.code).to.equal(2);
  });

  it('--fsync: the file is there, and nothing else', async () => {
    const done = await fetch(`${url}/film.mp4`, '--fsync');
    expect(done.code, done.stderr).to.equal(0);
    expect(await readdir(folder)).to.deep.equal(['film.mp4']);
    expect((await saved('film.mp4')).equals(FILM)).to.equal(true);
  });

  for (const [range, first, last] of [['100-199', 100, 199], ['1499990-', 1_499_990, 1_499_999], ['-10', 1_499_990, 1_499_999]] as const) {
    it(`--range ${range}`, async () => {
      const done = await fetch(`${url}/film.mp4`, '-r', range, '-o', 'part');
      expect(done.code, done.stderr).to.equal(0);
      expect((await saved('part')).equals(FILM.subarray(first, last + 1))).to.equal(true);
      expect(requests[0]?.fields['range']).to.equal(`bytes=${range}`);
    });
  }

  it('--parallel: parts of one file over several connections', async () => {
    const done = await fetch(`${url}/film.mp4`, '--parallel', '4', '--json');
    expect(done.code, done.stderr).to.equal(0);
    expect((await saved('film.mp4')).equals(FILM)).to.equal(true);
    expect(requests.filter(({ fields }) => fields['range'] !== undefined).length).to.be.greaterThan(1);
  });

  it('a target that is listed twice is fetched once; of two with the same name the second is not fetched at all', async () => {
    await writeFile(path.join(folder, 'list'), `# films\r\n\r\n  ${url}/a.mp4 \r\n${url}/a.mp4\r\n`);
    const once_ = await fetch('--input-file', 'list', `${url}/a.mp4`);
    expect(once_.code, once_.stderr).to.equal(0);
    expect(requests.map(({ target }) => target)).to.deep.equal(['/a.mp4']);
    for (const more of [[], ['--force']]) {
      requests.length = 0;
      const both = await fetch(`${url}/slow/x.mp4`, `${url}/other/x.mp4`, ...more);
      expect(both.code).to.equal(2);
      expect(both.stderr).to.contain('x.mp4 is there already, or will be: another target of this command goes there');
      expect(requests.map(({ target }) => target)).to.deep.equal(['/slow/x.mp4']);
      expect((await readdir(folder)).filter((name) => name.startsWith('x.mp4'))).to.deep.equal(['x.mp4']);
      await rm(path.join(folder, 'x.mp4'));
    }
  });

  it('-C goes on with a file that is there, at its end or at an octet; without it the file is left alone', async () => {
    await writeFile(path.join(folder, 'film'), FILM.subarray(0, 900_000));
    const refused = await fetch(`${url}/film`);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain('with -C -, to go on with it');
    const done = await fetch(`${url}/film`, '-C', '-');
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stderr).to.contain('Going on: 834 kB are here');
    expect(requests.at(-1)?.fields).to.include({ range: 'bytes=834464-' }).and.not.have.property('if-range');
    const again = await fetch(`${url}/film`, '-C', '100000', '--silent');
    expect(again.code, again.stderr).to.equal(0);
    expect((await readFile(path.join(folder, 'film'))).equals(FILM)).to.equal(true);
    const rest = await fetch(`${url}/film`, '-C', '1499990', '-o', '-', '--quiet');
    expect(rest.stdoutBytes.equals(FILM.subarray(1_499_990))).to.equal(true);
    expect((await fetch(`${url}/film`, '-C', 'x')).stderr).to.match(/--continue-at: expected "-", or a number of octets, got "x"|CDN_CONTINUE_AT/);
    expect((await fetch(`${url}/film`, '-C', '-', '-r', '0-1')).stderr).to.contain('-C and --range both say where to begin');
  });

  it('--max-time, then --continue goes on, and --no-continue begins anew', async () => {
    const late = await fetch(`${url}/slow`, '-m', '2', '-o', 'film');
    expect(late.code).to.equal(4);
    expect(late.stderr).to.match(/not done within 2\.0 s, as --max-time has it; .* \(the next fetch resumes\)/);
    requests.length = 0;
    const again = await fetch(`${url}/slow`, '-m', '0.8', '-o', 'film', '--continue');
    expect(again.stderr).to.match(/Going on: /);
    expect(requests[0]?.fields['range']).to.match(/^bytes=[1-9]\d*-$/);
    requests.length = 0;
    await fetch(`${url}/slow`, '-m', '0.8', '-o', 'film', '--no-continue');
    expect(requests[0]?.fields['range']).to.equal(undefined);
  });

  it('--limit-rate holds the pace', async () => {
    // A tenth of a second's worth comes at once: what is left of 1.5 MB takes some time, whatever the machine.
    const done = await fetch(`${url}/film.mp4`, '--limit-rate', '2M', '--json');
    expect((JSON.parse(done.stdout) as { durationMs: number }).durationMs).to.be.greaterThan(500);
  });

  it('--speed-limit with --speed-time leaves a slow store', async () => {
    const done = await fetch(`${url}/slow`, '-Y', '500K', '-y', '0.5', '--retry', '0');
    expect(done.code).to.equal(4);
    expect(done.stderr).to.match(/is too slow: /);
  });

  it('--speed-time is how long a server may say nothing', async () => {
    const mute = createTcpServer((socket) => socket.on('error', () => undefined));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    closing.push(async () => { mute.close(); });
    const done = await runCdn(['fetch', `http://127.0.0.1:${(mute.address() as AddressInfo).port}/a`, '--speed-time', '0.2'], { cwd: folder });
    expect([done.code, done.stderr]).to.satisfy(([code, stderr]: readonly [number, string]) => code === 4 && stderr.includes('no head of an answer within 200 ms'));
  });

  it('--retry and --retry-delay', async () => {
    const done = await fetch(`${url}/busy`, '--retry', '3', '--retry-delay', '0.01');
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stderr).to.match(/Trying again in .*\(2 of 3\)/);
    expect(requests).to.have.length(3);
  });

  it('--header, and what is meant for one server stays there', async () => {
    const other = createTcpServer((socket) => {
      socket.once('data', (head: Buffer) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${head.toString('latin1')}`));
    });
    const port = await listen(other);
    const done = await fetch(`${url}/moved?http://127.0.0.1:${port}/x`, '-H', 'Authorization: Bearer x', '-H', 'Cookie: a=1', '-H', 'X-A: 1, 2', '-o', 'head');
    expect(done.code, done.stderr).to.equal(0);
    expect(requests[0]?.fields).to.include({ authorization: 'Bearer x', cookie: 'a=1', 'x-a': '1, 2' });
    expect((await saved('head')).toString()).to.match(/^x-a: 1, 2\r$/im).and.not.match(/authorization|cookie/i);
    expect((await fetch(`${url}/x`, '-H', 'Range: bytes=0-1')).code).to.equal(2);
  });

  it('--resolve, --interface, -4 and -6', async () => {
    const done = await fetch(`http://films.example:${server.endpoint.port}/film.mp4`, '--resolve', `films.example:${server.endpoint.port}:127.0.0.1`, '--interface', '127.0.0.1', '-4');
    expect(done.code, done.stderr).to.equal(0);
    expect(requests[0]?.fields['host']).to.equal(`films.example:${server.endpoint.port}`);
    expect(requests[0]?.peer.address).to.equal('127.0.0.1');
    expect((await fetch(`${url}/film.mp4`, '-6', '-o', 'six')).code).to.equal(3);
    expect((await fetch(`http://[::1]:${server.endpoint.port}/film.mp4`, '--interface', '127.0.0.1', '-o', 'six')).stderr).to.contain('[::1] has no address of IPv4, and 127.0.0.1 can reach no other');
    expect((await fetch(`${url}/film.mp4`, '--interface', '127.0.0.1', '-6')).stderr).to.contain('--interface 127.0.0.1 is no address of IPv6, which -6 asks for');
    expect((await fetch(`${url}/film.mp4`, '--interface', 'none9', '-o', 'six')).stderr).to.match(/no interface none9/);
  });

  it('--cacert, --insecure, and neither; --connect-timeout', async () => {
    const port = await listen(createTlsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.end('secret')));
    await writeFile(path.join(folder, 'ca.pem'), CERTIFICATE);
    const target = `https://127.0.0.1:${port}/s`;
    expect((await fetch(target, '-o', 'no')).code).to.equal(4);
    expect((await fetch(target, '-o', 'insecure', '-k')).code).to.equal(0);
    expect((await fetch(target, '-o', 'trusted', '--cacert', 'ca.pem', '--connect-timeout', '3')).code).to.equal(0);
    expect((await readdir(folder)).sort()).to.deep.equal(['ca.pem', 'insecure', 'trusted']);
    // The handshake never ends.
    const silent = await listen(createTcpServer((socket) => void socket.on('error', () => undefined).resume().once('close', () => socket.destroy())));
    const late = await fetch(`https://127.0.0.1:${silent}/s`, '--connect-timeout', '0.2');
    expect(late.stderr).to.match(/did not take a connection within 200 ms/);
  });

  it('--proxy: http as a whole URL, https through a tunnel', async () => {
    const tls = await listen(createTlsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.end('secret')));
    const heads: string[] = [];
    const proxy = await listen(createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (octets: Buffer) => {
        const head = octets.toString('latin1');
        heads.push(head);
        if (!head.startsWith('CONNECT')) return void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy');
        const beyond = connect(tls, '127.0.0.1');
        beyond.on('error', () => undefined);
        socket.write('HTTP/1.1 200 Connected\r\n\r\n');
        socket.pipe(beyond).pipe(socket);
      });
    }));
    const plain = await fetch('http://films.example/a', '-x', `http://user:pass@127.0.0.1:${proxy}`, '-o', 'a');
    expect(plain.code, plain.stderr).to.equal(0);
    expect(heads[0]).to.match(/^GET http:\/\/films\.example\/a HTTP\/1\.1\r\nhost: films\.example\r\n/).and.match(/^proxy-authorization: Basic dXNlcjpwYXNz\r$/im);
    const secret = await fetch('https://films.example/b', '-k', '-o', 'b', '--proxy', `127.0.0.1:${proxy}`);
    expect(secret.code, secret.stderr).to.equal(0);
    expect(heads[1]).to.match(/^CONNECT films\.example:443 HTTP\/1\.1\r\n/);
    expect((await saved('b')).toString()).to.equal('secret');
    const byVariable = await runCdn(['fetch', 'http://films.example/c'], { cwd: folder, env: { http_proxy: `127.0.0.1:${proxy}` } });
    expect(byVariable.code, byVariable.stderr).to.equal(0);
    const not = await runCdn(['fetch', `${url}/d`], { cwd: folder, env: { http_proxy: `127.0.0.1:${proxy}`, no_proxy: '*' } });
    expect([not.code, heads.length]).to.deep.equal([0, 3]);
  });

  it('--checksum is of the whole, and never passed over for a part', async () => {
    const part = await fetch(`${url}/film.mp4`, '-o', 'part', '-r', '0-9', '--checksum', `sha256:${'0'.repeat(64)}`);
    expect(part.code).to.equal(2);
    expect(part.stderr).to.include('--checksum is of the whole');
    expect(await readdir(folder)).not.to.include('part');
  });

  it('--checksum', async () => {
    const good = await fetch(`${url}/film.mp4`, '--checksum', `sha256:${SHA256.toString('hex')}`);
    expect(good.stdout).to.match(/SHA-256 verified/);
    const bad = await fetch(`${url}/film.mp4`, '-o', 'bad', '--checksum', `sha256:${'0'.repeat(64)}`);
    expect(bad.code).to.equal(5);
    expect(bad.stderr).to.contain(`127.0.0.1:${server.endpoint.port}`);
    expect(await readdir(folder)).to.include('bad.corrupt').and.not.include('bad');
  });

  it('--write-out, --silent, --quiet', async () => {
    const done = await fetch(`${url}/film.mp4`, '--silent', '-w', '%{http_code} %{size_download} %{filename_effective} %{none} 100%%\\n');
    expect([done.stdout, done.stderr]).to.deep.equal([`200 ${FILM.length} ${path.join(folder, 'film.mp4')} %{none} 100%\n`, '']);
    const failed = await fetch('http://127.0.0.1:1/x', '-s', '-w', '%{exitcode}');
    expect([failed.code, failed.stdout, failed.stderr]).to.deep.equal([4, '4', '']);
    const quiet = await fetch(`${url}/film.mp4`, '--quiet', '-o', 'q');
    expect([quiet.code, quiet.stdout, quiet.stderr]).to.deep.equal([0, '', '']);
  });

  it('--json=lines: events as they come', async () => {
    const done = await fetch(`${url}/film.mp4`, '--json=lines');
    expect(done.code, done.stderr).to.equal(0);
    const events = done.stdout.trim().split('\n').map((line) => JSON.parse(line) as { event: string; target: string; bytes?: number });
    const kinds = events.map(({ event }) => event).filter((event, index, all) => event !== all[index - 1]);
    expect(kinds).to.deep.equal(['begun', 'message', 'transfer', 'received', 'verified', 'saved', 'done']);
    expect(events.filter(({ event }) => event === 'received').at(-1)?.bytes).to.equal(FILM.length);
    expect(events.every(({ target }) => target === `${url}/film.mp4`)).to.equal(true);
  });
});
