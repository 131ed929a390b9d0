// A live server on real sockets, and clients of every kind.

import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CdnError } from '../../../../src/base/errors.js';
import { systemClock } from '../../../../src/base/clock.js';
import { createResponse } from '../../../../src/net/dns/build.js';
import { frame } from '../../../../src/net/dns/framing.js';
import { TYPE, type DnsHandler, type DnsMessage, type Peer } from '../../../../src/net/dns/message.js';
import { createDnsServer } from '../../../../src/net/dns/server.js';
import { formatRcode } from '../../../../src/net/dns/text.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { silentLog } from '../../../../src/observe/log.js';
import { CORPUS, readCorpus } from '../../../fixtures/dns/corpus.js';
import { hex, packet, QUESTION } from '../../../fixtures/dns/packets.js';
import { expectAlive, message, query, smallHandler, useParties } from '../../../fixtures/dns/parties.js';

const asked = (id: number, type: number = TYPE.A): Uint8Array => encodeMessage(query('file1.hercdn.com', type, { id }));

/** Answers when told to, in whatever order. */
function heldHandler(): { handler: DnsHandler; release(id: number): void; waiting(count: number): Promise<void>; readonly count: number } {
  const held = new Map<number, () => void>();
  let watcher: (() => void) | undefined;
  return {
    handler: ({ message: asking }) =>
      new Promise<DnsMessage>((resolve) => {
        held.set(asking.id, () => resolve(createResponse(asking)));
        watcher?.();
      }),
    release: (id) => {
      held.get(id)?.();
      held.delete(id);
    },
    waiting: (count) =>
      new Promise((resolve) => {
        watcher = () => held.size >= count && resolve();
        watcher();
      }),
    get count() {
      return held.size;
    },
  };
}

