import { createHash } from 'node:crypto';
import { createServer as createTlsServer } from 'node:tls';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import type { Endpoint } from '../../../src/net/address.js';
import { RCODE, type ResourceRecord } from '../../../src/net/dns/message.js';
import { formatType } from '../../../src/net/dns/text.js';
import { createResponse } from '../../../src/net/dns/build.js';
import { createHttpClient, type TransferClient } from '../../../src/net/http/client.js';
import { textResponse, type HttpHandler } from '../../../src/net/http/message.js';
import { CERTIFICATE, KEY } from './certificate.js';
import { a, aaaa, cname, streamed, table, useParties } from './parties.js';

const hello: HttpHandler = () => textResponse(200, 'hello');

describe('fetch: a plain URL', () => {
  const parties = useParties();

  async function textOf(client: ReturnType<typeof parties.fetcher>, target: string) {
    const chunks: Uint8Array[] = [];
    const run = await parties.run(client, { target, output: { kind: 'stdout', write: (chunk) => { chunks.push(chunk); return Promise.resolve(); } } });
    return { ...run, text: Buffer.concat(chunks).toString() };
  }

  it('with an address needs no DNS: messages 9 and 10', async () => {
    const server = await parties.http(hello);
    const { text, report, story } = await textOf(parties.fetcher({ dns: await parties.nobody() }), `http://127.0.0.1:${server.port}/x`);
    expect(text).to.equal('hello');
    expect(report?.digest).to.equal('not promised');
    expect(story.map((line) => line.split('.')[0])).to.deep.equal(['9', '10']);
  });

  it('with localhost needs no DNS, and takes the loopback address that answers', async () => {
    const server = await parties.http(hello);
    const { text } = await textOf(parties.fetcher({ dns: await parties.nobody() }), `http://localhost:${server.port}/x`);
    expect(text).to.equal('hello');
  });

  it('with a name asks the local DNS; query and encoded path arrive as typed', async () => {
    const targets: string[] = [];
    const server = await parties.http((request) => { targets.push(request.target, request.fields['host'] ?? ''); return hello(request); });
    const dns = await parties.dns(table({ 'A www.example.com': { answers: [cname('www.example.com', 'edge.example.net'), a('edge.example.net', '127.0.0.1')] } }));
    const { text, story } = await textOf(parties.fetcher({ dns }), `http://www.example.com:${server.port}/a%20b/%2Fc?q=1&r=%20#part`);
    expect(text).to.equal('hello');
    expect(targets).to.deep.equal(['/a%20b/%2Fc?q=1&r=%20', `www.example.com:${server.port}`]);
    // A and AAAA: out there the way by one of them may be barred.
    expect(story.map((line) => line.split('.')[0])).to.deep.equal(['3', '4', '5', '6', '7', '8', '3', '4', '5', '6', '7', '8', '9', '10']);
    expect(story.at(-1)).to.match(/server 127/);
  });

  it('tries the next address when nobody is at the first', async () => {
    const server = await parties.http(hello);
    // 127.0.0.0/8 is all loopback on Linux; elsewhere the first address can't be reached either.
    const dns = await parties.dns(table({ 'A www.example.com': { answers: [a('www.example.com', '127.0.0.99'), a('www.example.com', '127.0.0.1')] } }));
    const { text, story, report } = await textOf(parties.fetcher({ dns }), `http://www.example.com:${server.port}/`);
    expect(text).to.equal('hello');
    expect(report?.store.address).to.equal('127.0.0.1');
    expect(story.filter((line) => line.startsWith('9.'))).to.have.length(2);
  });

  it('names every address when nobody is at any', async () => {
    const { port } = await parties.nobody();
    const dns = await parties.dns(table({ 'A www.example.com': { answers: [a('www.example.com', '127.0.0.1'), a('www.example.com', '127.0.0.99')] } }));
    const { error } = await textOf(parties.fetcher({ dns }), `http://www.example.com:${port}/`);
    expect(error).to.be.instanceOf(CdnError).and.include({ code: 'STORE_UNREACHABLE' });
    expect(String(error)).to.match(/no server answers .*127\.0\.0\.1:\d+: connection refused.*; 127\.0\.0\.99:\d+/);
  });

  it('falls back on AAAA, and asks on where a CNAME leads out of the answer', async () => {
    const asked: string[] = [];
    const server = await parties.http(hello);
    const dns = await parties.dns(table({
      'A six.example.com': {}, 'AAAA six.example.com': { answers: [aaaa('six.example.com', '::ffff:127.0.0.1')] },
      'A www.example.com': { answers: [cname('www.example.com', 'b.example.net')] }, 'A b.example.net': { answers: [a('b.example.net', '127.0.0.1')] },
    }, asked));
    const client = parties.fetcher({ dns });
    expect((await textOf(client, `http://www.example.com:${server.port}/`)).text).to.equal('hello');
    await textOf(client, `http://six.example.com:${server.port}/`);
    expect([...asked].sort()).to.deep.equal(['A b.example.net', 'A six.example.com', 'A www.example.com', 'AAAA six.example.com', 'AAAA www.example.com']);
  });

  describe('of a name out there, IPv6 and IPv4 (RFC 8305 §3)', () => {
    /** A resolver that says nothing before it has heard both questions. */
    async function patientDns(answerOf: (type: string) => readonly ResourceRecord[] | undefined): Promise<{ dns: Endpoint; asked: string[] }> {
      const asked: string[] = [];
      let socket: (() => void)[] = [];
      const dns = await parties.dns(({ message, question }) => new Promise((resolve) => {
        const type = formatType(question.type);
        asked.push(type);
        const answers = answerOf(type);
        if (answers !== undefined) socket.push(() => resolve(createResponse(message, { answers })));
        if (asked.length < 2) return;
        for (const answer of socket) answer();
        socket = [];
      }));
      return { dns, asked };
    }

    it('are asked for at the same time', async () => {
      const server = await parties.http(hello);
      const { dns, asked } = await patientDns((type) => (type === 'A' ? [a('www.example.com', '127.0.0.1')] : [aaaa('www.example.com', '::ffff:127.0.0.1')]));
      expect((await textOf(parties.fetcher({ dns }), `http://www.example.com:${server.port}/`)).text).to.equal('hello');
      expect(asked).to.have.members(['AAAA', 'A']);
    });

    it('an address is not held up by a family that nobody answers for, and that is told', async () => {
      const server = await parties.http(hello);
      const { dns } = await patientDns((type) => (type === 'A' ? [a('www.example.com', '127.0.0.1')] : undefined));
      const { text, story } = await textOf(parties.fetcher({ dns }), `http://www.example.com:${server.port}/`);
      expect(text).to.equal('hello');
      expect(story.filter((line) => line.includes('AAAA? www.example.com (RD=1): not waited for any longer'))).to.have.lengthOf(1);
    });

    it('IPv6 alone does when there is no IPv4, or no word on it', async () => {
      const server = await parties.http(hello);
      const table_ = { 'AAAA www.example.com': { answers: [aaaa('www.example.com', '::ffff:127.0.0.1')] } };
      for (const four of [{ 'A www.example.com': {} }, { 'A www.example.com': { rcode: RCODE.SERVFAIL } }]) {
        const dns = await parties.dns(table({ ...table_, ...four }));
        expect((await textOf(parties.fetcher({ dns }), `http://www.example.com:${server.port}/`)).text).to.equal('hello');
      }
    });
  });

  it('asks again without EDNS when the DNS doesn’t know it (RFC 6891 §7)', async () => {
    const server = await parties.http(hello);
    const dns = await parties.bareDns((message) =>
      message.edns === undefined
        ? createResponse(message, { answers: [a('www.example.com', '127.0.0.1')] })
        : createResponse(message, { rcode: RCODE.FORMERR, edns: undefined }));
    const { text, error } = await textOf(parties.fetcher({ dns }), `http://www.example.com:${server.port}/`);
    expect([text, error]).to.deep.equal(['hello', undefined]);
  });

  describe('that our DNS has no word on', () => {
    const refusing = table({ 'A www.example.com': { rcode: RCODE.REFUSED } });

    it('goes to the system’s resolver when ours refuses, or isn’t there', async () => {
      const server = await parties.http(hello);
      for (const dns of [await parties.dns(refusing), await parties.nobody()]) {
        const client = parties.fetcher({ dns, systemResolver: true }, { lookup: () => Promise.resolve(['127.0.0.1']) });
        const { text, story } = await textOf(client, `http://www.example.com:${server.port}/`);
        expect(text).to.equal('hello');
        expect(story.join('\n')).to.match(/3\. .*the system's resolver.*\n4\. .*not visible: the system's resolver gives no account/);
      }
    });

    it('does not when a DNS was named', async () => {
      const dns = await parties.dns(refusing);
      const { error } = await textOf(parties.fetcher({ dns, systemResolver: false }, { lookup: () => Promise.resolve(['127.0.0.1']) }), 'http://www.example.com/');
      expect(error).to.include({ code: 'DNS_FAILURE' });
      expect(String(error)).to.match(/answered REFUSED to A www\.example\.com/);
    });

    it('exists nowhere', async () => {
      const { error } = await textOf(parties.fetcher({ dns: await parties.dns(refusing), systemResolver: true }), 'http://www.example.com/');
      expect(error).to.include({ code: 'NO_SUCH_NAME', exit: 3 });
    });

    it('and the system can’t say either: our own DNS’s failure is told', async () => {
      const dns = await parties.nobody();
      const lookup = (): Promise<never> => Promise.reject(Object.assign(new Error('again'), { code: 'EAI_AGAIN' }));
      const { error } = await textOf(parties.fetcher({ dns, systemResolver: true }, { lookup }), 'http://www.example.com/');
      expect(error).to.include({ code: 'DNS_UNREACHABLE' });
    });

    it('and the system never answers', async () => {
      const dns = await parties.nobody();
      const { error } = await textOf(parties.fetcher({ dns, systemResolver: true, timeoutMs: 300 }, { lookup: () => new Promise(() => undefined) }), 'http://www.example.com/');
      expect(error).to.include({ code: 'DNS_UNREACHABLE' });
    });
  });

  it('that ends with its connection is told to, since nothing says that this was all (RFC 9112 §8)', async () => {
    const digest = `Repr-Digest: sha-256=:${createHash('sha256').update('hello').digest('base64')}:\r\n`;
    for (const [head, body, told] of [['', 'hello', true], [digest, 'hello', false], ['Content-Length: 5\r\n', 'hello', false], ['Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n', false]] as const) {
      const { port } = await parties.tcp((socket) => void socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n${body}`));
      const { text, events } = await textOf(parties.fetcher({ dns: await parties.nobody() }), `http://127.0.0.1:${port}/`);
      expect([text, events.some(({ kind }) => kind === 'unbounded')]).to.deep.equal(['hello', told]);
    }
  });

  describe('that redirects', () => {
    /** "/N" leads to "/N-1", "/0" is there; "/loop" leads to itself. */
    const stairs: HttpHandler = ({ target }) => {
      const step = Number(target.slice(1));
      if (step === 0) return textResponse(200, 'ground');
      return { ...textResponse(step % 2 === 0 ? 302 : 308, 'moved', { location: target === '/loop' ? '/loop' : `/${step - 1}` }) };
    };

    it('is followed, twenty times at most', async () => {
      const server = await parties.http(stairs);
      const client = parties.fetcher({ dns: await parties.nobody() });
      const { text, report, story } = await textOf(client, `http://127.0.0.1:${server.port}/5`);
      expect(text).to.equal('ground');
      expect(report?.url).to.equal(`http://127.0.0.1:${server.port}/0`);
      expect(story).to.have.length(12);
      const { error } = await textOf(client, `http://127.0.0.1:${server.port}/10000`);
      expect(error).to.include({ code: 'PEER_PROTOCOL' });
      expect(String(error)).to.match(/redirects more than 20 times/);
    });

    it('in a circle is told', async () => {
      const server = await parties.http(stairs);
      const { error } = await textOf(parties.fetcher({ dns: await parties.nobody() }), `http://127.0.0.1:${server.port}/loop`);
      expect(String(error)).to.match(/redirects in a circle/);
    });

    for (const [what, location] of [['nowhere', undefined], ['what is no URL', 'http://[/'], ['another protocol', 'file:///etc/passwd'], ['with a password', 'http:' + '//u:p@127.0.0.1/']] as const) {
      it(`to ${what} is not followed`, async () => {
        const server = await parties.http(() => textResponse(302, 'moved', location === undefined ? {} : { location }));
        const { error } = await textOf(parties.fetcher({ dns: await parties.nobody() }), `http://127.0.0.1:${server.port}/`);
        expect(error).to.be.instanceOf(CdnError).and.include({ code: 'PEER_PROTOCOL' });
      });
    }

    it('to another host resolves that one', async () => {
      const server = await parties.http(hello);
      const first = await parties.http(() => textResponse(301, '', { location: `http://www.example.com:${server.port}/` }));
      const dns = await parties.dns(table({ 'A www.example.com': { answers: [a('www.example.com', '127.0.0.1')] } }));
      expect((await textOf(parties.fetcher({ dns }), `http://127.0.0.1:${first.port}/`)).text).to.equal('hello');
    });
  });

  describe('over https', () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello';

    /** A server with a certificate that nobody but `trusting` has signed. */
    const secure = (greeted: unknown[] = []) => parties.listen(createTlsServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
      greeted.push('servername' in socket ? socket.servername : undefined);
      socket.once('data', () => socket.end(answer));
    }));

    /** A client that trusts the certificate of these tests. */
    async function trusting(rows: Parameters<typeof table>[0] = {}) {
      const plain = createHttpClient({ clock: systemClock });
      const http: TransferClient = { ...plain, request: (request) => plain.request({ ...request, ...(request.tls === undefined ? {} : { tls: { ...request.tls, ca: CERTIFICATE } }) }) };
      return parties.fetcher({ dns: await parties.dns(table(rows)) }, { http });
    }

    it('the certificate must be of the name, or of the address', async () => {
      const greeted: unknown[] = [];
      const server = await secure(greeted);
      const client = await trusting({
        'A www.example.com': { answers: [a('www.example.com', '127.0.0.1')] },
        'A other.example.com': { answers: [a('other.example.com', '127.0.0.1')] },
      });
      expect((await textOf(client, `https://www.example.com:${server.port}/`)).text).to.equal('hello');
      expect((await textOf(client, `https://127.0.0.1:${server.port}/`)).text).to.equal('hello');
      // RFC 6066 §3: an address is never sent as a server's name.
      expect(greeted).to.deep.equal(['www.example.com', false]);
      const { error, text } = await textOf(client, `https://other.example.com:${server.port}/`);
      expect(text).to.equal('');
      expect(error).to.be.instanceOf(CdnError).and.include({ code: 'STORE_UNREACHABLE' });
      expect(String(error)).to.match(/server 127\.0\.0\.1:\d+ \(GET https:.*altnames/);
      expect((error as CdnError).suggestions.join()).to.match(/--cacert FILE.*-k/);
    });

    it('a certificate that nobody vouches for is refused', async () => {
      const server = await secure();
      const { error, text } = await textOf(parties.fetcher({ dns: await parties.nobody() }), `https://127.0.0.1:${server.port}/`);
      expect(text).to.equal('');
      expect(error).to.be.instanceOf(CdnError).and.include({ code: 'STORE_UNREACHABLE' });
      expect(String(error)).to.match(/self-signed certificate/);
    });
  });

  it('to standard output is written at the reader’s pace', async () => {
    const server = await parties.http(() => streamed(function* () { for (let i = 0; i < 50; i += 1) yield Buffer.alloc(65_536, i); }));
    let writing = 0;
    let most = 0;
    let bytes = 0;
    const write = async (chunk: Uint8Array): Promise<void> => {
      writing += 1;
      most = Math.max(most, writing);
      await new Promise((resolve) => setImmediate(resolve));
      bytes += chunk.length;
      writing -= 1;
    };
    const { report } = await parties.run(parties.fetcher({ dns: await parties.nobody() }), { target: `http://127.0.0.1:${server.port}/x`, output: { kind: 'stdout', write } });
    expect([most, bytes, report?.bytes]).to.deep.equal([1, 50 * 65_536, 50 * 65_536]);
  });
});
