import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import type { Account } from '../../../src/net/dns/account.js';
import type { HttpHandler, HttpRequest } from '../../../src/net/http/message.js';
import { formatReprDigest } from '../../../src/net/http/digest.js';
import { parseTraceparent } from '../../../src/observe/trace.js';
import { useTempFolders } from '../../helpers/temp.js';
import { a, cname, indexHandler, siteRows, table, useParties, type TableAnswer } from './parties.js';

const VIDEO = Buffer.from('not really a video, but all of it '.repeat(9000));
const SHA256 = createHash('sha256').update(VIDEO).digest();

const ACCOUNT: Account = {
  cached: false,
  exchanges: [
    {
      at: 0.5, ms: 1, from: '127.0.0.1:50001', to: '127.0.0.1:40723', transport: 'udp', authority: 'hiscinema.com.', name: 'file1.hiscinema.com.', type: 'A', rcode: 'NOERROR',
      records: ['file1.hiscinema.com. 300 IN CNAME file1.hercdn.com.'], ignored: ['hercdn.com. 300 IN NS ns1.hercdn.com.', 'ns1.hercdn.com. 300 IN A 127.0.0.1'],
    },
    {
      at: 2, ms: 1, from: '127.0.0.1:50002', to: '127.0.0.1:40724', transport: 'tcp', authority: 'hercdn.com.', name: 'file1.hercdn.com.', type: 'A', rcode: 'NOERROR',
      records: ['file1.hercdn.com. 20 IN A 127.0.0.1'],
    },
  ],
};

