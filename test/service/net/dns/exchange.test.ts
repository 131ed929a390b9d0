// The asking side against a real server, and against parties that answer as they shouldn't.

import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { systemClock } from '../../../../src/base/clock.js';
import { CdnError } from '../../../../src/base/errors.js';
import { createSeededRandom, systemRandom } from '../../../../src/base/random.js';
import type { Endpoint } from '../../../../src/net/address.js';
import { createResponse } from '../../../../src/net/dns/build.js';
import { createEdns } from '../../../../src/net/dns/edns.js';
import { createDnsExchange } from '../../../../src/net/dns/exchange.js';
import { frame } from '../../../../src/net/dns/framing.js';
import { RCODE, TYPE, type DnsMessage } from '../../../../src/net/dns/message.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { addressRecord, message, name, query, useParties } from '../../../fixtures/dns/parties.js';

const exchange = createDnsExchange({ clock: systemClock, random: systemRandom });
const ASKED = query('file1.hercdn.com', TYPE.A, { edns: createEdns() });
/** Long enough that a test which should not wait would run into mocha's own limit. */
const LONG = { timeoutMs: 60_000 };

const good = (octets: Uint8Array, over: Partial<DnsMessage> = {}): Uint8Array => {
  const asked = message(octets);
  return encodeMessage(createResponse(asked, { answers: [addressRecord(name('file1.hercdn.com'), '127.0.0.3')], ...over }));
};
const address = (answer: DnsMessage): unknown => answer.answers.map(({ data }) => (data.kind === 'A' ? data.address : data.kind));

async function failure(work: Promise<unknown>): Promise<CdnError> {
  const error = await work.then(() => new Error('it has not failed'), (reason: unknown) => reason);
  if (error instanceof CdnError) return error;
  throw error;
}

