// Strangers at every door of a running network: garbage, half messages, endless heads, clients that
// vanish. Afterwards the network answers as before.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createSeededRandom } from '../../src/base/random.js';
import { startNetwork, type RunningNetwork } from '../helpers/network.js';
import { useProcesses } from '../helpers/process.js';
import { useTempFolders } from '../helpers/temp.js';

interface At {
  readonly address: string;
  readonly port: number;
}

describe('cdn up, among strangers', function () {
  this.timeout(60_000);
  const { startCdn, runCdn } = useProcesses();
  const tempFolder = useTempFolders();
  const sockets: Socket[] = [];
  afterEach('close sockets', () => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  function dnsPorts(network: RunningNetwork): readonly At[] {
    const found = [...network.process.stderr().matchAll(/(?:Authority of|Local DNS).* on (\S+):(\d+) \(UDP/g)];
    return found.map((match) => ({ address: match[1] ?? '', port: Number(match[2]) }));
  }

  const httpPorts = (network: RunningNetwork): readonly At[] => [network.portal, ...network.stores.map(({ endpoint }) => endpoint)];

  async function open(at: At): Promise<Socket> {
    const socket = connect(at.port, at.address);
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** Sends `text` and reads until the other side closes. */
  async function converse(at: At, text: string | Uint8Array): Promise<string> {
    const socket = await open(at);
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.write(text);
    await once(socket, 'close');
    return Buffer.concat(parts).toString('latin1');
  }

  async function stillWorks(network: RunningNetwork): Promise<void> {
    const done = await runCdn(['fetch', 'hiscinema.com/File1', '-o', '-', '--dns', network.dnsAddress], { cwd: await tempFolder() });
    expect(done.code, done.stderr).to.equal(0);
    expect(network.process.stderr()).to.not.match(/"level":"(error|fatal)"/);
  }

  it('drops or refuses garbage datagrams on every DNS port', async () => {
    const network = await startNetwork(startCdn);
    const random = createSeededRandom(20261122);
    const socket = createSocket('udp4');
    try {
      for (const at of dnsPorts(network)) {
        for (let count = 0; count < 300; count += 1) {
          const octets = random.bytes(random.int(600));
          await new Promise((resolve) => socket.send(octets, at.port, at.address, resolve));
        }
      }
    } finally {
      socket.close();
    }
    expect(dnsPorts(network)).to.have.lengthOf(3);
    await stillWorks(network);
  });

  it('closes DNS connections that carry garbage, and waits for no half message for ever', async () => {
    const network = await startNetwork(startCdn);
    for (const at of dnsPorts(network)) {
      const half = await open(at);
      half.write(Uint8Array.of(0x10, 0x00, 1, 2, 3));
      const garbage = await open(at);
      garbage.write(createSeededRandom(7).bytes(5000));
      const vanishing = await open(at);
      vanishing.write(Uint8Array.of(0));
      vanishing.destroy();
    }
    await stillWorks(network);
  });

  const heads: readonly (readonly [string, string, RegExp])[] = [
    ['garbage', '\x00\x01\x02\x03\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['two lengths and an encoding', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a head over 16 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['a target over 16 KiB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 4(14|31) /],
  ];
  for (const [title, head, answer] of heads) {
    it(`refuses ${title} on every HTTP port`, async () => {
      const network = await startNetwork(startCdn);
      for (const at of httpPorts(network)) expect(await converse(at, head)).to.match(answer);
      await stillWorks(network);
    });
  }

  it('answers a half-sent head with 408', async () => {
    const network = await startNetwork(startCdn);
    const [portal = network.portal] = httpPorts(network);
    expect(await converse(portal, 'GET / HTTP/1.1\r\nHost: x\r\n')).to.match(/^HTTP\/1\.1 408 /);
    await stillWorks(network);
  });

  it('never serves anything outside its folder', async () => {
    const network = await startNetwork(startCdn);
    const [at] = network.stores.map(({ endpoint }) => endpoint);
    if (at === undefined) throw new Error('no store');
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/%2e%2e%2fpackage.json', '//etc/passwd', '/video1.mp4%00.txt', '/..\\package.json', '/%5c..%5cpackage.json', '/make.sh/../../package.json']) {
      const answer = await converse(at, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(answer, path).to.match(/^HTTP\/1\.1 40[04] /).and.not.contain('hercdn"');
    }
    await stillWorks(network);
  });

  it('outlives clients that vanish in the middle of a transfer', async () => {
    const network = await startNetwork(startCdn, ['--rate', '2Mbit/s']);
    for (const at of [...httpPorts(network)]) {
      const path = at.port === network.portal.port && at.address === network.portal.address ? '/static/downloadedvideo1.mp4' : '/video1.mp4';
      const client = await open(at);
      client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await once(client, 'data');
      client.destroy();
    }
    await network.process.printed(/broke off/);
    await stillWorks(network);
  });
});
