// The whole network as a user runs it, and the clients a user has: cdn fetch, dig, curl.

import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startNetwork } from '../helpers/network.js';
import { PROJECT, useProcesses } from '../helpers/process.js';
import { itWith } from '../helpers/programs.js';
import { useTempFolders } from '../helpers/temp.js';

const video = (number: number): string => path.join(PROJECT, 'videos', `video${number}.mp4`);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Report {
  readonly url: string;
  readonly file?: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly digest: string;
  readonly store: { readonly address: string; readonly port: number };
  readonly messages: readonly { readonly number: number; readonly sight: string; readonly what: string }[];
}

describe('cdn up', function () {
  this.timeout(60_000);
  const { startCdn, runCdn, run } = useProcesses();
  const tempFolder = useTempFolders();

  it('tells the ten messages of a fetch, a line each that begins with its number, with both endpoints', async () => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    const done = await runCdn(['fetch', 'hiscinema.com/File3', '--explain', '--dns', network.dnsAddress], { cwd: folder });
    expect(done.code, done.stderr).to.equal(0);
    const endpoint = String.raw`\d+\.\d+\.\d+\.\d+:\d+`;
    for (let number = 0; number <= 10; number += 1) {
      expect(done.stdout).to.match(new RegExp(String.raw`^${number}\. .*${endpoint} → .*${endpoint}`, 'm'), `message ${number}`);
    }
    expect(done.stdout).to.match(/^1\. .*GET \//m);
    expect(done.stdout).to.match(/^3\. .*file3\.hiscinema\.com/m);
    expect(done.stdout).to.match(/^5\. .*CNAME file3\.hercdn\.com/m);
    expect(done.stdout).to.match(/^7\. .*\bA 127\.0\.0\.[12]\b/m);
    expect(await readFile(path.join(folder, 'video3.mp4'))).to.deep.equal(await readFile(video(3)));
    expect(await readdir(folder)).to.deep.equal(['video3.mp4']);
  });

  it('routes by turns between its stores, each on an address of its own', async () => {
    const network = await startNetwork(startCdn, ['--stores', '3']);
    expect(network.stores.map(({ endpoint }) => endpoint.address)).to.deep.equal(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    const used: string[] = [];
    for (const title of ['File1', 'File2', 'File3']) {
      const done = await runCdn(['fetch', `hiscinema.com/${title}`, '-o', '-', '--dns', network.dnsAddress, '--explain'], { cwd: await tempFolder() });
      expect(done.code, done.stderr).to.equal(0);
      used.push(/^9\. .*→ \S+ (127\.0\.0\.\d)/m.exec(done.stderr)?.[1] ?? '');
    }
    expect(used.sort()).to.deep.equal(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  });

  it('falls back to ports of 127.0.0.1, told by SRV and by the portal, where stores cannot have an address each', async () => {
    const network = await startNetwork(startCdn, ['--stores', '3', '--one-address']);
    const ports = network.stores.map(({ endpoint }) => endpoint.port);
    expect(new Set(ports).size).to.equal(3);
    expect(new Set(network.stores.map(({ endpoint }) => endpoint.address))).to.deep.equal(new Set(['127.0.0.1']));
    const index = (await (await fetch(`${network.portalUrl}/catalog.json`)).json()) as { titles: { content: string }[] };
    for (const { content } of index.titles) expect(ports).to.include(Number(new URL(content).port));
    for (let number = 1; number <= 5; number += 1) {
      const done = await runCdn(['fetch', `hiscinema.com/File${number}`, '--json', '-o', '.', '--dns', network.dnsAddress], { cwd: await tempFolder() });
      expect(done.code, done.stderr).to.equal(0);
      const report = JSON.parse(done.stdout) as Report;
      expect(ports).to.include(report.store.port);
      expect(report.digest).to.equal('verified');
    }
  });

  it('asks by type V, and tells it', async () => {
    const network = await startNetwork(startCdn);
    const done = await runCdn(['fetch', 'hiscinema.com/File2', '--type', 'V', '--explain', '-o', 'two.mp4', '--dns', network.dnsAddress], { cwd: await tempFolder() });
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stdout).to.match(/^3\. .*V\? file2\.hiscinema\.com/m);
    expect(done.stdout).to.match(/video2/);
  });

  it('gives everything to a script as one JSON object', async () => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    const done = await runCdn(['fetch', 'hiscinema.com/File1', '--json', '--dns', network.dnsAddress], { cwd: folder });
    expect(done.code, done.stderr).to.equal(0);
    const report = JSON.parse(done.stdout) as Report;
    const bytes = await readFile(video(1));
    expect(report.bytes).to.equal(bytes.length);
    expect(report.sha256).to.equal(sha256(bytes));
    expect(report.digest).to.equal('verified');
    expect(report.url).to.match(/^http:\/\/file1\.hiscinema\.com:\d+\/video1\.mp4$/);
    expect([...new Set(report.messages.map(({ number }) => number))]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('sends the bytes, and nothing else, to the standard output with -o -', async () => {
    const network = await startNetwork(startCdn);
    const done = await runCdn(['fetch', 'hiscinema.com/File4', '--explain', '-o', '-', '--dns', network.dnsAddress]);
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stdoutBytes.equals(await readFile(video(4)))).to.equal(true);
    expect(done.stderr).to.match(/^10\. /m);
  });

  it('serves any folder of videos, in name order, under hostile names too', async () => {
    const folder = await tempFolder();
    const { copyFile } = await import('node:fs/promises');
    await copyFile(video(1), path.join(folder, 'b 100% <fun> & ünïcode.mp4'));
    await copyFile(video(2), path.join(folder, 'a#1?.mp4'));
    const network = await startNetwork(startCdn, ['--dir', folder]);
    expect(network.titles).to.equal(2);
    const into = await tempFolder();
    for (const [title, number] of [['File1', 2], ['File2', 1]] as const) {
      const done = await runCdn(['fetch', `hiscinema.com/${title}`, '-o', `${title}.mp4`, '--dns', network.dnsAddress], { cwd: into });
      expect(done.code, done.stderr).to.equal(0);
      expect((await stat(path.join(into, `${title}.mp4`))).size).to.equal((await stat(video(number))).size);
    }
  });

  it('stops gracefully on the first Ctrl-C: a transfer under way ends whole', async () => {
    const network = await startNetwork(startCdn, ['--rate', '4Mbit/s']);
    const transfer = runCdn(['fetch', `${network.storeUrl(0)}/video1.mp4`, '-o', '-']);
    await network.process.printed(/Received data: video1/);
    network.process.kill('SIGINT');
    const [client, server] = await Promise.all([transfer, network.process.finished]);
    expect(client.code, client.stderr).to.equal(0);
    expect(client.stdoutBytes.equals(await readFile(video(1)))).to.equal(true);
    expect(server.code).to.equal(0);
  });

  it('stops at once on the second Ctrl-C', async () => {
    const network = await startNetwork(startCdn, ['--rate', '100kB/s']);
    const transfer = runCdn(['fetch', `${network.storeUrl(0)}/video1.mp4`, '-o', '-']);
    await network.process.printed(/Received data: video1/);
    network.process.kill('SIGINT');
    await network.process.printed(/CTRL\+C again/);
    network.process.kill('SIGINT');
    const server = await network.process.finished;
    expect(server.signal ?? server.code).to.be.oneOf(['SIGINT', 130]);
    expect((await transfer).code).to.equal(4);
  });

  itWith('dig', 'answers dig on every DNS role, over UDP and TCP', async (dig) => {
    const network = await startNetwork(startCdn);
    const local = network.dns.port;
    // With free ports the authorities' ports are told in the log.
    const log = network.process.stderr();
    const port = (zone: string): string => new RegExp(String.raw`Authority of ${zone} on \S+:(\d+)`).exec(log)?.[1] ?? '';
    const ask = async (...args: readonly string[]): Promise<string> => (await run(dig, ['@127.0.0.1', '+tries=1', '+time=3', ...args])).stdout;

    const answer = await ask('-p', String(local), 'file2.hiscinema.com');
    expect(answer).to.match(/status: NOERROR/).and.match(/flags: qr rd ra;/);
    expect(answer).to.match(/^file2\.hiscinema\.com\.\s+\d+\s+IN\s+CNAME\s+file2\.hercdn\.com\.$/m);
    expect(answer).to.match(/^file2\.hercdn\.com\.\s+20\s+IN\s+A\s+127\.0\.0\.[12]$/m);

    const routed = await ask('+tcp', '-p', port('hercdn.com'), 'file2.hercdn.com');
    expect(routed).to.match(/flags: qr aa rd;/).and.match(/IN\s+A\s+127\.0\.0\.[12]$/m).and.match(/\(TCP\)/);

    expect(await ask('-p', port('hiscinema.com'), 'FiLe1.HiScInEmA.cOm')).to.match(/^;FiLe1\.HiScInEmA\.cOm\.\s+IN\s+A$/m);
    expect(await ask('-p', port('hiscinema.com'), 'nothing.hiscinema.com')).to.match(/status: NXDOMAIN/).and.match(/SOA/);
    expect(await ask('-p', port('hiscinema.com'), 'www.hiscinema.com', 'TXT')).to.match(/status: NOERROR/).and.match(/ANSWER: 0/);
    expect(await ask('-p', port('hercdn.com'), 'example.org')).to.match(/status: REFUSED/);
    expect(await ask('-p', String(local), '-t', 'SRV', '_http._tcp.hiscinema.com')).to.match(new RegExp(String.raw`SRV\s+0 0 ${network.portal.port} `));
    expect(await ask('-p', String(local), '-t', 'TYPE65280', 'file1.hiscinema.com')).to.match(/TYPE65280\s+\\# /);
  });

  itWith('curl', 'answers curl: ranges, resume, conditions', async (curl) => {
    const network = await startNetwork(startCdn);
    const folder = await tempFolder();
    const bytes = await readFile(video(1));
    const url = `${network.storeUrl(0)}/video1.mp4`;
    const range = await run(curl, ['-s', '-r', '1000-1999', '-D', '-', '-o', path.join(folder, 'part'), url]);
    expect(range.stdout).to.match(/^HTTP\/1\.1 206 /).and.match(new RegExp(`^content-range: bytes 1000-1999/${bytes.length}\r$`, 'im'));
    expect(await readFile(path.join(folder, 'part'))).to.deep.equal(bytes.subarray(1000, 2000));

    const { writeFile } = await import('node:fs/promises');
    await writeFile(path.join(folder, 'resumed'), bytes.subarray(0, 12_345));
    expect((await run(curl, ['-s', '-C', '-', '-o', path.join(folder, 'resumed'), url])).code).to.equal(0);
    expect(await readFile(path.join(folder, 'resumed'))).to.deep.equal(bytes);

    const head = await run(curl, ['-s', '-I', url]);
    const etag = /^etag: (.*)\r$/im.exec(head.stdout)?.[1] ?? '';
    const again = await run(curl, ['-s', '-o', path.join(folder, 'none'), '-w', '%{http_code} %{size_download}', '-H', `If-None-Match: ${etag}`, url]);
    expect(again.stdout).to.equal('304 0');

    const page = await run(curl, ['-s', `${network.portalUrl}/`]);
    expect(page.stdout).to.match(/<html/i).and.match(/File5/);
    // The content name itself, with the store found by DNS and given to curl by hand.
    const { port } = network.stores[0]?.endpoint ?? { port: 0 };
    const named = await run(curl, ['-s', '--resolve', `file1.hiscinema.com:${port}:127.0.0.1`, '-o', path.join(folder, 'named'), `http://file1.hiscinema.com:${port}/video1.mp4`]);
    expect(named.code).to.equal(0);
    expect(await readFile(path.join(folder, 'named'))).to.deep.equal(bytes);
  });
});