describe('a DNS exchange', () => {
  const parties = useParties();

  /** A TCP server of no DNS, on the port of `endpoint`. */
  const fakeTcp = async (endpoint: Endpoint, serve: (socket: Socket) => void): Promise<void> => {
    const server = createServer((socket) => {
      parties.closing(() => socket.destroy());
      socket.on('error', () => undefined);
      serve(socket);
    });
    parties.closing(() => server.close());
    server.listen(endpoint.port, endpoint.address);
    await once(server, 'listening');
  };
  const truncating = (): Promise<Endpoint> => parties.fake((octets, reply) => reply(good(octets, { answers: [], truncated: true })));

  it('brings the answer, and says who spoke with whom', async () => {
    const server = await parties.server();
    const result = await exchange(server.endpoint, ASKED, LONG);
    expect(address(result.message)).to.deep.equal(['127.0.0.2']);
    expect(result).to.include({ transport: 'udp' });
    expect(result.remote).to.deep.equal(server.endpoint);
    expect(result.local.address).to.equal('127.0.0.1');
    expect(result.durationMs).to.be.at.least(0);
  });

  it('brings errors too: an rcode is an answer', async () => {
    const server = await parties.server(({ message: asked }) => createResponse(asked, { rcode: RCODE.NXDOMAIN }));
    expect((await exchange(server.endpoint, ASKED, LONG)).message.rcode).to.equal(RCODE.NXDOMAIN);
  });

  it('asks over TCP what is too large for UDP', async () => {
    const server = await parties.server();
    const result = await exchange(server.endpoint, query('file1.hercdn.com', TYPE.TXT), LONG);
    expect([result.transport, result.message.answers.length]).to.deep.equal(['tcp', 40]);
    expect(result.local.address).to.equal('127.0.0.1');
  });

  it('works over IPv6', async function () {
    const server = await parties.server(undefined, { endpoint: { address: '::1', port: 0 } }).catch(() => this.skip());
    for (const type of [TYPE.A, TYPE.TXT]) {
      const result = await exchange(server.endpoint, query('file1.hercdn.com', type), LONG);
      expect([result.local.address, result.remote]).to.deep.equal(['::1', server.endpoint]);
    }
  });

  it('has another ID and another port each time (RFC 5452 §4.5, §9.2)', async () => {
    const seen: { id: number; port: number }[] = [];
    const server = await parties.fake((octets, reply, from) => {
      seen.push({ id: message(octets).id, port: from.port });
      reply(good(octets));
    });
    for (let round = 0; round < 48; round += 1) await exchange(server, ASKED, LONG);
    expect(seen.length).to.equal(48);
    const [ids, ports] = [new Set(seen.map(({ id }) => id)), new Set(seen.map(({ port }) => port))];
    // 48 of 65,536, and of 64,512: two equal now and then, hardly ever four.
    expect(ids.size).to.be.greaterThan(44);
    expect(ports.size).to.be.greaterThan(44);
    const sorted = [...ports].sort((a, b) => a - b);
    expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).to.be.greaterThan(10_000);
  });

  it('takes another port when that one is taken', async () => {
    const taken = 32_768 + createSeededRandom(0).int(0x8000);
    const holder = createSocket('udp4');
    parties.closing(() => holder.close());
    holder.bind(taken, '0.0.0.0');
    await once(holder, 'listening').catch(() => undefined);
    const server = await parties.server();
    // The first number chooses the ID; so does every second one after it.
    let calls = 0;
    const random = { ...systemRandom, int: (below: number) => ((calls += 1) === 2 ? taken - 1024 : systemRandom.int(below)) };
    const result = await createDnsExchange({ clock: systemClock, random })(server.endpoint, ASKED, { ...LONG, attempts: 1 });
    expect(result.local.port).to.not.equal(taken);
    expect(calls).to.be.at.least(3);
  });

  describe('waits on for the answer', () => {
    const FIRST: readonly [what: string, first: (octets: Uint8Array) => Uint8Array][] = [
      ['an answer with another ID', (octets) => good(octets, { id: (message(octets).id + 1) & 0xffff, rcode: RCODE.REFUSED })],
      ['an answer to another question', (octets) => good(octets, { questions: query('other.test').questions, rcode: RCODE.REFUSED })],
      ['junk under the right ID', (octets) => good(octets).subarray(0, 20)],
      ['its own query', (octets) => octets],
      ['nothing at all', () => new Uint8Array(0)],
    ];
    for (const [what, first] of FIRST) {
      it(`after ${what}`, async () => {
        const server = await parties.fake((octets, reply) => {
          reply(first(octets));
          reply(good(octets));
        });
        expect(address((await exchange(server, ASKED, { ...LONG, attempts: 1 })).message)).to.deep.equal(['127.0.0.3']);
      });
    }

    it('after the right answer from somebody else', async () => {
      const forger = createSocket('udp4');
      parties.closing(() => forger.close());
      const server = await parties.fake((octets, reply, from) => {
        forger.send(good(octets, { rcode: RCODE.REFUSED }), from.port, from.address, () => reply(good(octets)));
      });
      expect((await exchange(server, ASKED, { ...LONG, attempts: 1 })).message.rcode).to.equal(RCODE.NOERROR);
    });

    it('after a datagram that was lost', async () => {
      const ports: number[] = [];
      const server = await parties.fake((octets, reply, from) => {
        ports.push(from.port);
        if (ports.length === 3) reply(good(octets));
      });
      const { local } = await exchange(server, ASKED, { timeoutMs: 1500, attempts: 3 });
      expect(ports).to.have.length(3);
      expect(local.port).to.equal(ports[2]);
      expect(new Set(ports).size).to.be.greaterThan(1);
    });
  });

  describe('without EDNS', () => {
    const old = (seen: boolean[], withOpt: boolean): Promise<Endpoint> =>
      parties.fake((octets, reply) => {
        const { edns, id } = message(octets);
        seen.push(edns !== undefined);
        if (edns) reply(encodeMessage(createResponse(message(octets), { id, rcode: RCODE.FORMERR, questions: [], edns: withOpt ? createEdns() : undefined })));
        else reply(good(octets));
      });

    it('asks a server that does not know it, and answers FORMERR (RFC 6891 §7)', async () => {
      const seen: boolean[] = [];
      const result = await exchange(await old(seen, false), ASKED, { ...LONG, attempts: 1 });
      expect(address(result.message)).to.deep.equal(['127.0.0.3']);
      expect(seen).to.deep.equal([true, false]);
    });

    it('does not ask one that knows it, and answers FORMERR for another reason', async () => {
      const seen: boolean[] = [];
      expect((await exchange(await old(seen, true), ASKED, LONG)).message.rcode).to.equal(RCODE.FORMERR);
      expect(seen).to.deep.equal([true]);
    });

    it('takes FORMERR to a query without EDNS for the answer', async () => {
      const server = await parties.fake((octets, reply) => reply(good(octets, { rcode: RCODE.FORMERR, answers: [] })));
      expect((await exchange(server, query('a'), LONG)).message.rcode).to.equal(RCODE.FORMERR);
    });
  });

  describe('fails', () => {
    it('at once with DNS_UNREACHABLE where nobody listens', async () => {
      const gone = await parties.server();
      await gone.stop();
      const error = await failure(exchange(gone.endpoint, ASKED, LONG));
      expect(error.code).to.equal('DNS_UNREACHABLE');
      expect(error.message).to.equal(`DNS server 127.0.0.1:${gone.endpoint.port}, asked for A file1.hercdn.com. over UDP, refused it: nothing listens there`);
      expect(error.details).to.include({ address: '127.0.0.1', port: gone.endpoint.port, transport: 'udp' });
      expect(error.suggestions).to.deep.equal([`dig @127.0.0.1 -p ${gone.endpoint.port} -q file1.hercdn.com. -t TYPE1`]);
    });

    it('suggests nothing that a shell would run', async () => {
      const gone = await parties.server();
      await gone.stop();
      const error = await failure(exchange(gone.endpoint, query("x';reboot`id`"), LONG));
      expect(error.suggestions[0]).to.contain(`-q 'x'\\'';reboot`.replace(';', '\\;'));
    });

    it('with DNS_UNREACHABLE where nobody answers, having asked as often as it may', async () => {
      let asked = 0;
      const silent = await parties.fake(() => (asked += 1));
      const error = await failure(exchange(silent, ASKED, { timeoutMs: 900, attempts: 3 }));
      expect([error.code, asked]).to.deep.equal(['DNS_UNREACHABLE', 3]);
      expect(error.message).to.contain('did not answer within 900 ms');
    });

    it('with PEER_PROTOCOL where only junk comes', async () => {
      const junk = await parties.fake((octets, reply) => reply(good(octets).subarray(0, 20)));
      const error = await failure(exchange(junk, ASKED, { timeoutMs: 600 }));
      expect(error.code).to.equal('PEER_PROTOCOL');
      expect(error.message).to.contain('over UDP, sent a message that ends within a');
    });

    it('with PEER_PROTOCOL also where silence follows the junk', async () => {
      let asked = 0;
      const server = await parties.fake((octets, reply) => {
        asked += 1;
        if (asked === 1) reply(good(octets).subarray(0, 20));
      });
      expect((await failure(exchange(server, ASKED, { timeoutMs: 900 }))).code).to.equal('PEER_PROTOCOL');
      expect(asked).to.equal(2);
    });

    it('with DNS_UNREACHABLE where TCP is refused after TC', async () => {
      const error = await failure(exchange(await truncating(), ASKED, LONG));
      expect(error.code).to.equal('DNS_UNREACHABLE');
      expect(error.message).to.contain('over TCP, refused it');
      expect(error.suggestions[0]).to.match(/^dig \+tcp /);
    });

    it('with DNS_UNREACHABLE where TCP is closed after TC', async () => {
      const server = await truncating();
      await fakeTcp(server, (socket) => socket.end(Uint8Array.of(0, 99, 1)));
      const error = await failure(exchange(server, ASKED, LONG));
      expect([error.code, error.message.replace(/.*TCP, /, '')]).to.deep.equal(['DNS_UNREACHABLE', 'closed the connection before it answered']);
    });

    const WRONG: readonly [what: string, octets: Uint8Array][] = [
      ['too short for a header', Uint8Array.of(1)],
      ['an answer to something else', encodeMessage(createResponse(query('other.test')))],
    ];
    for (const [what, octets] of WRONG) {
      it(`with PEER_PROTOCOL where TCP brings ${what}`, async () => {
        const server = await truncating();
        await fakeTcp(server, (socket) => socket.write(frame(octets)));
        expect((await failure(exchange(server, ASKED, LONG))).code).to.equal('PEER_PROTOCOL');
      });
    }

    it('in time where TCP says nothing', async () => {
      const server = await truncating();
      await fakeTcp(server, () => undefined);
      expect((await failure(exchange(server, ASKED, { timeoutMs: 500 }))).message).to.contain('over TCP, did not answer within 500 ms');
    });

    it('with DNS_UNREACHABLE for a port that no datagram can go to', async () => {
      expect((await failure(exchange({ address: '127.0.0.1', port: 0 }, ASKED, LONG))).code).to.equal('DNS_UNREACHABLE');
    });
  });

  describe('given up', () => {
    const reason = new Error('enough');
    const outcome = async (work: Promise<unknown>): Promise<unknown> => work.then(() => 'an answer', (error: unknown) => error);

    it('before it began', async () => {
      const server = await parties.server();
      expect(await outcome(exchange(server.endpoint, ASKED, { ...LONG, signal: AbortSignal.abort(reason) }))).to.equal(reason);
    });

    it('while it waits for a datagram', async () => {
      const controller = new AbortController();
      const silent = await parties.fake(() => controller.abort(reason));
      expect(await outcome(exchange(silent, ASKED, { ...LONG, signal: controller.signal }))).to.equal(reason);
    });

    it('while it waits for TCP', async () => {
      const controller = new AbortController();
      const server = await truncating();
      const closed = new Promise<void>((resolve) => {
        void fakeTcp(server, (socket) => {
          socket.on('close', () => resolve());
          socket.on('data', () => controller.abort(reason));
        });
      });
      expect(await outcome(exchange(server, ASKED, { ...LONG, signal: controller.signal }))).to.equal(reason);
      await closed;
    });
  });

  it('leaves no socket behind, however it ended', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => /UDP|TCPSocket/.test(kind)).length;
    const server = await parties.server();
    const silent = await parties.fake(() => undefined);
    const cut = await truncating();
    // What looked for free ports is closed at the end of a turn of the event loop.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const before = sockets();
    await exchange(server.endpoint, ASKED, LONG);
    await failure(exchange(silent, ASKED, { timeoutMs: 20 }));
    await failure(exchange(cut, ASKED, LONG));
    await exchange(silent, ASKED, { ...LONG, signal: AbortSignal.timeout(10) }).catch(() => undefined);
    while (sockets() > before) await new Promise((resolve) => setImmediate(resolve));
    expect(sockets()).to.equal(before);
  });
});
