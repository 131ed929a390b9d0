// dig, which knows nothing of this house, asks each of the three roles.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { zoneOf } from '../../helpers/dns.js';
import { useParties } from '../../helpers/dns-parties.js';
import { itWith } from '../../helpers/programs.js';
import type { Endpoint } from '../../../src/net/address.js';

const run = promisify(execFile);
const STORES = [
  { id: 'store-1', endpoint: { address: '127.0.0.1', port: 40_721 } },
  { id: 'store-2', endpoint: { address: '127.0.0.2', port: 40_721 } },
];

describe('dig asks', () => {
  const parties = useParties();
  const dig = async (program: string, server: Endpoint, ...words: readonly string[]): Promise<string> =>
    (await run(program, [`@${server.address}`, '-p', String(server.port), '+tries=1', '+time=5', ...words])).stdout;
  const short = async (program: string, server: Endpoint, ...words: readonly string[]): Promise<readonly string[]> => (await dig(program, server, '+short', ...words)).trim().split('\n');

  itWith('dig', 'the local DNS for an address: alias and store', async (program) => {
    const { local } = await parties.network(STORES);
    expect(await short(program, local, 'file1.hiscinema.com')).to.deep.equal(['file1.hercdn.com.', '127.0.0.1']);
    const output = await dig(program, local, 'file2.hiscinema.com');
    expect(output).to.match(/status: NOERROR/).and.to.match(/flags: qr rd ra;/);
    expect(output).to.match(/file2\.hercdn\.com\.\s+20\s+IN\s+A\s+127\.0\.0\.2/);
  });
  itWith('dig', 'the local DNS over TCP, without EDNS, with a cookie, in odd letter case', async (program) => {
    const { local } = await parties.network(STORES);
    expect(await short(program, local, '+tcp', 'file1.hiscinema.com')).to.deep.equal(['file1.hercdn.com.', '127.0.0.1']);
    expect(await short(program, local, '+noedns', 'file1.hiscinema.com')).to.deep.equal(['file1.hercdn.com.', '127.0.0.1']);
    expect(await short(program, local, '+cookie', 'file1.hiscinema.com')).to.deep.equal(['file1.hercdn.com.', '127.0.0.1']);
    expect(await dig(program, local, 'FiLe1.hisCINEMA.com')).to.match(/^;FiLe1\.hisCINEMA\.com\.\s+IN\s+A$/m);
  });
  itWith('dig', 'the local DNS for the type V, which it knows by number only', async (program) => {
    const { local } = await parties.network(STORES);
    expect(await dig(program, local, 'TYPE65280', 'file1.hiscinema.com')).to.match(/file1\.hercdn\.com\.\s+300\s+IN\s+TYPE65280\s+\\# 25 0566696C65310668657263646E03636F6D0006766964656F31/);
  });
  itWith('dig', 'the local DNS for a port', async (program) => {
    const { local } = await parties.network(STORES);
    expect(await short(program, local, 'SRV', '_http._tcp.file1.hiscinema.com')).to.deep.equal(['_http._tcp.file1.hercdn.com.', '0 0 40721 store-1.hercdn.com.']);
    expect(await short(program, local, 'SRV', '_http._tcp.hiscinema.com')).to.deep.equal(['0 0 40720 www.hiscinema.com.']);
  });
  itWith('dig', 'the local DNS for what there is not', async (program) => {
    const { local } = await parties.network(STORES);
    expect(await dig(program, local, 'file9.hiscinema.com')).to.match(/status: NXDOMAIN/).and.to.match(/hiscinema\.com\.\s+60\s+IN\s+SOA/);
    expect(await dig(program, local, 'AAAA', 'file1.hiscinema.com')).to.match(/status: NOERROR/).and.to.match(/hercdn\.com\.\s+20\s+IN\s+SOA/);
    expect(await dig(program, local, 'www.example.com')).to.match(/status: REFUSED/).and.to.match(/no authority is configured for www\.example\.com/);
  });
  itWith('dig', 'the local DNS for the account of its work', async (program) => {
    const { local, publisher, cdn } = await parties.network(STORES);
    const output = await dig(program, local, '+ednsopt=65001:0123456789abcdef0123456789abcdef', 'file1.hiscinema.com');
    expect(output).to.include(`"to":"127.0.0.1:${publisher.port}"`).and.to.include(`"to":"127.0.0.1:${cdn.port}"`);
    expect(output).to.include('"ignored":["hercdn.com. 300 IN NS ns1.hercdn.com."');
  });
  itWith('dig', "the publisher's authority: an alias, and a courtesy", async (program) => {
    const { publisher } = await parties.network(STORES);
    const output = await dig(program, publisher, '+norecurse', 'file1.hiscinema.com');
    expect(output).to.match(/flags: qr aa;/);
    expect(output).to.match(/file1\.hiscinema\.com\.\s+300\s+IN\s+CNAME\s+file1\.hercdn\.com\./);
    expect(output).to.match(/AUTHORITY SECTION:\nhercdn\.com\.\s+300\s+IN\s+NS\s+ns1\.hercdn\.com\./);
  });
  itWith('dig', "the CDN's authority: a store in turn", async (program) => {
    const { cdn } = await parties.network(STORES);
    const found: string[] = [];
    for (let i = 0; i < 4; i += 1) found.push(...(await short(program, cdn, i % 2 === 0 ? '+tcp' : '+notcp', 'file1.hercdn.com')));
    expect(found).to.deep.equal(['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']);
    expect(await dig(program, cdn, 'www.example.com')).to.match(/status: REFUSED/);
    expect(await dig(program, cdn, 'AXFR', 'hercdn.com')).to.match(/Transfer failed/);
  });
  itWith('dig', 'for an answer that needs TCP, from an authority and through the local DNS', async (program) => {
    const zone = zoneOf(`$ORIGIN big.test.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\n${Array.from({ length: 20 }, (_, index) => `t TXT ${'x'.repeat(100)}${index}`).join('\n')}\n`);
    const authority = await parties.authority([zone]);
    const local = await parties.localDns([{ zone: 'big.test', endpoint: authority }]);
    for (const server of [authority, local]) {
      expect(await dig(program, server, '+ignore', 'TXT', 't.big.test')).to.match(/flags: qr (aa )?tc rd/).and.to.match(/ANSWER: 0/);
      expect(await short(program, server, 'TXT', 't.big.test')).to.have.length(20);
    }
  });
});
