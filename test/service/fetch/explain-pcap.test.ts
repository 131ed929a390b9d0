// The pcapng file of an explanation, by tshark: decoded, with right checksums, and honest about what it is.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createExplainer, renderExplanation } from '../../../src/fetch/index.js';
import type { Account } from '../../../src/net/dns/account.js';
import type { Endpoint } from '../../../src/net/address.js';
import { itWith } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';
import { indexHandler, siteRows, table, useParties } from './parties.js';

const CONTENT = Buffer.from('not really a film '.repeat(9000));
const told = (at: number, zone: string, transport: 'udp' | 'tcp', records: readonly string[], to: string): Account['exchanges'][number] => ({
  at, ms: 1, from: to.replace(/:\d+$/, ':50001'), to, transport, authority: `${zone}.`, name: `file1.${zone}.`, type: 'A', rcode: 'NOERROR', records,
});
const ACCOUNT: Account = {
  cached: false,
  exchanges: [
    { ...told(0.1, 'hiscinema.com', 'udp', ['file1.hiscinema.com. 300 IN CNAME file1.hercdn.com.'], '127.0.0.1:40723'), ignored: ['hercdn.com. 300 IN NS ns1.hercdn.com.', 'ns1.hercdn.com. 300 IN A 127.0.0.1'] },
    told(2, 'hercdn.com', 'tcp', ['file1.hercdn.com. 20 IN A 127.0.0.1', 'file1.hercdn.com. 20 IN TXT "a b; c" "d\\"e"'], '[2001:db8::1]:53'),
  ],
};
const CHECKED = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE'];

