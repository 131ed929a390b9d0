// dig, of BIND, against a server with a small handler.

import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Endpoint } from '../../../../src/net/address.js';
import { itWith } from '../../../helpers/programs.js';
import { useParties } from '../../../fixtures/dns/parties.js';

const run = promisify(execFile);

describe('dig', () => {
  const parties = useParties();
  const dig = async (program: string, { address, port }: Endpoint, ...words: string[]): Promise<string> =>
    (await run(program, ['-r', '+tries=1', `@${address}`, '-p', String(port), ...words])).stdout;

  itWith('dig', 'gets an address, and our OPT', async (program) => {
    const { endpoint } = await parties.server();
    const out = await dig(program, endpoint, '+norecurse', 'file1.hercdn.com', 'A');
    expect(out).to.match(/status: NOERROR/).and.to.match(/flags: qr;/).and.to.match(/udp: 1232/);
    expect(out).to.match(/^file1\.hercdn\.com\.\s+20\s+IN\s+A\s+127\.0\.0\.2$/m);
    expect(out).to.not.match(/WARNING|malformed|mismatch/i);
  });

  itWith('dig', 'gets no OPT when it sent none', async (program) => {
    const { endpoint } = await parties.server();
    expect(await dig(program, endpoint, '+noedns', 'file1.hercdn.com')).to.not.match(/OPT PSEUDOSECTION/);
  });

  itWith('dig', 'gets an answer over TCP', async (program) => {
    const { endpoint } = await parties.server();
    const out = await dig(program, endpoint, '+tcp', 'file1.hercdn.com', 'TXT');
    expect(out).to.match(/ANSWER: 40,/).and.to.match(/\(TCP\)/);
  });

  itWith('dig', 'takes TC for what it is, and asks again over TCP', async (program) => {
    const { endpoint } = await parties.server();
    const cut = await dig(program, endpoint, '+bufsize=512', '+ignore', 'file1.hercdn.com', 'TXT');
    expect(cut).to.match(/flags: qr tc rd;/).and.to.match(/ANSWER: 0,/);
    const whole = await dig(program, endpoint, '+bufsize=512', 'file1.hercdn.com', 'TXT');
    expect(whole).to.match(/Truncated, retrying in TCP mode/).and.to.match(/ANSWER: 40,/).and.to.match(/\(TCP\)/);
  });

  itWith('dig', 'sees its question’s letter case again (0x20)', async (program) => {
    const { endpoint } = await parties.server();
    const out = await dig(program, endpoint, 'fIlE1.hErCdN.cOm');
    expect(out).to.match(/^;fIlE1\.hErCdN\.cOm\.\s+IN\s+A$/m).and.to.match(/^fIlE1\.hErCdN\.cOm\.\s+20/m);
  });

  itWith('dig', 'gets a V record, a type it does not know', async (program) => {
    const { endpoint } = await parties.server();
    const out = await dig(program, endpoint, 'file1.hercdn.com', 'TYPE65280');
    // file1.hercdn.com. uncompressed, then the character-string "video1"
    expect(out.replace(/\s+/g, ' ')).to.contain('IN TYPE65280 \\# 25 0566696C65310668657263646E03636F6D0006766964656F31');
  });

  itWith('dig', 'gets BADVERS for a version of EDNS that is not there yet', async (program) => {
    const { endpoint } = await parties.server();
    const out = await dig(program, endpoint, '+edns=1', '+noednsnegotiation', 'file1.hercdn.com');
    expect(out).to.match(/status: BADVERS/).and.to.match(/EDNS: version: 0/);
  });

  itWith('dig', 'gets NOTIMP for another opcode', async (program) => {
    const { endpoint } = await parties.server();
    expect(await dig(program, endpoint, '+opcode=NOTIFY', 'file1.hercdn.com')).to.match(/opcode: NOTIFY, status: NOTIMP/);
  });

  itWith('dig', 'gets FORMERR for a header alone', async (program) => {
    const { endpoint } = await parties.server();
    expect(await dig(program, endpoint, '+header-only', 'file1.hercdn.com')).to.match(/status: FORMERR/);
  });

  itWith('dig', 'gets an answer whatever flags and options it sends', async (program) => {
    const { endpoint } = await parties.server();
    const flags = ['+dnssec', '+nsid', '+cookie', '+subnet=192.0.2.0/24', '+ednsopt=65001:00', '+ednsflags=0x7fff', '+cd', '+ad', '+zflag', '+padding=128', '+keepalive'];
    for (const flag of flags) expect(await dig(program, endpoint, flag, 'file1.hercdn.com'), flag).to.match(/status: NOERROR/);
    expect(await dig(program, endpoint, '+dnssec', 'file1.hercdn.com')).to.match(/flags: do;/);
  });

  itWith('dig', 'keeps a connection open for one query after another', async (program) => {
    const { endpoint } = await parties.server();
    const out = await dig(program, endpoint, '+tcp', '+keepopen', 'a.hercdn.com', 'A', 'b.hercdn.com', 'A');
    expect(out.match(/status: NOERROR/g)).to.have.length(2);
  });
});
