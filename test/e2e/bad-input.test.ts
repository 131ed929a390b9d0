// What a user does wrong, and what goes wrong around him: the exit status, the sentence, and that
// nothing wears a name it has not earned.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { freePort, freePorts } from '../helpers/free-port.js';
import { startNetwork } from '../helpers/network.js';
import { PROGRAM, cleanEnv, useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

describe('cdn, when something is wrong', function () {
  this.timeout(60_000);
  const { startCdn, runCdn, run } = useProcesses();
  const tempFolder = useTempFolders();
  const servers: (Server | TcpServer)[] = [];
  const sockets: Socket[] = [];
  afterEach('close servers', async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  async function listen(server: Server | TcpServer): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const usage: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a command that does not exist', ['fecth'], /no command "fecth"[^]*did you mean: cdn fetch/],
    ['a flag that does not exist', ['fetch', 'hiscinema.com/File1', '--explian'], /--explian[^]*did you mean: --explain/],
    ['a flag of another command', ['up', '--access-log', '-'], /--access-log is a flag of: cdn store\n {2}try: cdn up --help/],
    ['no target', ['fetch'], /target/],
    ['an address that is none', ['store', '--listen', 'localhost'], /--listen: expected an IP address and port such as "127\.0\.0\.1:40721", got "localhost"/],
    ['a port that is none', ['web', '--listen', '127.0.0.1:65536'], /--listen: expected/],
    ['a rate that is none', ['store', '--rate', 'fast'], /--rate: expected a rate such as "8Mbit\/s".*got "fast"/],
    ['no stores', ['up', '--stores', '0'], /--stores: expected a whole number from 1 to \d+, got "0"/],
    ['a mode that is none', ['web', '--mode', 'psychic'], /--mode: expected one of relay, direct/],
    ['an authority without a zone', ['dns', '--authority', '127.0.0.1:53'], /--authority: expected a zone and the address/],
    ['several bad stores, told at once', ['dns', '--store', 'a', '--store', 'b'], /"a", "b"/],
    ['--quiet with --verbose', ['store', '--quiet', '--verbose'], /--quiet/],
    ['a setting in the environment that is none', ['store'], /CDN_LISTEN: expected an IP address/],
  ];
  for (const [title, args, message] of usage) {
    it(`exits 2 for ${title}`, async () => {
      const done = await runCdn(args, { cwd: await tempFolder(), ...(title.includes('environment') ? { env: { CDN_LISTEN: 'nonsense' } } : {}) });
      expect(done.code, done.stderr).to.equal(2);
      expect(done.stderr).to.match(message);
      expect(done.stdout).to.equal('');
    });
  }

  it('exits 6 for a port in use, naming the port and how to choose another', async () => {
    const address = await listen(createServer());
    // One role: all three would take the ports after it too, and somebody else may have those.
    for (const command of [['store'], ['web'], ['dns', '--role', 'local']]) {
      const done = await runCdn([...command, '--listen', address]);
      expect(done.code, done.stderr).to.equal(6);
      expect(done.stderr).to.contain(address).and.match(/in use/).and.match(/--listen/);
    }
  });

  it('exits 6 for a folder that is not there', async () => {
    for (const command of ['store', 'web', 'dns', 'up']) {
      const done = await runCdn([command, '--dir', path.join(await tempFolder(), 'nowhere')]);
      expect(done.code, done.stderr).to.equal(6);
      expect(done.stderr).to.match(/nowhere/).and.match(/--dir/);
    }
  });

  it('exits 3 for a title nobody has, and says which there are', async () => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    for (const title of ['File9', 'File1/../File2', '..', '%2e%2e', 'File1%00', 'x'.repeat(3000), '<script>', 'Ünïcode']) {
      const done = await runCdn(['fetch', `hiscinema.com/${title}`, '--dns', network.dnsAddress], { cwd: folder });
      expect(done.code, `${title}: ${done.stderr}`).to.be.oneOf([2, 3]);
      expect(done.stderr).to.match(/^error: /m);
    }
    expect((await runCdn(['fetch', 'hiscinema.com/File9', '--dns', network.dnsAddress], { cwd: folder })).stderr).to.match(/File1, File2, File3, File4, File5/);
    expect((await runCdn(['fetch', `${network.storeUrl(0)}/nothing.mp4`, '--dns', network.dnsAddress], { cwd: folder })).code).to.equal(3);
    expect((await runCdn(['fetch', 'http://nothing.hiscinema.com/x.mp4', '--dns', network.dnsAddress], { cwd: folder })).code).to.equal(3);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('exits 4 and says which party is down: the local DNS', async () => {
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const done = await runCdn(['fetch', 'hiscinema.com/File1', '--dns', address], { cwd: await tempFolder() });
    expect(done.code).to.equal(4);
    expect(done.stderr).to.match(/local DNS/).and.contain(address).and.match(/try: /);
  });

  it('exits 4 and says which party is down: the portal, an authority, the store', async () => {
    const portal = await freePort('127.0.0.1');
    const store = await freePort('127.0.0.1');
    const dnsPort = await freePorts(3);
    const folder = await tempFolder();
    const dnsArgs = ['dns', '--listen', `127.0.0.1:${dnsPort}`, '--portal', `127.0.0.1:${portal}`, '--store', `127.0.0.1:${store}`];
    const dns = startCdn(dnsArgs);
    await dns.printed(/Local DNS on/);
    const fetchIt = () => runCdn(['fetch', 'hiscinema.com/File1', '--dns', `127.0.0.1:${dnsPort}`], { cwd: folder });

    const noPortal = await fetchIt();
    expect(noPortal.code).to.equal(4);
    expect(noPortal.stderr).to.match(/portal/).and.contain(`127.0.0.1:${portal}`);

    const web = startCdn(['web', '--listen', `127.0.0.1:${portal}`, '--dns', `127.0.0.1:${dnsPort}`]);
    await web.printed(/Running on/);
    const noStore = await fetchIt();
    expect(noStore.code).to.equal(4);
    expect(noStore.stderr).to.match(/store/).and.contain(`127.0.0.1:${store}`);
    dns.kill('SIGTERM');
    await dns.finished;

    const local = startCdn(['dns', '--role', 'local', '--listen', `127.0.0.1:${dnsPort}`, '--authority', `hiscinema.com=127.0.0.1:${dnsPort + 1}`]);
    await local.printed(/Local DNS on/);
    const noAuthority = await fetchIt();
    expect(noAuthority.code).to.equal(4);
    expect(noAuthority.stderr).to.match(/authority/i).and.match(/hiscinema\.com/).and.contain(`127.0.0.1:${dnsPort + 1}`);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('exits 4 when a store closes early: the partial file stays apart', async () => {
    const address = await listen(createServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000000', 'content-type': 'video/mp4' });
      response.write(Buffer.alloc(300_000), () => response.socket?.end());
    }));
    const folder = await tempFolder();
    const done = await runCdn(['fetch', `http://${address}/film.mp4`], { cwd: folder });
    expect(done.code, done.stderr).to.equal(4);
    expect(done.stderr).to.contain(address).and.match(/after 300000 of 1000000/);
    expect((await readdir(folder)).sort()).to.deep.equal(['film.mp4.part', 'film.mp4.part.journal']);
  });

  it('exits 5 when a store sends other bytes than it promised: they are kept aside', async () => {
    const address = await listen(createServer((_, response) => {
      const promised = createHash('sha256').update('what was promised').digest('base64');
      response.writeHead(200, { 'repr-digest': `sha-256=:${promised}:`, 'content-type': 'video/mp4' }).end('what was sent');
    }));
    const folder = await tempFolder();
    const done = await runCdn(['fetch', `http://${address}/film.mp4`], { cwd: folder });
    expect(done.code, done.stderr).to.equal(5);
    expect(done.stderr).to.contain(address);
    expect(await readdir(folder)).to.deep.equal(['film.mp4.corrupt']);
  });

  it('exits 4 within its time limit when a store accepts and says nothing', async () => {
    const address = await listen(createTcpServer(() => undefined));
    const done = await runCdn(['fetch', `http://${address}/film.mp4`], { cwd: await tempFolder() });
    expect(done.code, done.stderr).to.equal(4);
    expect(done.stderr).to.contain(address);
  });

  it('never replaces a file without --force', async () => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'video1.mp4'), 'mine');
    const kept = await runCdn(['fetch', 'hiscinema.com/File1', '--dns', network.dnsAddress], { cwd: folder });
    expect(kept.code).to.equal(2);
    expect(kept.stderr).to.match(/--force/);
    expect(await readFile(path.join(folder, 'video1.mp4'), 'utf8')).to.equal('mine');
    const forced = await runCdn(['fetch', 'hiscinema.com/File1', '--force', '--dns', network.dnsAddress], { cwd: folder });
    expect(forced.code, forced.stderr).to.equal(0);
    expect(await readdir(folder)).to.deep.equal(['video1.mp4']);
  });

  it('says where it cannot write', async () => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    await mkdir(path.join(folder, 'there'));
    const missing = await runCdn(['fetch', 'hiscinema.com/File1', '-o', path.join(folder, 'nowhere', 'x.mp4'), '--dns', network.dnsAddress]);
    expect(missing.code, missing.stderr).to.be.oneOf([2, 6]);
    expect(missing.stderr).to.match(/nowhere/);
    const inside = await runCdn(['fetch', 'hiscinema.com/File1', '-o', path.join(folder, 'there'), '--dns', network.dnsAddress]);
    expect(inside.code, inside.stderr).to.equal(0);
    expect(await readdir(path.join(folder, 'there'))).to.deep.equal(['video1.mp4']);
  });

  it('exits 130 on Ctrl-C, and no half file wears the final name', async () => {
    const network = await startNetwork(startCdn, ['--rate', '200kB/s']);
    const folder = await tempFolder();
    const client = startCdn(['fetch', 'hiscinema.com/File1', '--dns', network.dnsAddress], { cwd: folder });
    await client.printed(/Receiving video1 contents now\.\. [1-9]/);
    client.kill('SIGINT');
    const done = await client.finished;
    expect(done.code, done.stderr).to.equal(130);
    expect((await readdir(folder)).sort()).to.deep.equal(['video1.mp4.part', 'video1.mp4.part.journal']);
    const again = await runCdn(['fetch', 'hiscinema.com/File1', '--dns', network.dnsAddress], { cwd: folder });
    expect(again.code, again.stderr).to.equal(0);
    expect(again.stderr).to.match(/Going on: .* are here from an earlier run/);
    expect(again.stdout).to.match(/of it from an earlier run\).*SHA-256 verified/);
    expect(await readdir(folder)).to.deep.equal(['video1.mp4']);
  });

  it('goes on after kill -9, with what the journal says is there', async () => {
    const network = await startNetwork(startCdn, ['--rate', '300kB/s']);
    const folder = await tempFolder();
    const client = startCdn(['fetch', 'hiscinema.com/File1', '--dns', network.dnsAddress], { cwd: folder });
    await client.printed(/Receiving video1 contents now\.\. [4-9]/);
    client.kill('SIGKILL');
    await client.finished;
    const left = await readdir(folder);
    expect(left).to.include('video1.mp4.part.journal').and.not.include('video1.mp4');
    const again = await runCdn(['fetch', 'hiscinema.com/File1', '--dns', network.dnsAddress, '--json'], { cwd: folder });
    expect(again.code, again.stderr).to.equal(0);
    const report = JSON.parse(again.stdout) as { resumedBytes: number; bytes: number; digest: string };
    expect(report.resumedBytes).to.be.within(1, report.bytes - 1);
    expect(report.digest).to.equal('verified');
    expect(await readdir(folder)).to.deep.equal(['video1.mp4']);
  });

  it('tells a full disk behind the standard output', async () => {
    if (process.platform !== 'linux') return;
    const network = await startNetwork(startCdn);
    const done = await run('sh', ['-c', `"${process.execPath}" "${PROGRAM}" fetch hiscinema.com/File1 -o - --quiet --dns ${network.dnsAddress} > /dev/full`]);
    expect(done.code, done.stderr).to.equal(6);
    expect(done.stderr).to.match(/^error: cannot write to the standard output: .*space/m).and.not.match(/\.js:\d+/);
  });

  it('serves on when the reader of its log leaves', async () => {
    const port = await freePort('127.0.0.1');
    const store = spawn(process.execPath, [PROGRAM, 'store', '--listen', `127.0.0.1:${port}`], { env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(store, 'exit');
    try {
      await once(store.stderr, 'data');
      store.stderr.destroy();
      for (let count = 0; count < 3; count += 1) {
        const response = await fetch(`http://127.0.0.1:${port}/video1.mp4`);
        expect(response.status).to.equal(200);
        expect((await response.arrayBuffer()).byteLength).to.be.greaterThan(1000);
      }
      expect(store.exitCode).to.equal(null);
    } finally {
      store.kill('SIGKILL');
      await ended;
    }
  });

  it('ends quietly when the reader of its pipe leaves', async () => {
    const network = await startNetwork(startCdn);
    const pipeline = `"${process.execPath}" "${PROGRAM}" fetch hiscinema.com/File1 -o - --quiet --dns ${network.dnsAddress} | head -c 100 | wc -c`;
    const done = await run('sh', ['-c', pipeline]);
    expect(done.stdout.trim()).to.equal('100');
    expect(done.stderr).to.not.match(/bug|\.js:\d+/);
  });
});