describe('a DNS server', () => {
  const parties = useParties();

  describe('starting and stopping', () => {
    it('takes one free port for UDP and TCP', async () => {
      const { endpoint } = await parties.server();
      expect(endpoint.port).to.be.greaterThan(0);
      await expectAlive(parties, endpoint);
      const client = await parties.tcp(endpoint);
      client.send(asked(1));
      expect(message(await client.receive()).id).to.equal(1);
    });

    const failure = async (start: () => Promise<void>): Promise<CdnError> => {
      try {
        await start();
      } catch (error) {
        if (error instanceof CdnError) return error;
        throw error;
      }
      throw new Error('it has started');
    };

    it('says which port is in use, by TCP or by UDP, and leaves nothing open', async () => {
      const tcp = createServer();
      parties.closing(() => tcp.close());
      tcp.listen(0, '127.0.0.1');
      await once(tcp, 'listening');
      const { port } = tcp.address() as { port: number };
      const server = createDnsServer({ endpoint: { address: '127.0.0.1', port }, what: 'the local DNS' }, smallHandler, { clock: systemClock, log: silentLog });
      parties.closing(() => server.stop());
      const byTcp = await failure(() => server.start());
      expect(byTcp.code).to.equal('ADDRESS_IN_USE');
      expect(byTcp.message).to.equal(`the local DNS cannot listen on 127.0.0.1:${port}: the port is in use`);

      const udp = createSocket('udp4');
      parties.closing(() => udp.close());
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      await new Promise((resolve) => tcp.close(resolve));
      expect((await failure(() => server.start())).code).to.equal('ADDRESS_IN_USE');

      // TCP of that port was taken and given back: it can be taken again.
      const again = createServer();
      parties.closing(() => again.close());
      again.listen(port, '127.0.0.1');
      await once(again, 'listening');
    });

    it('starts on the same object once what was in the way has gone', async () => {
      const first = await parties.server();
      const second = createDnsServer({ endpoint: first.endpoint }, smallHandler, { clock: systemClock, log: silentLog });
      parties.closing(() => second.stop());
      expect((await failure(() => second.start())).code).to.equal('ADDRESS_IN_USE');
      await first.stop();
      await second.start();
      await expectAlive(parties, second.endpoint);
    });

    it('says that an address is not of this machine', async () => {
      const server = createDnsServer({ endpoint: { address: '203.0.113.1', port: 0 } }, smallHandler, { clock: systemClock, log: silentLog });
      expect((await failure(() => server.start())).code).to.equal('ADDRESS_UNAVAILABLE');
    });

    it('stops at once, with connections open and answers on their way', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      const tcp = await parties.tcp(server.endpoint);
      const udp = await parties.udp(server.endpoint);
      tcp.send(asked(1));
      udp.send(asked(2));
      await held.waiting(2);
      await server.stop();
      await tcp.closed;
      // Too late, and no harm done.
      held.release(1);
      held.release(2);
      await server.stop();
    });
  });

  it('answers from the address it was asked on, behind 0.0.0.0', async () => {
    const peers: Peer[] = [];
    const handler: DnsHandler = (dnsQuery, peer) => {
      peers.push(peer);
      return smallHandler(dnsQuery, peer);
    };
    const server = await parties.server(handler, { endpoint: { address: '0.0.0.0', port: 0 } });
    const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list.filter(({ family }) => family === 'IPv4').map(({ address }) => address));
    expect(addresses).to.include('127.0.0.1');
    for (const address of addresses) {
      // A connected client hears only what comes from the address it has asked.
      await expectAlive(parties, { address, port: server.endpoint.port });
      expect(peers.at(-1)?.local).to.deep.equal({ address, port: server.endpoint.port });
    }
  });

  it('tells the handler who asks, where, and over what', async () => {
    const peers: Peer[] = [];
    const server = await parties.server((dnsQuery, peer) => {
      peers.push(peer);
      return smallHandler(dnsQuery, peer);
    });
    const tcp = await parties.tcp(server.endpoint);
    tcp.send(asked(1));
    await tcp.receive();
    await expectAlive(parties, server.endpoint);
    expect(peers.map(({ transport, local }) => ({ transport, local }))).to.deep.equal([
      { transport: 'tcp', local: server.endpoint },
      { transport: 'udp', local: server.endpoint },
    ]);
    expect(peers[0]?.remote).to.deep.equal({ address: '127.0.0.1', port: tcp.socket.localPort });
  });

  describe('over UDP', () => {
    it('cuts what is too large, and gives all of it over TCP', async () => {
      const server = await parties.server();
      const udp = await parties.udp(server.endpoint);
      udp.send(asked(1, TYPE.TXT));
      const cut = message(await udp.receive());
      expect([cut.truncated, cut.answers.length]).to.deep.equal([true, 0]);
      const tcp = await parties.tcp(server.endpoint);
      tcp.send(asked(1, TYPE.TXT));
      const whole = message(await tcp.receive());
      expect([whole.truncated, whole.answers.length]).to.deep.equal([false, 40]);
    });

    it('answers each of many askers with theirs', async () => {
      const server = await parties.server();
      const ids = Array.from({ length: 40 }, (_, index) => index + 1);
      const clients = await Promise.all(ids.map(() => parties.udp(server.endpoint)));
      ids.forEach((id, index) => clients[index]?.send(asked(id)));
      expect(await Promise.all(clients.map(async (client) => message(await client.receive()).id))).to.deep.equal(ids);
    });

    it('says nothing to what is no query, and goes on', async () => {
      const server = await parties.server();
      const client = await parties.udp(server.endpoint);
      client.send(hex(''));
      client.send(hex('1234'));
      client.send(encodeMessage(createResponse(query('a'))));
      client.send(packet([1, 0, 0, 0], '', '8000'));
      client.send(asked(77));
      expect(message(await client.receive()).id).to.equal(77);
    });

    it('goes on when askers are gone before their answers come', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      for (let id = 1; id <= 20; id += 1) {
        const socket = createSocket('udp4');
        socket.send(asked(id), server.endpoint.port, server.endpoint.address, () => socket.close());
      }
      await held.waiting(20);
      for (let id = 1; id <= 20; id += 1) held.release(id);
      const client = await parties.udp(server.endpoint);
      client.send(asked(21));
      await held.waiting(1);
      held.release(21);
      expect(message(await client.receive()).id).to.equal(21);
    });
  });

  describe('over TCP', () => {
    it('answers queries sent in one piece, and queries sent octet by octet', async () => {
      const server = await parties.server();
      const client = await parties.tcp(server.endpoint);
      client.socket.write(Buffer.concat([1, 2, 3].map((id) => frame(asked(id)))));
      expect([await client.receive(), await client.receive(), await client.receive()].map((octets) => message(octets).id)).to.deep.equal([1, 2, 3]);
      for (const octet of frame(asked(4))) client.socket.write(Uint8Array.of(octet));
      expect(message(await client.receive()).id).to.equal(4);
    });

    it('answers in the order in which answers are ready (RFC 7766 §6.2.1.1)', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      const client = await parties.tcp(server.endpoint);
      for (const id of [1, 2, 3]) client.send(asked(id));
      await held.waiting(3);
      for (const id of [3, 1, 2]) {
        held.release(id);
        expect(message(await client.receive()).id).to.equal(id);
      }
    });

    it('works on no more than 64 queries of one connection at a time, and on all of them in the end', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      const client = await parties.tcp(server.endpoint);
      client.socket.write(Buffer.concat(Array.from({ length: 200 }, (_, id) => frame(asked(id)))));
      await held.waiting(64);
      // Another connection's query comes through, and then what the first has sent has long been read.
      const other = await parties.udp(server.endpoint);
      other.send(asked(1000));
      await held.waiting(65);
      expect(held.count).to.equal(65);
      held.release(1000);
      await other.receive();
      for (let id = 0; id < 200; id += 1) {
        await held.waiting(1);
        held.release(id);
        expect(message(await client.receive()).id).to.equal(id);
      }
    });

    it('reads no more from a client that does not read its answers', async () => {
      let answered = 0;
      const server = await parties.server((dnsQuery, peer) => {
        if (peer.transport === 'tcp') answered += 1;
        return smallHandler(dnsQuery, peer);
      });
      const client = await parties.tcp(server.endpoint);
      client.socket.pause();
      // 40,000 answers of 2 kB are 80 MB: the system's buffers hold a few of them, the server next to none.
      const total = 40_000;
      const batch = Buffer.concat(Array.from({ length: 100 }, (_, id) => frame(asked(id, TYPE.TXT))));
      for (let sent = 0; sent < total; sent += 100) client.socket.write(batch);
      for (let before = -1; before !== answered; ) {
        before = answered;
        for (let turn = 0; turn < 5; turn += 1) await expectAlive(parties, server.endpoint);
      }
      expect(answered).to.be.within(1, total / 2);
      // And it gets them once it reads.
      client.socket.resume();
      for (let count = 0; count < 500; count += 1) expect(message(await client.receive()).answers.length).to.equal(40);
    });

    it('still answers a client that has closed its own side', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      const client = await parties.tcp(server.endpoint);
      client.socket.end(Buffer.concat([frame(asked(1)), frame(asked(2))]));
      await held.waiting(2);
      held.release(2);
      held.release(1);
      expect([await client.receive(), await client.receive()].map((octets) => message(octets).id)).to.deep.equal([2, 1]);
      await client.closed;
    });

    it('closes a connection that does nothing', async () => {
      const server = await parties.server(smallHandler, { tcpIdleMs: 50 });
      const client = await parties.tcp(server.endpoint);
      await client.closed;
      await expectAlive(parties, server.endpoint);
    });

    it('closes one that never ends its message, however it trickles', async () => {
      const server = await parties.server(smallHandler, { tcpIdleMs: 100 });
      const client = await parties.tcp(server.endpoint);
      client.socket.write(hex('ffff'));
      const trickle = setInterval(() => client.socket.write(Uint8Array.of(0)), 5);
      parties.closing(() => clearInterval(trickle));
      await client.closed;
    });

    it('keeps one open whose answer takes longer than that', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler, { tcpIdleMs: 30 });
      const client = await parties.tcp(server.endpoint);
      client.send(asked(1));
      await held.waiting(1);
      const idle = await parties.tcp(server.endpoint);
      await idle.closed;
      held.release(1);
      expect(message(await client.receive()).id).to.equal(1);
    });

    it('answers FORMERR to what is malformed, and goes on with the connection', async () => {
      const server = await parties.server();
      const client = await parties.tcp(server.endpoint);
      client.send(packet([1, 0, 0, 0], `${QUESTION} 00`));
      client.send(asked(2));
      expect(formatRcode(message(await client.receive()).rcode)).to.equal('FORMERR');
      expect(message(await client.receive()).id).to.equal(2);
    });

    const GARBAGE: readonly [what: string, octets: Uint8Array][] = [
      ['an empty message', hex('0000')],
      ['a message too short for a header', hex('0002 1234')],
      ['an answer', frame(encodeMessage(createResponse(query('a'))))],
    ];
    for (const [what, octets] of GARBAGE) {
      it(`closes the connection on ${what}`, async () => {
        const server = await parties.server();
        const client = await parties.tcp(server.endpoint);
        client.socket.write(octets);
        client.send(asked(1));
        expect(await client.receive()).to.equal(undefined);
        await expectAlive(parties, server.endpoint);
      });
    }

    it('closes connections beyond the cap, and takes new ones when old ones have gone', async () => {
      const server = await parties.server(smallHandler, { maxTcpConnections: 2 });
      const [first, second] = [await parties.tcp(server.endpoint), await parties.tcp(server.endpoint)];
      for (const client of [first, second]) {
        client.send(asked(1));
        await client.receive();
      }
      const third = await parties.tcp(server.endpoint);
      await third.closed;
      second.socket.destroy();
      first.send(asked(2));
      expect(message(await first.receive()).id).to.equal(2);
      for (;;) {
        const next = await parties.tcp(server.endpoint);
        next.send(asked(3));
        const octets = await next.receive();
        if (octets === undefined) continue; // the server hasn't yet seen the second go
        expect(message(octets).id).to.equal(3);
        break;
      }
    });

    it('lives on when clients reset their connections in the middle of anything', async () => {
      const held = heldHandler();
      const server = await parties.server(held.handler);
      for (let id = 0; id < 10; id += 1) {
        const client = await parties.tcp(server.endpoint);
        client.send(asked(id));
        client.socket.write(hex('00ff 00'));
        await held.waiting(id + 1);
        client.socket.resetAndDestroy();
      }
      for (let id = 0; id < 10; id += 1) held.release(id);
      const client = await parties.tcp(server.endpoint);
      client.send(asked(99));
      await held.waiting(1);
      held.release(99);
      expect(message(await client.receive()).id).to.equal(99);
    });
  });

  describe('under the hostile packets collected for Knot DNS', () => {
    const corpus = CORPUS ? it : it.skip;

    corpus('over UDP: answers a proper query after each hundred of them [needs ../shared/corpus/dns]', async () => {
      const server = await parties.server();
      const client = await parties.udp(server.endpoint);
      const packets = readCorpus().filter((octets) => octets.length <= 65_507);
      for (let start = 0; start < packets.length; start += 100) {
        for (const octets of packets.slice(start, start + 100)) client.send(octets);
        await expectAlive(parties, server.endpoint);
      }
    });

    corpus('over TCP: the same, in frames and as they are [needs ../shared/corpus/dns]', async () => {
      const server = await parties.server();
      const packets = readCorpus();
      for (let start = 0; start < packets.length; start += 100) {
        const framed = await parties.tcp(server.endpoint);
        const raw = await parties.tcp(server.endpoint);
        for (const octets of packets.slice(start, start + 100)) {
          // One that the server has closed on takes the rest on a connection of their own.
          const client = framed.socket.destroyed ? await parties.tcp(server.endpoint) : framed;
          if (client !== framed) client.socket.end(frame(octets));
          else client.send(octets);
          raw.socket.write(octets);
        }
        framed.socket.end();
        raw.socket.end();
        await expectAlive(parties, server.endpoint);
        const proper = await parties.tcp(server.endpoint);
        proper.send(asked(4712));
        expect(message(await proper.receive()).id).to.equal(4712);
        proper.socket.end();
      }
    }).timeout(60_000);
  });
});
