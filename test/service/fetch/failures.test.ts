import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { CdnError, type ErrorCode } from '../../../src/base/errors.js';
import { fetchSummary } from '../../../src/cli/fetch-output.js';
import type { Account } from '../../../src/net/dns/account.js';
import { EXTENDED_ERROR, encodeExtendedError } from '../../../src/net/dns/edns.js';
import { RCODE } from '../../../src/net/dns/message.js';
import { textResponse, type HttpHandler } from '../../../src/net/http/message.js';
import type { Endpoint } from '../../../src/net/address.js';
import { useTempFolders } from '../../helpers/temp.js';
import { cname, indexHandler, siteRows, streamed, table, useParties, type Run, type TableAnswer } from './parties.js';

/** Short enough for a test, long enough for a busy machine to answer in. */
const TIMEOUT_MS = 700;

function expectError(run: Run, code: ErrorCode, ...parts: readonly string[]): CdnError {
  expect(run.report).to.equal(undefined);
  expect(run.error).to.be.instanceOf(CdnError);
  const error = run.error as CdnError;
  expect(error.code, error.message).to.equal(code);
  for (const part of parts) expect(error.message).to.include(part);
  expect(error.message).not.to.match(/\p{Cc}/u);
  return error;
}

describe('fetch: a party fails', () => {
  const parties = useParties();
  const newFolder = useTempFolders();
  const at = ({ address, port }: Endpoint): string => `${address}:${port}`;

  async function site(store: Endpoint, over: { rows?: Readonly<Record<string, TableAnswer>>; portal?: Endpoint; index?: HttpHandler; timeoutMs?: number } = {}) {
    const portal = over.portal ?? (await parties.http(over.index ?? indexHandler(store.port)));
    const dns = await parties.dns(table({ ...siteRows(portal, store), ...over.rows }));
    return { portal, dns, client: parties.fetcher({ dns, timeoutMs: over.timeoutMs ?? 5000 }) };
  }

  /** A store that answers every request with these octets and closes. */
  const rawStore = (octets: string): Promise<Endpoint> => parties.tcp((socket) => socket.end(octets, 'latin1'));

  const fetchTitle = (client: ReturnType<typeof parties.fetcher>): Promise<Run> => parties.run(client, { target: 'hiscinema.com/File1' });

  describe('DNS', () => {
    it('nobody at the local DNS', async () => {
      const dns = await parties.nobody();
      const run = await fetchTitle(parties.fetcher({ dns }));
      const error = expectError(run, 'DNS_UNREACHABLE', `local DNS ${at(dns)}, asked for A hiscinema.com`);
      expect(error.message).not.to.include('DNS server');
      expect(error.exit).to.equal(4);
      expect(error.suggestions.join()).to.match(/cdn dns.*cdn up.*--dns/);
      expect(run.story.join()).to.match(/0\. {2}client → local DNS .*no answer/);
    });

    it('a local DNS that never answers', async () => {
      const dns = await parties.silentDns();
      expectError(await fetchTitle(parties.fetcher({ dns, timeoutMs: TIMEOUT_MS })), 'DNS_UNREACHABLE', `local DNS ${at(dns)}`);
    });

    it('names of this network are never asked of the system’s resolver', async () => {
      const dns = await parties.nobody();
      let looked = 0;
      const client = parties.fetcher({ dns, systemResolver: true }, { lookup: () => { looked += 1; return Promise.resolve(['127.0.0.1']); } });
      expectError(await fetchTitle(client), 'DNS_UNREACHABLE');
      expectError(await parties.run(client, { target: 'http://file1.hiscinema.com/video1.mp4' }), 'DNS_UNREACHABLE');
      expectError(await parties.run(client, { target: 'http://store-1.hercdn.com/video1.mp4' }), 'DNS_UNREACHABLE');
      expect(looked).to.equal(0);
    });

    it('an authority that is down is named, from the account', async () => {
      const account: Account = {
        cached: false,
        exchanges: [{ at: 0, ms: 1, from: '127.0.0.1:50001', to: '127.0.0.1:40724', transport: 'udp', authority: 'hercdn.com.', name: 'file1.hercdn.com.', type: 'A', rcode: 'no answer', records: [] }],
      };
      const { client, dns } = await site(await parties.nobody(), { rows: { 'A file1.hiscinema.com': { rcode: RCODE.SERVFAIL, account } } });
      const run = await fetchTitle(client);
      const error = expectError(run, 'DNS_FAILURE', `local DNS ${at(dns)}`, 'SERVFAIL', 'A file1.hiscinema.com', 'authority of hercdn.com 127.0.0.1:40724');
      expect(error.exit).to.equal(4);
      expect(error.suggestions[0]).to.equal('dig +norecurse @127.0.0.1 -p 40724 file1.hercdn.com');
      expect(run.story.filter((line) => line.startsWith('7.')).join()).to.match(/no answer/);
    });

    it('an authority that is down is named, from the extended error (RFC 8914)', async () => {
      const options = [encodeExtendedError(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, 'authority of hercdn.com at 127.0.0.1:40724 is silent\u001b[2J')];
      const { client } = await site(await parties.nobody(), { rows: { 'A file1.hiscinema.com': { rcode: RCODE.SERVFAIL, options } } });
      const run = await fetchTitle(client);
      const error = expectError(run, 'DNS_FAILURE', 'authority of hercdn.com at 127.0.0.1:40724 is silent');
      expect(error.suggestions).to.include('cdn dns --role authoritative   (starts both authorities)');
    });

    it('what the local DNS failed on is told in place of the messages that nobody saw', async () => {
      const options = [encodeExtendedError(EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, 'the authority is silent')];
      const first: Account = {
        cached: false,
        exchanges: [{ at: 0, ms: 1, from: '127.0.0.1:50001', to: '127.0.0.1:40723', transport: 'udp', authority: 'hiscinema.com.', name: 'file1.hiscinema.com.', type: 'A', rcode: 'NOERROR', records: [] }],
      };
      for (const [account, lines] of [[{ cached: true, exchanges: [] }, [4, 5, 6, 7]], [first, [6, 7]]] as const) {
        const { client } = await site(await parties.nobody(), { rows: { 'A file1.hiscinema.com': { rcode: RCODE.SERVFAIL, account, options } } });
        const { story } = await fetchTitle(client);
        expect(story.filter((line) => line.includes('not visible'))).to.deep.equal(lines.map((number) => `${number}.  (not visible: the authority is silent)`));
        expect(story.join()).not.to.match(/not sent|from its cache/);
      }
    });

    it('a name that does not exist, and one without address', async () => {
      const rows = { 'A file1.hiscinema.com': {}, 'AAAA file1.hiscinema.com': {} };
      const { client } = await site(await parties.nobody(), { rows });
      expect(expectError(await fetchTitle(client), 'NO_SUCH_NAME', 'has no A record').exit).to.equal(3);
      expectError(await parties.run(client, { target: 'http://nosuch.hiscinema.com/x' }), 'NO_SUCH_NAME', 'there is no name nosuch.hiscinema.com');
    });

    it('CNAMEs that lead in a circle, within one answer and over several', async () => {
      const one = { 'A file1.hiscinema.com': { answers: [cname('file1.hiscinema.com', 'b.hercdn.com'), cname('b.hercdn.com', 'file1.hiscinema.com')] } };
      expectError(await fetchTitle((await site(await parties.nobody(), { rows: one })).client), 'DNS_FAILURE', 'circle');
      const several = { 'A file1.hiscinema.com': { answers: [cname('file1.hiscinema.com', 'b.hercdn.com')] }, 'A b.hercdn.com': { answers: [cname('b.hercdn.com', 'file1.hiscinema.com')] } };
      expectError(await fetchTitle((await site(await parties.nobody(), { rows: several })).client), 'DNS_FAILURE', 'circle');
    });
  });

  describe('the portal', () => {
    it('nobody there', async () => {
      const portal = await parties.nobody();
      const { client } = await site(await parties.nobody(), { portal });
      const error = expectError(await fetchTitle(client), 'PORTAL_UNREACHABLE', `portal ${at(portal)}`, 'refused');
      expect(error.suggestions.join()).to.include(`cdn web --listen ${at(portal)}`);
    });

    it('accepts and never answers', async () => {
      const portal = await parties.tcp(() => undefined);
      expectError(await fetchTitle((await site(await parties.nobody(), { portal, timeoutMs: TIMEOUT_MS })).client), 'PORTAL_UNREACHABLE', `portal ${at(portal)}`);
    });

    const answers: readonly (readonly [string, HttpHandler, ErrorCode, RegExp])[] = [
      ['503', () => textResponse(503, 'starting'), 'PEER_REFUSED', /answered 503 Service Unavailable/],
      ['HTML', () => textResponse(200, '<html>', { 'content-type': 'text/html' }), 'PEER_PROTOCOL', /not an index/],
      ['JSON of another kind', () => textResponse(200, '{"titles":[{"title":1}]}'), 'PEER_PROTOCOL', /not an index/],
      ['content that is no URL of the web', () => textResponse(200, '{"titles":[{"title":"File1","page":"/F1/","object":"x","content":"file:///etc/passwd"}]}'), 'PEER_PROTOCOL', /not an index/],
      ['an endless index', () => streamed(function* () { for (;;) yield Buffer.alloc(65_536, 32); }), 'PEER_PROTOCOL', /more than/],
    ];
    for (const [what, index, code, message] of answers) {
      it(`answers with ${what}`, async () => {
        const { client, portal } = await site(await parties.nobody(), { index });
        expect(expectError(await fetchTitle(client), code, `portal ${at(portal)}`).message).to.match(message);
      });
    }
  });

  describe('the store', () => {
    it('nobody there', async () => {
      const store = await parties.nobody();
      const run = await fetchTitle((await site(store)).client);
      const error = expectError(run, 'STORE_UNREACHABLE', `store ${at(store)}`, 'refused', `http://file1.hiscinema.com:${store.port}/video1.mp4`);
      expect(error.suggestions.join()).to.include(`cdn store --listen ${at(store)}`);
      expect(run.story.at(-1)).to.match(/^9\. .*refused/);
    });

    it('accepts and never answers', async () => {
      const store = await parties.tcp(() => undefined);
      expectError(await fetchTitle((await site(store, { timeoutMs: TIMEOUT_MS })).client), 'STORE_UNREACHABLE', `store ${at(store)}`);
    });

    it('accepts and never answers, or no more, within the time that was given for it', async () => {
      const options = { timeoutMs: 3_600_000, silenceMs: TIMEOUT_MS };
      const mute = await parties.tcp(() => undefined);
      expectError(await parties.run(parties.fetcher({ dns: await parties.nobody(), ...options }), { target: `http://${at(mute)}/a` }), 'STORE_UNREACHABLE', `within ${TIMEOUT_MS} ms`);
      const faltering = await parties.tcp((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'));
      expectError(await parties.run(parties.fetcher({ dns: await parties.nobody(), ...options }), { target: `http://${at(faltering)}/a` }), 'INCOMPLETE', `fell silent for ${TIMEOUT_MS} ms`);
    });

    it('answers with something else than HTTP', async () => {
      const store = await rawStore('SSH-2.0-OpenSSH_9.9\r\n');
      expectError(await fetchTitle((await site(store)).client), 'PEER_PROTOCOL', `store ${at(store)}`);
    });

    it('has no such object', async () => {
      const store = await parties.http(() => textResponse(404, 'no'));
      const error = expectError(await fetchTitle((await site(store)).client), 'NO_SUCH_OBJECT', `store ${at(store)}`, '/video1.mp4', '404 Not Found');
      expect(error.exit).to.equal(3);
    });

    const statuses: readonly (readonly [number, ErrorCode])[] = [[403, 'PEER_REFUSED'], [410, 'NO_SUCH_OBJECT'], [416, 'PEER_REFUSED'], [500, 'PEER_REFUSED'], [503, 'PEER_REFUSED'], [204, 'PEER_PROTOCOL'], [206, 'PEER_PROTOCOL'], [304, 'PEER_PROTOCOL'], [300, 'PEER_PROTOCOL']];
    for (const [status, code] of statuses) {
      it(`answers ${status}, unasked for`, async () => {
        const store = await rawStore(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        const error = expectError(await fetchTitle((await site(store)).client), code, `store ${at(store)}`, `answered ${status}`);
        // It is there, so nothing has to be started: what it says is of use, and curl doesn't know the name.
        expect(error.suggestions[0]).to.match(/^curl -i --resolve file1\.hiscinema\.com:\d+:127\.0\.0\.1 http:\/\/file1\.hiscinema\.com:\d+\/video1\.mp4 /);
        expect(error.suggestions.join()).not.to.include('cdn store');
      });
    }

    const broken: readonly (readonly [string, string, ErrorCode, RegExp])[] = [
      ['closes early', 'Content-Length: 1000\r\n\r\nshort', 'INCOMPLETE', /store 127\.0\.0\.1:\d+ \(GET http:[^ ]+\): closed the connection after 5 of 1000 octets of the body; 5 B are kept in/],
      ['closes within a chunk', 'Transfer-Encoding: chunked\r\n\r\n100\r\nshort', 'INCOMPLETE', /closed the connection after 5 octets/],
      ['closes before the last chunk', 'Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n', 'INCOMPLETE', /closed the connection after 5 octets/],
      ['sends a chunk that is none', 'Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n', 'PEER_PROTOCOL', /5 octets of the body arrived, then: answered with broken HTTP/],
    ];
    for (const [what, rest, code, message] of broken) {
      it(`${what}: what arrived stays apart`, async () => {
        const store = await rawStore(`HTTP/1.1 200 OK\r\n${rest}`);
        const { client } = await site(store);
        const folder = await newFolder();
        const run = await parties.run(client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: path.join(folder, 'out') } });
        expect(expectError(run, code, `store ${at(store)}`, 'out.part').message).to.match(message);
        expect(await readdir(folder)).to.deep.equal(['out.part', 'out.part.journal']);
        expect(await readFile(path.join(folder, 'out.part'), 'utf8')).to.equal('short');
      });
    }

    it('falls silent in the middle', async () => {
      const store = await parties.tcp((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort'));
      expectError(await fetchTitle((await site(store, { timeoutMs: TIMEOUT_MS })).client), 'INCOMPLETE', `store ${at(store)}`, 'fell silent', '5 of 1000 octets');
    });

    for (const framing of ['Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '\r\n']) {
      it(`sends nothing of the range that it says it sends, again and again: ${JSON.stringify(framing.slice(0, 17))}`, async () => {
        let asked = 0;
        const store = await parties.tcp((socket, head) => {
          asked += 1;
          const from = /^range: bytes=(\d+)-/im.exec(head)?.[1];
          socket.end(`HTTP/1.1 ${from === undefined ? '200 OK\r\nContent-Length: 9\r\nETag: "1"\r\n\r\nshort' : `206 Partial\r\nETag: "1"\r\nContent-Range: bytes ${from}-8/9\r\n${framing}`}`);
        });
        const run = await parties.run((await site(store)).client, { target: 'hiscinema.com/File1', retries: 2, retryDelayMs: 1 });
        expectError(run, 'INCOMPLETE', `store ${at(store)}`, 'ended after 0 octets of the range 5-8');
        expect(asked).to.equal(3);
      });
    }

    it('sends more than it promised: the promise holds', async () => {
      const store = await rawStore('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nshort and more');
      const folder = await newFolder();
      const run = await parties.run((await site(store)).client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: path.join(folder, 'out') } });
      const kept = await readdir(folder);
      // Either it is taken for broken HTTP, or the five octets are all; never are there more.
      if (run.report === undefined) expectError(run, 'PEER_PROTOCOL');
      else expect(kept).to.deep.equal(['out']);
      for (const file of kept) expect(await readFile(path.join(folder, file), 'utf8')).to.equal('short');
    });

    for (const coding of ['gzip', 'identity, br', 'X-\u009b2J']) {
      it(`sends the content coded, unasked for: ${JSON.stringify(coding)}`, async () => {
        let asked = '';
        const store = await parties.tcp((socket, head) => {
          asked = head;
          socket.end(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: 5\r\n\r\nshort`, 'latin1');
        });
        const folder = await newFolder();
        const run = await parties.run((await site(store)).client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: path.join(folder, 'out') } });
        expectError(run, 'PEER_PROTOCOL', `store ${at(store)}`, 'coded as', coding.split(', ').at(-1)?.replace('\u009b', '\\x9b') ?? '');
        expect(await readdir(folder)).to.deep.equal([]);
        expect(asked).to.match(/^accept-encoding: identity\r$/im);
        expect(run.story.at(-1)).to.match(/^10\. .*200 OK, coded as /);
      });
    }

    it('sends the content as it is, and says so', async () => {
      const store = await rawStore('HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nshort');
      expect((await fetchTitle((await site(store)).client)).report?.bytes).to.equal(5);
    });

    for (const digest of ['sha-256=:AAAA:', 'sha-256=:not base64', 'sha-256=1', '=']) {
      it(`promises a digest that nobody can read: ${digest}`, async () => {
        const store = await rawStore(`HTTP/1.1 200 OK\r\nRepr-Digest: ${digest}\r\nContent-Length: 5\r\n\r\nshort`);
        const { report, story } = await fetchTitle((await site(store)).client);
        expect(report?.digest).to.equal('unreadable');
        expect(story.at(-1)).to.include('an unreadable digest promised');
        if (report !== undefined) expect(fetchSummary(report)).to.include('SHA-256 promised unreadably, so not verified');
      });
    }

    it('promises another digest than SHA-256', async () => {
      const store = await rawStore('HTTP/1.1 200 OK\r\nRepr-Digest: sha-512=:AAAA:\r\nContent-Length: 5\r\n\r\nshort');
      expect((await fetchTitle((await site(store)).client)).report?.digest).to.equal('not promised');
    });

    it('sends terminal escapes in its fields: the report in JSON has none', async () => {
      const store = await rawStore('HTTP/1.1 200 OK\r\nServer: a\x9b2J\r\nETag: "\x9b1m"\r\nContent-Type: x/\x9b3m\r\nX-Other: \x9b4m\r\nContent-Length: 5\r\n\r\nshort');
      const { report, events } = await fetchTitle((await site(store)).client);
      expect(report?.store.server).to.equal('a\\x9b2J');
      expect([report?.etag, report?.contentType]).to.deep.equal(['"\\x9b1m"', 'x/\\x9b3m']);
      expect(JSON.stringify([report, events])).not.to.match(/\p{Cc}/u);
    });

    it('sends terminal escapes where a person will read them', async () => {
      const store = await rawStore('HTTP/1.1 302 x\r\nLocation: gopher://x/\x1b[2J\r\nContent-Length: 0\r\n\r\n');
      expectError(await fetchTitle((await site(store)).client), 'PEER_PROTOCOL');
    });
  });

  describe('the user', () => {
    it('interrupts a transfer: what arrived stays apart, the final name never appears', async () => {
      const gone: Promise<void>[] = [];
      const store = await parties.tcp((socket) => {
        gone.push(new Promise((resolve) => socket.once('close', () => resolve())));
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort');
      });
      const { client } = await site(store);
      const folder = await newFolder();
      const controller = new AbortController();
      const run = await parties.run(client, { target: 'hiscinema.com/File1', output: { kind: 'file', path: path.join(folder, 'out') } }, {
        signal: controller.signal,
        onEvent: (event) => { if (event.kind === 'received') controller.abort(new CdnError('INTERRUPTED', 'interrupted')); },
      });
      const error = expectError(run, 'INTERRUPTED', 'interrupted; 5 B are kept in', 'out.part');
      expect(error.exit).to.equal(130);
      expect(await readdir(folder)).to.deep.equal(['out.part', 'out.part.journal']);
      await Promise.all(gone);
    });

    const waits: readonly (readonly [string, (asked: () => void) => Promise<ReturnType<typeof parties.fetcher>>])[] = [
      ['DNS', async (asked) => parties.fetcher({ dns: await parties.bareDns(() => { asked(); return undefined; }) })],
      ['the portal', async (asked) => (await site(await parties.nobody(), { portal: await parties.tcp(asked) })).client],
      ['the store', async (asked) => (await site(await parties.tcp(asked))).client],
    ];
    for (const [phase, start] of waits) {
      it(`interrupts while ${phase} is being waited for`, async () => {
        const controller = new AbortController();
        const client = await start(() => controller.abort(new CdnError('TERMINATED', 'terminated')));
        const run = await parties.run(client, { target: 'hiscinema.com/File1' }, { signal: controller.signal });
        expect(expectError(run, 'TERMINATED').exit).to.equal(143);
      });
    }

    it('has interrupted before it began', async () => {
      const client = parties.fetcher({ dns: await parties.nobody() });
      const signal = AbortSignal.abort(new CdnError('INTERRUPTED', 'interrupted'));
      expectError(await parties.run(client, { target: 'hiscinema.com/File1' }, { signal }), 'INTERRUPTED');
    });
  });
});
