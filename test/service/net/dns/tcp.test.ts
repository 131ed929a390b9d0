// The TCP side of a live server (RFC 7766): pipelining, time, and what one client can hold.

import { expect } from 'chai';
import { createResponse } from '../../../../src/net/dns/build.js';
import { frame } from '../../../../src/net/dns/framing.js';
import { CLASS, TYPE } from '../../../../src/net/dns/message.js';
import { formatRcode } from '../../../../src/net/dns/text.js';
import type { DnsServer } from '../../../../src/net/dns/server.js';
import { encodeMessage } from '../../../../src/net/dns/wire.js';
import { hex, packet, QUESTION } from '../../../fixtures/dns/packets.js';
import { addressRecord, expectAlive, heldHandler, message, name, query, smallHandler, useParties, type TcpClient } from '../../../fixtures/dns/parties.js';

const asked = (id: number, type: number = TYPE.A): Uint8Array => encodeMessage(query('file1.hercdn.com', type, { id }));

describe('a DNS server over TCP', () => {
  const parties = useParties();

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
    const strings = Array.from({ length: 235 }, () => new Uint8Array(255));
    const server = await parties.server((dnsQuery, peer) => {
      if (peer.transport === 'udp') return smallHandler(dnsQuery, peer);
      answered += 1;
      return createResponse(dnsQuery.message, { answers: [{ name: dnsQuery.question.name, type: TYPE.TXT, class: CLASS.IN, ttl: 20, data: { kind: 'TXT', strings } }] });
    });
    const client = await parties.tcp(server.endpoint);
    client.socket.pause();
    // 1500 answers of 60 kB are 90 MB: the system's buffers hold a few of them, the server next to none.
    const total = 1500;
    const batch = Buffer.concat(Array.from({ length: 100 }, (_, id) => frame(asked(id, TYPE.TXT))));
    for (let sent = 0; sent < total; sent += 100) client.socket.write(batch);
    for (let before = -1; before !== answered; ) {
      before = answered;
      for (let turn = 0; turn < 5; turn += 1) await expectAlive(parties, server.endpoint);
    }
    expect(answered).to.be.within(1, total / 2);
    // And it gets them all once it reads.
    client.socket.resume();
    for (let count = 0; count < total; count += 1) expect(await client.receive()).to.not.equal(undefined);
  });

  it('still answers a client that has closed its own side', async () => {
    const held = heldHandler();
    const server = await parties.server(held.handler, { tcpIdleMs: 60_000 });
    const client = await parties.tcp(server.endpoint);
    client.socket.end(Buffer.concat([frame(asked(1)), frame(asked(2))]));
    await held.waiting(2);
    // By the time a later query is there, the end of what the client sends has been seen too.
    for (const id of [3, 4]) {
      const other = await parties.tcp(server.endpoint);
      other.send(asked(id));
      await held.waiting(id);
    }
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

  const open = async (server: DnsServer): Promise<TcpClient> => {
    const client = await parties.tcp(server.endpoint);
    client.send(asked(1));
    await client.receive();
    return client;
  };
  const answers = async (client: TcpClient, id: number): Promise<boolean> => {
    client.send(asked(id));
    const octets = await client.receive();
    return octets !== undefined && message(octets).id === id;
  };

  it('when all places are taken, closes the connection idle longest for a new one (RFC 7766 §6.2.3)', async () => {
    const server = await parties.server(smallHandler, { maxTcpConnections: 3, maxTcpConnectionsPerClient: 3 });
    const [first, second, third] = [await open(server), await open(server), await open(server)];
    expect(await answers(first, 2)).to.equal(true);
    const fourth = await open(server);
    await second.closed;
    for (const client of [first, third, fourth]) expect(await answers(client, 3)).to.equal(true);
  });

  it('closes no connection that is owed an answer, but the new one', async () => {
    const held = heldHandler();
    const server = await parties.server(held.handler, { maxTcpConnections: 2, maxTcpConnectionsPerClient: 2 });
    const clients = [await parties.tcp(server.endpoint), await parties.tcp(server.endpoint)];
    for (const [id, client] of clients.entries()) client.send(asked(id));
    await held.waiting(2);
    await (await parties.tcp(server.endpoint)).closed;
    for (const [id, client] of clients.entries()) {
      held.release(id);
      expect(message(await client.receive()).id).to.equal(id);
    }
  });

  it('gives one client a part of the places alone, and what is above goes at the cost of its own (RFC 7766 §6.2.2)', async () => {
    // A quarter of eight.
    const server = await parties.server(smallHandler, { maxTcpConnections: 8 });
    const from = async (localAddress: string): Promise<TcpClient> => {
      const client = await parties.tcp(server.endpoint, localAddress);
      client.send(asked(1));
      await client.receive();
      return client;
    };
    const other = await from('127.0.0.2');
    const greedy: TcpClient[] = [];
    for (let count = 0; count < 20; count += 1) greedy.push(await from('127.0.0.3'));
    await Promise.all(greedy.slice(0, -2).map((client) => client.closed));
    for (const client of [other, ...greedy.slice(-2)]) expect(await answers(client, 2)).to.equal(true);
  });

  it('sends one stream of messages of a connection after the other, and what was asked behind them in the end', async () => {
    const events: string[] = [];
    const ids = [1, 2, 3, 4, 5];
    let ended = (): void => undefined;
    const over = new Promise<void>((resolve) => (ended = resolve));
    const server = await parties.server(({ message: asking }) => ({
      messages: (function* () {
        events.push(`begin ${asking.id}`);
        for (let count = 0; count < 3; count += 1) yield createResponse(asking);
        events.push(`end ${asking.id}`);
        if (events.length === 2 * ids.length) ended();
      })(),
    }));
    const client = await parties.tcp(server.endpoint);
    client.socket.write(Buffer.concat(ids.map((id) => frame(asked(id)))));
    for (let count = 0; count < 3 * ids.length; count += 1) await client.receive();
    await over;
    expect(events).to.deep.equal(ids.flatMap((id) => [`begin ${id}`, `end ${id}`]));
  });

  it('gives others their turn between two messages of a stream', async () => {
    let turns = 0;
    const turnsAt: number[] = [];
    const server = await parties.server(({ message: asking }) => ({
      messages: (function* () {
        for (let count = 0; count < 5; count += 1) {
          turnsAt.push(turns);
          setImmediate(() => (turns += 1));
          yield createResponse(asking);
        }
      })(),
    }));
    const client = await parties.tcp(server.endpoint);
    client.send(asked(1));
    for (let count = 0; count < 5; count += 1) await client.receive();
    expect(turnsAt).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('ends a stream of messages that its client does not read', async () => {
    let ended = (): void => undefined;
    const over = new Promise<void>((resolve) => (ended = resolve));
    const server = await parties.server(
      ({ message: asking }) => ({
        messages: (function* () {
          const answers = Array.from({ length: 100 }, (_, index) => addressRecord(name('a'), `127.0.0.${index}`));
          try {
            for (;;) yield createResponse(asking, { answers });
          } finally {
            ended();
          }
        })(),
      }),
      { tcpIdleMs: 100 },
    );
    const client = await parties.tcp(server.endpoint);
    client.socket.pause();
    client.send(asked(1));
    await over;
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
