// The original demo: the portal, the name servers and the store in three terminals, the client in a fourth.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { freePort, freePorts } from '../helpers/free-port.js';
import { PROJECT, useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

describe('cdn web, cdn dns and cdn store in three terminals', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();

  async function startAll(storeArgs: readonly string[] = []) {
    // Three name servers side by side; the next two ports after one that was free are nearly always free too.
    const dnsPort = await freePorts(3);
    const [portalPort, storePort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const dnsAddress = `127.0.0.1:${dnsPort}`;
    const store = startCdn(['store', '--listen', `127.0.0.1:${storePort}`, ...storeArgs]);
    const dns = startCdn(['dns', '--listen', dnsAddress, '--portal', `127.0.0.1:${portalPort}`, '--store', `127.0.0.1:${storePort}`]);
    const web = startCdn(['web', '--listen', `127.0.0.1:${portalPort}`, '--dns', dnsAddress]);
    await Promise.all([store.printed(/Running on/), web.printed(/Running on/), dns.printed(/Local DNS on/)]);
    return { store, dns, web, dnsAddress, portal: `http://127.0.0.1:${portalPort}` };
  }

  it('fetches a title, each terminal telling its part in the words of the demo', async () => {
    const { store, dns, web, dnsAddress } = await startAll();
    const folder = await tempFolder();
    const done = await runCdn(['fetch', 'hiscinema.com/File1', '--dns', dnsAddress], { cwd: folder });
    expect(done.code, done.stderr).to.equal(0);
    expect(done.stderr).to.match(/^Receiving video1 contents now\.\. 100% \| /m);
    const lines = done.stderr.split('\n').filter((line) => line.startsWith('Receiving'));
    expect(lines.length).to.be.at.most(12);
    expect(await readFile(path.join(folder, 'video1.mp4'))).to.deep.equal(await readFile(path.join(PROJECT, 'videos', 'video1.mp4')));

    await store.printed(/^Received data: video1$/m);
    await store.printed(/^video1 Transfer Complete!$/m);
    await dns.printed(/^Local DNS Received Message: hiscinema\.com\/File1 {2}\(A file1\.hiscinema\.com\)\n\nReceived data from this address: \('127\.0\.0\.1', \d+\)\nResolving the DNS query now\.\.\n/m);
    await dns.printed(/^Query Resolved - Sending back to the client$/m);
    expect(web.stderr()).to.match(/^ \* Running on http:\/\/127\.0\.0\.1:\d+\/ \(Press CTRL\+C to quit\)$/m);
    await web.printed(/^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\] "GET \/ HTTP\/1\.1" 200 -$/m);
  });

  it('relays a page’s video through the portal, told in its terminal', async () => {
    const { web, portal } = await startAll();
    const page = await fetch(`${portal}/F2/`);
    expect(page.status).to.equal(200);
    const media = /\/static\/downloadedvideo2\.mp4/.exec(await page.text())?.[0];
    const video = await fetch(`${portal}${media}`);
    expect(Buffer.from(await video.arrayBuffer())).to.deep.equal(await readFile(path.join(PROJECT, 'videos', 'video2.mp4')));
    const part = await fetch(`${portal}${media}`, { headers: { range: 'bytes=100-199' } });
    expect(part.status).to.equal(206);
    expect((await part.arrayBuffer()).byteLength).to.equal(100);
    await web.printed(/^Receiving video2 contents now\.\. 100% \| /m);
    await web.printed(/^Download Complete!$/m);
    await web.printed(/"GET \/static\/downloadedvideo2\.mp4 HTTP\/1\.1" 206 -$/m);
  });

  it('tells the same facts as JSON, one object a line', async () => {
    const { startCdn: start } = { startCdn };
    const port = await freePort('127.0.0.1');
    const store = start(['store', '--listen', `127.0.0.1:${port}`, '--log-format', 'json']);
    await store.printed(/Running on/);
    await fetch(`http://127.0.0.1:${port}/video1.mp4`).then((response) => response.arrayBuffer());
    await store.printed(/Transfer Complete/);
    const lines = store.stderr().trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of lines) expect(line).to.include.keys('time', 'level', 'msg');
    expect(lines.find(({ msg }) => msg === 'Received data: video1')).to.include({ object: 'video1' });
  });

  it('splits the name servers over processes: --role authoritative here, --role local there', async () => {
    const first = await freePorts(2);
    const local = await freePort('127.0.0.1');
    const authorities = startCdn(['dns', '--role', 'authoritative', '--listen', `127.0.0.1:${first}`, '--store', '127.0.0.9:4242']);
    await authorities.printed(new RegExp(`Authority of hercdn\\.com on 127\\.0\\.0\\.1:${first + 1}`));
    const resolver = startCdn(['dns', '--role', 'local', '--listen', `127.0.0.1:${local}`, '--authority', `hiscinema.com=127.0.0.1:${first}`, '--authority', `hercdn.com=127.0.0.1:${first + 1}`]);
    await resolver.printed(/Local DNS on/);
    const done = await runCdn(['fetch', 'http://file1.hiscinema.com:4242/video1.mp4', '--explain', '--dns', `127.0.0.1:${local}`, '-o', 'x'], { cwd: await tempFolder() });
    expect(done.code).to.equal(4);
    expect(done.stderr).to.match(/127\.0\.0\.9:4242/);
  });
});