describe('fetch: explained to Wireshark', () => {
  const parties = useParties();
  const newFolder = useTempFolders();

  async function capture(options: { readonly mostOctets?: number; readonly url?: (store: Endpoint) => string; readonly fields?: Readonly<Record<string, string>> } = {}) {
    const store = await parties.http(() => ({ status: 200, fields: { 'content-type': 'text/plain' }, body: { kind: 'bytes', bytes: CONTENT } }));
    const portal = await parties.http(indexHandler(store.port));
    const rows = siteRows(portal, store);
    const dns = await parties.dns(table({ ...rows, 'A file1.hiscinema.com': { ...rows['A file1.hiscinema.com'], account: ACCOUNT } }));
    const target = options.url?.(store) ?? 'hiscinema.com/File1';
    const explainer = createExplainer(target, { keepBodies: true, ...options });
    const { report, error } = await parties.run(parties.fetcher({ dns, fields: options.fields ?? {} }), { watched: true, target }, { onEvent: (event) => explainer.hear(event) });
    const explanation = explainer.finish(report === undefined ? { error } : { report });
    const folder = await newFolder();
    const file = path.join(folder, 'story.pcapng');
    await writeFile(file, await renderExplanation('pcap', explanation, explainer.wire, 80));
    return { file, folder, dns, portal, store, explanation };
  }

  const tshark = async (program: string, args: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await promisify(execFile)(program, [...CHECKED, ...args]);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const fields = (program: string, file: string, filter: string, ...names: readonly string[]): Promise<readonly string[]> =>
    tshark(program, ['-r', file, '-Y', filter, '-T', 'fields', ...names.flatMap((name) => ['-e', name])]);

  it('holds no credentials: it is made to be passed on', async () => {
    const { file } = await capture({ url: (store) => `http://127.0.0.1:${store.port}/x`, fields: { authorization: 'Bearer s3cret', cookie: 'id=s3cret', 'x-other': 'shown' } });
    const text = await readFile(file, 'latin1');
    expect(text).to.include('x-other: shown').and.to.include('authorization: (left out)');
    expect(text).not.to.include('s3cret');
  });

  itWith('tshark', 'decodes DNS and HTTP on the ports they had, checksums, streams and the object right', async (program) => {
    const { file, folder, dns, portal, store } = await capture();
    expect(await fields(program, file, 'dns.flags.response == 0', 'dns.qry.name')).to.deep.equal(['hiscinema.com', '_http._tcp.hiscinema.com', 'file1.hiscinema.com', 'file1.hiscinema.com', 'file1.hercdn.com']);
    const ports = await fields(program, file, 'dns.flags.response == 1', 'udp.srcport', 'tcp.srcport');
    expect(ports.map((line) => line.trim()).sort()).to.deep.equal([dns.port, dns.port, dns.port, 40723, 53].map(String).sort());
    expect(await fields(program, file, 'http.request', 'tcp.dstport', 'http.request.uri', 'http.host')).to.deep.equal([`${portal.port}\t/\thiscinema.com:${portal.port}`, `${store.port}\t/video1.mp4\tfile1.hiscinema.com:${store.port}`]);
    expect(await fields(program, file, 'http.response', 'http.response.code')).to.deep.equal(['200', '200']);
    expect(await fields(program, file, 'ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0 || _ws.malformed', 'frame.number')).to.deep.equal([]);
    expect(await fields(program, file, 'tcp.analysis.flags && !tcp.analysis.window_update', 'frame.number', 'tcp.analysis.flags')).to.deep.equal([]);
    // SYN and FIN of both sides, on each connection: two of HTTP and one of DNS.
    expect(await fields(program, file, 'tcp.flags.syn == 1', 'frame.number')).to.have.length(6);
    expect(await fields(program, file, 'tcp.flags.fin == 1', 'frame.number')).to.have.length(6);
    await tshark(program, ['-r', file, '-q', '--export-objects', `http,${folder}`]);
    expect((await readFile(path.join(folder, 'video1.mp4'))).equals(CONTENT)).to.equal(true);
  });

  itWith('tshark', 'what the local DNS told stands there as told, and says so', async (program) => {
    const { file } = await capture();
    expect(await fields(program, file, 'dns.flags.response == 1 && udp.srcport == 40723', 'dns.cname', 'dns.ns', 'dns.count.answers', 'dns.count.auth_rr', 'dns.count.add_rr')).to.deep.equal(['file1.hercdn.com\tns1.hercdn.com\t1\t1\t1']);
    expect(await fields(program, file, 'dns.flags.response == 1 && ipv6', 'ipv6.src', 'tcp.srcport', 'dns.a', 'dns.txt')).to.deep.equal(['2001:db8::1\t53\t127.0.0.1\ta b; c,d"e']);
    expect(new Set(await fields(program, file, 'dns && (udp.port == 40723 || ipv6)', 'frame.comment'))).to.satisfy((comments: Set<string>) => comments.size === 1 && [...comments][0]?.startsWith('rebuilt from what the local DNS told'));
    const all = await fields(program, file, 'frame', 'frame.comment');
    expect(all.filter((comment) => !comment.includes('rebuilt')), 'a packet that does not say that it is rebuilt').to.deep.equal([]);
  });

  itWith('tshark', 'times are those of the story, in order', async (program) => {
    const { file, explanation } = await capture();
    const times = (await fields(program, file, 'frame', 'frame.time_epoch')).map(Number);
    expect([...times].sort((one, other) => one - other)).to.deep.equal(times);
    expect(times[0]).to.be.closeTo(Date.parse(explanation.startedAt) / 1000 + (explanation.messages[0]?.atMs ?? 0) / 1000, 0.000_01);
    expect((times.at(-1) ?? 0) - Date.parse(explanation.startedAt) / 1000).to.be.at.most(explanation.durationMs / 1000 + 0.001);
  });

  itWith('tshark', 'a body too large to keep is cut, and the heads are read all the same', async (program) => {
    const { file } = await capture({ mostOctets: 1000, url: (store) => `http://127.0.0.1:${store.port}/big` });
    expect(await fields(program, file, 'http.response', 'http.response.code', 'http.content_length')).to.deep.equal([`200\t${CONTENT.length}`]);
    const lengths = await fields(program, file, 'frame.cap_len < frame.len', 'tcp.len');
    expect(lengths.reduce((sum, line) => sum + Number(line), 0)).to.be.greaterThan(CONTENT.length - 1);
    expect((await readFile(file)).length).to.be.lessThan(CONTENT.length / 4);
    expect(await fields(program, file, 'tcp.analysis.lost_segment || tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment', 'frame.number')).to.deep.equal([]);
  });
});