describe('fetch: a title, through portal, DNS and store', () => {
  const parties = useParties();
  const newFolder = useTempFolders();

  /** A whole site of small parties; what they are asked is noted. */
  async function site(over: Readonly<Record<string, TableAnswer>> = {}, serve?: HttpHandler) {
    const requests: HttpRequest[] = [];
    const questions: string[] = [];
    const store = await parties.http((request) => {
      requests.push(request);
      if (serve !== undefined) return serve(request);
      return { status: 200, fields: { 'content-type': 'video/mp4', etag: '"v1"', server: 'store-1', 'repr-digest': formatReprDigest(SHA256) }, body: { kind: 'bytes', bytes: VIDEO } };
    });
    const portal = await parties.http((request) => {
      requests.push(request);
      return indexHandler(store.port)(request);
    });
    const rows = siteRows(portal, store);
    const dns = await parties.dns(table({ ...rows, 'A file1.hiscinema.com': { ...rows['A file1.hiscinema.com'], account: ACCOUNT }, ...over }, questions));
    return { portal, store, dns, requests, questions, client: parties.fetcher({ dns }) };
  }

  it('arrives whole and verified, and the report says all of it', async () => {
    const { client, store, portal, requests, questions } = await site();
    const file = path.join(await newFolder(), 'out.mp4');
    const { report, error, events } = await parties.run(client, { target: 'HISCINEMA.com/file1', output: { kind: 'file', path: file } });
    expect(error).to.equal(undefined);
    expect((await readFile(file)).equals(VIDEO)).to.equal(true);
    expect(report).to.include({
      target: 'HISCINEMA.com/file1', url: `http://file1.hiscinema.com:${store.port}/video1.mp4`, file, bytes: VIDEO.length,
      sha256: SHA256.toString('hex'), digest: 'verified', status: 200, etag: '"v1"', contentType: 'video/mp4',
    });
    expect(report?.store).to.deep.equal({ ...store, server: 'store-1' });
    expect([...questions].sort()).to.deep.equal(['A file1.hiscinema.com', 'A hiscinema.com', 'SRV _http._tcp.hiscinema.com']);

    const [index, object] = requests;
    expect(index?.fields).to.include({ host: `hiscinema.com:${portal.port}`, accept: 'application/json' });
    expect(object?.target).to.equal('/video1.mp4');
    expect(object?.fields).to.include({ host: `file1.hiscinema.com:${store.port}`, 'want-repr-digest': 'sha-256=10' });
    for (const request of requests) expect(parseTraceparent(request.fields['traceparent'] ?? '')?.traceId).to.equal(report?.traceId);

    const kinds = events.map((event) => event.kind).filter((kind) => kind !== 'doing').filter((kind, index_, all) => kind !== all[index_ - 1]);
    expect(kinds).to.deep.equal(['begun', 'message', 'transfer', 'range', 'received', 'verified', 'saved']);
    const waits = events.flatMap((event) => (event.kind === 'doing' ? [event.what.replace(/ [\d.]+:\d+/, '')] : []));
    expect(waits).to.deep.equal(['asking local DNS: A? hiscinema.com', 'asking local DNS: SRV? _http._tcp.hiscinema.com', 'asking portal: GET /', 'asking local DNS: A? file1.hiscinema.com', 'asking store: GET /video1.mp4']);
    expect(events.find((event) => event.kind === 'transfer')).to.deep.equal({ kind: 'transfer', object: 'video1', totalBytes: VIDEO.length });
    const received = events.reduce((sum, event) => sum + (event.kind === 'received' ? event.bytes : 0), 0);
    expect(received).to.equal(VIDEO.length);
  });

  it('tells the ten messages in order, each with both endpoints', async () => {
    const { client, dns, portal, store } = await site();
    const { story, report } = await parties.run(client, { target: 'hiscinema.com/File1' });
    const end = String.raw` +\+\d+\.\d ms$`;
    const client_ = String.raw`client 127\.0\.0\.1:\d+`;
    const expected = [
      String.raw`^0\. +${client_} → local DNS 127\.0\.0\.1:${dns.port} +A\? hiscinema\.com \(RD=1\)${end}`,
      String.raw`^0\. +local DNS 127\.0\.0\.1:${dns.port} → ${client_} +A 127\.0\.0\.1 \(TTL 300\)${end}`,
      String.raw`^0\. +${client_} → local DNS 127\.0\.0\.1:${dns.port} +SRV\? _http\._tcp\.hiscinema\.com \(RD=1\)${end}`,
      String.raw`^0\. +local DNS 127\.0\.0\.1:${dns.port} → ${client_} +SRV 0 0 ${portal.port} www\.hiscinema\.com \(TTL 300\)${end}`,
      String.raw`^1\. +${client_} → portal 127\.0\.0\.1:${portal.port} +GET /, Host: hiscinema\.com:${portal.port}${end}`,
      String.raw`^2\. +portal 127\.0\.0\.1:${portal.port} → ${client_} +200 OK, the index: File1's content is at http:.{2}file1\.hiscinema\.com:${store.port}/video1\.mp4${end}`,
      String.raw`^3\. +${client_} → local DNS 127\.0\.0\.1:${dns.port} +A\? file1\.hiscinema\.com \(RD=1\)${end}`,
      String.raw`^4\. +local DNS 127\.0\.0\.1:50001 → authority of hiscinema\.com 127\.0\.0\.1:40723 +A\? file1\.hiscinema\.com \(RD=0\)${end}`,
      String.raw`^5\. +authority of hiscinema\.com 127\.0\.0\.1:40723 → local DNS 127\.0\.0\.1:50001 +CNAME file1\.hercdn\.com \(TTL 300\); not believed, out of bailiwick: NS ns1\.hercdn\.com, A 127\.0\.0\.1${end}`,
      String.raw`^6\. +local DNS 127\.0\.0\.1:50002 → authority of hercdn\.com 127\.0\.0\.1:40724 +A\? file1\.hercdn\.com \(RD=0\) over TCP${end}`,
      String.raw`^7\. +authority of hercdn\.com 127\.0\.0\.1:40724 → local DNS 127\.0\.0\.1:50002 +A 127\.0\.0\.1 \(TTL 20\) over TCP${end}`,
      String.raw`^8\. +local DNS 127\.0\.0\.1:${dns.port} → ${client_} +CNAME file1\.hercdn\.com \(TTL 300\), A 127\.0\.0\.1 \(TTL 20\)${end}`,
      String.raw`^9\. +${client_} → store 127\.0\.0\.1:${store.port} +GET /video1\.mp4, Host: file1\.hiscinema\.com:${store.port}${end}`,
      String.raw`^10\. +store 127\.0\.0\.1:${store.port} → ${client_} +200 OK, 306 kB of video/mp4, sha-256 promised${end}`,
    ];
    expect(story).to.have.length(expected.length);
    for (const [index, line] of story.entries()) expect(line).to.match(new RegExp(expected[index] ?? '$^'));
    // What the account says happened in a millisecond, the story says so too.
    const [, , , , , , , four, five] = (report?.messages ?? []).map((message) => message.atMs);
    expect((five ?? 0) - (four ?? 0)).to.be.closeTo(1, 1e-6);
  });

  it('says what was not sent because the local DNS had it in its cache', async () => {
    const answers = [cname('file1.hiscinema.com', 'file1.hercdn.com', 12), a('file1.hercdn.com', '127.0.0.1', 17)];
    const { client } = await site({ 'A file1.hiscinema.com': { answers, account: { cached: true, exchanges: [] } } });
    const { story, report } = await parties.run(client, { target: 'hiscinema.com/File1' });
    expect(report?.digest).to.equal('verified');
    expect(story.filter((line) => /^[4-7]\./.test(line))).to.deep.equal([
      '4.  (not sent: answered from the cache of the local DNS, TTL 12 s left)',
      '5.  (not sent: answered from the cache of the local DNS, TTL 12 s left)',
      '6.  (not sent: answered from the cache of the local DNS, TTL 17 s left)',
      '7.  (not sent: answered from the cache of the local DNS, TTL 17 s left)',
    ]);
  });

  it('says what half of it the cache had', async () => {
    const half: Account = { cached: false, exchanges: ACCOUNT.exchanges.slice(1) };
    const { client } = await site({ 'A file1.hiscinema.com': { ...siteRows({ address: '127.0.0.1', port: 1 }, { address: '127.0.0.1', port: 1 })['A file1.hiscinema.com'], account: half } });
    const { story } = await parties.run(client, { target: 'hiscinema.com/File1' });
    expect(story.filter((line) => /^[4-7]\./.test(line)).map((line) => line.slice(0, 30))).to.deep.equal([
      '4.  (not sent: answered from t', '5.  (not sent: answered from t', '6.  local DNS 127.0.0.1:50002 ', '7.  authority of hercdn.com 12',
    ]);
  });

  it('says that it cannot see behind a DNS that gives no account', async () => {
    const rows = siteRows({ address: '127.0.0.1', port: 1 }, { address: '127.0.0.1', port: 1 });
    const { client, dns } = await site({ 'A file1.hiscinema.com': rows['A file1.hiscinema.com'] ?? {} });
    const { story } = await parties.run(client, { target: 'hiscinema.com/File1' });
    expect(story.filter((line) => /^[4-7]\./.test(line))).to.deep.equal([4, 5, 6, 7].map((n) => `${n}.  (not visible: 127.0.0.1:${dns.port} gives no account)`));
  });

  it('--type V asks for the V record first', async () => {
    const { client, questions } = await site();
    const { story, report, events } = await parties.run(client, { target: 'hiscinema.com/File1', type: 'V' });
    expect(report?.digest).to.equal('verified');
    expect(questions.slice(2)).to.deep.equal(['V file1.hiscinema.com', 'A file1.hiscinema.com']);
    expect(story.filter((line) => /^[38]\./.test(line)).map((line) => line.replace(/^(\d\.).*?\d  +(.*?)  \+.*$/, '$1 $2'))).to.deep.equal([
      '3. V? file1.hiscinema.com (RD=1)', '8. CNAME file1.hercdn.com (TTL 300), V file1.hercdn.com. "video1" (TTL 20)',
      '3. A? file1.hiscinema.com (RD=1)', '8. CNAME file1.hercdn.com (TTL 300), A 127.0.0.1 (TTL 20)',
    ]);
    expect(events.find((event) => event.kind === 'transfer')).to.include({ object: 'video1' });
  });

  it('--type V without a V record is told', async () => {
    const { client } = await site({ 'V file1.hiscinema.com': {} });
    const { error } = await parties.run(client, { target: 'hiscinema.com/File1', type: 'V' });
    expect(error).to.be.instanceOf(CdnError).and.include({ code: 'NO_SUCH_NAME' });
    expect(String(error)).to.match(/file1\.hiscinema\.com has no V record/);
  });

  it('an unknown title names the nearest one; the site alone says which there are', async () => {
    const { client } = await site();
    for (const [target, code, suggestion] of [
      ['hiscinema.com/Flie3', 'NO_SUCH_TITLE', 'cdn fetch hiscinema.com/File3'],
      ['hiscinema.com/Metropolis', 'NO_SUCH_TITLE', 'cdn fetch hiscinema.com/File1'],
      ['hiscinema.com', 'USAGE', 'cdn fetch hiscinema.com/File1'],
    ] as const) {
      const { error } = await parties.run(client, { target });
      expect(error, target).to.be.instanceOf(CdnError).and.include({ code });
      expect((error as CdnError).suggestions, target).to.deep.equal([suggestion]);
      expect(String(error)).to.match(/File1, File2, File3/);
    }
  });

  it('the name of a title’s page is as good as the title', async () => {
    const { client } = await site();
    for (const page of ['F1', 'f1']) expect((await parties.run(client, { target: `hiscinema.com/${page}` })).report?.url).to.match(/\/video1\.mp4$/);
  });

  it('without output it is saved under the object’s own name, inside a folder too', async () => {
    const { client } = await site();
    const folder = await newFolder();
    const { report } = await parties.run(client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: folder } });
    expect(report?.file).to.equal(path.join(folder, 'video1.mp4'));
  });

  it('a file that is there stops it before anybody is asked', async () => {
    const { client, questions } = await site();
    const file = path.join(await newFolder(), 'out');
    await writeFile(file, 'mine');
    const { error } = await parties.run(client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: file } });
    expect(error).to.include({ code: 'FILE_EXISTS' });
    expect(questions).to.deep.equal([]);
    expect(await readFile(file, 'utf8')).to.equal('mine');
    const forced = await parties.run(client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: file }, force: true });
    expect(forced.report?.digest).to.equal('verified');
  });

  it('two clients at one target: one has it whole, the other is told', async () => {
    const { client } = await site();
    const folder = await newFolder();
    const request = { target: 'hiscinema.com/File1', output: { kind: 'file', path: path.join(folder, 'out') } } as const;
    const runs = await Promise.all([parties.run(client, request), parties.run(client, request)]);
    expect(runs.map((run) => (run.error instanceof CdnError ? run.error.code : 'done')).sort()).to.deep.equal(['FILE_EXISTS', 'done']);
    expect((await readFile(path.join(folder, 'out'))).equals(VIDEO)).to.equal(true);
  });

  it('a store that promises no digest is believed, and the report says so', async () => {
    const { client } = await site({}, () => ({ status: 200, fields: {}, body: { kind: 'bytes', bytes: VIDEO } }));
    const { report, events } = await parties.run(client, { target: 'hiscinema.com/File1' });
    expect(report).to.include({ digest: 'not promised', sha256: undefined });
    expect(events.some((event) => event.kind === 'verified')).to.equal(false);
  });

  it('other bytes than promised are kept as .corrupt, and both digests named', async () => {
    const wrong = Buffer.from(VIDEO);
    wrong[1000] = 0;
    const { client, store } = await site({}, () => ({ status: 200, fields: { 'repr-digest': formatReprDigest(SHA256) }, body: { kind: 'bytes', bytes: wrong } }));
    const folder = await newFolder();
    const { error } = await parties.run(client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: path.join(folder, 'out') } });
    expect(error).to.be.instanceOf(CdnError).and.include({ code: 'DIGEST_MISMATCH', exit: 5 });
    const sha256 = createHash('sha256').update(wrong).digest('hex');
    for (const part of [`store 127.0.0.1:${store.port}`, SHA256.toString('hex'), sha256, 'out.corrupt']) expect(String(error)).to.include(part);
    expect(await readdir(folder)).to.deep.equal(['out.corrupt']);
  });
});
